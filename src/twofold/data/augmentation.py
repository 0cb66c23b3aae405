"""Altered copies of pictures, after the split, with OpenCV.

Every function takes the picture and a generator and returns the altered picture, so that the same
generator gives the same picture.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.images import Pixels


def report_copy(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One extra copy as the original report makes them.

    Its three operations and ranges: add 0 or 1 to every grey value, mirror half of the copies,
    and blur with a Gaussian of sigma 0 to 0.9 pixels.

    Args:
        pixels: uint8 (height, width, channels).
        rng: source of chance.

    Returns:
        uint8 of the same shape.
    """
    altered = cv2.add(pixels, np.full_like(pixels, rng.integers(0, 2)))
    if rng.random() < 0.5:
        altered = cv2.flip(altered, 1)
    sigma = rng.uniform(0.0, 0.9)
    if sigma > 0.05:  # below that, OpenCV's kernel is a single pixel
        altered = cv2.GaussianBlur(altered, (0, 0), sigma)
    return np.asarray(altered, dtype=np.uint8).reshape(pixels.shape)


def altered_face(pixels: Pixels, rng: np.random.Generator) -> NDArray[np.float32]:
    """A face as it might have been taken: mirrored or not, moved, under other light.

    Args:
        pixels: uint8 (height, width, channels).
        rng: source of chance.

    Returns:
        float32 of the same shape, 0 to 255.
    """
    if rng.random() < 0.5:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    return _relit(_moved(pixels, rng), rng).reshape(pixels.shape)


def altered_iris(pixels: Pixels, rng: np.random.Generator) -> NDArray[np.float32]:
    """An eye as it might have been taken: moved, with a lower lid, under other light.

    Never mirrored: a mirrored iris is nobody's. Arguments and result as for `altered_face`.
    """
    moved = _moved(pixels, rng)
    if rng.random() < 0.5:
        moved = _lid_lowered(moved, rng)
    return _relit(moved, rng).reshape(pixels.shape)


CONTINUOUS: dict[Modality, Callable[[Pixels, np.random.Generator], NDArray[np.float32]]] = {
    "face": altered_face,
    "iris": altered_iris,
}


def _moved(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Turned by up to 5 degrees, scaled by up to 6 %, shifted by up to 5 % of the sides."""
    height, width = pixels.shape[:2]
    angle = np.deg2rad(rng.uniform(-5, 5))
    scale, aspect = np.exp(rng.uniform(-0.06, 0.06)), np.exp(rng.uniform(-0.03, 0.03))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos * aspect, -sin], [sin * aspect, cos]])
    centre = np.array([width / 2, height / 2])
    shift = centre - turn @ centre + rng.uniform(-0.05, 0.05, 2) * [width, height]
    moved = cv2.warpAffine(
        pixels,
        np.column_stack([turn, shift]),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, dtype=np.uint8)


def _lid_lowered(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The upper part of the picture slid down over the rest, as a closing lid does."""
    height = pixels.shape[0]
    down, part = int(height * rng.uniform(0, 0.2)), int(height * rng.uniform(0.15, 0.45))
    lowered = pixels.copy()
    lowered[down : down + part] = pixels[:part]
    lowered[:down] = pixels[0]
    return lowered


def _relit(pixels: Pixels, rng: np.random.Generator) -> NDArray[np.float32]:
    """Other focus, gamma, contrast, brightness and noise, and sometimes a covered patch."""
    if rng.random() < 0.3:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (3, 3), rng.uniform(0.3, 1.2)), np.uint8)
    x = np.power(pixels.astype(np.float32) / 255, np.float32(np.exp(rng.uniform(-0.4, 0.4))))
    contrast, brightness = np.float32(rng.uniform(0.7, 1.3)), np.float32(rng.uniform(-0.15, 0.15))
    x = (x - np.float32(0.5)) * contrast + np.float32(0.5) + brightness
    if rng.random() < 0.5:
        x = x + rng.normal(0, rng.uniform(0, 0.03), x.shape).astype(np.float32)
    if rng.random() < 0.5:
        _cover(x, rng)
    return np.asarray(np.clip(x * 255, 0, 255), dtype=np.float32)


def _cover(x: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Paint a patch of 15 to 40 % of the sides in the mean colour, in place."""
    height, width = x.shape[:2]
    tall, wide = (int(side * rng.uniform(0.15, 0.4)) for side in (height, width))
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    x[top : top + tall, left : left + wide] = x.mean()
