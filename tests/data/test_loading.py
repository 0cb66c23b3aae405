"""Pictures of pairs are decoded when asked for, and kept only within a budget."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from twofold import images
from twofold.data.dataset import Modality, Pair
from twofold.data.loading import InputSize, PairImages
from twofold.errors import ImageError

SIZES: dict[Modality, InputSize] = {"face": InputSize(20, 16, 1), "iris": InputSize(12, 24, 3)}
FACE, IRIS = 20 * 16, 12 * 24 * 3  # bytes


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    made = []
    for k in range(6):
        rng = np.random.default_rng(k)
        face, iris = tmp_path / f"{k}.BMP", tmp_path / f"{k}.png"
        Image.fromarray(rng.integers(0, 256, (28, 23), dtype=np.uint8)).save(face)
        Image.fromarray(rng.integers(0, 256, (36, 48, 3), dtype=np.uint8)).save(iris)
        made.append(Pair(str(k), face, iris, str(k)))
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files decoded so far."""
    names: list[str] = []
    read = images.read

    def counting(path: Path, **more: object) -> images.Pixels:
        names.append(path.name)
        return read(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "read", counting)
    return names


def test_shapes_and_order(pairs: list[Pair]) -> None:
    loaded = PairImages(pairs, SIZES)
    assert len(loaded) == 6
    batch = loaded.batch([4, 0, 4])
    assert (batch["face"].shape, batch["iris"].shape) == ((3, 20, 16, 1), (3, 12, 24, 3))
    assert {x.dtype for x in batch.values()} == {np.dtype(np.uint8)}
    assert (batch["face"][0] == batch["face"][2]).all()
    for place, index in enumerate((4, 0, 4)):
        assert (batch["iris"][place] == loaded.one("iris", index)).all()
    expected = images.read(pairs[0].face, colour="grey", size=(20, 16))
    assert (loaded.one("face", 0)[:, :, 0] == expected).all()


def test_nothing_is_decoded_before_it_is_asked_for(pairs: list[Pair], decoded: list[str]) -> None:
    loaded = PairImages(pairs, SIZES)
    assert decoded == []
    loaded.one("iris", 3)
    loaded.one("iris", 3)
    assert decoded == ["3.png"]


@pytest.mark.parametrize("room", [0, FACE - 1, 3 * FACE, 2 * (FACE + IRIS), 10**6])
def test_the_budget_is_kept(pairs: list[Pair], decoded: list[str], room: int) -> None:
    loaded = PairImages(pairs, SIZES, cache_bytes=room)
    for _ in range(3):
        loaded.batch([*range(6), *range(6)])
    kept = list(loaded._kept.values())
    used = sum(picture.nbytes for picture in kept)
    assert used <= room
    # What is left over is too little for one more picture of any kind that was turned away.
    assert len(kept) == 12 or room - used < max(FACE, IRIS)
    assert loaded._room == room - used
    before = len(decoded)
    loaded.batch(range(6))
    assert len(decoded) - before == 12 - len(kept)


def test_the_same_pixels_kept_or_not(pairs: list[Pair]) -> None:
    kept, fresh = PairImages(pairs, SIZES), PairImages(pairs, SIZES, cache_bytes=0)
    kept.batch(range(6))
    for modality in SIZES:
        for one, other in zip(
            kept.many(modality, range(6)), fresh.many(modality, range(6)), strict=True
        ):
            assert (one == other).all()


def test_a_file_that_went_away_is_named(pairs: list[Pair]) -> None:
    loaded = PairImages(pairs, SIZES)
    pairs[2].iris.unlink()
    with pytest.raises(ImageError, match=r"2\.png: cannot be read"):
        loaded.batch(range(6))
