"""Paints a face: brows, beard, freckles, creases, drawn on the plane before the head at rest.

The plane shows x from -1 to 1 and y from 5.9 to 8.6 decimetres; textures live in coordinates at
rest, so that they follow every deformation of the mesh.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from tools.faces.people import Person

_DENSITY = 320  # pixels a decimetre
_LEFT, _TOP = -1.0, 8.6
_WIDTH, _HEIGHT = int(2.0 * _DENSITY), int(2.7 * _DENSITY)
EYE_X, EYE_Y, MOUTH_Y = 0.307, 7.28, 6.62


@dataclass(frozen=True)
class Paint:
    """Float32 (height, width): cover by hair; (height, width, 3): factor on the skin's colour."""

    ink: NDArray[np.float32]
    tint: NDArray[np.float32]


def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    row, column = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    return _LEFT + column / _DENSITY, _TOP - row / _DENSITY


def _noise(rng: np.random.Generator, cells: int) -> NDArray[np.float32]:
    coarse = rng.standard_normal((cells * 27 // 20 + 1, cells), np.float32)
    return cv2.resize(coarse, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)


def _strokes(
    start: NDArray[np.float64], along: NDArray[np.float64], strength: float, thickness: int = 1
) -> NDArray[np.float32]:
    """Short hairs from `start` (n, 2) in x and y, each `along` (n, 2)."""
    plane = np.zeros((_HEIGHT, _WIDTH), np.float32)
    layer = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    for part in np.array_split(np.arange(len(start)), 6):
        layer[:] = 0
        for foot, tip in zip(start[part], start[part] + along[part], strict=True):
            ends = np.stack([foot, tip])
            ends = (ends - [_LEFT, _TOP]) * [_DENSITY, -_DENSITY] * 16
            cv2.polylines(layer, [np.round(ends).astype(np.int32)], False, 255, thickness,
                          cv2.LINE_AA, 4)  # fmt: skip
        plane = 1 - (1 - plane) * (1 - strength * layer.astype(np.float32) / 255)
    return plane


def _brows(rng: np.random.Generator, person: Person) -> NDArray[np.float32]:
    full = rng.uniform(0.45, 0.9) if person.male > 0.5 else rng.uniform(0.3, 0.65)
    wide = rng.uniform(0.045, 0.08) if person.male > 0.5 else rng.uniform(0.025, 0.05)
    inner, outer = rng.uniform(0.1, 0.17), rng.uniform(0.52, 0.6)
    arch, tilt = rng.uniform(0.0, 0.05), rng.uniform(-0.035, 0.015)
    height = 7.51 + rng.normal(0, 0.015)
    count = int(900 * full)
    plane = np.zeros((_HEIGHT, _WIDTH), np.float32)
    for side in (-1, 1):
        at = rng.beta(1.05, 1.25, count)
        x = inner + (outer - inner) * at
        middle = height + tilt * at + arch * np.sin(np.pi * np.clip(at, 0, 1) ** 1.35)
        body = wide * (0.95 - 0.75 * np.clip((at - 0.55) / 0.45, 0, 1)) * (0.7 + 0.3 * (at > 0.1))
        y = middle + rng.uniform(-0.5, 0.5, count) * body
        lean = np.deg2rad(48 - 60 * at + rng.normal(0, 9, count) - 40 * (y - middle) / wide)
        long = rng.uniform(0.035, 0.07, count)
        start = np.stack([side * x, y], axis=1)
        along = np.stack([side * np.cos(lean), np.sin(lean)], axis=1) * long[:, None]
        plane = np.maximum(plane, _strokes(start, along, 0.3 + 0.3 * full))
    return np.clip(cv2.GaussianBlur(plane, (0, 0), 1.6), 0, 0.9)


def _beard(rng: np.random.Generator, person: Person) -> NDArray[np.float32]:
    """Where a beard grows, 0 to 1."""
    x, y = _grid()
    if person.male < 0.5:
        return np.zeros_like(x)
    mouth = np.hypot(x / 0.27, (y - MOUTH_Y) / 0.115)
    moustache = np.clip(1.25 - np.hypot(x / 0.3, (y - MOUTH_Y - 0.13) / 0.085), 0, 1)
    moustache = np.clip(moustache * 2.2, 0, 1)
    chin = np.clip(2.2 * (1.15 - np.hypot(x / 0.27, (y - 6.28) / 0.24)), 0, 1)
    line = 6.52 + 0.75 * np.clip(np.abs(x) - 0.22, 0, None) ** 1.25 + rng.normal(0, 0.03)
    jaw = np.clip((line - y) * 9 + 0.5, 0, 1) * np.clip((np.abs(x) - 0.1) * 6 + 0.3, 0, 1)
    jaw = np.maximum(jaw, chin)
    lips = np.clip((mouth - 0.82) * 5, 0, 1)
    joined = np.clip(1.6 - np.hypot((np.abs(x) - 0.3) / 0.09, (y - 6.55) / 0.26), 0, 1)
    area = {
        "none": 0.04 * np.maximum(jaw, moustache),
        "stubble": 0.42 * np.maximum.reduce([jaw, moustache, joined]),
        "moustache": np.maximum(0.9 * moustache, 0.12 * jaw),
        "goatee": np.maximum.reduce([0.9 * moustache, 0.9 * chin, 0.85 * joined, 0.15 * jaw]),
        "full": 0.93 * np.maximum.reduce([jaw, moustache, joined]),
    }[person.beard]
    return cv2.GaussianBlur((area * lips).astype(np.float32), (0, 0), 5)


def paint(person: Person) -> Paint:
    """Draw what marks this person's skin."""
    rng = np.random.default_rng([person.texture, 1])
    x, y = _grid()
    ink = _brows(rng, person)
    beard = _beard(rng, person)
    grain = 1 + 0.12 * _noise(rng, 160)
    ink = np.maximum(ink, np.clip(beard * grain, 0, 0.96))

    red = np.zeros_like(x)
    for place, size, amount in (((0.42, 6.93), (0.2, 0.16), 1.0), ((0, 6.9), (0.12, 0.12), 0.9)):
        red += amount * np.exp(
            -(((np.abs(x) - place[0]) / size[0]) ** 2) - ((y - place[1]) / size[1]) ** 2
        )
    red *= rng.uniform(0.03, 0.13)
    tint = np.stack([1 + 0.3 * red, 1 - red, 1 - 0.8 * red], axis=-1)
    blotch = 0.02 * _noise(rng, 14) + 0.018 * _noise(rng, 40) + 0.012 * _noise(rng, 200)
    tint *= (1 + rng.uniform(0.6, 1.6) * blotch)[..., None]
    # Darker under the eyes, more with age.
    bag = np.exp(-(((np.abs(x) - 0.29) / 0.15) ** 2) - ((y - 7.13) / 0.055) ** 2)
    lid = np.exp(-(((np.abs(x) - 0.32) / 0.19) ** 2) - ((y - 7.38) / 0.05) ** 2)
    shade = (rng.uniform(0.02, 0.13) + 0.1 * person.age) * bag + rng.uniform(0.02, 0.16) * lid
    tint *= 1 - shade[..., None] * np.array([0.8, 1, 0.95])
    for crease, amount in _creases(rng, person, x, y):
        tint *= 1 - (amount * crease)[..., None]
    marks = np.zeros((_HEIGHT, _WIDTH), np.float32)
    freckled = rng.random() < 0.22
    for _ in range(int(rng.integers(60, 220)) if freckled else int(rng.integers(0, 5))):
        at = rng.normal(0, 0.3), 6.98 + rng.normal(0, 0.18 if freckled else 0.4)
        radius = rng.uniform(1.2, 2.6) if freckled else rng.uniform(2.5, 6)
        centre = (int((at[0] - _LEFT) * _DENSITY), int((_TOP - at[1]) * _DENSITY))
        strength = rng.uniform(0.1, 0.35) if freckled else rng.uniform(0.4, 0.75)
        cv2.circle(marks, centre, max(1, round(radius)), strength, -1, cv2.LINE_AA)
    marks = cv2.GaussianBlur(marks, (0, 0), 0.9)
    tint *= 1 - marks[..., None] * np.array([0.55, 0.8, 0.9])
    return Paint(ink.astype(np.float32), np.clip(tint, 0.1, 1.4).astype(np.float32))


def _creases(
    rng: np.random.Generator,
    person: Person,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
) -> list[tuple[NDArray[np.float32], float]]:
    """Lines on the brow, at the eyes and beside the mouth, deeper with age."""
    lines = []
    depth = np.clip(person.age * 1.3 - 0.2, 0, 0.8)
    for k in range(3):
        middle = 7.74 + 0.105 * k + rng.normal(0, 0.012) + 0.02 * np.sin(5 * x + rng.uniform(0, 6))
        fade = np.exp(-((x / 0.36) ** 4))
        lines.append((fade * np.exp(-(((y - middle) / 0.011) ** 2)), 0.42 * depth * rng.random()))
    fold = np.abs(x) - (0.2 + 0.3 * np.clip(6.92 - y, 0, 0.5) ** 0.9)
    fade = np.exp(-(((y - 6.74) / 0.16) ** 4))
    lines.append((fade * np.exp(-((fold / 0.018) ** 2)), 0.3 * depth + 0.05 * rng.random()))
    for k in (-1, 0, 1):
        ray = (y - 7.27) - 0.35 * k * (np.abs(x) - 0.48)
        fade = np.exp(-(((np.abs(x) - 0.57) / 0.06) ** 4))
        lines.append((fade * np.exp(-((ray / 0.009) ** 2)), 0.4 * depth * rng.random()))
    return lines


def sample(plane: NDArray[np.float32], rest: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values of a plane at points (k, 3) at rest; beside the plane its edge goes on."""
    column = ((rest[:, 0] - _LEFT) * _DENSITY).astype(np.float32)[None]
    row = ((_TOP - rest[:, 1]) * _DENSITY).astype(np.float32)[None]
    values = [
        cv2.remap(part, column[:, k : k + 30000], row[:, k : k + 30000], cv2.INTER_LINEAR,
                  borderMode=cv2.BORDER_REPLICATE)
        for part in [plane] for k in range(0, column.shape[1], 30000)
    ]  # fmt: skip
    return np.concatenate(values, axis=1)[0]
