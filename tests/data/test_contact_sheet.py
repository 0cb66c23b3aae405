"""The sheet of people."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from twofold.data.contact_sheet import contact_sheet
from twofold.data.dataset import Dataset, Pair
from twofold.data.layouts import read_dataset
from twofold.errors import DatasetError

FACE, IRIS = (200, 40, 40), (40, 40, 200)


def dataset(root: Path, stems: list[str], face: tuple[int, int], iris: tuple[int, int]) -> Dataset:
    for stem in stems:
        Image.new("RGB", face, FACE).save(root / f"{stem}.BMP")
        Image.new("RGB", iris, IRIS).save(root / f"{stem}.png")
    return read_dataset(root)


def area(sheet: Image.Image, colour: tuple[int, int, int]) -> int:
    return int((np.asarray(sheet) == colour).all(axis=2).sum())


def test_every_chosen_pair_is_drawn(tmp_path: Path) -> None:
    stems = [f"{subject}_{k}" for subject in range(10) for k in range(5)]
    people = dataset(tmp_path, stems, (20, 20), (40, 20))
    one = area(contact_sheet(people, people=1, samples=1), FACE)
    assert one == 112 * 112
    sheet = contact_sheet(people, people=6, samples=4)
    assert area(sheet, FACE) == 24 * one
    assert area(sheet, IRIS) == 24 * 2 * one
    assert area(contact_sheet(people, people=99, samples=99), FACE) == 50 * one


@pytest.mark.parametrize(
    ("face", "iris"), [((46, 56), (768, 576)), ((10, 400), (400, 10)), ((8, 8), (8, 8))]
)
def test_any_shape_of_picture_gives_a_tidy_sheet(
    tmp_path: Path, face: tuple[int, int], iris: tuple[int, int]
) -> None:
    stems = [f"{subject}_{k}" for subject in range(16) for k in range(4)]
    sheet = contact_sheet(dataset(tmp_path, stems, face, iris))
    assert sheet.mode == "RGB"
    assert 0.6 < sheet.width / sheet.height < 2.6
    assert area(sheet, FACE) > 0 and area(sheet, IRIS) > 0


def test_unlabelled_pairs_stand_in_a_grid(tmp_path: Path) -> None:
    sheet = contact_sheet(dataset(tmp_path, [str(n) for n in range(30)], (20, 20), (20, 20)))
    assert area(sheet, FACE) == 30 * 112 * 112
    assert 1 < sheet.width / sheet.height < 2.2


def test_what_cannot_be_read_is_a_red_box(tmp_path: Path) -> None:
    people = dataset(tmp_path, ["1_0", "1_1"], (20, 20), (20, 20))
    (tmp_path / "1_0.png").write_bytes(b"")
    sheet = contact_sheet(people)
    assert area(sheet, IRIS) == 112 * 112
    assert area(sheet, (178, 34, 34)) > 4 * 100
    for file in tmp_path.iterdir():
        file.write_text("none of them can be read")
    assert area(contact_sheet(people), FACE) == 0


def test_long_and_foreign_names_stay_inside(tmp_path: Path) -> None:
    short = dataset(tmp_path, ["1_0", "2_0"], (20, 20), (20, 20))
    pairs = tuple(
        Pair(name + "/" + "né한" * 80, old.face, old.iris, "subjekt ß " * 40 + name, "left")
        for name, old in zip("ab", short.pairs, strict=True)
    )
    renamed = Dataset(tmp_path, "flat", "stem", pairs)
    assert contact_sheet(renamed).size == contact_sheet(short).size


def test_an_empty_dataset_has_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no complete pair"):
        contact_sheet(Dataset(tmp_path, "flat", "stem", ()))
