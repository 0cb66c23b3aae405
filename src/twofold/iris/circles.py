"""Finds pupil and iris coarsely, as two circles judged together.

Ring-shaped kernels count how well gradients from dark to bright point away from a centre, at every
place and many radii at once, by Fourier transforms of a small picture: Daugman's integro-
differential operator (2004) on gradients whose strength is compressed, so that a weak limbus counts
beside a strong lash. Every place is scored by its best pair of limbus and pupil.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from twofold.iris.segmentation import Circle

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

SIDE = 80  # longest side of the small picture
IRIS = (0.07, 0.47)  # radius of an iris over the longest side
RATIO = (0.15, 0.75)  # radius of the pupil over that of the iris
_STEP = 1.09  # between radii
_GROW = 0.3  # power of the radius by which large circles are preferred: small ones fit by chance


@dataclass(frozen=True)
class Hypothesis:
    """A pupil and an iris that may be one eye; `score` is larger for likelier ones."""

    pupil: Circle
    iris: Circle
    score: float


@dataclass(frozen=True)
class _Bank:
    """Transformed kernels (R, rows, columns // 2 + 1) for x and y gradients, and their radii."""

    radii: NDArray[np.float64]
    x: NDArray[np.complex64]
    y: NDArray[np.complex64]


@lru_cache(maxsize=16)
def _banks(shape: tuple[int, int]) -> tuple[_Bank, _Bank, tuple[int, int]]:
    longest = max(shape)
    limbus = _spread(IRIS[0] * longest, IRIS[1] * longest)
    pupil = _spread(max(1.8, RATIO[0] * limbus[0]), RATIO[1] * limbus[-1] * 0.85)
    reach = int(np.ceil(limbus[-1])) + 2
    padded = (
        fft.next_fast_len(shape[0] + reach, real=True),
        fft.next_fast_len(shape[1] + reach, real=True),
    )
    return _bank(limbus, padded, True), _bank(pupil, padded, False), padded


def _spread(low: float, high: float) -> NDArray[np.float64]:
    count = int(np.ceil(np.log(high / low) / np.log(_STEP))) + 1
    return np.geomspace(low, high, count)


def _bank(radii: NDArray[np.float64], padded: tuple[int, int], limbus: bool) -> _Bank:
    y = np.minimum(np.arange(padded[0]), padded[0] - np.arange(padded[0])).astype(np.float64)
    y[padded[0] // 2 + 1 :] *= -1
    x = np.minimum(np.arange(padded[1]), padded[1] - np.arange(padded[1])).astype(np.float64)
    x[padded[1] // 2 + 1 :] *= -1
    distance = np.hypot(x[None, :], y[:, None])
    cosine = np.broadcast_to(x[None, :], distance.shape) / np.maximum(distance, 1e-9)
    sine = np.broadcast_to(y[:, None], distance.shape) / np.maximum(distance, 1e-9)
    # Lids hide the limbus above and below; its sides count most.
    angular = 0.12 + np.square(cosine) if limbus else 0.6 + 0.4 * np.square(cosine)
    kernels = []
    for radius in radii:
        width = max(0.8, 0.05 * radius)
        ring = np.exp(-0.5 * np.square((distance - radius) / width)) * angular
        ring /= ring.sum()
        kernels.append((ring * cosine, ring * sine))
    stack = np.asarray(kernels, np.float32)
    transformed = np.conj(fft.rfft2(stack)).astype(np.complex64)
    return _Bank(radii, transformed[:, 0], transformed[:, 1])


def _gradients(
    small: Floats, blur: float, padded: tuple[int, int]
) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    smooth = cv2.GaussianBlur(small, (0, 0), blur)
    gx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    for plane in (gx, gy):  # the rim of the picture is no edge
        plane[[0, -1], :] = 0
        plane[:, [0, -1]] = 0
    strength = cv2.magnitude(gx, gy)
    soft = strength + (2.0 + 0.7 * float(strength.mean()))
    return fft.rfft2(gx / soft, s=padded), fft.rfft2(gy / soft, s=padded)


def _respond(
    bank: _Bank,
    gradients: tuple[NDArray[np.complex64], NDArray[np.complex64]],
    padded: tuple[int, int],
    shape: tuple[int, int],
) -> Floats:
    product = bank.x * gradients[0]
    product += bank.y * gradients[1]
    found: Floats = fft.irfft2(product, s=padded, overwrite_x=True)[:, : shape[0], : shape[1]]
    return found


def find(picture: Floats, count: int = 6) -> list[Hypothesis]:
    """The likeliest pairs of pupil and iris in a picture without highlights.

    Args:
        picture: float32 (height, width), 0 to 255.
        count: pairs at most; they differ in place or size.

    Returns:
        Pairs in pixels of `picture`, the likeliest first.
    """
    height, width = picture.shape
    scale = SIDE / max(height, width)
    shape = (max(8, round(height * scale)), max(8, round(width * scale)))
    small = cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA)
    limbus_bank, pupil_bank, padded = _banks(shape)
    limbus = _respond(limbus_bank, _gradients(small, 1.3, padded), padded, shape)
    limbus *= np.power(limbus_bank.radii / limbus_bank.radii[-1], _GROW)[:, None, None].astype(
        np.float32
    )
    pupil = _respond(pupil_bank, _gradients(small, 0.7, padded), padded, shape)
    peak = np.ones(pupil.shape, np.bool_)
    peak[1:] &= pupil[1:] >= pupil[:-1]
    peak[:-1] &= pupil[:-1] >= pupil[1:]
    pupil = np.where(peak, pupil, 0)
    pairs = _pair(limbus, pupil, limbus_bank.radii, pupil_bank.radii)
    sx, sy = width / shape[1], height / shape[0]
    mean = (sx + sy) / 2
    found = []
    for _ in range(count):
        place = int(pairs.argmax())
        i, y, x = np.unravel_index(place, pairs.shape)
        score = float(pairs[i, y, x])
        if score <= 0:
            break
        radius = limbus_bank.radii[i]
        p, py, px = _pupil_near(pupil, pupil_bank.radii, radius, int(y), int(x))
        found.append(
            Hypothesis(
                Circle((px + 0.5) * sx - 0.5, (py + 0.5) * sy - 0.5, pupil_bank.radii[p] * mean),
                Circle((x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5, radius * mean),
                score,
            )
        )
        near = max(1, round(0.25 * radius))
        lower, upper = np.searchsorted(limbus_bank.radii, (radius / 1.25, radius * 1.25))
        pairs[lower:upper, max(0, y - near) : y + near + 1, max(0, x - near) : x + near + 1] = -1
    return found


def _pair(
    limbus: Floats, pupil: Floats, outer: NDArray[np.float64], inner: NDArray[np.float64]
) -> Floats:
    total = np.maximum(limbus, 0)
    for i, radius in enumerate(outer):
        lower, upper = np.searchsorted(inner, (RATIO[0] * radius, RATIO[1] * radius))
        best = pupil[lower : max(upper, lower + 1)].max(axis=0)
        reach = 2 * round(0.08 * radius) + 1
        best = cv2.dilate(best, np.ones((reach, reach), np.uint8))
        total[i] += 0.8 * np.maximum(best, 0)
    return total


def _pupil_near(
    pupil: Floats, radii: NDArray[np.float64], iris: float, y: int, x: int
) -> tuple[int, int, int]:
    lower, upper = np.searchsorted(radii, (RATIO[0] * iris, RATIO[1] * iris))
    upper = max(upper, lower + 1)
    reach = round(0.08 * iris)
    top, left = max(0, y - reach), max(0, x - reach)
    window = pupil[lower:upper, top : y + reach + 1, left : x + reach + 1]
    p, py, px = np.unravel_index(int(window.argmax()), window.shape)
    return int(lower + p), int(top + py), int(left + px)
