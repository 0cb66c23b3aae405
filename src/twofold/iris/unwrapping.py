"""Unrolls the ring between pupil and limbus to a rectangle, with what may be believed of it.

Daugman's rubber sheet (IEEE Trans. PAMI 15(11), 1993; 2004): the place (band, angle) lies on the
straight line from the pupil's outline to the limbus at the same angle, so that a wider pupil, a
nearer eye and an oblique view move nothing. Both outlines are the free contours of 2007, not
circles.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels
from twofold.iris.segmentation import Boundaries, Points, Segmentation

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

BANDS = 64
ANGLES = 512
_RADIUS = 80.0  # larger irises are reduced to it first: a strip has no place for more detail
_CLEAR = 0.95  # of the light at a place must come from visible iris


@dataclass(frozen=True)
class Strip:
    """An unrolled iris.

    Attributes:
        pixels: float32 (bands, angles), grey values 0 to 255. Band 0 is next to the pupil; angle 0
            points to the right and angles run clockwise as seen (y down).
        mask: bool (bands, angles), True where iris is visible and inside the picture.
    """

    pixels: Floats
    mask: Mask


def unwrap(
    grey: Pixels, segmentation: Segmentation, bands: int = BANDS, angles: int = ANGLES
) -> Strip:
    """Unroll the iris of a grey picture, uint8 (height, width), bilinearly and antialiased."""
    box, scale = _window(segmentation.boundaries, grey.shape)
    left, top, right, bottom = box
    picture = grey[top:bottom, left:right].astype(np.float32)
    visible = segmentation.mask[top:bottom, left:right].astype(np.float32)
    height, width = picture.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = _grid(segmentation.boundaries, bands, angles)
    maps = (
        ((x - left + 0.5) * (size[0] / width) - 0.5).astype(np.float32),
        ((y - top + 0.5) * (size[1] / height) - 0.5).astype(np.float32),
    )
    pixels, seen = (
        _sampled(plane, size, maps, border)
        for plane, border in ((picture, cv2.BORDER_REPLICATE), (visible, cv2.BORDER_CONSTANT))
    )
    return Strip(pixels, seen >= _CLEAR)


def _sampled(
    plane: Floats, size: tuple[int, int], maps: tuple[Floats, Floats], border: int
) -> Floats:
    if size != plane.shape[::-1]:
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
    sampled = cv2.remap(plane, *maps, cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(sampled, np.float32)


def resample(contour: Points, count: int) -> Points:
    """Points (count, 2) of a closed contour (M, 2) at equal steps of its index, linearly."""
    at = np.arange(count) * (len(contour) / count)
    whole = at.astype(np.int64)
    part = (at - whole)[:, None]
    return contour[whole] * (1 - part) + contour[(whole + 1) % len(contour)] * part


def _grid(
    boundaries: Boundaries, bands: int, angles: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (bands, angles) in the picture, at the middles of the bands."""
    inner, outer = resample(boundaries.pupil, angles), resample(boundaries.limbus, angles)
    depth = ((np.arange(bands) + 0.5) / bands)[:, None]
    x = inner[None, :, 0] * (1 - depth) + outer[None, :, 0] * depth
    y = inner[None, :, 1] * (1 - depth) + outer[None, :, 1] * depth
    return x, y


def _window(
    boundaries: Boundaries, shape: tuple[int, ...]
) -> tuple[tuple[int, int, int, int], float]:
    """The part of the picture that holds the iris, and the factor to reduce it by, at most 1."""
    both = np.concatenate([boundaries.limbus, boundaries.pupil])
    low, high = np.floor(both.min(axis=0)) - 4, np.ceil(both.max(axis=0)) + 5
    left, top = (int(np.clip(low[k], 0, shape[1 - k] - 2)) for k in (0, 1))
    right, bottom = (
        int(np.clip(high[k], start + 2, shape[1 - k])) for k, start in ((0, left), (1, top))
    )
    radius = max(1.0, float(np.ptp(boundaries.limbus, axis=0).mean()) / 2)
    return (left, top, right, bottom), min(1.0, _RADIUS / radius)
