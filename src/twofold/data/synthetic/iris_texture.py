"""The tissue of an iris as a picture over (radius, angle): made once for each eye.

Strands of the stroma are painted one over the other, back to front, on a dark ground. They flow
together along a smooth field and part around crypts, which leaves the lozenges that real irises
have. Rows run from the pupil's edge to the limbus of an eye at rest, columns once around.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from twofold.data.synthetic_camera import Plane

RADIAL, ANGULAR = 128, 1536
_MARGIN = 64  # columns on either side of the canvas, so that strands close around the circle
_STEPS = 14  # points on a strand

# RGB of the outer iris from light blue to dark brown, and of the zone around the pupil.
_PALETTE = np.array(
    [
        [[122, 152, 182], [150, 160, 158]],
        [[108, 132, 146], [158, 144, 108]],
        [[116, 124, 92], [152, 116, 62]],
        [[132, 100, 56], [138, 86, 38]],
        [[98, 60, 28], [112, 64, 28]],
        [[62, 36, 21], [70, 41, 23]],
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class IrisTexture:
    """Reflectance of an iris, 0 to 255.

    Attributes:
        visible: float32 (RADIAL, ANGULAR, 3), RGB in white light.
        infrared: float32 (RADIAL, ANGULAR), grey at about 850 nm, where melanin hardly absorbs and
            brown eyes show their tissue as well as blue ones.
    """

    visible: Plane
    infrared: Plane


def smooth_noise(rng: np.random.Generator, radial: int, angular: int) -> Plane:
    """Noise (RADIAL, ANGULAR), about -1 to 1, with so many knots; it closes around the circle.

    `angular` divides ANGULAR, so that the knots fall on whole columns.
    """
    grid = rng.uniform(-1, 1, (radial, angular)).astype(np.float32)
    grid = np.concatenate([grid[:, -2:], grid, grid[:, :2]], axis=1)
    step = ANGULAR // angular
    wide = cv2.resize(grid, (step * (angular + 4), RADIAL), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide[:, 2 * step : 2 * step + ANGULAR], dtype=np.float32)


def make_texture(rng: np.random.Generator, melanin: float) -> IrisTexture:
    """Invent the tissue of one iris; `melanin` runs from 0 (light blue) to 1 (dark brown)."""
    radius = np.linspace(0, 1, RADIAL, dtype=np.float32)[:, None]
    ring = rng.uniform(0.2, 0.36)
    collarette = ring + 0.05 * smooth_noise(rng, 2, 8)[:1] + 0.025 * smooth_noise(rng, 2, 48)[:1]
    crypts = _lozenges(rng, int(rng.integers(2, 15 - int(9 * melanin))), (ring, 0.6), (0.05, 0.14))
    inner = 1 / (1 + np.exp((radius - collarette) * 30))
    tissue = _stroma(rng, collarette, crypts)
    # A thick brown anterior layer hides the single strands.
    smooth = np.asarray(cv2.GaussianBlur(tissue, (0, 0), 3.0, sigmaY=1.5), np.float32)
    veiled = tissue + 0.6 * melanin * (smooth - tissue)

    relief = 0.22 * np.exp(-(((radius - collarette) / 0.035) ** 2)) * (0.7 - 0.4 * melanin)
    relief += rng.uniform(0.05, 0.16) * (0.5 + melanin) * _furrows(rng, radius)
    relief += 0.1 * smooth_noise(rng, 3, 6) + 0.05 * smooth_noise(rng, 12, 64)
    holes = rng.uniform(0.12, 0.34) * (1 - 0.35 * melanin) * _cover(crypts, 0.5)
    depth = np.clip(veiled + relief - holes, 0, 1.2)
    freckles = _cover(_lozenges(rng, int(rng.integers(0, 7)), (0.3, 0.95), (0.02, 0.06)), 0.6)
    # The pigmented ruff at the pupil's edge, and the dark ring towards the limbus.
    ruff = 1 - 0.65 * np.exp(-((radius / (0.03 + 0.012 * smooth_noise(rng, 2, 64)[:1])) ** 2))
    rim = 1 - rng.uniform(0.35, 0.65) * np.clip((radius - 0.8) / 0.2, 0, 1) ** 1.7

    visible = _coloured(rng, melanin, depth, inner, freckles) * (ruff * rim)[..., None]
    # In infrared little but structure is left; pigment darkens a freckle only slightly.
    grey = (66 + 82 * np.clip(tissue + 1.2 * relief - holes, 0, 1.2)) * (1 - 0.15 * freckles)
    grey = grey * rng.uniform(0.85, 1.1) * ruff * (0.45 + 0.55 * rim)
    return IrisTexture(
        np.clip(visible, 0, 255).astype(np.float32), np.clip(grey, 0, 255).astype(np.float32)
    )


def _coloured(
    rng: np.random.Generator, melanin: float, depth: Plane, inner: Plane, freckles: Plane
) -> Plane:
    tone = melanin * (len(_PALETTE) - 1.001)
    low, part = int(tone), tone - int(tone)
    outer, centre = (1 - part) * _PALETTE[low] + part * _PALETTE[low + 1]
    outer, centre = (zone * rng.uniform(0.94, 1.06, 3) for zone in (outer, centre))
    mixed = inner * rng.uniform(0.2, 0.95) + 0.3 * smooth_noise(rng, 4, 12)
    mixed = np.clip(mixed, 0, 1)[..., None]
    colour = (1 - mixed) * outer + mixed * centre
    # Strands are paler than the depth between them.
    pale = colour * 1.38 + np.array([16, 13, 8]) * (1 - 0.6 * melanin)
    dark = colour * (0.34 + 0.16 * melanin)
    painted: Plane = dark + (pale - dark) * depth[..., None]
    brown = np.array([74, 44, 22]) * min(1.0, outer.mean() / 80)
    spotted: Plane = painted + 0.7 * freckles[..., None] * (brown - painted)
    return spotted


def _lozenges(
    rng: np.random.Generator, count: int, where: tuple[float, float], size: tuple[float, float]
) -> Plane:
    """Rows of (radius, angle in turns, half height, half width in turns)."""
    at = rng.uniform(*where, count)
    tall = rng.uniform(*size, count)
    broad = tall * rng.uniform(0.12, 0.24, count) / (0.4 + at)
    rows: Plane = np.stack([at, rng.uniform(0, 1, count), tall, broad], axis=1)
    return rows


def _cover(lozenges: Plane, sharpness: float) -> Plane:
    """Soft lozenges, 1 inside to 0 outside, over (RADIAL, ANGULAR)."""
    radius = np.linspace(0, 1, RADIAL, dtype=np.float32)[:, None]
    plane = np.zeros((RADIAL, ANGULAR), np.float32)
    for at, angle, tall, broad in lozenges:
        reach = math.ceil(1.3 * broad * ANGULAR)
        column = round(angle * ANGULAR) + np.arange(-reach, reach + 1)
        across = column / ANGULAR - angle
        distance = np.abs((radius - at) / tall) ** 1.5 + np.abs(across / broad) ** 1.5
        near = np.clip((1.2 - distance) * 2 * sharpness, 0, 1)
        plane[:, column % ANGULAR] = np.maximum(plane[:, column % ANGULAR], near)
    return plane


def _furrows(rng: np.random.Generator, radius: Plane) -> Plane:
    """Contraction furrows: broken arcs around the outer half, about -1 to 1."""
    waves = np.sin(radius * rng.uniform(26, 40) + 2.2 * smooth_noise(rng, 3, 8))
    broken = np.clip(0.4 + 1.2 * smooth_noise(rng, 3, 8), 0, 1)
    arcs: Plane = waves * broken * np.clip(radius * 2.4 - 0.9, 0, 1)
    return arcs


def _stroma(rng: np.random.Generator, collarette: Plane, crypts: Plane) -> Plane:
    """Painted strands, 0 (deep) to 1 (front), over (RADIAL, ANGULAR)."""
    count = int(rng.integers(1000, 1300))
    start = rng.uniform(0, 1, count)
    around = (start * ANGULAR).astype(int)
    ring = collarette[0][around]
    pupillary = rng.random(count) < 0.3  # fine strands from the pupil to the collarette
    foot = np.where(
        pupillary, rng.uniform(-0.05, 0.1, count), ring + rng.normal(-0.02, 0.04, count)
    )
    reach = np.where(pupillary, ring + 0.03, rng.uniform(0.5, 1.25, count))
    steps = np.linspace(0, 1, _STEPS)
    radius = foot[:, None] + (reach - foot)[:, None] * steps
    field = 0.01 * smooth_noise(rng, 3, 8) + 0.005 * smooth_noise(rng, 5, 32)
    row = np.clip(radius * (RADIAL - 1), 0, RADIAL - 1).astype(int)
    turn = start[:, None] + field[row, around[:, None]]
    phase, waves = rng.uniform(0, 6.3, count)[:, None], rng.uniform(3, 9, count)[:, None]
    wobble = rng.uniform(0.0002, 0.0011, count)[:, None]
    turn += wobble * np.sin(phase + waves * radius * 3)
    turn += rng.normal(0, 0.006, count)[:, None] * steps
    for at, angle, tall, broad in crypts:  # strands part around a crypt
        across = (turn - angle + 0.5) % 1 - 0.5
        near = np.exp(-((across / (2 * broad)) ** 2)) * np.clip(
            1 - ((radius - at) / (1.15 * tall)) ** 2, 0, None
        )
        turn += np.sign(across) * near * 0.75 * broad

    front = np.linspace(0, 1, count)
    bright = 255 * np.clip(0.24 + 0.62 * front + rng.normal(0, 0.1, count), 0.12, 1)
    wide = np.where(rng.random(count) < 0.25, 2, 1) + (front < 0.5)
    points = np.stack([turn * ANGULAR + _MARGIN, radius * (RADIAL - 1)], axis=2)
    canvas = np.full((RADIAL, ANGULAR + 2 * _MARGIN), 52, np.uint8)
    for line, light, width in zip(points, bright, wide, strict=True):
        for shift in (-ANGULAR, 0, ANGULAR):
            if not -_MARGIN < line[0, 0] - _MARGIN + shift < ANGULAR + _MARGIN:
                continue
            path = [np.round((line + np.array([shift, 0])) * 16).astype(np.int32)]
            edge = int(width) + 2
            cv2.polylines(canvas, path, False, int(light * 0.6), edge, cv2.LINE_AA, 4)
            cv2.polylines(canvas, path, False, int(light), int(width), cv2.LINE_AA, 4)
    strands = cv2.GaussianBlur(canvas, (0, 0), 0.7)[:, _MARGIN : _MARGIN + ANGULAR]
    return strands.astype(np.float32) / 255
