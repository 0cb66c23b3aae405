"""Draws the eye of a person who does not exist: iris, pupil, sclera, lids, lashes, highlight.

An identity is a texture over (radius, angle) with its colours and the shape of the lids; a sample
sees it with another pupil size, rotation, gaze, lid opening, light, blur and noise.

Coordinates: the iris has radius 1 and its centre at the origin, x to the right and y down.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from twofold.data.synthetic_camera import Plane, develop
from twofold.images import Pixels

_RADIAL, _ANGULAR = 64, 768  # texture grid: pupil to limbus, once around
_SUPERSAMPLING = 1.5
_RADIUS = 0.33  # of the iris, in picture heights
_PALETTE = np.array(  # RGB of the outer iris from light blue to dark brown, and of its inner zone
    [
        [[118, 146, 172], [150, 160, 160]],
        [[106, 128, 138], [158, 146, 112]],
        [[112, 122, 88], [150, 118, 66]],
        [[128, 98, 56], [136, 88, 40]],
        [[96, 60, 30], [112, 66, 30]],
        [[60, 36, 22], [70, 42, 24]],
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class Eye:
    """What stays the same in all pictures of one eye.

    Attributes:
        texture: (radius, angle, RGB) reflectance 0 to 255 between pupil and limbus.
        pupil: usual radius of the pupil, in iris radii.
        skin: RGB of the skin, 0 to 255.
        lids: half width, upper and lower opening, tilt, height of the crease.
        lashes: rows of (position along the lid -1 to 1, length, lean, upper 1 or lower 0).
    """

    texture: Plane
    pupil: float
    skin: Plane
    lids: tuple[float, float, float, float, float]
    lashes: Plane


def _noise(rng: np.random.Generator, radial: int, angular: int) -> Plane:
    """Smooth noise (radius, angle), about -1 to 1, that closes around the circle."""
    grid = rng.uniform(-1, 1, (radial, angular)).astype(np.float32)
    grid = np.concatenate([grid[:, -2:], grid, grid[:, :2]], axis=1)
    width = round(_ANGULAR * (angular + 4) / angular)
    wide = cv2.resize(grid, (width, _RADIAL), interpolation=cv2.INTER_CUBIC)
    margin = round(_ANGULAR * 2 / angular)
    return np.asarray(wide[:, margin : margin + _ANGULAR], dtype=np.float32)


def _bent(plane: Plane, by: Plane) -> Plane:
    """Shift `plane` along the angle by `by` columns, so that fibres are not straight spokes."""
    columns = (np.arange(_ANGULAR, dtype=np.float32)[None] + by) % _ANGULAR
    rows = np.repeat(np.arange(_RADIAL, dtype=np.float32)[:, None], _ANGULAR, axis=1)
    bent = cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(bent, dtype=np.float32)


def _spots(
    rng: np.random.Generator, count: int, where: tuple[float, float], size: tuple[float, float]
) -> Plane:
    """Soft lozenges (crypts, freckles) 0 to 1, radii drawn between `where`, sizes in iris radii."""
    radius = np.linspace(0, 1, _RADIAL, dtype=np.float32)[:, None]
    angle = np.linspace(0, 2 * np.pi, _ANGULAR, endpoint=False, dtype=np.float32)[None]
    plane = np.zeros((_RADIAL, _ANGULAR), np.float32)
    for _ in range(count):
        at, turn = rng.uniform(*where), rng.uniform(0, 2 * np.pi)
        long = rng.uniform(*size)
        broad = long * rng.uniform(0.35, 0.9)
        across = (angle - turn + np.pi) % (2 * np.pi) - np.pi
        distance = np.abs((radius - at) / long) ** 1.6 + np.abs(across * (0.4 + at) / broad) ** 1.6
        np.maximum(plane, np.clip(1.35 - distance, 0, 1), out=plane)
    return plane


def _texture(rng: np.random.Generator) -> Plane:
    radius = np.linspace(0, 1, _RADIAL, dtype=np.float32)[:, None]
    bend = 14 * _noise(rng, 4, 9) + 6 * _noise(rng, 5, 26)
    coarse, fine, finest = _noise(rng, 4, 60), _noise(rng, 6, 130), _noise(rng, 9, 250)
    fibres = _bent(1.1 * (0.5 - np.abs(coarse)) + 0.8 * (0.45 - np.abs(fine)) + 0.4 * finest, bend)

    # The collarette: a ragged bright ring that parts the pupillary from the ciliary zone.
    ring = rng.uniform(0.2, 0.36) + 0.06 * _noise(rng, 2, 7)[:1] + 0.03 * _noise(rng, 2, 40)[:1]
    inner = 1 / (1 + np.exp((radius - ring) * 28))
    collarette = np.exp(-(((radius - ring) / 0.045) ** 2))
    furrows = (
        _noise(rng, 2, 5)
        * np.sin(radius * rng.uniform(22, 34) + 1.5 * _noise(rng, 2, 8))
        * np.clip(radius * 2 - 0.9, 0, 1)
    )
    crypts = _spots(rng, int(rng.integers(4, 18)), (0.22, 0.62), (0.05, 0.15))
    freckles = _spots(rng, int(rng.integers(0, 7)), (0.3, 0.95), (0.03, 0.08))
    patches = _noise(rng, 3, 6)

    shade = (
        1
        + rng.uniform(0.2, 0.36) * fibres * (1 - 0.35 * inner)
        + rng.uniform(0.1, 0.3) * collarette
        + rng.uniform(0.04, 0.14) * furrows
        + 0.1 * patches
        - rng.uniform(0.35, 0.6) * crypts
    )
    shade *= 1 - 0.55 * np.clip((radius - 0.82) / 0.18, 0, 1) ** 1.5  # limbus
    shade *= 1 - 0.5 * np.exp(-((radius / 0.05) ** 2))  # pupillary ruff

    tone = (len(_PALETTE) - 1.001) * rng.beta(1.3, 0.9)  # more brown than blue
    low, part = int(tone), tone - int(tone)
    outer, centre = (1 - part) * _PALETTE[low] + part * _PALETTE[low + 1]
    outer, centre = (zone * rng.uniform(0.94, 1.06, 3) for zone in (outer, centre))
    mixed = np.clip(inner * rng.uniform(0.3, 1) + 0.2 * patches, 0, 1)[..., None]
    colour = (1 - mixed) * outer + mixed * centre
    brown = np.array([70, 42, 22])
    colour = colour + 0.75 * freckles[..., None] * (brown * min(1.0, outer.mean() / 90) - colour)
    contrast = 0.75 + 0.25 * outer.mean() / 130
    shaded: Plane = np.clip(colour * (1 + (shade - 1) * contrast)[..., None], 0, 255)
    return shaded.astype(np.float32)


def make_eye(rng: np.random.Generator, skin: Plane) -> Eye:
    """Invent an eye; `skin` is the RGB (0 to 255) of the person's skin."""
    lids = (
        rng.uniform(2.2, 2.5),
        rng.uniform(0.82, 1.05),
        rng.uniform(0.84, 1.02),
        rng.uniform(-0.1, 0.1),
        rng.uniform(0.28, 0.5),
    )
    lashes = [
        (at + rng.normal(0, 0.014), rng.uniform(*length), rng.normal(1.1 * at, 0.3), upper)
        for upper, count, length in ((1, 58, (0.3, 0.72)), (0, 32, (0.12, 0.26)))
        for at in np.linspace(-0.86, 0.92, count)
    ]
    return Eye(_texture(rng), rng.uniform(0.3, 0.42), skin, lids, np.array(lashes, np.float32))


def _layer(picture: Plane, colour: Plane | float, cover: Plane) -> None:
    """Paint `colour` over `picture` (height, width, RGB) where `cover` (0 to 1) says so."""
    picture += cover[..., None] * (colour - picture)


def _edge(distance: Plane, softness: float) -> Plane:
    """1 where `distance` (iris radii) is positive, 0 where negative, smooth between."""
    cover: Plane = np.clip(distance / softness + 0.5, 0, 1)
    return cover


def _eyeball(eye: Eye, x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    """Sclera, iris and pupil without lids, (height, width, RGB)."""
    size = x.shape[::-1]
    distance = np.hypot(x, y)
    veins = cv2.resize(rng.uniform(-1, 1, (14, 18)).astype(np.float32), size, interpolation=2)
    white = np.array([214, 206, 198], np.float32) * (1.06 - 0.07 * distance)[..., None]
    white -= np.clip(1 - np.abs(veins) * 9, 0, 1)[..., None] * np.array([4, 18, 16], np.float32)

    pupil = float(np.clip(eye.pupil + rng.normal(0, 0.035), 0.24, 0.5))
    turn = rng.normal(0, 3) / 360
    # A widened pupil squeezes the tissue near it more than the tissue at the limbus.
    depth = np.clip((distance - pupil) / (1 - pupil), 0, 1) ** (1 + 0.8 * (eye.pupil - pupil))
    angle = (np.arctan2(y, x) / (2 * np.pi) + turn) % 1
    wrapped = np.concatenate([eye.texture, eye.texture[:, :1]], axis=1)
    iris = cv2.remap(wrapped, angle * _ANGULAR, depth * (_RADIAL - 1), cv2.INTER_LINEAR)
    _layer(white, np.asarray(iris, np.float32), _edge(1 - distance, 0.1))
    _layer(white, 9.0, _edge(pupil - distance, 0.05))
    return white


def _lash_cover(
    eye: Eye, size: tuple[int, int], scale: float, place: tuple[float, float], lid: float
) -> Plane:
    """Cover (0 to 1) of the lashes; `place` is the picture's (x, y) of the iris centre."""
    half, upper, lower, tilt, _ = eye.lids
    cover = np.zeros(size, np.uint8)
    steps = np.linspace(0, 1, 7)
    for at, length, lean, above in eye.lashes:
        sign, opening = (-1, upper * lid) if above else (1, lower)
        foot = np.array([at * half, sign * opening * (1 - at**2) + tilt * at * half])
        # Lashes leave the lid towards the viewer and then bend away from the eye.
        line = foot + length * np.stack([lean * steps, sign * (1.3 * steps**2 - 0.35 * steps)], 1)
        points = np.round((line * scale + place) * 16).astype(np.int32)
        cv2.polylines(cover, [points], False, 235 if above else 120, 1, cv2.LINE_AA, 4)
    return cover.astype(np.float32) / 255


def draw_eye(eye: Eye, rng: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """Take a picture of `eye` under the circumstances that `rng` draws.

    Args:
        eye: whose eye.
        rng: source of everything that varies between samples.
        size: (height, width) in pixels.

    Returns:
        uint8 (height, width, 3), RGB.
    """
    height, width = round(size[0] * _SUPERSAMPLING), round(size[1] * _SUPERSAMPLING)
    scale = height * _RADIUS * rng.normal(1, 0.028)
    place = width * rng.normal(0.5, 0.014), height * rng.normal(0.5, 0.018)
    roll = rng.normal(0, 0.035)
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    right, down = (right - place[0]) / scale, (down - place[1]) / scale
    x = right * math.cos(roll) + down * math.sin(roll)
    y = down * math.cos(roll) - right * math.sin(roll)

    half, upper, lower, tilt, crease = eye.lids
    lid = float(np.clip(rng.normal(0.98, 0.07), 0.72, 1.12))
    arch = 1 - (x / half) ** 2
    top, bottom = -upper * lid * arch + tilt * x, lower * arch + tilt * x
    gaze = rng.normal(0, 0.04, 2).astype(np.float32)
    picture = _eyeball(
        eye, (x - gaze[0]) * rng.uniform(1, 1.03), (y - gaze[1]) * rng.uniform(1, 1.03), rng
    )
    picture *= (1 - 0.5 * np.exp(-np.clip(y - top, 0, None) / 0.16))[..., None]  # the lid's shadow
    pink = np.array([196, 128, 118], np.float32)
    _layer(picture, pink, _edge(-x - half + 0.38, 0.25) * 0.8)  # tear duct

    rough = cv2.resize(rng.standard_normal((height // 3, width // 3), np.float32), (width, height))
    skin = eye.skin * (1 - 0.05 * np.abs(x) + 0.025 * rough)[..., None]
    fold = np.exp(-(((y - top * 1.05 + crease) / 0.07) ** 2)) * np.clip(1.1 * arch + 0.2, 0, 1)
    bag = np.exp(-(((y - bottom - 0.45) / 0.14) ** 2)) * np.clip(arch, 0, 1)
    skin = skin * (1 - 0.22 * fold - 0.1 * bag)[..., None]
    rim = np.exp(-((np.minimum(np.abs(y - bottom - 0.05), np.abs(y - top)) / 0.06) ** 2))
    skin += (rim * 0.35)[..., None] * (pink - skin)
    outside = 1 - _edge(y - top, 0.05) * _edge(bottom - y, 0.05)
    _layer(picture, skin, outside)
    _layer(picture, 34.0, 0.55 * np.exp(-(((y - top + 0.01) / 0.05) ** 2)) * (arch > 0))

    turned = cv2.getRotationMatrix2D(place, -math.degrees(roll), 1)
    lashes = cv2.warpAffine(
        _lash_cover(eye, (height, width), scale, place, lid), turned, (width, height)
    )
    _layer(picture, 24.0, np.clip(cv2.GaussianBlur(lashes, (0, 0), 0.8) * 1.2, 0, 0.95))
    at = rng.normal(0.12, 0.16), rng.normal(-0.16, 0.16)
    glint = 0.10 - np.maximum(np.abs(x - at[0]), np.abs(y - at[1]) * 0.8)
    _layer(picture, 250.0, _edge(glint, 0.05))

    slope = rng.normal(0, 0.05, 2).astype(np.float32)
    light = rng.normal(1, 0.09) * (1 + slope[0] * x + slope[1] * y)[..., None]
    picture *= light * rng.normal(1, 0.025, 3).astype(np.float32)
    return develop(picture, rng, size, rng.uniform(0.25, 0.9), rng.uniform(1, 4))
