"""Lens and sensor: the last steps of a synthetic picture of an eye."""

import math

import cv2
import numpy as np

from twofold.data.synthetic.view import View
from twofold.data.synthetic_camera import Plane
from twofold.images import Pixels


def shrink(plane: Plane, size: tuple[int, int]) -> Plane:
    if plane.shape[:2] == size:
        return plane
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA), plane.dtype)


def develop(picture: Plane, view: View, size: tuple[int, int]) -> Pixels:
    """Blur, shrink, add noise and round.

    Args:
        picture: float32 (channel, height, width), 0 to 255, as large as `size` or larger.
        view: gives blur and noise.
        size: (height, width) of the result.

    Returns:
        uint8 (height, width, 3), or (height, width) for one channel.
    """
    sharp = cv2.merge([np.clip(plane, 0, 255).astype(np.uint8) for plane in picture])
    rows = sharp.shape[0]
    blurred = cv2.GaussianBlur(sharp, (0, 0), max(0.3, view.defocus * rows / 1000))
    kernel = _trail(view.motion * rows / 1000, view.motion_angle)
    if kernel is not None:
        blurred = cv2.filter2D(blurred, -1, kernel)
    small = np.asarray(shrink(np.asarray(blurred), size), np.uint8)
    return _noisy(small, view)


def _noisy(picture: Pixels, view: View) -> Pixels:
    """Add the sensor's noise: fine in brightness, coarser in colour, as sensors interpolate it."""
    rng = np.random.default_rng(view.noise_seed)
    size = picture.shape[:2]
    # The sum of three even distributions is close enough to the normal one, and much quicker.
    dice = rng.integers(0, 256, (3, *size), dtype=np.uint8)
    noise = dice.sum(axis=0, dtype=np.int16).astype(np.float32)
    noise = (noise - np.float32(382.5)) * np.float32(view.noise / 128)
    if picture.ndim == 3:
        coarse = size[0] // 3 + 1, size[1] // 3 + 1, 3
        stains = np.float32(0.6 * view.noise) * rng.standard_normal(coarse, np.float32)
        wide = cv2.resize(stains, size[::-1], interpolation=cv2.INTER_LINEAR)
        noise = wide + noise[..., None]
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def _trail(length: float, angle: float) -> Plane | None:
    """Kernel of a straight motion of `length` pixels, symmetric; None for hardly any."""
    if length < 0.7:
        return None
    reach = math.ceil(length / 2)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    along = columns * math.cos(angle) + rows * math.sin(angle)
    across = columns * math.sin(angle) - rows * math.cos(angle)
    kernel: Plane = np.clip(length / 2 - np.abs(along) + 0.5, 0, 1)
    kernel *= np.clip(1 - np.abs(across), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)
