"""How much of the key light and of the sky reaches each vertex: shadows and ambient occlusion."""

import numpy as np
from numpy.typing import NDArray

_CELL, _BIAS = 0.065, 0.07  # decimetres


def directions(count: int, spread: float) -> NDArray[np.float64]:
    """Unit vectors (count, 3) spread evenly over a cap of half angle `spread` around +y."""
    number = np.arange(count) + 0.5
    height = 1 - number / count * (1 - np.cos(spread))
    turn = number * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(turn), height, across * np.sin(turn)], axis=1)


def around(axis: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn vectors given around +y to lie around `axis` (3,)."""
    side = np.cross(axis, [0.3, 0.2, 0.93])
    side /= np.linalg.norm(side)
    return vectors @ np.stack([side, axis, np.cross(side, axis)])


def seen_from(
    vertices: NDArray[np.float64], blockers: NDArray[np.bool_], toward: NDArray[np.float64]
) -> NDArray[np.float64]:
    """1 where nothing lies between a vertex (n, 3) and a far light at `toward` (3,), else 0.

    The vertices themselves are splatted into a depth map, which is dense enough after subdivision.
    """
    side = np.cross(toward, [0.31, 0.17, 0.94])
    side /= np.linalg.norm(side)
    flat = vertices @ np.stack([side, np.cross(side, toward)], axis=1)
    cell = ((flat - flat.min(0)) / _CELL).astype(np.int64)
    columns = int(cell[:, 1].max()) + 1
    place = cell[:, 0] * columns + cell[:, 1]
    height = vertices @ toward
    top = np.full(int(place.max()) + 1, -np.inf)
    np.maximum.at(top, place[blockers], height[blockers])
    return np.clip((height - top[place] + 2 * _BIAS) / _BIAS, 0, 1)


def smooth(values: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.float64]:
    """Average values (n,) over the quads around each vertex, twice: splats leave blotches."""
    count = np.maximum(np.bincount(quads.ravel(), minlength=len(values)), 1)
    for _ in range(2):
        faces = np.repeat(values[quads].mean(1), 4)
        values = np.bincount(quads.ravel(), faces, minlength=len(values)) / count
    return values


def reach(
    vertices: NDArray[np.float64],
    normal: NDArray[np.float64],
    blockers: NDArray[np.bool_],
    toward: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Soft shadow of the key light at `toward` (3,), and openness to the sky; both (n,), 0 to 1."""
    key = np.mean(
        [seen_from(vertices, blockers, d) for d in around(toward, directions(9, 0.16))], axis=0
    )
    sky, total = np.zeros(len(vertices)), np.zeros(len(vertices))
    for vector in around(np.array([0.0, 0.55, 0.835]), directions(36, 1.75)):
        facing = np.clip(normal @ vector, 0, None) + 0.02
        sky += facing * seen_from(vertices, blockers, vector)
        total += facing
    return key, sky / total
