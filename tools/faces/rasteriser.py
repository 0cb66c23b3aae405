"""A z-buffer rasteriser in NumPy: which triangle each pixel sees, and where in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fragments:
    """The visible surface, one entry a covered pixel.

    Attributes:
        pixels: int (k,), row * width + column.
        triangle: int (k,), which triangle is seen.
        weights: float (k, 3), barycentric, corrected for perspective.
        depth: float (k,), distance along the axis of the camera.
    """

    pixels: NDArray[np.int64]
    triangle: NDArray[np.int64]
    weights: NDArray[np.float64]
    depth: NDArray[np.float64]

    def interpolate(
        self, values: NDArray[np.float64], corners: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Values of the vertices (n, ...) at the fragments (k, ...)."""
        seen = values[corners[self.triangle]]
        return np.einsum("kc,kc...->k...", self.weights, seen)


def rasterise(
    points: NDArray[np.float64],
    depth: NDArray[np.float64],
    corners: NDArray[np.int64],
    size: tuple[int, int],
    two_sided: NDArray[np.bool_] | None = None,
) -> Fragments:
    """Project triangles onto a grid of pixels.

    Args:
        points: (n, 2) column and row of each vertex, in pixels.
        depth: (n,) distance of each vertex from the camera, above 0.
        corners: (m, 3) vertices of each triangle, counter-clockwise seen from outside.
        size: (height, width).
        two_sided: (m,) triangles to draw from behind, too.
    """
    height, width = size
    corner = points[corners]
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    low = np.ceil(corner.min(1) - 0.5).astype(np.int64)
    high = np.floor(corner.max(1) - 0.5).astype(np.int64)
    low = np.maximum(low, 0)
    high = np.minimum(high, [width - 1, height - 1])
    facing = area < -1e-9  # rows run down, so what faces us turns clockwise here
    if two_sided is not None:
        facing |= two_sided & (area > 1e-9)
    spans = (high - low + 1).max(1)
    drawn = facing & (high >= low).all(1)
    found: list[tuple[NDArray, ...]] = []
    side, below = 1, 0
    while below < max(height, width):
        chosen = np.flatnonzero(drawn & (spans > below) & (spans <= side))
        for part in np.array_split(chosen, max(1, len(chosen) * side * side // 400_000)):
            if len(part):
                found.append(_cover(part, corner, area, low, high, side))
        below, side = side, side * 2
    if not found:
        none = np.zeros(0, np.int64)
        return Fragments(none, none, np.zeros((0, 3)), np.zeros(0))
    triangle, column, row, weights = (np.concatenate(kind) for kind in zip(*found, strict=True))
    nearness = weights / depth[corners[triangle]]
    total = nearness.sum(1)
    pixels = row * width + column
    order = np.lexsort((triangle, -total, pixels))
    sorted_pixels = pixels[order]
    front = order[np.r_[True, sorted_pixels[1:] != sorted_pixels[:-1]]]
    return Fragments(
        pixels[front], triangle[front], nearness[front] / total[front, None], 1 / total[front]
    )


def _cover(
    part: NDArray[np.int64],
    corner: NDArray[np.float64],
    area: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    side: int,
) -> tuple[NDArray, ...]:
    """Test the pixel centres in a box of `side` pixels at the low corner of each triangle."""
    step = np.arange(side)
    column = low[part, 0, None, None] + step[None, None, :]
    row = low[part, 1, None, None] + step[None, :, None]
    x, y = column + 0.5, row + 0.5
    inside = (column <= high[part, 0, None, None]) & (row <= high[part, 1, None, None])
    parts = []
    for k in range(3):
        start, end = corner[part, (k + 1) % 3], corner[part, (k + 2) % 3]
        along = (end - start)[:, :, None, None]
        across = along[:, 0] * (y - start[:, 1, None, None])
        across = across - along[:, 1] * (x - start[:, 0, None, None])
        weight = across / area[part, None, None]
        inside = inside & (weight >= -1e-9)
        parts.append(weight)
    which, down, right = np.nonzero(inside)
    weights = np.stack([weight[which, down, right] for weight in parts], axis=1)
    return part[which], column[which, 0, right], row[which, down, 0], weights
