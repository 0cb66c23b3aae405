"""Which modality to trust, told from the pictures alone."""

import math
from pathlib import Path

import numpy as np
import pytest

from twofold.data.dataset import Modality, Pair
from twofold.data.loading import InputSize, PairImages
from twofold.images import Pixels
from twofold.network import reliability as module
from twofold.network.reliability import reliability
from twofold.network.stream import Items

SIZES: dict[Modality, InputSize] = {"face": InputSize(30, 26, 1), "iris": InputSize(28, 32, 3)}
SUBJECTS = np.repeat(np.arange(5), 4)


class Drawn(PairImages):
    """Faces that tell the subject, irises that tell nothing; counts what was asked for."""

    def __init__(self) -> None:
        pair = Pair("p", Path("f"), Path("i"))
        super().__init__([pair] * len(SUBJECTS), SIZES)
        self.asked: set[int] = set()

    def one(self, modality: Modality, index: int) -> Pixels:
        self.asked.add(index)
        shape = self.sizes[modality].shape
        seed = int(SUBJECTS[index]) if modality == "face" else 100 + index
        picture = np.random.default_rng(seed).integers(50, 200, shape)
        light = 5 * (index % 4)  # other light on each picture; it must not matter
        return np.asarray(picture + light, dtype=np.uint8)


def test_a_modality_that_tells_and_one_that_does_not() -> None:
    found = reliability(Drawn(), Items.of(range(20)), SUBJECTS)
    assert found["face"] == 1.0
    assert math.sqrt(1 / 20) <= found["iris"] < 0.8


def test_only_the_training_part_is_looked_at() -> None:
    images = Drawn()
    reliability(images, Items.of([0, 1, 4, 5], copies=4), SUBJECTS)
    assert images.asked == {0, 1, 4, 5}


def test_never_zero() -> None:
    # One picture of each subject: the nearest neighbour is always somebody else.
    found = reliability(Drawn(), Items.of([0, 4, 8, 12]), SUBJECTS)
    assert found == {"face": 0.5, "iris": 0.5}


def test_a_large_set_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 8)
    images = Drawn()
    reliability(images, Items.of(range(20)), SUBJECTS)
    assert len(images.asked) == 8
    assert {0, 19} <= images.asked
