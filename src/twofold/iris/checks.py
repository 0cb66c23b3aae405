"""Whether a segmentation can be believed: what the picture says about its boundaries.

The same figures are taken of every segmenter's result, in a patch in which every iris is equally
large, so that results can be compared and doubtful ones told from sound ones.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels
from twofold.iris.highlights import fill, find_surround
from twofold.iris.patch import SIDE, Patch, cut
from twofold.iris.segmentation import Mask, Points, Segmentation

_INSIDE = np.linspace(0.84, 0.96, 4)  # of the limbus, where its inner side is sampled
_OUTSIDE = np.linspace(1.04, 1.16, 4)
_HOLE = np.linspace(0.7, 0.92, 4)
_RIM = np.linspace(1.08, 1.3, 4)


@dataclass(frozen=True)
class Measures:
    """Figures of one segmentation. Shares are of the ring between pupil and limbus.

    Attributes:
        radius: of the iris, in pixels of the picture.
        ratio: radius of the pupil over that of the iris.
        offset: distance of the two centres over the radius of the iris.
        limbus_contrast: median grey levels by which the outside of the limbus is brighter, at its
            sides.
        limbus_steadiness: mean of step / (|step| + 10) over angles, of the side where it is less.
        pupil_contrast, pupil_steadiness: the same for the pupil, all around, with 4 for 10.
        within: share inside the picture.
        visible: share in the mask.
        upper_lid, lower_lid: share beyond the lid's edge.
        glare: share under highlights.
        lashes: share under lashes and shadow.
        roundness: shortest over longest radius of the limbus.
        pupil_depth: grey levels from the pupil's median up to the ring's, over the spread of both
            (quartile distances, and 4 more).
        sclera_height: the same from the ring to what lies beside it.
        levels: medians of pupil, ring and surroundings, in grey levels.
    """

    radius: float
    ratio: float
    offset: float
    limbus_contrast: float
    limbus_steadiness: float
    pupil_contrast: float
    pupil_steadiness: float
    within: float
    visible: float
    upper_lid: float
    lower_lid: float
    glare: float
    lashes: float
    roundness: float
    pupil_depth: float
    sclera_height: float
    levels: tuple[float, float, float]


def measure(grey: Pixels, found: Segmentation) -> Measures:
    """Take the figures of a segmentation of a grey picture, uint8 (height, width)."""
    lines = found.boundaries
    patch = cut(grey, lines.iris_circle)
    # The black around a round field of view is no surrounding of an eye.
    surround = find_surround(patch.picture)
    smooth = cv2.GaussianBlur(fill(patch.picture, surround), (0, 0), 1.0)
    limbus, pupil = (_into(patch, points) for points in (lines.limbus, lines.pupil))
    inner = _rays(smooth, limbus, _INSIDE)
    outer = _rays(smooth, limbus, _OUTSIDE)
    cosines = np.cos(np.arange(len(limbus)) * (2 * np.pi / len(limbus)))
    right, left = cosines > 0.75, cosines < -0.75
    step = outer - inner
    soft = step / (np.abs(step) + 10.0)
    rise = _rays(smooth, pupil, _RIM) - _rays(smooth, pupil, _HOLE)
    # Highlights lie on pupils: a ray that begins in one says nothing.
    sound = _rays(_patched(patch, found.highlights), pupil, np.concatenate([_HOLE, _RIM])) < 0.2
    rise = rise[sound] if sound.sum() > 32 else rise
    ring = _filled(limbus) & ~_filled(pupil)
    area = max(1, int(ring.sum()))
    seen, glare, lashes = (
        float((ring & (_patched(patch, mask) > 0.5)).sum()) / area
        for mask in (found.mask, found.highlights, found.lashes)
    )
    spots = _patched(patch, found.highlights) > 0.2
    hole_pixels = smooth[_filled(pupil) & ~spots]
    shown = smooth[ring & (_patched(patch, found.mask) > 0.5)]
    beside = outer[right | left]
    depth, height = _apart(hole_pixels, shown), _apart(shown, beside)
    levels = tuple(float(np.median(v)) if len(v) else 0.0 for v in (hole_pixels, shown, beside))
    reach = np.hypot(*(limbus - limbus.mean(axis=0)).T)
    circle, hole = lines.iris_circle, lines.pupil_circle
    return Measures(
        circle.radius,
        hole.radius / circle.radius,
        float(np.hypot(hole.x - circle.x, hole.y - circle.y)) / circle.radius,
        float(np.median(step[right | left])),
        float(min(soft[right].mean(), soft[left].mean())),
        float(np.median(rise)),
        float((rise / (np.abs(rise) + 4.0)).mean()),
        float((ring & patch.within).sum()) / area,
        seen,
        _beyond(patch, found.upper_lid, ring, 1) / area,
        _beyond(patch, found.lower_lid, ring, -1) / area,
        glare,
        lashes,
        float(reach.min() / max(float(reach.max()), 1e-6)),
        depth,
        height,
        (levels[0], levels[1], levels[2]),
    )


def _apart(low: NDArray[Any], high: NDArray[Any]) -> float:
    if not len(low) or not len(high):
        return 0.0
    (a, b, c), (d, e, f) = (np.percentile(v, (25, 50, 75)) for v in (low, high))
    return float((e - b) / (0.5 * (c - a + f - d) + 4.0))


def weaknesses(measures: Measures) -> list[str]:
    """What speaks against a segmentation, one clause each; empty when nothing does."""
    found = []
    if measures.limbus_steadiness < 0.25:
        found.append("no clear outer edge of the iris")
    if measures.pupil_steadiness < 0.3:
        found.append("no clear edge of the pupil")
    if not 0.12 < measures.ratio < 0.8:
        found.append("a pupil of an impossible size")
    if measures.offset > 0.2:
        found.append("a pupil far from the middle of the iris")
    if measures.roundness < 0.7:
        found.append("an iris that is not round")
    if measures.visible < 0.25:
        found.append(f"only {measures.visible:.0%} of the iris visible")
    return found


def likeness(measures: Measures) -> float:
    """How much this is like an eye, about 0 to 2.6; also ranks segmentations of one picture.

    Chosen on the development sets and on pictures of faces and noise: of the network's outlines of
    eyes 98 % lie above 1.7, of the outlines that the classical segmenter sees in faces 99 % below
    2.1.
    """
    unusual = max(0.0, abs(float(np.log(max(measures.ratio, 0.01) / 0.38))) - 0.35)
    return (
        measures.limbus_steadiness
        + measures.pupil_steadiness
        - unusual
        - 3 * max(0.0, measures.offset - 0.06)
        + 0.25 * min(measures.sclera_height, 2.0)
        + 0.1 * min(measures.pupil_depth, 2.0)
    )


def _into(patch: Patch, points: Points) -> Points:
    return np.asarray((points - np.array([patch.x, patch.y])) / patch.scale, np.float64)


def _patched(patch: Patch, mask: Mask) -> NDArray[Any]:
    matrix = np.array([[patch.scale, 0, patch.x], [0, patch.scale, patch.y]])
    return np.asarray(
        cv2.warpAffine(
            mask.astype(np.float32), matrix, (SIDE, SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        ),
        np.float32,
    )  # fmt: skip


def _rays(
    picture: NDArray[Any], contour: Points, shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean brightness (N,) along each ray of a contour, at shares of its length."""
    middle = contour.mean(axis=0)
    points = middle + (contour - middle)[:, None, :] * shares[None, :, None]
    x, y = (np.ascontiguousarray(points[..., i], np.float32) for i in (0, 1))
    values = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values.mean(axis=1), np.float64)


def _filled(points: Points) -> Mask:
    out = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(out, [np.round(points * 16).astype(np.int32)], 1, shift=4)
    return out.astype(np.bool_)


def _beyond(patch: Patch, lid: Points | None, ring: Mask, side: int) -> float:
    if lid is None:
        return 0.0
    curve = _into(patch, lid)
    order = np.argsort(curve[:, 0])
    height = np.interp(np.arange(SIDE), curve[order, 0], curve[order, 1])
    rows = np.arange(SIDE)[:, None]
    return float((ring & (side * (height[None, :] - rows) > 0)).sum())
