"""The last steps of a synthetic picture, the same for faces and irises."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels

Plane = NDArray[np.floating[Any]]


def develop(
    picture: Plane, rng: np.random.Generator, size: tuple[int, int], blur: float, noise: float
) -> Pixels:
    """Blur, shrink to `size`, add noise and round.

    Args:
        picture: (height, width) or (height, width, 3), 0 to 255, larger than `size`.
        rng: source of the noise.
        size: (height, width) of the result.
        blur: standard deviation of the optical blur in pixels of the result.
        noise: standard deviation of the sensor's noise, in grey levels.

    Returns:
        uint8 array of `size`.
    """
    sharp = picture.astype(np.float32)
    blurred = cv2.GaussianBlur(sharp, (0, 0), blur * picture.shape[0] / size[0])
    small = cv2.resize(blurred, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    noisy = small + noise * rng.standard_normal(small.shape, np.float32)
    pixels: Pixels = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    return pixels
