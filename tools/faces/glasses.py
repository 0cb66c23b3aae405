"""A pair of glasses: rims, bridge and temples as tubes of quads."""

import numpy as np
from numpy.typing import NDArray


def _tube(path: NDArray[np.float64], radius: float, closed: bool) -> tuple[NDArray, NDArray]:
    """Sweep a hexagon along `path` (n, 3)."""
    sides = 6
    if closed:
        along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    first = np.cross(along, [0.05, 0.98, 0.2])
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(along, first)
    turn = 2 * np.pi * np.arange(sides) / sides
    ring = path[:, None] + radius * (
        np.cos(turn)[None, :, None] * first[:, None] + np.sin(turn)[None, :, None] * second[:, None]
    )
    count = len(path) if closed else len(path) - 1
    here, there = np.arange(count)[:, None], (np.arange(count)[:, None] + 1) % len(path)
    k, after = np.arange(sides)[None], (np.arange(sides)[None] + 1) % sides
    quads = np.stack(
        np.broadcast_arrays(
            here * sides + k, here * sides + after, there * sides + after, there * sides + k
        ),
        axis=-1,
    )
    return ring.reshape(-1, 3), quads.reshape(-1, 4)


def build(
    style: tuple[float, float, float, float, float],
    eyes: NDArray[np.float64],
    bridge_z: float,
    ears: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Fit glasses to a head.

    Args:
        style: half width, half height, roundness (2 an ellipse, more a box), thickness, darkness.
        eyes: (2, 3) centres of the eyeballs, left then right.
        bridge_z: depth of the plane of the rims.
        ears: (2, 3) where the temples end.

    Returns:
        Vertices (n, 3) and quads (m, 4).
    """
    wide, high, power, thick, _ = style
    turn = 2 * np.pi * np.arange(40) / 40
    vertices: list[NDArray] = []
    quads: list[NDArray] = []

    def add(path: NDArray[np.float64], closed: bool, radius: float = thick) -> None:
        points, faces = _tube(path, radius, closed)
        quads.append(faces + sum(len(v) for v in vertices))
        vertices.append(points)

    cosine, sine = np.cos(turn), np.sin(turn)
    x = wide * np.sign(cosine) * np.abs(cosine) ** (2 / power)
    y = high * np.sign(sine) * np.abs(sine) ** (2 / power)
    middle = eyes.mean(0)
    for eye, ear in zip(eyes, ears, strict=True):
        side = np.sign(eye[0] - middle[0])
        # Rims curve back a little towards the temples.
        back = -0.25 * np.clip(side * (eye[0] + x - middle[0]) - 0.2, 0, None) ** 2
        rim = np.stack([eye[0] + 0.04 * side + x, eye[1] - 0.03 + y, bridge_z + back], axis=1)
        add(rim, closed=True)
        hinge = rim[np.argmax(side * rim[:, 0])] + [0, 0.04, 0]
        joint = hinge + np.array([0.05 * side, 0.01, -0.12])
        steps = np.linspace(0, 1, 12)[1:, None]
        stem = np.concatenate([[hinge], [(hinge + joint) / 2], joint + steps * (ear - joint)])
        add(stem, closed=False, radius=thick * 0.9)
    inner = wide - 0.03
    span = np.linspace(eyes[1, 0] + inner, eyes[0, 0] - inner, 9)
    height = eyes[:, 1].mean() + 0.02 + 0.04 * np.cos(np.linspace(-1.3, 1.3, 9))
    add(np.stack([span, height, np.full(9, bridge_z + 0.02)], axis=1), closed=False)
    return np.concatenate(vertices), np.concatenate(quads)
