"""From two circles to a full segmentation: contours, lids, lashes, highlights, mask.

Shared by all segmenters: whoever finds the circles, the lines are drawn here, in a patch in which
every iris is equally large.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels
from twofold.iris.contours import LIMBUS, PUPIL, Traced, trace
from twofold.iris.highlights import fill, find_highlights, find_surround
from twofold.iris.lids import Appearance, above, below, evidence_of, find_lids, learn
from twofold.iris.patch import RADIUS, SIDE, Patch, cut, inside
from twofold.iris.pupils import find_pupil
from twofold.iris.segmentation import Boundaries, Circle, Mask, Points, Segmentation

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

_SPOT = 50.0  # grey levels by which a highlight is brighter than the iris at least
_LASH = 2.2  # spreads by which lashes are darker
_LOW = 0.25  # lashes are sought down to this far below the middle, over the iris' radius


@dataclass(frozen=True)
class Outline:
    """Pupil and limbus of one candidate, in its patch.

    Attributes:
        patch: where it is.
        smooth: the patch without highlights and surround, slightly smoothed.
        spots: highlights.
        surround: what is no picture.
        limbus, pupil: contours in pixels of the patch.
        steadiness: how steadily the pupil's edge is a step to brighter, -1 to 1.
    """

    patch: Patch
    smooth: Floats
    spots: Mask
    surround: Mask
    limbus: Traced
    pupil: Traced
    steadiness: float

    @property
    def trust(self) -> Floats:
        """1 where the picture is seen, 0 where it was filled."""
        return (~(self.spots | self.surround)).astype(np.float32)


def outline(grey: Pixels, iris: Circle, pupil: Circle | None = None) -> Outline:
    """Contours of pupil and limbus, started from circles that are about right.

    Args:
        grey: uint8 (height, width).
        iris: limbus within about 20 % of its radius, in pixels of `grey`.
        pupil: a first guess, or None.
    """
    patch = cut(grey, iris)
    surround = find_surround(patch.picture) | ~patch.within
    filled = fill(patch.picture, surround)
    spots = find_highlights(filled)
    smooth = cv2.GaussianBlur(fill(filled, spots), (0, 0), 1.2)
    trust = (~(spots | surround)).astype(np.float32)
    limbus = trace(smooth, patch.circle_in(iris), LIMBUS, trust)
    limbus = trace(smooth, limbus.contour.circle(), LIMBUS, trust)
    guess = patch.circle_in(pupil) if pupil is not None else None
    hole, steady = find_pupil(smooth, limbus.contour.circle(), guess)
    inner = trace(smooth, hole, PUPIL, trust)
    inner = trace(smooth, inner.contour.circle(), PUPIL, trust)
    return Outline(patch, smooth, spots, surround, limbus, inner, steady)


def complete(found: Outline, shape: tuple[int, int], method: str) -> Segmentation:
    """Add lids, lashes, highlights and the mask to contours.

    Args:
        found: pupil and limbus.
        shape: height and width of the picture.
        method: name kept in the result.
    """
    patch, smooth, spots, surround = found.patch, found.smooth, found.spots, found.surround
    limbus, inner, trust = found.limbus, found.pupil, found.trust
    disc, opening = inside(limbus.contour), inside(inner.contour)
    look = learn(smooth, disc & ~opening & ~spots & ~surround, limbus.contour, inner.contour)
    near = cv2.dilate(opening.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(np.bool_)
    upper, lower = find_lids(evidence_of(look, disc, near | spots | surround))
    covered = above(upper) | below(lower)
    again = trace(smooth, limbus.contour.circle(), LIMBUS, trust * ~covered)
    if again.support > 0.3:
        limbus = again
    disc = inside(limbus.contour)

    ring = disc & ~opening
    highlights = _bright(patch.picture, look, spots)
    lashes = _dark(look, ring & ~covered)
    mask = ring & ~covered & ~highlights & ~lashes & ~surround
    visible = float(mask.sum() / max(1, ring.sum()))
    checks = {
        "limbus_support": limbus.support,
        "limbus_contrast": limbus.contrast,
        "pupil_support": inner.support,
        "pupil_contrast": inner.contrast,
        "pupil_steadiness": found.steadiness,
        "visible": visible,
        "upper_lid": float((ring & above(upper)).sum() / max(1, ring.sum())),
        "lower_lid": float((ring & below(lower)).sum() / max(1, ring.sum())),
        "outside": float((ring & surround).sum() / max(1, ring.sum())),
    }
    spotted, hidden = patch.mask_out(highlights, shape), patch.mask_out(lashes, shape)
    return Segmentation(
        _boundaries(patch, inner, limbus),
        patch.mask_out(mask, shape) & ~spotted & ~hidden,
        _edge(patch, upper.points(), bool((ring & above(upper)).any())),
        _edge(patch, _flipped(lower.points()), bool((ring & below(lower)).any())),
        spotted,
        hidden,
        method,
        checks,
    )


def _boundaries(patch: Patch, pupil: Traced, limbus: Traced) -> Boundaries:
    inner = patch.contour_out(pupil.contour.recentred())
    outer = patch.contour_out(limbus.contour.recentred())
    return Boundaries(
        inner.points(),
        outer.points(),
        Circle(inner.x, inner.y, float(inner.series[0])),
        Circle(outer.x, outer.y, float(outer.series[0])),
    )


def _edge(patch: Patch, points: Points, reaches: bool) -> Points | None:
    return patch.points_out(points) if reaches else None


def _flipped(points: Points) -> Points:
    return np.stack([points[:, 0], SIDE - 1 - points[:, 1]], axis=1)


def _bright(picture: Floats, look: Appearance, spots: Mask) -> Mask:
    limit = look.level + max(_SPOT, 5 * look.spread)
    bright = spots & (picture > min(limit, 235.0))
    return cv2.dilate(bright.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)


def _dark(look: Appearance, ring: Mask) -> Mask:
    """Lashes hang from above: dark places in the upper part of the ring."""
    dark = (look.deviation < -_LASH) & ring
    dark[SIDE // 2 + round(_LOW * RADIUS) :] = False
    opened = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return cv2.dilate(opened, np.ones((3, 3), np.uint8)).astype(np.bool_) & ring
