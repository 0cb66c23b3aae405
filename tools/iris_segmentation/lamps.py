"""Mirrored lamps on the cornea, the tear film and moist skin, for `randomise`."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Scene:
    """A picture that is still being painted.

    Attributes:
        picture: float32 (height, width), about 0 to 255; painted in place.
        centre: (x, y) of the iris in pixels.
        radius: of the iris in pixels.
        opening: float32 cover of the opening of the lids.
        hidden: float32 cover of what spoils the iris: lashes, lamps; raised in place.
    """

    picture: Plane
    centre: tuple[float, float]
    radius: float
    opening: Plane
    hidden: Plane


def add_lamps(scene: Scene, rng: np.random.Generator) -> None:
    """Add lamps of several kinds, or none."""
    if rng.random() < 0.85:
        _on_the_cornea(scene, rng)
    if rng.random() < 0.35:
        _sparkles(scene, rng)
    if rng.random() < 0.1:
        _pane(scene, rng)


def _on_the_cornea(scene: Scene, rng: np.random.Generator) -> None:
    unit = scene.radius
    cover = np.zeros(scene.picture.shape, np.uint8)
    middle = np.array(scene.centre) + rng.normal(0, 0.22, 2) * unit
    count = int(rng.choice([1, 2, 3, 4, 8], p=[0.5, 0.25, 0.1, 0.1, 0.05]))
    size = unit * math.exp(rng.uniform(math.log(0.025), math.log(0.2))) / math.sqrt(count)
    apart, turn = unit * rng.uniform(0.08, 0.4), rng.uniform(0, 2 * math.pi)
    kind = rng.choice(["disc", "oval", "ring", "window"], p=[0.33, 0.27, 0.22, 0.18])
    slant = rng.uniform(0, 180)
    for lamp in range(count):
        around = turn + 2 * math.pi * lamp / count
        at = middle + (
            apart * np.array([math.cos(around), math.sin(around)]) if lamp or count > 2 else 0
        )
        where = round(float(at[0]) * 16), round(float(at[1]) * 16)
        if kind == "ring":
            radius = max(2.0, size * 1.2)
            if rng.random() < 0.2:
                cv2.circle(cover, where, int(5 * radius), 255, -1, cv2.LINE_AA, 4)
            cv2.circle(
                cover, where, int(16 * radius), 255, max(1, int(radius * 0.5)), cv2.LINE_AA, 4
            )
            continue
        tall = size * (rng.uniform(0.4, 1) if kind != "disc" else 1)
        axes = max(10, int(16 * size)), max(10, int(16 * tall))
        if kind == "window":
            box = cv2.boxPoints(((at[0], at[1]), (2 * size + 1, 2 * tall + 1), slant))
            cv2.fillPoly(cover, [np.round(box * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        else:
            cv2.ellipse(cover, where, axes, slant, 0, 360, 255, -1, cv2.LINE_AA, 4)
    strength = 1.0 if rng.random() < 0.8 else rng.uniform(0.2, 0.8)
    _lay(scene, cover, strength, rng)


def _sparkles(scene: Scene, rng: np.random.Generator) -> None:
    """Small bright spots on skin, tear film and sclera."""
    cover = np.zeros(scene.picture.shape, np.uint8)
    spread = scene.radius * rng.uniform(0.3, 1.6)
    middle = np.array(scene.centre) + rng.normal(0, 1.3, 2) * scene.radius
    if rng.random() < 0.5:  # along the lower lid
        columns = np.clip(middle[0] + rng.normal(0, spread, 12), 0, cover.shape[1] - 1).astype(int)
        for column in columns:
            inside = np.flatnonzero(scene.opening[:, column] > 0.5)
            if len(inside):
                low = int(inside[-1] + rng.normal(0, 2)), int(rng.integers(1, 4))
                cv2.ellipse(cover, (int(column), low[0]), (low[1] * 2, low[1]), 0, 0, 360, 255, -1)
    else:
        for _ in range(int(rng.integers(3, 120))):
            at = np.round(16 * (middle + rng.normal(0, spread, 2))).astype(int)
            size = int(rng.integers(6, 30))
            cv2.circle(cover, (int(at[0]), int(at[1])), size, 255, -1, cv2.LINE_AA, 4)
    _lay(scene, cover, rng.uniform(0.3, 1), rng)


def _pane(scene: Scene, rng: np.random.Generator) -> None:
    """A window mirrored in glasses, or flare: pale and wide."""
    cover = np.zeros(scene.picture.shape, np.uint8)
    at = np.array(scene.centre) + rng.normal(0, 1, 2) * scene.radius
    size = scene.radius * rng.uniform(0.2, 1, 2)
    box = cv2.boxPoints(((at[0], at[1]), (size[0], size[1]), rng.uniform(0, 90)))
    cv2.fillPoly(cover, [np.round(box).astype(np.int32)], 255, cv2.LINE_AA)
    _lay(scene, cover, rng.uniform(0.2, 0.9), rng)


def _lay(scene: Scene, cover: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> None:
    soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 1.6)).astype(np.float32)
    share = soft * np.float32(strength / 255)
    tone = np.float32(rng.uniform(200, 330))
    scene.picture[:] += share * np.maximum(tone - scene.picture, 0)
    np.maximum(scene.hidden, np.clip(share * 2, 0, 1), out=scene.hidden)
