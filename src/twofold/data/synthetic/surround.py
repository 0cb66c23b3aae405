"""Skin, lids, lashes and brow around a synthetic eye."""

import math

import cv2
import numpy as np

from twofold.data.synthetic.eye import PATCH, Eye, Line
from twofold.data.synthetic.view import Outlines, to_picture
from twofold.data.synthetic_camera import Plane
from twofold.images import Pixels


def lay(plane: Pixels, face: Line, size: tuple[int, int], shift: Line) -> Pixels:
    """Lay a map over PATCH, moved by `shift`, into a picture; `face` maps the face there."""
    scale = 2 * PATCH[0] / plane.shape[1]
    to_face = np.array(
        [[scale, 0, shift[0] - PATCH[0]], [0, scale, shift[1] - PATCH[1]], [0, 0, 1]]
    )
    matrix = face @ to_face
    laid = cv2.warpAffine(
        plane, matrix, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(laid, np.uint8)


def skin_shade(outlines: Outlines, x: Plane, y: Plane) -> Plane:
    """Brightness of the skin from its relief: eyeball, folds, nose and brow; about 1."""
    lids, light = outlines.eye.lids, outlines.view.lamp
    top, bottom, arch = outlines.lid_heights(x)
    inside = np.clip(arch, 0, 1)
    depth = 0.85 * np.exp(-((x / 1.9) ** 2) - (y / 1.35) ** 2)
    depth += 0.35 * (1 - np.tanh((x + 2.9) / 0.7)) + 0.28 * np.exp(-(((y + lids.brow) / 0.7) ** 2))
    fold = (y - 1.06 * top + lids.crease + 0.1 * (1 - inside)) / 0.055
    below = np.clip(y - top, 0, None)  # the step of the lid fades out under the eyeball
    depth += 0.07 * np.tanh(fold) * np.sqrt(inside) * np.exp(-((below / 0.3) ** 2))
    bag = (y - bottom - 0.42 - 0.08 * x) / 0.16
    depth += 0.05 * np.tanh(bag) * inside * 0.5 * (1 + np.tanh(y / 0.2))
    slope_y, slope_x = np.gradient(depth, float(y[1, 0] - y[0, 0]), float(x[0, 1] - x[0, 0]))
    towards = 1 / math.sqrt(1 + light[0] ** 2 + light[1] ** 2)
    facing = (1 - slope_x * light[0] - slope_y * light[1]) * towards
    shade: Plane = 0.5 + 0.64 * np.clip(facing / np.sqrt(1 + slope_x**2 + slope_y**2), 0, 1.2)
    shade *= 1 - 0.3 * np.exp(-(fold**2) / 3) * np.sqrt(inside)
    shade *= 1 - 0.16 * np.exp(-(((x + 2.1) / 0.8) ** 2) - ((y + 0.3) / 0.7) ** 2)  # inner corner
    return shade.astype(np.float32)


def lash_cover(outlines: Outlines, size: tuple[int, int]) -> Pixels:
    """Cover of the lashes, 0 to 255."""
    eye = outlines.eye
    at = eye.feet[:, 0] * eye.lids.half
    top, bottom, _ = outlines.lid_heights(at)
    upper = eye.feet[:, 1] > 0
    foot = np.stack([at, np.where(upper, top + 0.01, bottom + 0.07)], axis=1)
    curves = to_picture(outlines.face, foot[:, None] + eye.lashes)
    cover = np.zeros(size, np.uint8)
    hairs = outlines.unit / 120
    for chosen, strength in ((upper, 235), (~upper, 165)):
        _hairs(cover, curves[chosen], strength, 0.8 * hairs)
        _hairs(cover, curves[chosen][:, :5], strength, 1.2 * hairs)
        _hairs(cover, curves[chosen][:, :3], strength, 1.9 * hairs)
    return cover


def brow_cover(eye: Eye, outlines: Outlines, size: tuple[int, int]) -> Pixels:
    """Cover of the eyebrow, 0 to 255."""
    cover = np.zeros(size, np.uint8)
    _hairs(cover, to_picture(outlines.face, eye.brow), 190, outlines.unit / 110)
    # The skin between the hairs lies in their shade.
    small = cv2.resize(cover, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), outlines.unit / 120)
    shade = cv2.resize(soft, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(cover, shade), np.uint8)


def _hairs(cover: Pixels, curves: Plane, strength: int, width: float) -> None:
    """Draw hairs; those thinner than a pixel are drawn fainter."""
    points = np.round(curves * 16).astype(np.int32)
    tone = int(strength * min(1.0, width))
    cv2.polylines(cover, list(points), False, tone, max(1, round(width)), cv2.LINE_AA, 4)
