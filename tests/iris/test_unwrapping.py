"""The rubber sheet on rings whose unrolled form is known."""

import numpy as np
import pytest

from tests.iris.drawing import ring, true_eye
from twofold.images import Pixels
from twofold.iris.enhancement import enhance
from twofold.iris.unwrapping import Strip, resample, unwrap


def painted(
    size: tuple[int, int], pupil: tuple[float, float, float], limbus: tuple[float, float, float]
) -> Pixels:
    """Brightness grows with the angle's cosine and sine and with the depth in a concentric ring."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    angle = np.arctan2(y - pupil[1], x - pupil[0])
    depth = (np.hypot(x - pupil[0], y - pupil[1]) - pupil[2]) / (limbus[2] - pupil[2])
    return np.clip(100 + 40 * np.cos(angle) + 20 * np.sin(2 * angle) + 30 * depth, 0, 255).astype(
        np.uint8
    )


def expected(bands: int = 64, angles: int = 512) -> np.ndarray:
    angle = np.arange(angles) * 2 * np.pi / angles
    depth = (np.arange(bands) + 0.5) / bands
    return 100 + 40 * np.cos(angle) + 20 * np.sin(2 * angle) + 30 * depth[:, None]


@pytest.mark.parametrize(
    ("size", "pupil", "limbus"),
    [
        ((240, 320), (160.3, 119.6, 24.0), (160.3, 119.6, 60.0)),
        ((150, 200), (90.0, 80.0, 12.0), (90.0, 80.0, 38.0)),
        ((576, 768), (380.0, 290.0, 80.0), (380.0, 290.0, 250.0)),  # reduced on the way
    ],
)
def test_band_and_angle_lie_where_the_docstring_says(
    size: tuple[int, int], pupil: tuple[float, float, float], limbus: tuple[float, float, float]
) -> None:
    strip = unwrap(painted(size, pupil, limbus), ring(size, pupil, limbus))
    assert strip.pixels.shape == strip.mask.shape == (64, 512)
    assert strip.pixels.dtype == np.float32
    assert strip.mask[1:-1].all()
    assert np.abs(strip.pixels - expected())[2:-2].mean() < 1.0
    assert np.abs(strip.pixels - expected())[2:-2].max() < 4.0


def test_a_wider_pupil_and_a_nearer_eye_move_nothing() -> None:
    near = (160.0, 120.0, 40.0), (160.0, 120.0, 90.0)
    far = (100.0, 90.0, 10.0), (100.0, 90.0, 45.0)
    one, other = (
        unwrap(painted((240, 320), *both), ring((240, 320), *both)) for both in (near, far)
    )
    assert np.abs(one.pixels - other.pixels)[4:-4].max() < 4.0


def test_iris_beyond_the_picture_is_masked() -> None:
    pupil, limbus = (30.0, 60.0, 15.0), (30.0, 60.0, 50.0)
    strip = unwrap(painted((120, 160), pupil, limbus), ring((120, 160), pupil, limbus))
    assert strip.mask[:, 0].all()  # to the right
    assert not strip.mask[-1, 256]  # to the left, 20 pixels outside
    assert strip.mask[0, 256]


def test_covered_places_are_masked_and_do_not_change_the_rest() -> None:
    grey, found = true_eye(1, 0)
    strip = enhance(unwrap(grey, found))
    altered = grey.copy()
    altered[~found.mask] = 255
    other = enhance(unwrap(altered, found))
    assert 0.2 < strip.mask.mean() < 0.999
    np.testing.assert_array_equal(strip.mask, other.mask)
    assert (strip.pixels[~strip.mask] == 0).all()
    # Bilinear sampling reaches a pixel over the border; farther in nothing may change.
    assert np.mean(np.abs(strip.pixels - other.pixels) > 0.2) < 0.02


def test_enhancement_removes_slopes_of_light() -> None:
    texture = np.random.default_rng(3).normal(0, 8, (64, 512)).astype(np.float32)
    slope = 60 * np.cos(np.arange(512) * 2 * np.pi / 512) + np.linspace(0, 40, 64)[:, None]
    mask = np.ones((64, 512), np.bool_)
    plain = enhance(Strip(100 + texture, mask)).pixels
    lit = enhance(Strip((100 + texture * 1.7 + slope).astype(np.float32), mask)).pixels
    assert np.corrcoef(plain.ravel(), lit.ravel())[0, 1] > 0.95
    assert abs(plain.mean()) < 0.05
    assert 0.6 < plain.std() < 1.2
    assert np.abs(lit).max() <= 3


def test_a_blank_strip_stays_blank() -> None:
    blank = Strip(np.full((64, 512), 90, np.float32), np.ones((64, 512), np.bool_))
    assert np.abs(enhance(blank).pixels).max() < 0.1


def test_resample_keeps_a_circle() -> None:
    angle = np.arange(256) * 2 * np.pi / 256
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    finer = resample(circle, 512)
    np.testing.assert_allclose(finer[::2], circle, atol=1e-12)
    np.testing.assert_allclose(np.hypot(*finer.T), 1, atol=1e-4)
