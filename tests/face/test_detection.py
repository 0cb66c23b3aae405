"""Where faces are, which one is meant, and which way up it stands."""

import numpy as np
import pytest

from tests.face.conftest import rgb_face, scene
from twofold.face import weights
from twofold.face.cards import find_card
from twofold.face.detection import (
    Detection,
    FaceDetector,
    View,
    by_prominence,
    prominence,
    views,
    visible_area,
)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(weights.load(find_card("yunet", "detector")))


def _box(left: float, top: float, wide: float, high: float) -> Detection:
    return Detection((left, top, wide, high), np.zeros((5, 2)), 0.9)


def test_landmarks_lie_in_the_order_that_is_promised(detector: FaceDetector) -> None:
    found = detector.find(rgb_face())
    assert len(found) == 1
    eye_left, eye_right, nose, mouth_left, mouth_right = found[0].landmarks
    assert eye_left[0] < nose[0] < eye_right[0] and mouth_left[0] < mouth_right[0]
    assert max(eye_left[1], eye_right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert found[0].eye_distance == pytest.approx(np.hypot(*(eye_right - eye_left)))


@pytest.mark.parametrize("view", [View(0.0, 320), View(0.25, 320), View(0.1, 480)])
def test_views_answer_in_pixels_of_the_picture(detector: FaceDetector, view: View) -> None:
    reference = detector.find(rgb_face())[0]
    seen = detector.look(rgb_face(), view)[0]
    assert np.abs(seen.landmarks - reference.landmarks).max() < 0.15 * reference.eye_distance


@pytest.mark.parametrize("place", [(40, 60), (1700, 1200)])
def test_a_small_face_in_a_large_picture_is_looked_at_closer(
    detector: FaceDetector, place: tuple[int, int]
) -> None:
    alone = detector.find(rgb_face())[0]
    found = detector.find(scene(2000, 1500, (*place, rgb_face())))
    assert len(found) == 1
    moved = found[0].landmarks - np.array(place)
    assert np.abs(moved - alone.landmarks).max() < 0.15 * alone.eye_distance


def test_larger_pictures_get_larger_views() -> None:
    sides = [[view.side for view in views(size, size)] for size in (100, 700, 3000)]
    assert [max(one) for one in sides] == [416, 1280, 1280]
    assert sides[0] == sides[1][: len(sides[0])]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_face_is_told_from_an_upright_one(detector: FaceDetector, turns: int) -> None:
    upright = scene(250, 250, (70, 70, rgb_face(3)))
    face = detector.find(upright)[0]
    assert detector.turned(upright, face) == 0
    turned = np.ascontiguousarray(np.rot90(upright, turns))
    found = detector.find(turned)
    # Turned counter-clockwise by so much, it must be turned back clockwise.
    assert detector.turned(turned, found[0] if found else None) == 90 * turns


def test_visible_area_is_cut_at_the_rim() -> None:
    assert visible_area(_box(-50, 20, 100, 40), 200, 200) == 50 * 40
    assert visible_area(_box(300, 20, 100, 40), 200, 200) == 0


def test_a_larger_face_that_is_cut_off_is_not_the_one_that_is_meant() -> None:
    meant, cut, small = _box(75, 70, 100, 110), _box(-60, 50, 120, 150), _box(120, 10, 20, 25)
    assert by_prominence([small, cut, meant], 250, 250) == [meant, cut, small]


def test_the_larger_of_two_whole_faces_is_the_one_that_is_meant() -> None:
    large, middle = _box(10, 10, 100, 120), _box(110, 110, 40, 50)
    assert by_prominence([middle, large], 250, 250)[0] is large
    assert prominence(middle, 250, 250) <= 40 * 50


def test_nothing_is_found_in_noise(detector: FaceDetector) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (120, 100, 3), dtype=np.uint8)
    assert detector.find(noise) == []
    assert detector.turned(noise, None) == 0
