"""Pictures unrolled around a point, and smooth closed contours in them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.iris.segmentation import POINTS, Circle, Points

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less


@lru_cache(maxsize=8)
def directions(count: int) -> tuple[Floats, Floats]:
    """Cosines and sines of `count` equal angles from 0, float32 (count,)."""
    angles = np.arange(count) * (2 * np.pi / count)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def unroll(picture: Floats, x: float, y: float, radii: Floats, count: int) -> Floats:
    """Bilinear samples (count angles, len(radii)) around (x, y); the picture's edge is repeated."""
    cosines, sines = directions(count)
    radii = np.asarray(radii, np.float32)
    map_x = np.float32(x) + cosines[:, None] * radii[None, :]
    map_y = np.float32(y) + sines[:, None] * radii[None, :]
    return cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@dataclass(frozen=True)
class Contour:
    """A closed curve r(angle) around (x, y), as a short Fourier series.

    Attributes:
        x, y: centre.
        series: a0, a1, b1, a2, b2, ... of r = a0 + a1 cos + b1 sin + a2 cos 2 + ...
    """

    x: float
    y: float
    series: NDArray[np.float64]

    def radii(self, count: int = POINTS) -> NDArray[np.float64]:
        """Radii at `count` equal angles."""
        return basis(count, (len(self.series) - 1) // 2) @ self.series

    def points(self, count: int = POINTS) -> Points:
        """Points (count, 2) at equal angles around (x, y)."""
        cosines, sines = directions(count)
        radii = self.radii(count)
        return np.stack([self.x + radii * cosines, self.y + radii * sines], axis=1)

    def recentred(self) -> "Contour":
        """The same curve around the centre of its circle."""
        circle, order = self.circle(), (len(self.series) - 1) // 2
        points = self.points(128) - np.array([circle.x, circle.y])
        angles = np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi)
        sort = np.argsort(angles)
        radii = np.interp(
            np.arange(128) * (2 * np.pi / 128),
            angles[sort],
            np.hypot(points[:, 0], points[:, 1])[sort],
            period=2 * np.pi,
        )
        return Contour(circle.x, circle.y, np.linalg.lstsq(basis(128, order), radii, rcond=None)[0])

    def circle(self) -> Circle:
        """The circle of the same first harmonic."""
        shift = self.series[1:3] if len(self.series) > 2 else np.zeros(2)
        return Circle(self.x + float(shift[0]), self.y + float(shift[1]), float(self.series[0]))


@lru_cache(maxsize=16)
def basis(count: int, order: int) -> NDArray[np.float64]:
    """Columns 1, cos, sin, cos 2, sin 2, ... at `count` equal angles: (count, 1 + 2 order)."""
    angles = np.arange(count) * (2 * np.pi / count)
    columns = [np.ones(count)]
    for k in range(1, order + 1):
        columns += [np.cos(k * angles), np.sin(k * angles)]
    return np.stack(columns, axis=1)


def fit_series(
    radii: NDArray[np.float64],
    weights: NDArray[np.float64],
    order: int,
    stiffness: float,
    scale: float,
    rounds: int = 5,
) -> NDArray[np.float64]:
    """Robust ridge fit of a Fourier series to noisy radii at equal angles.

    Args:
        radii: float64 (N,).
        weights: float64 (N,), 0 to 1, how far each radius is to be trusted.
        order: harmonics.
        stiffness: penalty of the k-th harmonic, k >= 2: stiffness * k ** 2, in units of weight.
        scale: residual in pixels beyond which a radius counts little (Tukey's biweight at 3 scale).
    """
    matrix = basis(len(radii), order)
    penalty = np.zeros(matrix.shape[1])
    for k in range(1, order + 1):
        penalty[2 * k - 1 : 2 * k + 1] = (stiffness * k**2 if k > 1 else 0.1 * stiffness) * 0.5
    robust: NDArray[Any] = np.ones(len(radii))
    series = np.zeros(matrix.shape[1])
    for turn in range(rounds):
        w = weights * robust
        normal = (matrix * w[:, None]).T @ matrix + np.diag(penalty + 1e-6)
        series = np.linalg.solve(normal, matrix.T @ (w * radii))
        wide = scale * (3.0 if turn > 1 else 6.0)
        robust = np.square(np.clip(1 - np.square((radii - matrix @ series) / wide), 0, None))
    return series
