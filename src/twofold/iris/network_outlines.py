"""Outlines from the network's maps, and from the picture near them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.errors import AcquisitionError
from twofold.iris.network_maps import COLUMNS, ROWS, Floats, Maps
from twofold.iris.polar import Contour, directions, fit_series, unroll

_ANGLES = 128  # at which outlines are measured
_THIN = 0.8  # share of iris below which there may be an edge
_STEPS = 12  # samples on either side of an outline


def outline(plane: Floats, maps: Maps, order: int, name: str) -> Contour:
    """Fit a closed curve to where one of the maps crosses one half around its largest part.

    Args:
        plane: the map.
        maps: all of them.
        order: harmonics of the curve.
        name: of what is outlined, for messages: "iris" or "pupil".

    Returns:
        The curve in pixels of the maps.

    Raises:
        AcquisitionError: there is no such part, or hardly any of its edge is in the picture.
    """
    count, labels, facts, middles = cv2.connectedComponentsWithStats((plane > 0.5).astype(np.uint8))
    if count < 2:
        if name == "iris":
            raise AcquisitionError(
                "no iris found: give a picture of one open eye that fills much of it", "no_eye"
            )
        raise AcquisitionError("no pupil found: the eye is nearly shut or unsharp", "no_pupil")
    best = 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
    x, y = (float(value) for value in middles[best])
    reach = 8 + 1.5 * max(facts[best, cv2.CC_STAT_WIDTH], facts[best, cv2.CC_STAT_HEIGHT]) / 2
    only = np.where((labels == best) | (labels == 0), plane, 0).astype(np.float32)
    radii = np.arange(0, reach, 0.5, dtype=np.float32)
    contour, rows = Contour(x, y, np.zeros(1)), np.arange(_ANGLES)
    cosines, sines = directions(_ANGLES)
    for _ in range(2):
        profiles = unroll(only, contour.x, contour.y, radii, _ANGLES)
        within = profiles >= 0.5
        # The first crossing from outside.
        last = radii.size - 1 - np.argmax(within[:, ::-1], axis=1)
        last = np.where(within.any(axis=1), last, 0).clip(0, radii.size - 2)
        high, low = profiles[rows, last], profiles[rows, last + 1]
        share = np.clip((high - 0.5) / np.maximum(high - low, 1e-3), 0, 1)
        found = (radii[last] + 0.5 * share).astype(np.float64)
        at_x = np.rint(contour.x + found * cosines).astype(int)
        at_y = np.rint(contour.y + found * sines).astype(int)
        weights = _known(maps, at_x, at_y) * within.any(axis=1)
        if weights.sum() < _ANGLES / 32:
            raise AcquisitionError(f"hardly any edge of the {name} is in the picture", "no_eye")
        typical = float(np.median(found))
        series = fit_series(found, weights, order, 10.0, max(0.7, 0.03 * typical))
        contour = Contour(contour.x, contour.y, series).recentred()
    return contour


def around(pupil: Contour, maps: Maps, order: int) -> Contour | None:
    """The limbus as the first place outside the pupil where the map of the iris thins.

    For eyes whose shaded sclera the network took for iris, too: it still sees the edge between.

    Args:
        pupil: in pixels of the maps.
        maps: what the network says.
        order: harmonics of the curve.

    Returns:
        The curve in pixels of the maps, or None where there is no such edge nearly all around.
    """
    circle = pupil.circle()
    radii = np.arange(1.25 * circle.radius, 8 * circle.radius, 0.5, dtype=np.float32)
    contour, rows = Contour(circle.x, circle.y, np.zeros(1)), np.arange(_ANGLES)
    cosines, sines = directions(_ANGLES)
    for _ in range(2):
        thin = unroll(maps.iris, contour.x, contour.y, radii, _ANGLES) < _THIN
        first = np.argmax(thin, axis=1)
        sound = thin[rows, first] & (first > 0)
        found = radii[first].astype(np.float64)
        at_x = np.rint(contour.x + found * cosines).astype(int)
        at_y = np.rint(contour.y + found * sines).astype(int)
        weights = _known(maps, at_x, at_y) * sound
        if weights.sum() < _ANGLES / 4:
            return None
        middle = np.sort(found[weights > 0.1])
        # Where the edge is missing the radius runs away: the smaller ones are believed.
        typical = float(middle[len(middle) // 3]) if len(middle) else 0.0
        near = np.exp(-0.5 * np.square((found - typical) / max(1.0, 0.25 * typical)))
        series = fit_series(found, weights * near, order, 20.0, max(0.7, 0.04 * typical))
        contour = Contour(contour.x, contour.y, series).recentred()
        if not circle.radius < contour.series[0] < 8 * circle.radius:
            return None
    return contour


def _known(maps: Maps, x: NDArray[np.int_], y: NDArray[np.int_]) -> NDArray[np.float64]:
    """How far an outline is believed at points of the maps: little behind lids, not outside."""
    within = (x >= 2) & (x < COLUMNS - 2) & (y >= 2) & (y < ROWS - 2)
    x, y = x.clip(2, COLUMNS - 3), y.clip(2, ROWS - 3)
    for dx, dy in ((-2, 0), (2, 0), (0, -2), (0, 2)):
        within &= maps.inside[y + dy, x + dx]
    weights: NDArray[np.float64] = within * (0.15 + 0.85 * maps.opening[y, x].astype(np.float64))
    return weights


def to_edges(
    work: Floats, scale: float, contour: Contour, maps: Maps, reach: float, order: int
) -> Contour:
    """Move an outline to the strongest rise of brightness near it, where it can be seen.

    Args:
        work: the picture, float32, or a smaller copy.
        scale: pixels of `work` in a pixel of the picture.
        contour: in pixels of the picture.
        maps: tell what is between the lids.
        reach: how far an edge may lie from the outline, over its radius.
        order: harmonics of the result.

    Returns:
        The curve in pixels of the picture.
    """
    matrix = maps.frame.matrix()
    cosines, sines = directions(_ANGLES)
    x0, y0 = (contour.x + 0.5) * scale - 0.5, (contour.y + 0.5) * scale - 0.5
    series = np.zeros(2 * order + 1)
    series[: len(contour.series)] = contour.series * scale
    prior = np.exp(-0.5 * (np.arange(-_STEPS, _STEPS + 1) / (0.45 * _STEPS)) ** 2)
    for narrow in (1.0, 0.5):
        radii = Contour(x0, y0, series).radii(_ANGLES)
        typical = float(radii.mean())
        step = max(0.35, reach * narrow * typical / _STEPS)
        offsets = np.arange(-_STEPS, _STEPS + 1, dtype=np.float32) * np.float32(step)
        across = radii.astype(np.float32)[:, None] + offsets
        map_x = np.float32(x0) + cosines[:, None] * across
        map_y = np.float32(y0) + sines[:, None] * across
        profiles = cv2.remap(work, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Along the outline, too, edges of fibres and noise are evened out.
        padded = np.concatenate([profiles[-4:], profiles, profiles[:4]])
        smooth = cv2.GaussianBlur(padded, (0, 0), sigmaX=1.5, sigmaY=1.0)[4:-4]
        rise = np.gradient(smooth, axis=1)
        rise[:, [0, 1, -2, -1]] = 0
        if -rise.clip(None, 0).mean() > 2 * rise.clip(0).mean():  # a pupil that lamps have lit up
            rise = -rise
        drawn = np.square(np.maximum(rise, 0)) * prior
        total = drawn.sum(axis=1)
        moved = (drawn @ offsets) / np.maximum(total, 1e-6)
        x = (map_x[:, _STEPS] + 0.5) / scale - 0.5
        y = (map_y[:, _STEPS] + 0.5) / scale - 0.5
        at_x = matrix[0, 0] * x + matrix[0, 2]
        at_y = matrix[1, 1] * y + matrix[1, 2]
        open_there = cv2.remap(
            maps.opening,
            at_x.astype(np.float32)[None],
            at_y.astype(np.float32)[None],
            cv2.INTER_LINEAR,
        )[0]
        inside = (
            (x > 2) & (y > 2) & (x * scale < work.shape[1] - 3) & (y * scale < work.shape[0] - 3)
        )
        strength = np.sqrt(total)
        trust = strength / (strength + max(1.0, float(np.median(strength))))
        weights = np.clip(2 * open_there - 0.8, 0, 1) * inside * trust
        # What cannot be seen stays where the network put it.
        weights_all = weights + 0.08
        wanted = radii + moved * weights / weights_all
        series = fit_series(wanted, weights_all, order, 4.0, max(0.8, 0.35 * reach * typical))
    return enlarged(Contour(x0, y0, series).recentred(), scale)


def enlarged(contour: Contour, scale: float) -> Contour:
    """A curve of a picture that was shrunk by `scale`, in the picture that it was made from."""
    x, y = ((value + 0.5) / scale - 0.5 for value in (contour.x, contour.y))
    return Contour(x, y, contour.series / scale)
