"""The classical segmenter and the choice between segmenters, on drawn eyes with known truth."""

import math
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from twofold.data.synthetic.eye_camera import draw_eye
from twofold.data.synthetic.people import make_person
from twofold.data.synthetic.truth import label_map
from twofold.data.synthetic.view import Light, Outlines, View, draw_view
from twofold.errors import AcquisitionError
from twofold.images import Pixels, read
from twofold.iris import choosing
from twofold.iris.checks import likeness, measure, weaknesses
from twofold.iris.classical import ClassicalSegmenter
from twofold.iris.contours import LIMBUS, closed_path, trace
from twofold.iris.highlights import fill, find_surround
from twofold.iris.patch import RADIUS, SIDE, cut
from twofold.iris.polar import Contour, fit_series
from twofold.iris.segmentation import POINTS, Circle, Segmentation, segment

SIZES = {"small": (150, 200), "middle": (240, 320), "large": (576, 768)}


def drawn(
    subject: int, light: Light = "nir", size: tuple[int, int] = (240, 320), **changes: object
) -> tuple[Pixels, np.ndarray, Outlines]:
    """A grey picture of an eye, its label map and its outlines."""
    eye = make_person(4711, subject).eye("left" if subject % 2 else "right")
    view: View = replace(draw_view(np.random.default_rng([1, subject]), eye, light), **changes)
    picture, covers = draw_eye(eye, view, size, truth=True)
    assert covers is not None
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8), label_map(covers), Outlines(eye, view, size)


def distance(contour: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of a contour's points from the true outline, in pixels."""
    outline = truth.astype(np.float32)
    return float(
        np.mean([abs(cv2.pointPolygonTest(outline, (x, y), True)) for x, y in contour.tolist()])
    )


@pytest.mark.parametrize("light", ["nir", "visible"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_finds_boundaries_and_mask(light: Light, size: tuple[int, int]) -> None:
    pupils, limbi, overlaps = [], [], []
    for subject in range(8):
        grey, labels, truth = drawn(subject, light, size)
        found = ClassicalSegmenter().segment(grey)
        radius = truth.unit
        pupils.append(distance(found.boundaries.pupil, truth.pupil()) / radius)
        limbi.append(distance(found.boundaries.limbus, truth.limbus()) / radius)
        visible = (labels & 1) > 0
        overlaps.append((found.mask & visible).sum() / (found.mask | visible).sum())
    assert np.median(pupils) < 0.03
    assert np.median(limbi) < 0.045
    assert np.median(overlaps) > 0.75


def test_result_keeps_the_contract() -> None:
    grey = drawn(1)[0]
    found = segment(grey)
    lines = found.boundaries
    for contour, circle in ((lines.pupil, lines.pupil_circle), (lines.limbus, lines.iris_circle)):
        assert contour.shape == (POINTS, 2)
        assert contour.dtype == np.float64
        away = contour - np.array([circle.x, circle.y])
        angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
        np.testing.assert_allclose(angles - angles[0], np.arange(POINTS) * 2 * np.pi / POINTS,
                                   atol=1e-6)  # fmt: skip
        assert abs(angles[0]) < 1e-6
        assert np.hypot(*away.T).mean() == pytest.approx(circle.radius, rel=0.01)
    for mask in (found.mask, found.highlights, found.lashes):
        assert mask.shape == grey.shape
        assert mask.dtype == np.bool_
    assert not (found.mask & (found.highlights | found.lashes)).any()
    assert found.method in ("classical", "network")


def test_moves_with_the_eye() -> None:
    """A shifted picture gives shifted boundaries: nothing is tied to the picture's middle."""
    grey = drawn(2)[0]
    moved = np.roll(grey, 16, axis=1)
    one, two = (ClassicalSegmenter().segment(p).boundaries.iris_circle for p in (grey, moved))
    assert two.x - one.x == pytest.approx(16, abs=1.0)
    assert two.y == pytest.approx(one.y, abs=1.0)
    assert two.radius == pytest.approx(one.radius, rel=0.03)


def test_scales_with_the_picture() -> None:
    grey = drawn(3, size=(480, 640))[0]
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    one, two = (ClassicalSegmenter().segment(p).boundaries for p in (grey, half))
    assert one.iris_circle.radius / two.iris_circle.radius == pytest.approx(2, rel=0.03)
    assert one.pupil_circle.radius / two.pupil_circle.radius == pytest.approx(2, rel=0.05)


def test_black_surround_is_no_limbus() -> None:
    """A round field of view, as a slit lamp has, must not be taken for the iris."""
    grey, _, truth = drawn(4, "visible", (480, 640))
    x, y = truth.limbus().mean(axis=0)
    radius = truth.unit
    rows, columns = np.mgrid[:480, :640]
    masked = np.where(np.hypot(columns - x, rows - y) < 1.25 * radius, grey, 0).astype(np.uint8)
    found = ClassicalSegmenter().segment(masked).boundaries.iris_circle
    assert found.radius == pytest.approx(radius, rel=0.08)
    assert find_surround(masked.astype(np.float32))[0, 0]


def test_lids_are_left_out() -> None:
    open_grey, _, _ = drawn(5, opening=1.1)
    low_grey, labels, _ = drawn(5, opening=0.55)
    wide, low = (ClassicalSegmenter().segment(p) for p in (open_grey, low_grey))
    assert low.upper_lid is not None
    assert low.checks["visible"] < wide.checks["visible"] - 0.08
    # What is masked in is iris.
    covered = (labels & 8) == 0
    assert (low.mask & covered).sum() < 0.06 * low.mask.sum()


def test_highlights_are_left_out() -> None:
    grey, labels, _ = drawn(6, "visible")
    found = ClassicalSegmenter().segment(grey)
    spots = ((labels & 32) > 0) & ((labels & 2) > 0)
    assert (found.mask & spots).sum() <= 0.35 * max(1, spots.sum())


class _Broken:
    def segment(self, grey: Pixels) -> Segmentation:
        raise AcquisitionError("nothing here", "no_eye")


class _Fixed:
    def __init__(self, found: Segmentation) -> None:
        self.found, self.asked = found, 0

    def segment(self, grey: Pixels) -> Segmentation:
        self.asked += 1
        return self.found


def test_fallback_is_asked_where_the_default_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = drawn(7)[0]
    good = ClassicalSegmenter().segment(grey)
    assert likeness(measure(grey, good)) > choosing.SURE
    assert weaknesses(measure(grey, good)) == []
    away = good.boundaries
    shifted = replace(
        good,
        boundaries=replace(
            away,
            pupil=away.pupil + 40,
            limbus=away.limbus + 40,
            pupil_circle=replace(away.pupil_circle, x=away.pupil_circle.x + 40),
            iris_circle=replace(away.iris_circle, x=away.iris_circle.x + 40),
        ),
    )
    for first in (_Broken(), _Fixed(shifted)):
        fallback = _Fixed(good)
        monkeypatch.setattr(choosing, "segmenters", lambda a=first, b=fallback: [a, b])
        assert segment(grey) is good
        assert fallback.asked == 1
    default, fallback = _Fixed(good), _Fixed(shifted)
    monkeypatch.setattr(choosing, "segmenters", lambda: [default, fallback])
    assert segment(grey) is good
    assert fallback.asked == 0


def test_path_is_closed_and_follows_the_ridge() -> None:
    rows, columns = 64, 40
    ridge = np.round(20 + 8 * np.sin(np.arange(rows) * 2 * math.pi / rows)).astype(int)
    value = np.random.default_rng(0).normal(0, 0.1, (rows, columns)).astype(np.float32)
    value[np.arange(rows), ridge] += 1
    value[:, 2] += 0.4  # a straight, weaker rival
    path = closed_path(value, np.float32(0.1))
    assert np.abs(path - ridge).max() <= 1
    assert abs(path[0] - path[-1]) <= 2


def test_series_bridges_what_is_hidden() -> None:
    contour = Contour(0, 0, np.array([50, 3, -2, 1.5, 0.5]))
    radii = contour.radii(128)
    weights = np.ones(128)
    radii[90:105] += 20  # a lid
    weights[90:105] = 0.3
    found = fit_series(radii, weights, 2, 0.1, 1.0)
    np.testing.assert_allclose(found, contour.series, atol=0.15)


def test_contour_around_its_own_middle_is_the_same_curve() -> None:
    contour = Contour(10, 20, np.array([50, 4, -3, 1, 0.5]))
    same = contour.recentred()
    assert np.abs(same.series[1:3]).max() < 0.2
    assert distance(same.points(), contour.points()) < 0.1


def test_trace_finds_a_disc_that_is_off() -> None:
    picture = np.full((200, 200), 160, np.float32)
    cv2.circle(picture, (104, 97), 60, 60, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 1.5)
    found = trace(picture, Circle(100, 100, 64), LIMBUS).contour.circle()
    assert (found.x, found.y, found.radius) == pytest.approx((104, 97, 60), abs=0.7)


@pytest.mark.parametrize("radius", [20.0, 72.0, 230.0])
def test_patch_and_back(radius: float) -> None:
    grey = np.zeros((600, 800), np.uint8)
    cv2.circle(grey, (410, 290), round(radius / 2), 200, -1)
    patch = cut(grey, Circle(400, 300, radius))
    inside = patch.picture > 100
    assert patch.picture.shape == (SIDE, SIDE)
    assert inside.sum() == pytest.approx(math.pi * (RADIUS / 2) ** 2, rel=0.12)
    back = patch.mask_out(inside, (600, 800))
    true = grey > 100
    assert (back & true).sum() / (back | true).sum() > 0.85
    circle = patch.circle_in(Circle(410, 290, radius))
    assert circle.x == pytest.approx((410 - 400) / radius * RADIUS + SIDE // 2)


def test_fill_leaves_the_rest_alone() -> None:
    ramp = np.tile(np.linspace(0, 200, 100, dtype=np.float32), (80, 1))
    holes = np.zeros(ramp.shape, np.bool_)
    holes[30:45, 40:60] = True
    filled = fill(np.where(holes, 255, ramp).astype(np.float32), holes)
    np.testing.assert_array_equal(filled[~holes], ramp[~holes])
    assert np.abs(filled - ramp)[holes].max() < 25


def test_speed() -> None:
    """About 25 ms on one core; the bound is loose because machines are shared."""
    grey = drawn(0)[0]
    ClassicalSegmenter().segment(grey)
    start = time.process_time()
    for _ in range(5):
        ClassicalSegmenter().segment(grey)
    assert (time.process_time() - start) / 5 < 0.25


def test_real_eyes_are_segmented_alike(real_data: Path) -> None:
    """Irises of one camera at one distance have nearly one size; outliers are faults."""
    for pattern, low, high in (("mmu1/[1-9]/*/*.png", 42, 75), ("ubiris_v1/U1?/*.jpg", 36, 56)):
        paths = sorted(real_data.glob(pattern))[::3]
        if not paths:
            pytest.skip(f"no {pattern}")
        radii = [segment(read(p, colour="grey")).boundaries.iris_circle.radius for p in paths]
        assert np.mean([(low < r < high) for r in radii]) > 0.95
