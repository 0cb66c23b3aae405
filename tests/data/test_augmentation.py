"""Altered copies: within their ranges, repeatable, and never a mirrored iris."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from twofold.data.augmentation import CONTINUOUS, altered_face, altered_iris, report_copy
from twofold.images import Pixels

Alter = Callable[[Pixels, np.random.Generator], NDArray[np.float32]]


def noise(height: int = 40, width: int = 30, channels: int = 1, seed: int = 0) -> Pixels:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, channels), dtype=np.uint8)


def halves(channels: int = 1) -> Pixels:
    """Bright on the left, dark on the right."""
    picture = np.full((48, 64, channels), 60, dtype=np.uint8)
    picture[:, :32] = 180
    return picture


def mirrored(picture: NDArray[np.generic]) -> bool:
    values = picture.astype(np.float64)
    return bool(values[:, :24].mean() < values[:, -24:].mean())


def copies(picture: Pixels, count: int = 400) -> list[Pixels]:
    return [report_copy(picture, np.random.default_rng(k)) for k in range(count)]


def test_the_report_adds_nothing_or_one() -> None:
    values = [np.unique(copy).tolist() for copy in copies(np.full((9, 8, 1), 100, np.uint8))]
    assert {tuple(own) for own in values} == {(100,), (101,)}
    assert 0.4 < np.mean([own == [101] for own in values]) < 0.6
    white = copies(np.full((9, 8, 3), 255, np.uint8), 20)
    assert all((copy == 255).all() for copy in white)  # no overflow


def test_the_report_mirrors_half_of_the_copies() -> None:
    assert 0.4 < np.mean([mirrored(copy) for copy in copies(halves())]) < 0.6


def test_the_report_blurs_by_a_sigma_up_to_0_9() -> None:
    picture = noise(60, 60)
    rough = float(picture.std())
    strongest = float(cv2.GaussianBlur(picture, (0, 0), 0.9).std())
    spread = np.array([float(copy.std()) for copy in copies(picture)])
    assert spread.min() >= 0.98 * strongest
    assert spread.max() <= 1.01 * rough
    assert spread.max() > 0.95 * rough  # some hardly at all
    assert spread.min() < 1.2 * strongest  # and some nearly as far as allowed


def test_the_report_changes_no_shape() -> None:
    for channels in (1, 3):
        picture = noise(channels=channels)
        before = picture.copy()
        copy = report_copy(picture, np.random.default_rng(1))
        assert copy.shape == picture.shape
        assert copy.dtype == np.uint8
        assert (picture == before).all()


@given(
    st.integers(8, 90),
    st.integers(8, 90),
    st.sampled_from([1, 3]),
    st.integers(0, 2**32),
    st.sampled_from(["face", "iris"]),
)
def test_shape_type_and_range(
    height: int, width: int, channels: int, seed: int, modality: str
) -> None:
    picture = noise(height, width, channels, seed)
    picture.flags.writeable = False  # as the loader hands pictures on
    altered = CONTINUOUS[modality](picture, np.random.default_rng(seed))  # type: ignore[index]
    assert altered.shape == picture.shape
    assert altered.dtype == np.float32
    assert 0 <= altered.min() <= altered.max() <= 255
    again = CONTINUOUS[modality](picture, np.random.default_rng(seed))  # type: ignore[index]
    assert (altered == again).all()


@pytest.mark.parametrize("alter", [altered_face, altered_iris])
def test_every_drawing_differs(alter: Alter) -> None:
    rng = np.random.default_rng(3)
    picture = noise()
    assert (alter(picture, rng) != alter(picture, rng)).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_faces_are_mirrored_and_irises_never(channels: int) -> None:
    picture = halves(channels)
    rngs = [np.random.default_rng(seed) for seed in range(400)]
    assert 0.4 < np.mean([mirrored(altered_face(picture, rng)) for rng in rngs]) < 0.6
    assert not any(mirrored(altered_iris(picture, rng)) for rng in rngs)


@pytest.mark.parametrize("alter", [altered_face, altered_iris])
def test_the_person_stays_in_the_picture(alter: Alter) -> None:
    """A spot in the middle is moved by no more than turn, scale and shift allow."""
    picture = np.full((100, 100, 1), 20, dtype=np.uint8)
    picture[46:54, 46:54] = 250
    places = []
    for seed in range(200):
        altered = alter(picture, np.random.default_rng(seed))[:, :, 0]
        spot = np.argwhere(altered > 0.5 * (altered.max() + np.median(altered)))
        if 20 <= len(spot) <= 200:  # else a patch covers it, or a patch stands out itself
            places.append(spot.mean(axis=0))
    assert len(places) > 50
    far = np.abs(np.array(places) - 49.5)
    assert np.median(far) < 5
    assert np.quantile(far, 0.9) < 8
