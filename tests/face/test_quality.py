"""Quality falls when a picture gets worse, and the reason says what got worse."""

import cv2
import numpy as np
import pytest

from tests.face.conftest import rgb_face
from twofold.errors import AcquisitionError
from twofold.face.alignment import TEMPLATES, align
from twofold.face.detection import Detection
from twofold.face.extraction import FaceExtractor
from twofold.face.pose import pose
from twofold.face.quality import Quality, judge, require
from twofold.images import Pixels


def _judged(pixels: Pixels, face: Detection) -> Quality:
    return judge(pixels, face, align(pixels, face.landmarks, 112, 112, TEMPLATES["arcface"]))


@pytest.fixture(scope="module")
def face(extractor: FaceExtractor) -> Detection:
    return extractor.extract(rgb_face()).detection


def _blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4), np.uint8)


def _dark(pixels: Pixels) -> Pixels:
    return (pixels * 0.1).astype(np.uint8)


def _bright(pixels: Pixels) -> Pixels:
    return np.minimum(pixels.astype(np.int32) + 170, 255).astype(np.uint8)


def _flat(pixels: Pixels) -> Pixels:
    return (pixels.astype(float) * 0.05 + 120).astype(np.uint8)


def _side_lit(pixels: Pixels) -> Pixels:
    light = np.where(np.arange(pixels.shape[1]) < pixels.shape[1] / 2, 0.15, 1.0)
    return (pixels * light[np.newaxis, :, np.newaxis]).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "component", "reason"),
    [
        (_blurred, "sharpness", "blurred"),
        (_dark, "exposure", "too dark"),
        (_bright, "exposure", "too bright"),
        (_flat, "dynamic_range", "little contrast"),
        (_side_lit, "illumination_uniformity", "one side"),
    ],
)
def test_each_fault_lowers_its_component_and_is_named(
    spoil, component: str, reason: str, face: Detection
) -> None:
    good, bad = _judged(rgb_face(), face), _judged(spoil(rgb_face()), face)
    assert bad.components[component] < 50 < good.components[component]
    assert bad.overall < good.overall
    assert any(reason in said for said in bad.reasons)
    assert not any(reason in said for said in good.reasons)


def test_noise_does_not_pass_for_sharpness(face: Detection) -> None:
    large = np.asarray(cv2.resize(rgb_face(), None, fx=3, fy=3), np.uint8)
    found = Detection(tuple(3 * value for value in face.box), 3 * face.landmarks, face.score)
    noise = np.random.default_rng(0).normal(0, 40, large.shape[:2])[:, :, np.newaxis]
    good, bad = (
        _judged(pixels, found)
        for pixels in (large, np.clip(large + noise, 0, 255).astype(np.uint8))
    )
    assert bad.components["noise"] < 50 < good.components["noise"]
    assert bad.overall < good.overall
    assert any("noisy" in said for said in bad.reasons)


def test_a_face_that_is_drawn_smaller_has_lower_quality(extractor: FaceExtractor) -> None:
    values = []
    for width in (92, 46, 30):
        size = (width, round(width * 112 / 92))
        small = np.asarray(cv2.resize(rgb_face(), size, interpolation=cv2.INTER_AREA), np.uint8)
        values.append(extractor.extract(small).quality)
    assert values[0].overall > values[1].overall > values[2].overall
    assert any("pixels apart" in said for said in values[2].reasons)


def test_covered_eyes_and_mouth_are_hinted_at(face: Detection) -> None:
    for points, component in ((face.landmarks[:2], "eyes_visible"), (face.landmarks[3:], "mouth")):
        covered = rgb_face().copy()
        for x, y in points:
            covered[int(y) - 9 : int(y) + 10, int(x) - 12 : int(x) + 13] = 40
        name = component if component == "eyes_visible" else "mouth_visible"
        assert _judged(covered, face).components[name] < 50
        assert _judged(rgb_face(), face).components[name] > 50


def test_a_face_outside_the_picture_lowers_the_crop(face: Detection) -> None:
    left = Detection((-40.0, *face.box[1:]), face.landmarks, face.score)
    assert _judged(rgb_face(), left).components["crop"] < 50


def test_values_stay_in_range_and_the_overall_is_no_better_than_the_worst(face: Detection) -> None:
    for pixels in (rgb_face(), _dark(rgb_face()), np.zeros_like(rgb_face())):
        quality = _judged(pixels, face)
        assert all(0 <= value <= 100 for value in quality.components.values())
        assert 0 <= quality.overall <= 100
    assert quality.overall == 0.0  # black


def test_colour_is_told_from_grey(face: Detection) -> None:
    tinted = rgb_face().copy()
    tinted[:, :, 2] //= 2
    assert _judged(rgb_face(), face).measures["colour"] == 0
    assert _judged(tinted, face).measures["colour"] > 20


def test_below_the_minimum_is_refused_with_the_reasons(face: Detection) -> None:
    quality = _judged(_dark(rgb_face()), face)
    require(quality, quality.overall, "a.png")
    with pytest.raises(AcquisitionError, match=r"a\.png.*below the minimum.*too dark") as refused:
        require(quality, quality.overall + 1, "a.png")
    assert refused.value.code == "low_quality"


def _projected(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Landmarks of a head turned by these angles, seen from afar."""
    head = np.array([[-32, 0, 0], [32, 0, 0], [0, 41, 28], [-25, 72, 4], [25, 72, 4]], dtype=float)
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return (head @ (about_z @ about_x @ about_y).T)[:, :2] * 1.7 + 100


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-40, 0, 0), (0, 20, 0), (0, 0, 35)])
def test_pose_is_read_from_the_landmarks(angles: tuple[float, float, float]) -> None:
    found = pose(_projected(*angles))
    assert (found.yaw, found.pitch, found.roll) == pytest.approx(angles, abs=3)
