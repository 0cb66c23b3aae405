"""The learned segmenter: outlines fitted to the maps of a compact network, then to the picture.

The network sees the whole picture first and then the eye alone, at one scale whatever the camera.
Outlines are Fourier series through the places where its maps cross one half; then they are moved to
the strongest edges of the picture nearby, as far as there are any.
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from twofold.errors import AcquisitionError
from twofold.images import Pixels
from twofold.iris.highlights import fill, find_highlights
from twofold.iris.network_maps import COLUMNS, ROWS, Floats, Frame, Maps, ask, whole
from twofold.iris.network_outlines import around, enlarged, outline, to_edges
from twofold.iris.polar import Contour
from twofold.iris.segmentation import Boundaries, Circle, Mask, Points, Segmentation

_EYE = 0.32  # radius of the iris in the second look, over the rows of the network
_LARGEST = 800  # longest side of the picture that the network's input is cut from
_WORK = 400  # longest side of the picture in which edges are sought
_LEAST_RADIUS = 12.0  # of an iris, in pixels
_LEAST_WITHIN = 0.6  # of an iris in the picture
_SHADOW = 0.12  # of the upper lid on the eye, over the radius of the iris
_FAR = 0.14  # from a pupil's centre to that of its iris: so far is rare
_LEAST_CERTAIN = 0.85  # mean of the map of the iris where it is above one half
_LEAST_OPEN = 0.12  # of an iris between the lids


class NetworkSegmenter:
    """Segments with the network; see `Segmenter`."""

    def segment(self, grey: Pixels) -> Segmentation:
        """Segment a grey picture, uint8 (height, width).

        Raises:
            AcquisitionError: code "no_eye", "no_pupil", "too_small", "cut_off", "closed_eye" or
                "uncertain".
            ModelError: the weights are missing or altered.
        """
        small, scale = _bounded(grey, _LARGEST)
        maps, pupil, iris = _look(small)
        work, part = _bounded(small, _WORK)
        edges = work.astype(np.float32)
        iris = to_edges(edges, part, iris, maps, reach=0.1, order=4)
        dull = fill(edges, find_highlights(edges))  # lamps are mirrored across the pupil's edge
        pupil = to_edges(dull, part, pupil, maps, reach=0.16, order=5)
        frame = maps.frame
        x, y = ((value + 0.5) / scale - 0.5 for value in (frame.x, frame.y))
        maps = replace(maps, frame=Frame(x, y, frame.scale * scale))
        return _assemble(grey, maps, enlarged(pupil, scale), enlarged(iris, scale))


def _look(grey: Pixels) -> tuple[Maps, Contour, Contour]:
    """Maps of the eye alone, and the outlines of pupil and iris in pixels of the picture."""
    maps = ask(grey, whole(grey.shape))
    iris = outline(maps.iris, maps, order=2, name="iris")
    for _ in range(2):
        circle = _in_picture(iris, maps.frame).circle()
        if circle.radius < _LEAST_RADIUS:
            raise AcquisitionError(
                f"the iris is {2 * circle.radius:.0f} pixels wide, at least "
                f"{2 * _LEAST_RADIUS:.0f} are needed; give a larger picture",
                "too_small",
            )
        closer = ask(grey, Frame(circle.x, circle.y, _EYE * ROWS / circle.radius))
        if closer.iris.max() < 0.5:
            break
        maps = closer
        iris = outline(maps.iris, maps, order=3, name="iris")
        again = _in_picture(iris, maps.frame).circle()
        moved = math.hypot(again.x - circle.x, again.y - circle.y)
        if max(moved, abs(again.radius - circle.radius)) < 0.12 * circle.radius:
            break
    pupil = outline(maps.pupil, maps, order=3, name="pupil")
    if _offset(pupil, iris) > _FAR:
        closer_fit = around(pupil, maps, order=2)
        if closer_fit is not None and _offset(pupil, closer_fit) < 0.7 * _offset(pupil, iris):
            iris = closer_fit
    return maps, _in_picture(pupil, maps.frame), _in_picture(iris, maps.frame)


def _offset(pupil: Contour, iris: Contour) -> float:
    """Distance of the centres over the radius of the iris."""
    inner, outer = pupil.circle(), iris.circle()
    return math.hypot(inner.x - outer.x, inner.y - outer.y) / outer.radius


def _in_picture(contour: Contour, frame: Frame) -> Contour:
    x, y = frame.to_picture(np.array([contour.x, contour.y]))
    return Contour(float(x), float(y), contour.series / frame.scale)


def _bounded(grey: Pixels, longest: int) -> tuple[Pixels, float]:
    """A copy whose longest side is at most `longest`, and its pixels in a pixel of the given."""
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey, 1.0
    size = (max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _assemble(grey: Pixels, maps: Maps, pupil: Contour, iris: Contour) -> Segmentation:
    """Boundaries, lids, and masks of the picture's size."""
    hole, disc = (Circle(line.x, line.y, float(line.series[0])) for line in (pupil, iris))
    boundaries = Boundaries(pupil.points(), iris.points(), hole, disc)
    low = np.floor(boundaries.limbus.min(axis=0)).astype(int) - 2
    high = np.ceil(boundaries.limbus.max(axis=0)).astype(int) + 3
    left, top = (int(value) for value in low.clip(0))
    part = slice(top, max(top + 1, int(high[1]))), slice(left, max(left + 1, int(high[0])))
    eye = grey[part]
    if eye.size == 0:
        raise AcquisitionError("the iris lies outside the picture", "no_eye")
    corner = np.array([left, top])
    within = _filled(eye.shape, boundaries.limbus - corner)
    ring = within & ~_filled(eye.shape, boundaries.pupil - corner)
    near = replace(maps.frame, x=maps.frame.x - left, y=maps.frame.y - top)
    visible, opening = (_wide(plane, near, eye.shape) for plane in (maps.visible, maps.opening))
    spots = _highlights(eye, ring & (visible >= 0.5), disc.radius) & within
    seen = ring & (visible >= 0.5) & _lit(opening, disc.radius) & ~spots
    checks = _checks(maps, pupil, iris, seen, ring)
    checks["within"] = float(ring.sum()) / max(1.0, _area(boundaries))
    _refuse(checks)
    mask, highlights, lashes = (np.zeros(grey.shape, np.bool_) for _ in range(3))
    mask[part], highlights[part] = seen, spots
    lashes[part] = ring & (opening >= 0.5) & ~seen & ~spots
    upper, lower = (_lid(maps, iris, upper=which) for which in (True, False))
    return Segmentation(boundaries, mask, upper, lower, highlights, lashes, "network", checks)


def _area(boundaries: Boundaries) -> float:
    """Pixels between the two outlines, also those beyond the picture's edge."""
    limbus, pupil = (
        cv2.contourArea(points.astype(np.float32))
        for points in (boundaries.limbus, boundaries.pupil)
    )
    return float(limbus - pupil)


def _refuse(checks: dict[str, float]) -> None:
    """Refuse what no segmenter could use; doubts are for `checks` to tell."""
    if checks["certainty"] < _LEAST_CERTAIN:
        raise AcquisitionError(
            f"what looks like an iris is doubtful ({checks['certainty']:.2f} of 1, at least "
            f"{_LEAST_CERTAIN} is needed); give a picture of one open eye",
            "uncertain",
        )
    if checks["within"] < _LEAST_WITHIN:
        raise AcquisitionError(
            f"only {100 * checks['within']:.0f} % of the iris is in the picture; "
            "take the whole eye",
            "cut_off",
        )
    if checks["opening"] < _LEAST_OPEN:
        raise AcquisitionError(
            f"lids leave {100 * checks['opening']:.0f} % of the iris open; open the eye wider",
            "closed_eye",
        )


def _filled(shape: tuple[int, ...], outline: Points) -> Mask:
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.rint(outline * 16).astype(np.int32)], 1, shift=4)
    return canvas.astype(np.bool_)


def _wide(plane: Floats, frame: Frame, shape: tuple[int, ...]) -> Floats:
    """A map at the picture's size."""
    return np.asarray(
        cv2.warpAffine(
            plane,
            frame.matrix(),
            (shape[1], shape[0]),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        ),
        np.float32,
    )


def _lit(opening: Floats, radius: float) -> Mask:
    """Between the lids, and not in the shadow that the upper lid and its lashes throw."""
    reach = max(1, round(_SHADOW * radius))
    above = np.zeros((2 * reach + 1, 1), np.uint8)
    above[: reach + 1] = 1
    return cv2.erode((opening >= 0.5).astype(np.uint8), above).astype(np.bool_)


def _highlights(eye: Pixels, ring: Mask, radius: float) -> Mask:
    """Spots much brighter than what is around them and than the iris is."""
    if not ring.any():
        return np.zeros(eye.shape, np.bool_)
    size = 2 * max(2, round(0.14 * radius)) + 1
    opened = cv2.morphologyEx(eye, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    low, middle, high = np.percentile(eye[ring], (25, 50, 75))
    limit = min(middle + max(50.0, 2.5 * (high - low)), 235.0)
    spots = (cv2.subtract(eye, opened) > 45) & (eye > limit)
    rim = 2 * max(1, round(0.015 * radius)) + 1
    return cv2.dilate(spots.astype(np.uint8), np.ones((rim, rim), np.uint8)).astype(np.bool_)


def _lid(maps: Maps, iris: Contour, upper: bool) -> Points | None:
    """The edge of a lid over the iris, a parabola through where the opening begins or ends."""
    circle = iris.circle()
    matrix = maps.frame.matrix()
    x0, y0 = matrix[0, 0] * circle.x + matrix[0, 2], matrix[1, 1] * circle.y + matrix[1, 2]
    radius = circle.radius * maps.frame.scale
    first, last = (int(np.clip(x0 + s * radius, 0, COLUMNS - 1)) for s in (-1, 1))
    columns = np.arange(first, last + 1)
    if len(columns) < 5:
        return None
    shown = maps.opening[:, columns] >= 0.5
    some = shown.any(axis=0)
    rows = np.argmax(shown, axis=0) if upper else ROWS - 1 - np.argmax(shown[::-1], axis=0)
    edge = rows.clip(1, ROWS - 2)
    inner, outer = maps.opening[edge, columns], maps.opening[edge + (-1 if upper else 1), columns]
    part = np.clip((inner - 0.5) / np.maximum(inner - outer, 1e-3), 0, 1)
    height = edge + (-part if upper else part)
    half = np.sqrt(np.clip(radius**2 - (columns - x0) ** 2, 0, None))
    limit = y0 - half if upper else y0 + half
    covers = (height - limit) * (1 if upper else -1) > 0.02 * radius
    if (covers & some).sum() < 4:
        return None
    use = some & (np.abs(height - y0) < 1.2 * radius)
    if use.sum() < 5:
        return None
    z = (columns - x0) / radius
    curve = np.polynomial.Polynomial.fit(z[use], height[use], 2, domain=[-1, 1])
    span = np.linspace(-1, 1, 65)
    return maps.frame.to_picture(np.stack([x0 + span * radius, curve(span)], axis=1))


def _checks(maps: Maps, pupil: Contour, iris: Contour, mask: Mask, ring: Mask) -> dict[str, float]:
    circle, hole = iris.circle(), pupil.circle()
    seen = maps.iris > 0.5
    return {
        # Mean certainty of the maps where they say iris.
        "certainty": float(maps.iris[seen].mean()) if seen.any() else 0.0,
        "pupil_ratio": hole.radius / circle.radius,
        "offset": _offset(pupil, iris),
        "visible": float(mask.sum()) / max(1, int(ring.sum())),
        "opening": float(maps.opening[seen].mean()) if seen.any() else 0.0,
    }
