"""What is no eye, or hardly one, is refused with a reason."""

import cv2
import numpy as np
import pytest

from tests.iris.test_segmentation import drawn
from twofold.data.rendered_faces import rendered_face
from twofold.errors import AcquisitionError, ImageError
from twofold.images import Pixels, read
from twofold.iris.segmentation import segment


def noise(grain: float, size: tuple[int, int] = (240, 320)) -> Pixels:
    plane = np.random.default_rng(0).normal(0, 1, size).astype(np.float32)
    if grain:
        plane = cv2.GaussianBlur(plane, (0, 0), grain)
    return np.clip(128 + 45 * plane / plane.std(), 0, 255).astype(np.uint8)


def cat() -> Pixels:
    """The face of a cat, drawn: two eyes with slit pupils, ears, whiskers."""
    picture = np.full((240, 320), 120, np.uint8)
    cv2.ellipse(picture, (160, 140), (90, 75), 0, 0, 360, 170, -1)
    for ear in ([[85, 110], [95, 40], [140, 75]], [[235, 110], [225, 40], [180, 75]]):
        cv2.fillPoly(picture, [np.array(ear)], 165)
    for x in (125, 195):
        cv2.ellipse(picture, (x, 125), (20, 14), 0, 0, 360, 220, -1)
        cv2.ellipse(picture, (x, 125), (5, 13), 0, 0, 360, 20, -1)
    cv2.fillPoly(picture, [np.array([[152, 160], [168, 160], [160, 170]])], 90)
    for step in (-1, 0, 1):
        cv2.line(picture, (150, 170), (90, 170 + 12 * step), 60, 1)
        cv2.line(picture, (170, 170), (230, 170 + 12 * step), 60, 1)
    return cv2.GaussianBlur(picture, (0, 0), 1)


def closed_eye() -> Pixels:
    """Skin with a line of lashes: a lid from edge to edge."""
    rows, columns = np.mgrid[:240, :320].astype(np.float32)
    skin = 165 - 0.15 * rows + 12 * np.sin(columns / 90)
    crease = 130 + 0.0015 * np.square(columns - 160) * -1
    skin -= 70 * np.exp(-np.square((rows - crease) / 4))
    picture = np.clip(skin + np.random.default_rng(1).normal(0, 2, skin.shape), 0, 255)
    drawing = picture.astype(np.uint8)
    for x in range(60, 261, 6):
        y = round(130 - 0.0015 * (x - 160) ** 2)
        cv2.line(drawing, (x, y), (x + (x - 160) // 12, y + 16), 60, 1, cv2.LINE_AA)
    return drawing


def half_an_eye() -> Pixels:
    grey, _, truth = drawn(2)
    middle = round(float(truth.limbus()[:, 0].mean()))
    return np.ascontiguousarray(grey[:, middle:])


NOT_EYES = {
    "black": np.zeros((240, 320), np.uint8),
    "white": np.full((240, 320), 255, np.uint8),
    "fine noise": noise(0),
    "noise": noise(2),
    "cat": cat(),
    "closed eye": closed_eye(),
    "16x16": noise(0, (16, 16)),
}


@pytest.mark.parametrize("name", list(NOT_EYES))
def test_what_is_no_eye_is_refused(name: str) -> None:
    with pytest.raises(AcquisitionError) as caught:
        segment(NOT_EYES[name])
    message = str(caught.value)
    assert len(message) > 25
    assert "\n" not in message
    assert ":" in message or ";" in message  # what was wrong, then what to do
    assert caught.value.code


def test_half_an_eye_is_refused() -> None:
    with pytest.raises(AcquisitionError) as caught:
        segment(half_an_eye())
    assert caught.value.code in ("cut_off", "no_eye")


@pytest.mark.parametrize("number", range(0, 64, 4))
def test_faces_are_refused(number: int) -> None:
    with pytest.raises(AcquisitionError):
        segment(read(rendered_face(number, 0), colour="grey"))


def test_16x16_eye_is_too_small() -> None:
    grey = drawn(0)[0]
    with pytest.raises(AcquisitionError, match="16x16 pixels, too small") as caught:
        segment(cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA))
    assert caught.value.code == "too_small"


def test_8000x6000_of_nothing_is_refused() -> None:
    with pytest.raises(AcquisitionError):
        segment(np.tile(noise(0, (600, 800)), (10, 10)))


def test_8000x6000_of_an_eye_is_found() -> None:
    grey, _, truth = drawn(0)
    large = cv2.resize(grey, (8000, 6000), interpolation=cv2.INTER_LINEAR)
    found = segment(large).boundaries.iris_circle
    assert found.radius == pytest.approx(25 * truth.unit, rel=0.1)


def test_pictures_beyond_the_limits_never_get_here() -> None:
    with pytest.raises(ImageError):
        read(np.zeros((9000, 9000), np.uint8))
