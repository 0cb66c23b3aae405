"""Takes a picture of a synthetic eye: paints eyeball, lids, lashes and reflections.

Layers are painted from back to front in float32, (channel, height, width): three channels in
white light, one in infrared. Edges are softened over a pixel around
the exact outlines of `view.Outlines`, so that half the cover falls on the outline.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from twofold.data.synthetic.eye import Eye
from twofold.data.synthetic.iris_texture import ANGULAR, RADIAL
from twofold.data.synthetic.sensor import develop, shrink
from twofold.data.synthetic.surround import brow_cover, lash_cover, lay, skin_shade
from twofold.data.synthetic.view import Outlines, View, grid, to_picture
from twofold.data.synthetic_camera import Plane
from twofold.images import Pixels

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels

_FINEST = 320  # rows below which a picture is drawn larger and shrunk ...
_WIDEST = 2000  # ... but not to more columns than these
_ANGLES = 4096  # entries of the tables of radii around the pupil
_SOFT = 0.035  # half width of the limbus's fading, in iris radii


@dataclass(frozen=True)
class Look:
    """Colours (RGB or grey, 0 to 255) of what differs between white light and infrared."""

    sclera: Plane
    vessels: Plane
    flesh: Plane
    pupil: Plane
    skin: Plane
    hair: Plane


@dataclass(frozen=True)
class Covers:
    """What covers what in a picture: float32 (height, width), 0 to 1 each."""

    iris: Plane  # the ring between pupil and limbus, also where lids hide it
    pupil: Plane
    opening: Plane  # between the lids
    lashes: Plane
    highlights: Plane


def _colour(*values: float) -> Plane:
    return np.array(values, np.float32)


def _look(eye: Eye, view: View) -> Look:
    if view.light == "visible":
        sclera, vessels = _colour(222, 212, 203), _colour(12, 78, 74)
        return Look(sclera, vessels, _colour(203, 128, 116), _colour(10, 9, 9), eye.skin, eye.hair)
    # Skin of every tone is bright in infrared, melanin hardly absorbs there; vessels fade.
    skin, hair = 165 + 0.16 * float(eye.skin.mean()), 20 + 0.25 * float(eye.hair.mean())
    return Look(_colour(172), _colour(22), _colour(168), _colour(14), _colour(skin), _colour(hair))


def draw_eye(
    eye: Eye, view: View, size: tuple[int, int] = (480, 640), *, truth: bool = False
) -> tuple[Pixels, Covers | None]:
    """Take the picture that `view` describes.

    Args:
        eye: whose eye.
        view: the circumstances.
        size: (height, width) in pixels.
        truth: also return what covers what.

    Returns:
        uint8 (height, width, 3) RGB, or (height, width) grey in infrared; and the covers.
    """
    zoom = max(1, min(round(_FINEST / size[0]), _WIDEST // size[1]))
    outlines = Outlines(eye, view, size, zoom)
    look = _look(eye, view)
    big = size[0] * zoom, size[1] * zoom
    whole = (0, 0, big[1], big[0])

    shade = _lamp(outlines, whole)
    picture = _skin(outlines, look, big)
    reach = np.concatenate([*outlines.lids(), outlines.limbus()])
    box = _frame(reach, big, margin=round(0.12 * outlines.unit))
    part = _part(box)
    eyeball, ring, pupil = _eyeball(outlines, look, box)
    opening = _lids(outlines, look, box, eyeball, picture[:, part[0], part[1]])
    lashes = lash_cover(outlines, big)
    _cast_shadow(picture, lashes, outlines.unit)
    _paint(picture, look.hair * 0.75, lashes)
    highlights = _highlights(outlines, big, box, opening)
    _expose(picture, view, shade)
    _paint(picture, np.full(len(picture), 252, np.float32), highlights)
    result = develop(picture, view, size)
    if not truth:
        return result, None
    full = [np.zeros(big, np.float32) for _ in range(3)]
    for plane, cover in zip(full, (ring, pupil, opening), strict=True):
        plane[part] = cover
    planes: tuple[Plane, ...] = *full, lashes.astype(np.float32) / 255, highlights
    return result, Covers(*(shrink(plane, size) for plane in planes))


def _frame(points: Plane, size: tuple[int, int], margin: int) -> Box:
    """The box around `points` that lies in the picture."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    left, top = (int(np.clip(value, 0, None)) for value in low)
    right, bottom = (int(np.clip(high[k] + 1, 1, size[1 - k])) for k in (0, 1))
    return left, top, right, bottom


def _part(box: Box) -> tuple[slice, slice]:
    return slice(box[1], box[3]), slice(box[0], box[2])


def _paint(picture: Plane, colour: Plane, cover: Plane | Pixels) -> None:
    """Lay `colour` over `picture` (channel, height, width); a uint8 cover runs to 255."""
    rows = _rows(cover)
    cover = cover[rows]
    share = cover.astype(np.float32) * np.float32(1 / 255) if cover.dtype == np.uint8 else cover
    for plane, tone in zip(picture[:, rows], colour, strict=True):
        plane += share * ((tone[rows] if np.ndim(tone) else tone) - plane)


def _rows(cover: Plane | Pixels) -> slice:
    """The rows in which there is anything to paint."""
    found = np.flatnonzero(cover.any(axis=1))
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0)


def _edge(distance: Plane, softness: float = 1) -> Plane:
    """1 where `distance` is positive, 0 where it is negative, 0.5 on the edge."""
    cover: Plane = np.clip(distance / softness + 0.5, 0, 1)
    return cover


def _lamp(outlines: Outlines, box: Box) -> Plane:
    """Fall-off of the light over the picture, about 1."""
    x, y = grid(outlines.face, box, 16)
    lamp = outlines.view.lamp
    glow: Plane = 1 + 0.05 * (lamp[0] * x + lamp[1] * y) - 0.012 * (x**2 + y**2)
    size = box[2] - box[0], box[3] - box[1]
    return np.asarray(cv2.resize(glow, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _skin(outlines: Outlines, look: Look, size: tuple[int, int]) -> Plane:
    step = 4
    x, y = grid(outlines.face, (0, 0, size[1], size[0]), step)
    coarse = skin_shade(outlines, x, y)
    wide = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR)
    grain = lay(outlines.eye.grain, outlines.face, size, np.zeros(2))
    shade = np.asarray(wide, np.float32) * (
        0.75 + grain.astype(np.float32) * np.float32(0.25 / 128)
    )
    picture: Plane = shade * look.skin[:, None, None]
    brow = brow_cover(outlines.eye, outlines, size)
    _paint(picture, look.hair * 1.15, brow)
    return picture


def _eyeball(outlines: Outlines, look: Look, box: Box) -> tuple[Plane, Plane, Plane]:
    """Sclera, iris and pupil without lids (RGB), the cover of the iris and of the pupil."""
    x, y = grid(outlines.face, box)
    size = y.shape
    gaze = outlines.gaze.astype(np.float32)
    bulge = (x - gaze[0]) ** 2 + (y - gaze[1]) ** 2
    shade = 1.05 - 0.075 * bulge
    moved = outlines.face - np.array([[0, 0, box[0]], [0, 0, box[1]]])
    vessels = lay(outlines.eye.vessels, moved, size, outlines.gaze)
    ball: Plane = shade * look.sclera[:, None, None]
    share = vessels.astype(np.float32) / 255
    blush = np.clip(0.1 * (bulge - 1.6), 0, 0.3)
    for plane, loss in zip(ball, look.vessels, strict=True):
        plane -= (share + 0.35 * blush) * loss

    disc = _frame(outlines.limbus(), (box[3], box[2]), margin=round(0.3 * outlines.unit))
    disc = max(disc[0], box[0]), max(disc[1], box[1]), disc[2], disc[3]
    inner = slice(disc[1] - box[1], disc[3] - box[1]), slice(disc[0] - box[0], disc[2] - box[0])
    ring, pupil = np.zeros(size, np.float32), np.zeros(size, np.float32)
    ring[inner], pupil[inner] = _iris(outlines, look, disc, ball[:, inner[0], inner[1]])
    return ball, ring, pupil


def _iris(outlines: Outlines, look: Look, box: Box, ball: Plane) -> tuple[Plane, Plane]:
    """Paint iris and pupil on `ball`; return their sharp covers."""
    eye, view, unit = outlines.eye, outlines.view, outlines.unit
    x, y = grid(outlines.iris, box)
    radius, angle = cv2.cartToPolar(x - eye.pupil_centre[0], y - eye.pupil_centre[1])
    turns = np.arange(_ANGLES + 1) * (2 * np.pi / _ANGLES)
    entry = (angle * np.float32(_ANGLES / (2 * np.pi)) + np.float32(0.5)).astype(np.int32)
    near = outlines.pupil_radius(turns).astype(np.float32)[entry]
    far = outlines.limbus_radius(turns).astype(np.float32)[entry]
    depth = outlines.at_rest(np.clip((radius - near) / (far - near), 0, 1))
    texture = eye.texture.visible if view.light == "visible" else eye.texture.infrared
    column = angle * np.float32(ANGULAR / (2 * np.pi)) + np.float32(view.torsion % 1 * ANGULAR)
    column[column >= ANGULAR] -= ANGULAR
    wrapped = np.concatenate([texture, texture[:, :2]], axis=1)
    tissue = cv2.remap(wrapped, column, depth * np.float32(RADIAL - 1), cv2.INTER_LINEAR)

    past = radius - far
    # The sclera is bluish grey next to the iris; and the iris is seen through its fading rim.
    halo = 1 - 0.28 * np.exp(-(np.clip(past, 0, None) ** 2) / 0.008)
    ball *= halo
    _paint(ball, np.asarray(cv2.split(tissue), np.float32), _edge(-past, 2 * _SOFT))
    outside = _edge((radius - near) * unit, 1.6)
    _paint(ball, look.pupil, 1 - outside)
    within = _edge((near - radius) * unit)
    return _edge(-past * unit) * (1 - within), within


def _lids(outlines: Outlines, look: Look, box: Box, ball: Plane, picture: Plane) -> Plane:
    """Lay the eyeball into the opening of the lids; return the opening."""
    x, y = grid(outlines.face, box)
    top, bottom, arch = outlines.lid_heights(x)
    below, above = y - top, bottom - y
    opening = _edge(below * outlines.unit) * _edge(above * outlines.unit) * (arch > 0)
    # Shadow of the upper lid and its lashes, a fainter one of the lower lid.
    ball *= (
        1
        - 0.5 * np.exp(-np.clip(below, 0, None) / 0.15)
        - 0.2 * np.exp(-np.clip(above, 0, None) / 0.07)
    )
    half = outlines.eye.lids.half
    middle = outlines.eye.lids.tilt * x
    duct = np.exp(-(((x + 0.9 * half) / 0.24) ** 2) - ((y - middle - 0.04) / 0.2) ** 2)
    _paint(ball, look.flesh, np.clip(1.3 * duct, 0, 0.9))
    wet = np.clip(np.sin(23 * x + 5 * y) * np.sin(31 * y - 9 * x) - 0.55, 0, 1)
    _paint(ball, look.sclera * 1.15, 0.6 * wet * duct)
    arch = np.clip(arch * 4, 0, 1)
    # Both lids end in a moist pink rim; the lower one shows its breadth, the upper one its shade.
    rim = _edge(-above, 0.03) * _edge(0.075 + above, 0.05) * arch
    _paint(picture, look.flesh * 1.02, 0.6 * rim)
    line = np.exp(-((below / 0.035) ** 2)) * arch
    _paint(picture, look.hair, 0.6 * line)
    _paint(picture, look.flesh * 0.8, 0.5 * np.exp(-((above / 0.02) ** 2)) * arch)
    _paint(picture, ball, opening)
    moist = np.exp(-(((above - 0.025) / 0.018) ** 2)) * arch * np.clip(0.3 + np.sin(x * 5), 0, 1)
    _paint(picture, look.sclera * 1.1, 0.35 * moist * opening)
    return np.asarray(opening, np.float32)


def _cast_shadow(picture: Plane, lashes: Pixels, unit: float) -> None:
    """The lashes' shadow, drawn on a coarser grid: it is soft."""
    small = cv2.resize(lashes, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 0.035 * unit / 4 + 0.3)
    shift = np.array([[1, 0, 0.02 * unit / 4], [0, 1, 0.11 * unit / 4]])
    fallen = cv2.warpAffine(soft, shift, soft.shape[::-1])
    dim = cv2.resize(fallen, lashes.shape[::-1], interpolation=cv2.INTER_LINEAR)
    rows = _rows(np.asarray(dim, np.uint8))
    picture[:, rows] *= 1 - dim[rows].astype(np.float32) * np.float32(0.4 / 255)


def _highlights(outlines: Outlines, size: tuple[int, int], box: Box, opening: Plane) -> Plane:
    """Cover of mirrored lamps on the cornea and on glasses, 0 to 1."""
    view = outlines.view
    cover = np.zeros(size, np.float32)
    if view.reflections:
        x, y = grid(outlines.face, (0, 0, size[1], size[0]))
        for at, high, wide, tall, slant, strength in view.reflections:
            across = np.abs(x - at - slant * (y - high)) - wide
            pane = _edge(-np.maximum(across, np.abs(y - high) - tall), 0.1)
            np.maximum(cover, strength * pane, out=cover)
    inside = np.zeros(size, np.float32)
    inside[_part(box)] = opening
    for at, high, wide, tall, roundness in view.highlights:
        # A mirrored lamp moves half as far as the gaze.
        centre = np.array([at, high]) + 0.5 * outlines.gaze
        margin = 1 + round(1.5 * max(wide, tall) * outlines.unit)
        near = _frame(to_picture(outlines.face, centre[None]), size, margin)
        x, y = grid(outlines.face, near)
        across, along = np.abs(x - centre[0]) / wide, np.abs(y - centre[1]) / tall
        power = 2.0 if roundness > 0.5 else 8.0
        reach = (across**power + along**power) ** (1 / power)
        spot = cover[_part(near)]
        np.maximum(spot, _edge((1 - reach) * wide, 0.025) * inside[_part(near)], out=spot)
    return cover


def _expose(picture: Plane, view: View, shade: Plane) -> None:
    gain = (np.array(view.cast) * view.exposure).astype(np.float32)
    for plane, factor in zip(picture, gain, strict=False):
        plane *= shade * factor
