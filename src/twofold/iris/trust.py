"""What of an unrolled iris is worth encoding: less than what can be seen.

Upper lashes are too fine to be found one by one, and between two of them little iris shows. Nearly
all errors on real eyes came from there, so the part below the upper lid is never encoded, nor are
narrow patches anywhere.
"""

from dataclasses import replace

import cv2
import numpy as np

from twofold.iris.unwrapping import Mask, Strip

_LASHES = 0.60, 0.90  # of the way around: 54 degrees to each side of straight up
_LASHES_FROM = 3 / 8  # of the way from pupil to limbus
_PATCH = 15 / 64, 41 / 512  # depth and width that a visible patch must have


def trusted(strip: Strip) -> Strip:
    """The strip with a mask of what is worth encoding; it only ever takes away."""
    mask = strip.mask.copy()
    bands, angles = mask.shape
    first, last = (round(angles * share) for share in _LASHES)
    mask[round(bands * _LASHES_FROM) :, first:last] = False
    return replace(strip, mask=without_islands(mask))


def without_islands(mask: Mask) -> Mask:
    """The mask without patches narrower than an ellipse: a morphological opening on a ring.

    Args:
        mask: bool (bands, angles), True where visible.
    """
    angles = mask.shape[1]
    deep, wide = (round(share * side) | 1 for share, side in zip(_PATCH, mask.shape, strict=True))
    ring = np.concatenate([mask[:, -wide:], mask, mask[:, :wide]], axis=1).astype(np.uint8)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, deep))
    opened = cv2.morphologyEx(ring, cv2.MORPH_OPEN, brush, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(opened[:, wide : wide + angles] > 0)
