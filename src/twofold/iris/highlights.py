"""Places that are no eye: reflections, and the black surround of a round field of view.

Both are filled smoothly from around them, so that they make no edges.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.iris.segmentation import Mask

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

_SPOT = 0.03  # radius of the largest reflection over the longest side
_BLACK = 12.0
_SMALL = 80  # longest side of the picture in which large holes are filled


def find_highlights(picture: Floats) -> Mask:
    """Small spots much brighter than what is around them.

    Args:
        picture: float32 (height, width), 0 to 255, longest side about 320.

    Returns:
        bool (height, width).
    """
    size = 2 * round(_SPOT * max(picture.shape)) + 1
    # Two passes of a square are some times faster than one of a disc.
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    opened = cv2.morphologyEx(picture, cv2.MORPH_OPEN, kernel)
    spots = ((picture - opened > 45) & (picture > 110)).astype(np.uint8)
    return cv2.dilate(spots, np.ones((3, 3), np.uint8)).astype(np.bool_)


def find_surround(picture: Floats) -> Mask:
    """Black areas that touch the picture's edge and cover at least 2 % of it each: bool."""
    black = (picture < _BLACK).astype(np.uint8)
    surround = np.zeros(picture.shape, np.bool_)
    if black[[0, -1]].any() or black[:, [0, -1]].any():
        _, labels, facts, _ = cv2.connectedComponentsWithStats(black, connectivity=4)
        edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        large = facts[:, cv2.CC_STAT_AREA] >= 0.02 * picture.size
        for label in np.unique(edge):
            if label and large[label]:
                surround |= labels == label
    if not surround.any():
        return surround
    size = 2 * round(0.012 * max(picture.shape)) + 1  # its blurred rim
    grown = cv2.dilate(surround.astype(np.uint8), np.ones((size, size), np.uint8))
    return grown.astype(np.bool_)


def fill(picture: Floats, holes: Mask) -> Floats:
    """The picture with `holes` filled smoothly from around them (normalised convolution)."""
    if not holes.any() or holes.all():
        return picture
    scale = min(1.0, _SMALL / max(picture.shape))
    size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
    known = (~holes).astype(np.float32)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(picture * known, size, interpolation=cv2.INTER_AREA)
    small = np.zeros(size[::-1], np.float32)
    left = np.ones(small.shape, np.bool_)
    sigma = 0.7
    while left.any() and sigma < max(size):
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        enough = left & (near > 0.08)
        if enough.any():
            small[enough] = (cv2.GaussianBlur(total, (0, 0), sigma)[enough]) / near[enough]
            left &= ~enough
        sigma *= 2
    large = cv2.resize(small, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(holes, large, picture)
