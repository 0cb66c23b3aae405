"""What stays the same in all pictures of one synthetic eye.

Coordinates of the face around the eye: the iris at rest has radius 1 and its centre at the origin,
y runs down, and the nose lies at negative x. Right eyes are mirrored when the picture is taken.
"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.data.synthetic.iris_texture import IrisTexture, make_texture
from twofold.data.synthetic_camera import Plane
from twofold.images import Pixels

Side = Literal["left", "right"]
Line = NDArray[np.floating[Any]]

PATCH = 3.4, 2.6  # half width and half height that the maps of vessels and skin cover
_MAP = 544, 416  # their columns and rows


@dataclass(frozen=True)
class Lids:
    """Shape of the opening. Curves are height * (1 - s²)(1 + skew s + flat s²), s = x / half."""

    half: float
    upper: float
    lower: float
    skew: float
    flat: float
    tilt: float
    crease: float  # how far above the lid its fold lies
    brow: float  # height of the eyebrow


@dataclass(frozen=True)
class Eye:
    """An eye with the skin around it.

    Attributes:
        side: the subject's left or right.
        texture: the iris.
        pupil: usual radius of the pupil, in iris radii.
        pupil_centre: (x, y) from the centre of the iris.
        pupil_waves: (2, 3) cosine and sine amplitudes of 2, 3 and 4 waves around the pupil's edge.
        oval: how much lower than wide the limbus is.
        skin: RGB of the skin, 0 to 255.
        hair: RGB of lashes and brow.
        lids: shape of the opening.
        lashes: (n, 7, 2) curves relative to the lid, (offset from their foot); feet in `feet`.
        feet: (n, 2) position along the lid -1 to 1, and 1 for the upper or 0 for the lower lid.
        brow: (n, 4, 2) hairs.
        vessels: uint8 map of the sclera's vessels over PATCH.
        grain: uint8 map of the skin's texture over PATCH, 128 is neutral.
        glasses: whether this person wears them.
    """

    side: Side
    texture: IrisTexture
    pupil: float
    pupil_centre: tuple[float, float]
    pupil_waves: Plane
    oval: float
    skin: Plane
    hair: Plane
    lids: Lids
    lashes: Plane
    feet: Plane
    brow: Plane
    vessels: Pixels
    grain: Pixels
    glasses: bool


def make_eye(
    rng: np.random.Generator,
    side: Side,
    skin: Plane,
    melanin: float,
    hair: float = 0.2,
    glasses: bool = False,
) -> Eye:
    """Invent an eye.

    Args:
        rng: source of everything that tells this eye from others.
        side: the subject's left or right eye.
        skin: RGB of the person's skin, 0 to 255.
        melanin: 0 for light blue to 1 for dark brown.
        hair: 0 for black to 1 for fair.
        glasses: whether the person wears them.
    """
    lids = Lids(
        half=rng.uniform(2.1, 2.4),
        upper=rng.uniform(0.76, 1.04),
        lower=rng.uniform(0.84, 1.0),
        skew=rng.uniform(-0.28, 0.0),
        flat=rng.uniform(-0.2, 0.3),
        tilt=rng.uniform(-0.12, 0.03),
        crease=rng.uniform(0.26, 0.46),
        brow=rng.uniform(1.75, 2.15),
    )
    lashes, feet = _lashes(rng)
    return Eye(
        side=side,
        texture=make_texture(rng, float(np.clip(melanin, 0, 1))),
        pupil=rng.uniform(0.31, 0.42),
        pupil_centre=(rng.uniform(-0.05, 0.0), rng.uniform(-0.02, 0.03)),
        pupil_waves=rng.normal(0, 1, (2, 3)) * np.array([0.012, 0.007, 0.005]),
        oval=rng.uniform(0.0, 0.05),
        skin=skin.astype(np.float32),
        hair=np.array([26, 20, 17], np.float32) + hair * np.array([96, 66, 40], np.float32),
        lids=lids,
        lashes=lashes,
        feet=feet,
        brow=_brow(rng, lids),
        vessels=_vessels(rng),
        grain=_grain(rng),
        glasses=glasses,
    )


def _lashes(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Lashes leave the lid towards the viewer, then curl away from the eye, in small clumps."""
    steps = np.linspace(0, 1, 7)
    curves, feet = [], []
    longest, curl = rng.uniform(0.5, 0.8), rng.uniform(0.9, 1.4)
    for upper, count, reach in ((1, 96, longest), (0, 54, 0.45 * longest)):
        at = np.linspace(-0.82, 0.96, count) + rng.normal(0, 0.011, count)
        wave = np.sin(at * rng.uniform(26, 40) + rng.uniform(0, 6))  # neighbours lean together
        lean = 0.8 * at + 0.1 + 0.22 * wave + rng.normal(0, 0.16, count)
        length = reach * rng.uniform(0.45, 1.1, count) * (0.72 + 0.3 * at - 0.1 * at**2)
        sign = -1 if upper else 1
        dip = upper * rng.uniform(0.2, 0.6, count)[:, None]
        rise = sign * (curl * steps**2 - dip * steps * (1 - 0.4 * steps))
        sway = lean[:, None] * steps + 0.45 * at[:, None] * steps**2
        curves.append(length[:, None, None] * np.stack([sway, rise], axis=2))
        feet.append(np.stack([at, np.full(count, upper)], axis=1))
    return np.concatenate(curves).astype(np.float32), np.concatenate(feet).astype(np.float32)


def _brow(rng: np.random.Generator, lids: Lids) -> Plane:
    """Hairs that lie along an arch, upright near the nose and flat towards the temple."""
    count = int(rng.integers(450, 900))
    along = rng.uniform(-1, 1, count)
    arch = -lids.brow - rng.uniform(0.1, 0.35) * (1 - (along - 0.3) ** 2) + 0.12
    thick = rng.uniform(0.16, 0.3) * (1.05 - 0.45 * np.clip(along, 0, 1) - 0.25 * (along < -0.85))
    foot = np.stack([along * 2.5, arch + thick * rng.uniform(-1, 1, count)], axis=1)
    turn = 1.2 - 1.15 * (along + 1) / 2 + rng.normal(0, 0.15, count)
    turn += 0.24 * (foot[:, 1] < arch)
    length = rng.uniform(0.28, 0.55, count)
    steps = np.linspace(0, 1, 4)[None]
    bent = turn[:, None] - 0.5 * steps
    hairs = np.stack([np.cos(bent) * steps, -np.sin(bent) * steps], axis=2)
    return (foot[:, None] + length[:, None, None] * hairs).astype(np.float32)


def _vessels(rng: np.random.Generator) -> Pixels:
    """Vessels wander from both corners towards the limbus, branch, and thin out."""
    canvas = np.zeros((_MAP[1], _MAP[0]), np.uint8)
    unit = _MAP[0] / (2 * PATCH[0])
    for trunk in range(int(rng.integers(14, 26))):
        side = -1 if trunk % 2 else 1
        start = np.array([side * rng.uniform(2.0, 2.6), rng.normal(0, 0.5)])
        heading = np.arctan2(-0.5 * start[1], -start[0])
        strength = rng.uniform(30, 120)
        for branch in range(3):
            steps = int(rng.integers(14, 34))
            bends = (
                heading
                + np.cumsum(rng.normal(0, 0.26, steps))
                + 0.7 * (branch > 0) * (rng.uniform(-1, 1))
            )
            path = start + np.cumsum(
                0.05 * np.stack([np.cos(bends), np.sin(bends)], axis=1), axis=0
            )
            points = [np.round((path * unit + np.array(_MAP) / 2) * 16).astype(np.int32)]
            width = 2 if branch == 0 and strength > 100 else 1
            tone = int(strength / (1 + 0.6 * branch))
            cv2.polylines(canvas, points, False, tone, width, cv2.LINE_AA, 4)
            start = path[int(rng.integers(steps // 3, steps))]
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.8), np.uint8)


def _grain(rng: np.random.Generator) -> Pixels:
    """Pores, fine lines and blotches of the skin."""
    plane = np.zeros((_MAP[1], _MAP[0]), np.float32)
    for columns, rows, weight in ((9, 7, 9), (40, 30, 6), (130, 100, 8), (300, 230, 11)):
        noise = rng.standard_normal((rows, columns), np.float32)
        plane += weight * cv2.resize(noise, _MAP, interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(
        np.linspace(-PATCH[0], PATCH[0], _MAP[0]), np.linspace(-PATCH[1], PATCH[1], _MAP[1])
    )
    # Lines under the eye follow its curve.
    bent = y + 0.16 * x**2 + 0.05 * cv2.resize(rng.standard_normal((6, 8)), _MAP)
    lines = np.sin(bent * rng.uniform(26, 36)) * np.clip(y - 0.7, 0, 1) * np.clip(2.4 - y, 0, 1)
    plane += rng.uniform(2, 8) * lines
    return np.clip(128 + plane, 0, 255).astype(np.uint8)
