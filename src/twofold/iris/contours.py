"""Free closed contours of pupil and limbus, started from circles.

The picture is unrolled around the circle. A closed path of strong dark-to-bright steps is found by
dynamic programming (circular Viterbi), and a short Fourier series is fitted to it (Daugman 2007),
robustly and weighted by the strength of the steps, so that it bridges lids, lashes and reflections.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.iris.polar import Contour, basis, directions, fit_series, unroll
from twofold.iris.segmentation import Circle
from twofold.lanes import compiled

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

ANGLES = 128
_HOLD = 0.02
_SOFT = 10.0  # grey levels of step that count one half


@dataclass(frozen=True)
class Tracing:
    """How a boundary is traced.

    Attributes:
        low, high: radii searched, over that of the circle.
        steps: radii sampled.
        band: samples on each side of a step that are averaged.
        bend: price of a path that moves outwards or inwards by one sample from angle to angle.
        order: harmonics of the fitted series.
        stiffness: see `fit_series`.
        tolerance: see `fit_series`, over the radius.
        sides: whether lids may hide top and bottom.
        near: penalty of distance from the starting circle, of a step at the end of the search.
    """

    low: float
    high: float
    steps: int
    band: int
    bend: float
    order: int
    stiffness: float
    tolerance: float
    sides: bool
    near: float = 0.25


PUPIL = Tracing(0.6, 1.45, 48, 4, 0.12, 4, 0.15, 0.06, False)
# An ellipse at most: more harmonics follow lids, and cost accuracy of matching.
LIMBUS = Tracing(0.75, 1.28, 56, 5, 0.15, 2, 4.0, 0.03, True)


@dataclass(frozen=True)
class Traced:
    """A boundary that was traced.

    Attributes:
        contour: the curve.
        support: share of angles (of the sides, for a limbus) at which a step was found on it.
        contrast: median grey levels by which its outside is brighter, at those angles.
        steadiness: mean of step / (|step| + 10) on the curve at those angles; for a limbus that
            of the side where it is less.
    """

    contour: Contour
    support: float
    contrast: float
    steadiness: float


def trace(picture: Floats, circle: Circle, how: Tracing, trust: Floats | None = None) -> Traced:
    """Trace one boundary near a circle.

    Args:
        picture: float32 (height, width), 0 to 255, without highlights.
        circle: in pixels of `picture`.
        trust: float32 (height, width), 0 where the picture was filled, 1 elsewhere.
    """
    radii = np.linspace(how.low, how.high, how.steps, dtype=np.float32) * np.float32(circle.radius)
    profile = unroll(picture, circle.x, circle.y, radii, ANGLES)
    contrast = _contrast(profile, how.band)
    step = contrast / (np.abs(contrast) + _SOFT)
    if trust is not None:
        step = step * unroll(trust, circle.x, circle.y, radii, ANGLES)
    fraction = radii / np.float32(circle.radius) - 1
    reach = max(1 - how.low, how.high - 1)
    value = step - how.near * np.square(fraction / reach).astype(np.float32)
    angular = _angular(how.sides)
    value = value * angular[:, None]
    path = closed_path(np.ascontiguousarray(value, np.float32), np.float32(how.bend))
    at = np.arange(ANGLES)
    strength = np.clip(step[at, path], 0, 1)
    refined = path + _subsample(step, path)
    # A step at sample k lies between samples k - 1 and k.
    found = radii[0] + (refined - 0.5) * (radii[1] - radii[0])
    weights = (strength * angular).astype(np.float64)
    # Where nothing is seen the circle holds.
    wanted = (found * weights + _HOLD * circle.radius) / (weights + _HOLD)
    series = fit_series(
        wanted,
        weights + _HOLD,
        how.order,
        how.stiffness,
        how.tolerance * circle.radius,
    )
    series[0] = np.clip(series[0], how.low * circle.radius, how.high * circle.radius)
    fitted = basis(ANGLES, how.order) @ series
    place = np.clip(np.round((fitted - radii[0]) / (radii[1] - radii[0]) + 0.5), 0, how.steps - 1)
    on_curve = step[at, place.astype(int)]
    counted = angular > 0.5
    good = (on_curve > 0.25) & counted
    levels = contrast[at, place.astype(int)]
    return Traced(
        Contour(circle.x, circle.y, series),
        float(good.sum() / counted.sum()),
        float(np.median(levels[counted])),
        _least(on_curve, counted, how.sides),
    )


def _least(on_curve: Floats, counted: NDArray[np.bool_], sides: bool) -> float:
    if not sides:
        return float(on_curve[counted].mean())
    right = directions(ANGLES)[0] > 0
    return float(min(on_curve[counted & right].mean(), on_curve[counted & ~right].mean()))


def _contrast(profile: Floats, band: int) -> Floats:
    """Mean of `band` samples outside minus inside each radius; the ends are 0."""
    total = np.cumsum(np.pad(profile, ((0, 0), (1, 0))), axis=1)
    mean = (total[:, band:] - total[:, :-band]) / band
    contrast = np.zeros_like(profile)
    last = profile.shape[1] - 2 * band
    contrast[:, band : band + last] = mean[:, band : band + last] - mean[:, :last]
    return contrast


def _angular(sides: bool) -> Floats:
    if not sides:
        return np.ones(ANGLES, np.float32)
    sines = directions(ANGLES)[1]  # positive below
    hidden = np.where(sines < 0, 1.0, 0.75) * np.clip((np.abs(sines) - 0.3) / 0.6, 0, 1)
    return (1 - 0.75 * hidden).astype(np.float32)


def _subsample(step: Floats, path: NDArray[np.int64]) -> NDArray[np.float64]:
    at, last = np.arange(len(path)), step.shape[1] - 1
    middle = step[at, path]
    before, after = step[at, np.maximum(path - 1, 0)], step[at, np.minimum(path + 1, last)]
    bend = before - 2 * middle + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    return np.clip(shift, -0.5, 0.5).astype(np.float64)


@compiled
def closed_path(value, bend):  # type: ignore[no-untyped-def]
    """The path of largest value, one column a row, that ends where it begins.

    Two rounds of Viterbi: the middle of the first gives the column at which the second is tied.

    Args:
        value: float32 (rows, columns).
        bend: price of each column by which neighbouring rows differ; at most 2 are allowed.

    Returns:
        int64 (rows,).
    """
    rows, columns = value.shape
    back = np.zeros((2 * rows, columns), np.int8)
    path = np.zeros(rows, np.int64)
    tied = -1
    for turn in range(2):
        length = 2 * rows if turn == 0 else rows + 1
        score = np.zeros(columns, np.float32)
        if turn == 1:
            score[:] = -1e9
            score[tied] = 0
        for k in range(1 if turn == 1 else 0, length):
            fresh = np.empty(columns, np.float32)
            for c in range(columns):
                best = score[c]
                move = 0
                for m in (-2, -1, 1, 2):
                    if 0 <= c + m < columns:
                        other = score[c + m] - bend * abs(m)
                        if other > best:
                            best = other
                            move = m
                back[k, c] = move
                fresh[c] = best + value[k % rows, c]
            score = fresh
        c = tied if turn == 1 else int(np.argmax(score))
        for k in range(length - 1, -1, -1):
            if turn == 0:
                if k == rows:
                    tied = c
                    break
            elif k < rows:
                path[k] = c
            c += back[k, c]
    return path
