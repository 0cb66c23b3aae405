"""Synthetic people: complete, repeatable, and with something that stays the same in each."""

import csv
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from twofold.data.rendered_faces import RENDERED_SUBJECTS, rendered_face
from twofold.data.synthetic import KEY, MARKER, TEST, TRAINING, draw_pair, make_person, synthesise
from twofold.data.synthetic.people import RENDERED
from twofold.errors import OptionError, OutputError
from twofold.images import read


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_layout_is_the_reports(synthetic_people: Path) -> None:
    training = {path.name for path in (synthetic_people / TRAINING).iterdir()}
    test = {path.name for path in (synthetic_people / TEST).iterdir()}
    assert training == {
        f"{subject}_{sample}.{suffix}"
        for subject in range(8)
        for sample in range(4)
        for suffix in ("BMP", "png")
    }
    assert test == {f"{number}.{suffix}" for number in range(8) for suffix in ("BMP", "png")}
    assert "no" in (synthetic_people / MARKER).read_text("utf-8")


def test_pictures_have_the_reports_kinds(synthetic_people: Path) -> None:
    for part in (TRAINING, TEST):
        for path in (synthetic_people / part).iterdir():
            with Image.open(path) as picture:
                kind = (picture.format, picture.mode, picture.size)
            assert kind == (
                ("BMP", "L", (46, 56)) if path.suffix == ".BMP" else ("PNG", "RGB", (200, 150))
            )


def test_sizes_can_be_chosen(tmp_path: Path) -> None:
    synthesise(tmp_path, 1, 1, 0, iris_size=(90, 120), face_size=(112, 92))
    with Image.open(tmp_path / TRAINING / "0_0.png") as iris:
        assert iris.size == (120, 90)
    with Image.open(tmp_path / TRAINING / "0_0.BMP") as face:
        assert face.size == (92, 112)


def test_same_seed_same_bytes(synthetic_people: Path, tmp_path: Path) -> None:
    synthesise(tmp_path, subjects=8, samples=4, tests=1, seed=5)
    assert digests(tmp_path) == digests(synthetic_people)


def test_a_picture_does_not_depend_on_how_many_there_are(
    synthetic_people: Path, tmp_path: Path
) -> None:
    synthesise(tmp_path, subjects=2, samples=2, tests=0, seed=5)
    few, many = digests(tmp_path / TRAINING), digests(synthetic_people / TRAINING)
    assert few.items() <= many.items()


def test_no_two_pictures_are_the_same(synthetic_people: Path, tmp_path: Path) -> None:
    pictures = {n: d for n, d in digests(synthetic_people).items() if n.endswith((".BMP", ".png"))}
    assert len(pictures) == 2 * 8 * 5
    assert len(set(pictures.values())) == len(pictures)
    # Another seed deals the same rendered faces to other people, and makes all eyes anew.
    synthesise(tmp_path, subjects=8, samples=4, tests=1, seed=6)
    others = digests(tmp_path)
    assert not {d for n, d in others.items() if n.endswith(".png")} & set(pictures.values())
    assert all(others[name] != digest for name, digest in pictures.items())


def test_faces_beyond_the_rendered_ones_are_drawn(tmp_path: Path) -> None:
    synthesise(tmp_path, subjects=1, samples=6, tests=0, seed=5)
    for sample in range(6):
        with Image.open(tmp_path / TRAINING / f"0_{sample}.BMP") as picture:
            drawn, _ = draw_pair(make_person(5, 0), 5, 0, sample)
            assert np.array_equal(np.asarray(picture), drawn)


def test_key_names_the_person_of_every_test_pair(synthetic_people: Path) -> None:
    with (synthetic_people / KEY).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["Image"]) for row in rows] == list(range(8))
    assert sorted(int(row["Answer"]) for row in rows) == list(range(8))
    assert [row["Image"] for row in rows] != [row["Answer"] for row in rows]
    for row in rows:  # the fifth sample of that person and no other
        subject = int(row["Answer"])
        _, iris = draw_pair(make_person(5, subject), 5, subject, 4)
        dealt = np.random.default_rng([5, RENDERED]).permutation(RENDERED_SUBJECTS)
        face = read(rendered_face(int(dealt[subject]), 4), size=(56, 46))
        stem = synthetic_people / TEST / row["Image"]
        with Image.open(stem.with_suffix(".BMP")) as picture:
            assert np.array_equal(np.asarray(picture), face)
        with Image.open(stem.with_suffix(".png")) as picture:
            assert np.array_equal(np.asarray(picture), iris)


@pytest.mark.parametrize("suffix", [".BMP", ".png"])
def test_samples_of_a_person_are_alike(synthetic_people: Path, suffix: str) -> None:
    """Shrunk, blurred and standardised pictures correlate more within people than between."""
    vectors, labels = [], []
    for path in sorted((synthetic_people / TRAINING).glob(f"*{suffix}")):
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
        vector = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_AREA).ravel()
        vectors.append((vector - vector.mean()) / vector.std())
        labels.append(path.stem.split("_")[0])
    alike = np.array(vectors) @ np.array(vectors).T / len(vectors[0])
    same = np.array(labels)[:, None] == np.array(labels)[None]
    within = alike[same & ~np.eye(len(labels), dtype=bool)].mean()
    assert within > alike[~same].mean() + 0.05


def test_brightness_alone_does_not_tell_people_apart(synthetic_people: Path) -> None:
    means, labels = [], []
    for path in sorted((synthetic_people / TRAINING).glob("*.BMP")):
        with Image.open(path) as picture:
            means.append(float(np.asarray(picture).mean()))
        labels.append(path.stem.split("_")[0])
    distance = np.abs(np.subtract.outer(means, means)) + np.diag([np.inf] * len(means))
    nearest = np.array(labels)[distance.argmin(axis=1)]
    assert (nearest == np.array(labels)).mean() < 0.6


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    synthesise(tmp_path, 2, 1, 1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_set_made_before_is_replaced(tmp_path: Path) -> None:
    synthesise(tmp_path, 3, 1, 1)
    synthesise(tmp_path, 1, 1, 1)
    assert len(list((tmp_path / TRAINING).iterdir())) == 2


def test_a_set_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / TRAINING).mkdir()
    theirs = tmp_path / TRAINING / "1_1.png"
    theirs.write_bytes(b"theirs")
    with pytest.raises(OutputError, match="not made by Twofold"):
        synthesise(tmp_path, 1, 1, 1)
    assert theirs.read_bytes() == b"theirs"
    assert not (tmp_path / MARKER).exists()


def test_impossible_numbers_are_refused(tmp_path: Path) -> None:
    for subjects, samples, tests, seed in (
        (0, 1, 1, 1),
        (1, 0, 1, 1),
        (1, 1, -1, 1),
        (1, 1, 1, -1),
    ):
        with pytest.raises(OptionError, match="at least"):
            synthesise(tmp_path / "out", subjects, samples, tests, seed)
    with pytest.raises(OptionError, match="16 pixels"):
        synthesise(tmp_path / "out", face_size=(8, 8))
    assert not (tmp_path / "out").exists()


def test_an_unwritable_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        synthesise(tmp_path / "file" / "out", 1, 1, 1)
