"""Draws the grey face of a person who does not exist, from smooth parametric shapes.

An identity fixes the geometry (skull, eyes, brows, nose, mouth, hair) and the tones; a sample sees
it with another pose, expression, light, blur and noise.

Coordinates: x to the right and y down, the head's centre at the origin, about 1 to the chin.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from twofold.data.synthetic_camera import Plane, develop
from twofold.images import Pixels

_SUPERSAMPLING = 3


@dataclass(frozen=True)
class Face:
    """What stays the same in all pictures of one face; lengths in half heads, tones 0 to 1."""

    tone: float
    width: float
    jaw: float  # 0 pointed to 1 square
    eye_x: float
    eye_y: float
    eye_size: float
    eye_tilt: float
    brow_gap: float
    brow_thick: float
    brow_arch: float
    nose_length: float
    nose_width: float
    mouth_y: float
    mouth_width: float
    lip: float
    hair_tone: float
    hairline: float  # height of the forehead
    hair_volume: float
    hair_length: float  # how far down the sides it reaches
    parting: float
    beard: float  # 0 for none
    moustache: float
    glasses: float
    shirt: float


def make_face(rng: np.random.Generator, tone: float) -> Face:
    """Invent a face; `tone` is the reflectance of the person's skin (0 to 1)."""
    bearded = float(rng.random() < 0.2)
    return Face(
        tone=tone,
        width=rng.uniform(0.64, 0.84),
        jaw=rng.uniform(0, 1),
        eye_x=rng.uniform(0.28, 0.37),
        eye_y=rng.uniform(-0.14, 0.0),
        eye_size=rng.uniform(0.11, 0.155),
        eye_tilt=rng.uniform(-0.18, 0.18),
        brow_gap=rng.uniform(0.13, 0.23),
        brow_thick=rng.uniform(0.022, 0.055),
        brow_arch=rng.uniform(0.0, 0.1),
        nose_length=rng.uniform(0.34, 0.48),
        nose_width=rng.uniform(0.11, 0.19),
        mouth_y=rng.uniform(0.5, 0.6),
        mouth_width=rng.uniform(0.2, 0.34),
        lip=rng.uniform(0.03, 0.075),
        hair_tone=min(0.7 * tone, float(rng.choice([0.06, 0.08, 0.12, 0.18, 0.3, 0.5])))
        * rng.uniform(0.85, 1.15),
        hairline=rng.uniform(0.45, 0.8),
        hair_volume=rng.uniform(0.04, 0.26),
        hair_length=rng.choice([-0.25, -0.1, 0.05, 0.2, 0.9, 1.4]) + rng.uniform(-0.08, 0.08),
        parting=rng.uniform(-0.5, 0.5),
        beard=bearded * rng.uniform(0.3, 0.8),
        moustache=float(rng.random() < 0.2) * rng.uniform(0.4, 0.8),
        glasses=float(rng.random() < 0.22),
        shirt=rng.uniform(0.08, 0.85),
    )


def _inside(distance: Plane, softness: float = 0.03) -> Plane:
    """1 where a signed distance is negative, 0 where positive, smooth between."""
    cover: Plane = np.clip(0.5 - distance / softness, 0, 1)
    return cover


def _bump(x: Plane, y: Plane, wide: float, high: float) -> Plane:
    bump: Plane = np.exp(-((x / wide) ** 2) - (y / high) ** 2)
    return bump


def _skull(face: Face, x: Plane, y: Plane) -> Plane:
    """About a signed distance from the outline of the head without hair."""
    narrow = face.width * (1 - np.clip(y, 0, None) ** 2 * (0.42 - 0.26 * face.jaw))
    power = 2 + 0.9 * face.jaw
    outline: Plane = (np.abs(x) / narrow) ** power + np.abs(y) ** power
    return outline ** (1 / power) - 1


def _relief(face: Face, x: Plane, y: Plane, smile: float) -> Plane:
    """Depth towards the viewer: skull, sockets, nose, cheeks, lips, chin."""
    side = np.abs(x)
    nose_y = face.eye_y + face.nose_length
    ridge = np.clip((y - face.eye_y + 0.05) / face.nose_length, 0, 1) * (y < nose_y + 0.08)
    depth: Plane = np.sqrt(
        np.clip(1.15 - (x / (face.width * 1.12)) ** 2 - (y / 1.15) ** 2, 0.02, None)
    )
    depth = 0.85 * depth + 0.17 * ridge * np.exp(-((x / (0.5 * face.nose_width)) ** 2))
    depth += 0.12 * _bump(x, y - nose_y, face.nose_width * 0.7, 0.09)
    depth += 0.05 * _bump(side - face.nose_width * 0.8, y - nose_y - 0.01, 0.06, 0.06)
    depth -= 0.09 * _bump(side - face.eye_x, y - face.eye_y, 0.17, 0.12)
    depth += 0.05 * _bump(side - face.eye_x, y - face.eye_y + face.brow_gap, 0.22, 0.07)
    depth += (0.05 + 0.04 * smile) * _bump(side - face.eye_x - 0.08, y - nose_y + 0.02, 0.2, 0.16)
    depth += 0.05 * _bump(x, y - face.mouth_y, face.mouth_width, 0.09)
    depth += 0.06 * _bump(x, y - 0.86, 0.2, 0.12)
    return depth


def _features(face: Face, x: Plane, y: Plane, rng: np.random.Generator, smile: float) -> Plane:
    """Reflectance of the skin with brows, eyes, nostrils, mouth, beard and glasses."""
    side = np.abs(x)
    albedo = np.full_like(x, face.tone)

    def paint(tone: float, cover: Plane) -> None:
        np.add(albedo, cover * (tone - albedo), out=albedo)

    nose_y = face.eye_y + face.nose_length
    paint(
        0.8 * face.hair_tone + 0.06,
        face.beard
        * _inside(0.3 - y + 0.5 * np.clip(0.34 - side, 0, None), 0.25)
        * (1 - _bump(x, y - face.mouth_y, 0.2, 0.06)),
    )
    paint(
        0.8 * face.hair_tone + 0.06,
        face.moustache
        * _inside(np.abs(y - face.mouth_y + 0.1 - 0.3 * side**2) - 0.045 + 0.1 * side, 0.05),
    )

    lifted = rng.normal(0, 0.02)
    along = (side - face.eye_x) / (face.eye_size * 1.6)
    brow = face.eye_y - face.brow_gap - lifted - face.brow_arch * (1 - along**2)
    brow_cover = _inside(np.abs(y - brow) - face.brow_thick * (1.1 - 0.5 * along), 0.03)
    paint(0.6 * face.hair_tone + 0.04, 0.85 * brow_cover * (np.abs(along) < 1.05))

    opened = float(np.clip(rng.normal(0.44, 0.07), 0.16, 0.6)) - 0.06 * smile
    eye_x = side - face.eye_x
    eye_y = y - face.eye_y + face.eye_tilt * eye_x
    almond = np.abs(eye_y) - face.eye_size * opened * (1 - (eye_x / face.eye_size) ** 2)
    eye = _inside(almond, 0.03)
    glance = rng.normal(0, 0.02)
    iris = np.hypot(np.where(x > 0, eye_x, -eye_x) - glance, eye_y) - 0.4 * face.eye_size
    paint(0.78, eye)
    paint(0.07, eye * _inside(iris, 0.03))
    paint(0.12, 0.75 * _inside(np.abs(almond) - 0.008, 0.03) * (eye_y < 0.01))
    paint(face.tone * 0.6, 0.4 * _inside(np.abs(almond - 0.05) - 0.006, 0.03) * (eye_y < 0))

    paint(0.1, 0.8 * _bump(side - face.nose_width * 0.45, y - nose_y - 0.06, 0.045, 0.022))
    mouth = y - face.mouth_y + smile * 0.9 * (x**2 - 0.02)
    reach = 1 - (x / (face.mouth_width * (1 + 0.15 * smile))) ** 2
    gap = max(0.0, rng.normal(0, 0.025))
    lips = _inside(np.abs(mouth) - (face.lip + gap) * np.clip(reach, -1, 1), 0.03)
    paint(face.tone * 0.62, 0.85 * lips)
    paint(0.08, 0.9 * _inside(np.abs(mouth) - 0.006 - gap * reach, 0.025) * (reach > 0))
    if face.glasses:
        lens = np.hypot(eye_x, (y - face.eye_y - 0.03) * 1.15) - 0.2
        bridge = np.maximum(np.abs(y - face.eye_y) - 0.012, side - face.eye_x + 0.2)
        paint(0.08, 0.85 * _inside(np.minimum(np.abs(lens) - 0.012, bridge), 0.03))
    return albedo


def draw_face(face: Face, rng: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """Take a picture of `face` under the circumstances that `rng` draws.

    Args:
        face: whose face.
        rng: source of everything that varies between samples.
        size: (height, width) in pixels.

    Returns:
        uint8 (height, width), grey.
    """
    height, width = size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING
    scale = height * 0.46 * rng.normal(1, 0.035)
    roll = rng.normal(0, 0.05)
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    down = (down - height * rng.normal(0.5, 0.018)) / scale
    right = (right - width * rng.normal(0.5, 0.02)) / scale
    x = right * math.cos(roll) + down * math.sin(roll)
    y = down * math.cos(roll) - right * math.sin(roll)

    # Turning the head moves what is near the viewer (its middle) more than its outline.
    yaw, nod = rng.normal(0, 0.1), rng.normal(0, 0.045)
    near = np.sqrt(np.clip(1 - (x / face.width) ** 2 - y**2, 0, None))
    turned_x, turned_y = x - yaw * near, y - nod * near

    smile = float(np.clip(rng.normal(0.15, 0.3), -0.2, 0.9))
    albedo = _features(face, turned_x, turned_y, rng, smile)
    skull = _skull(face, x, y)
    depth = _relief(face, turned_x, turned_y, smile)
    slope_y, slope_x = np.gradient(depth * scale)
    light = np.array([rng.normal(0, 0.55), -0.45 + rng.normal(0, 0.2), 1.0])
    light /= np.linalg.norm(light)
    facing = -slope_x * float(light[0]) - slope_y * float(light[1]) + float(light[2])
    shade = 0.34 + 0.76 * np.clip(facing / np.sqrt(1 + slope_x**2 + slope_y**2), 0, 1)

    back = rng.uniform(0.25, 0.8)
    picture = back + rng.normal(0, 0.08) * right + rng.normal(0, 0.08) * down
    picture = picture.astype(np.float32)

    def paint(tone: Plane | float, cover: Plane) -> None:
        np.add(picture, cover * (tone - picture), out=picture)

    streaks = cv2.resize(rng.standard_normal((3, 60), np.float32), (width, height))
    strands = face.hair_tone * (1 + 0.1 * streaks) * (0.55 + 0.5 * shade)
    outer = _skull(face, x / (1 + face.hair_volume * 0.8), y / (1 + face.hair_volume * 0.55))
    cap = np.maximum(outer - 0.03, y - face.hair_length)
    if face.hair_length > 0.5:  # long hair falls behind the shoulders
        fall = np.maximum(np.abs(x) - face.width * (1.06 + face.hair_volume), -y)
        cap = np.minimum(cap, np.maximum(fall, y - face.hair_length))
    paint(strands, _inside(cap, 0.06))
    neck = np.maximum(np.abs(x) - 0.62 * face.width - 0.5 * np.clip(y - 0.95, 0, None), 0.3 - y)
    paint(face.tone * (0.36 + 0.2 * y), _inside(neck, 0.04))
    paint(
        face.shirt * (0.8 + 0.1 * light[0] * x),
        _inside(1.0 + 0.3 * np.exp(-((x / 0.35) ** 2)) + 0.1 * x**2 - y, 0.04),
    )
    ear = np.hypot((np.abs(x) - face.width * 0.98) / 0.09, (y - face.eye_y - 0.14) / 0.19) - 1
    paint(face.tone * 0.62 * shade, _inside(ear * 0.12, 0.04) * float(face.hair_length < 0.5))
    paint(albedo * shade, _inside(skull, 0.035))
    # The hair's edge on the face: an arch over the forehead that runs down the temples.
    arch = np.hypot(
        (turned_x - 0.12 * face.parting) / (0.93 * face.width),
        (y - 0.3) / (0.3 + face.hairline + 0.12 * face.parting * turned_x),
    )
    front = np.maximum(np.maximum((1 - arch) * 0.6, outer), y - min(face.hair_length, 0.75))
    paint(strands, _inside(front, 0.06))

    picture = np.clip(picture, 0, 1) ** rng.uniform(0.85, 1.2) * rng.normal(1, 0.09) * 255
    return develop(picture, rng, size, rng.uniform(0.25, 0.75), rng.uniform(1.5, 5))
