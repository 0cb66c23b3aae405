"""Shows a drawn eye as some camera might have taken it, with its truth: domain randomisation.

No camera is imitated. Brightness of pupil, iris, sclera and skin, light, lamps, frame, blur, noise
and compression are drawn from ranges wider than those of real cameras, so that real pictures look
like one more variation (Tobin et al., "Domain randomization for transferring deep neural networks
from simulation to the real world", IROS 2017).
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tools.iris_segmentation.eyes import Drawn
from tools.iris_segmentation.lamps import Scene, add_lamps

from twofold.data.rendered_faces import RENDERED_SAMPLES, RENDERED_SUBJECTS, rendered_face
from twofold.images import Pixels, read

Plane = NDArray[np.floating[Any]]

ROWS, COLUMNS = 128, 160  # of the network's input
TARGETS = ("pupil", "iris", "visible", "opening")
_BIG = ROWS * 3 // 2, COLUMNS * 3 // 2  # painted at


def show(drawn: Drawn, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """One of the eyes, or in one of 16 cases no eye at all.

    Returns:
        float32 (ROWS, COLUMNS, 1) grey, 0 to 1, and float32 (ROWS, COLUMNS, 4) covers in the
        order of TARGETS: the pupil's disc and the iris's disc (pupil included) whatever hides
        them, the iris that is seen, and the opening of the lids where it is in the field of view.
    """
    number = int(rng.integers(len(drawn)))
    scene, targets = (
        _nothing(drawn, number, rng) if rng.random() < 0.06 else _eye(drawn, number, rng)
    )
    picture = _sensor(scene, rng)
    small = cv2.resize(picture, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(targets, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return (small.astype(np.float32) / 255)[..., None], np.clip(shrunk, 0, 1)


def _eye(drawn: Drawn, number: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    matrix, radius, centre = _placement(drawn.place[number], rng)
    planes = drawn.planes[number]
    size = _BIG[::-1]
    border = int(rng.choice([cv2.BORDER_REPLICATE, cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT]))
    step = float(np.linalg.norm(matrix[:, 0]))
    grey, covers = np.ascontiguousarray(planes[..., 0]), np.ascontiguousarray(planes[..., 1:])
    if step < 0.7:  # against aliasing
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.35 / step), np.uint8)
    grey = cv2.warpAffine(
        grey,
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=int(rng.integers(256)),
    ).astype(np.float32)
    covers = cv2.warpAffine(covers, matrix, size, flags=cv2.INTER_LINEAR)
    pupil, ring, opening, lashes = (
        plane.astype(np.float32) * np.float32(1 / 255) for plane in cv2.split(covers)
    )
    disc = np.minimum(pupil + ring, 1)
    toned = _tones(grey, pupil, disc, opening, drawn.means[number], rng)
    toned = _zones(toned, pupil, disc, radius, rng)
    toned = _limbus(toned, disc, radius, rng)
    toned = _edge_of_lids(toned, opening, radius, rng)
    toned *= _light(rng)
    scene = Scene(toned, centre, radius, opening, np.zeros(_BIG, np.float32))
    np.maximum(scene.hidden, np.clip(lashes * 1.6 - 0.1, 0, 1), out=scene.hidden)
    if rng.random() < 0.25:
        _strands(scene, rng)
    add_lamps(scene, rng)
    if rng.random() < 0.2:
        _field_of_view(scene, rng)
    visible = (disc - pupil).clip(0) * opening * (1 - scene.hidden)
    return scene.picture, cv2.merge([pupil, disc, visible, opening])


def _placement(place: Plane, rng: np.random.Generator) -> tuple[Plane, float, tuple[float, float]]:
    """Matrix from the drawing to the canvas, radius and centre of the iris there."""
    x, y, drawn_radius = (float(value) for value in place)
    part = rng.uniform(0.2, 0.5) if rng.random() < 0.6 else math.exp(rng.uniform(-2.35, -0.65))
    radius = float(np.clip(_BIG[0] * part, 0.35 * drawn_radius, 2.0 * drawn_radius))
    scale, turn = radius / drawn_radius, float(rng.normal(0, 0.12))
    stretch = math.exp(rng.normal(0, 0.035))
    mirror = -1 if rng.random() < 0.5 else 1
    matrix = scale * np.array(
        [
            [mirror * math.cos(turn) * stretch, -math.sin(turn) * stretch],
            [mirror * math.sin(turn), math.cos(turn)],
        ]
    )
    # Most eyes are in the middle, some at the margin, and a few are cut by it.
    spread = (0.1, 0.2, 0.33)[int(rng.choice(3, p=[0.45, 0.4, 0.15]))]
    to_x = _BIG[1] * (0.5 + float(np.clip(rng.normal(0, spread), -0.45, 0.45)))
    to_y = _BIG[0] * (0.5 + float(np.clip(rng.normal(0, spread), -0.45, 0.45)))
    if rng.random() < 0.9:  # wholly inside, where it fits
        to_x = _fitted(to_x, radius, _BIG[1])
        to_y = _fitted(to_y, radius, _BIG[0])
    shift = np.array([to_x, to_y]) - matrix @ np.array([x, y])
    return np.hstack([matrix, shift[:, None]]), radius, (to_x, to_y)


def _fitted(at: float, radius: float, side: int) -> float:
    return float(np.clip(at, min(radius, side / 2), max(side - radius, side / 2)))


def _tones(
    grey: Plane, pupil: Plane, disc: Plane, opening: Plane, means: Plane, rng: np.random.Generator
) -> Plane:
    """Give pupil, iris, sclera and skin a brightness and contrast of their own."""
    iris = rng.uniform(14, 190)
    dark = rng.uniform(0, 0.55) if rng.random() < 0.65 else rng.uniform(0.4, 1.1)
    sclera = min(270.0, iris * math.exp(rng.uniform(0.12, 1.4)) + rng.uniform(3, 25))
    skin = math.exp(rng.uniform(math.log(25), math.log(330)))
    if rng.random() < 0.65:
        skin = sclera * math.exp(rng.normal(0, 0.3))
    levels = [iris * dark, iris, sclera, skin]
    if rng.random() < 0.04:  # a pupil that lamps on the camera's axis light up
        levels[0] = iris * rng.uniform(1.15, 1.8)
    ring = np.clip(disc - pupil, 0, 1)
    shares = pupil * opening, ring * opening, (1 - disc) * opening, 1 - opening
    toned = np.zeros_like(grey)
    for share, level, mean, most in zip(shares, levels, means, (3.0, 2.2, 1.5, 1.8), strict=True):
        contrast = float(rng.uniform(0.3, 1.5))
        ratio = np.clip(grey * np.float32(1 / mean), 0, most)
        toned += share * np.float32(level) * np.maximum(1 + contrast * (ratio - 1), 0)
    if rng.random() < 0.3:  # a grey veil over the cornea, of a lamp that is spread
        toned += np.float32(rng.uniform(0, 40)) * disc * opening
    if rng.random() < 0.3:  # a pupil that is lit from one side
        toned *= 1 + pupil * (_light(rng) - 1)
    return toned


def _zones(
    picture: Plane, pupil: Plane, disc: Plane, radius: float, rng: np.random.Generator
) -> Plane:
    """A zone around the pupil that is darker or brighter than the rest, a dark seam, rings."""
    ring = np.clip(disc - pupil, 0, 1)
    if rng.random() < 0.6:
        outside = (pupil < 0.5).astype(np.uint8)
        depth = cv2.distanceTransform(outside, cv2.DIST_L2, 3) * np.float32(1 / radius)
        wide, sharp = rng.uniform(0.05, 0.4), rng.uniform(10, 60)
        zone = ring / (1 + np.exp(np.clip((depth - np.float32(wide)) * np.float32(sharp), -30, 30)))
        picture = picture * (1 + np.float32(rng.uniform(-0.65, 0.5)) * zone)
    if rng.random() < 0.35:
        soft = _blur(pupil, radius * rng.uniform(0.008, 0.04))
        seam = np.clip(4 * soft * (1 - soft), 0, 1)
        picture = picture * (1 - np.float32(rng.uniform(0.1, 0.7)) * seam)
    if rng.random() < 0.2:
        rings = np.float32(rng.uniform(0.03, 0.16)) * disc
        depth = cv2.distanceTransform((disc > 0.5).astype(np.uint8), cv2.DIST_L2, 3) / radius
        picture = picture * (1 + rings * np.sin(depth * np.float32(rng.uniform(10, 50))))
    return picture


def _limbus(picture: Plane, disc: Plane, radius: float, rng: np.random.Generator) -> Plane:
    """A limbus between knife-sharp and wide, with or without a dark rim."""
    kind = rng.random()
    if kind < 0.55:
        wide = radius * rng.uniform(0.02, 0.13)
        soft = _blur(disc, wide)
        band = 4 * soft * (1 - soft)
        if rng.random() < 0.4:
            picture = picture * (1 - np.float32(rng.uniform(0, 0.5)) * band)
        picture = picture + band * (_blur(picture, wide) - picture)
    return picture


def _edge_of_lids(picture: Plane, opening: Plane, radius: float, rng: np.random.Generator) -> Plane:
    """Eyeliner, dense roots of lashes and shade: a dark band where the skin meets the eye."""
    if rng.random() < 0.5:
        return picture
    soft = _blur(opening, radius * rng.uniform(0.03, 0.2))
    band = np.clip(4 * soft * (1 - soft), 0, 1)
    # Outside the opening mostly; some shade falls into it.
    band *= 1 - np.float32(rng.uniform(0.3, 1)) * opening
    if rng.random() < 0.7:  # at the upper lid only
        rows = np.linspace(0, 1, len(picture), dtype=np.float32)[:, None]
        where = np.flatnonzero(opening.max(axis=1) > 0.5)
        middle = where.mean() / len(picture) if len(where) else 0.5
        band *= 1 / (1 + np.exp((rows - np.float32(middle)) * 40))
    return picture * (1 - np.float32(rng.uniform(0.3, 1)) * band)


def _light(rng: np.random.Generator) -> Plane:
    """Uneven light: gains around 1, the whole canvas."""
    knots = rng.normal(0, rng.uniform(0, 0.22), (4, 5)).astype(np.float32)
    slope = rng.normal(0, 0.2, 2)
    knots += np.float32(slope[0]) * np.linspace(-1, 1, 5, dtype=np.float32)
    knots += np.float32(slope[1]) * np.linspace(-1, 1, 4, dtype=np.float32)[:, None]
    field: Plane = cv2.resize(np.exp(knots), _BIG[::-1], interpolation=cv2.INTER_CUBIC)
    return field


def _strands(scene: Scene, rng: np.random.Generator) -> None:
    """Further lashes and hairs, from anywhere above; or a frame of glasses."""
    cover = np.zeros(_BIG, np.uint8)
    x, y = scene.centre
    if rng.random() < 0.2:
        width = int(rng.integers(6, 26))
        at = y + scene.radius * rng.choice([-1, 1]) * rng.uniform(1.2, 2.6)
        ends = at + rng.normal(0, 20, 2)
        line = (-20, int(ends[0])), (_BIG[1] + 20, int(ends[1]))
        cv2.line(cover, line[0], line[1], 255, width, cv2.LINE_AA)
    else:
        lean, bend = rng.normal(0, 0.3), rng.normal(0, 0.5)
        for _ in range(int(rng.integers(2, 40))):
            foot = np.array(
                [x + rng.normal(0, scene.radius), y - scene.radius * rng.uniform(0.4, 1.6)]
            )
            length = scene.radius * rng.uniform(0.2, 1.0)
            turn = lean + rng.normal(0, 0.25) + bend * np.linspace(0, 1, 6)
            steps = np.stack([np.sin(turn), np.cos(turn)], axis=1) * length / 6
            path = np.round((foot + np.cumsum(steps, axis=0)) * 16).astype(np.int32)
            cv2.polylines(cover, [path], False, 255, int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    share = cover.astype(np.float32) * np.float32(rng.uniform(0.5, 1) / 255)
    tone = np.float32(rng.uniform(0, 70))
    scene.picture[:] += share * (tone - scene.picture)
    np.maximum(scene.hidden, share, out=scene.hidden)


def _field_of_view(scene: Scene, rng: np.random.Generator) -> None:
    """A dark frame: a round field of view, cut above and below, or a vignette."""
    y, x = np.ogrid[: _BIG[0], : _BIG[1]]
    centre = np.array(scene.centre) + rng.normal(0, 0.07, 2) * scene.radius
    reach = scene.radius * rng.uniform(1.02, 1.9)
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2)
    inside = np.clip((reach - distance) / rng.uniform(1, 14), 0, 1).astype(np.float32)
    if rng.random() < 0.5:
        high = scene.radius * rng.uniform(0.82, 1.3)
        inside *= np.clip(high - np.abs(y - centre[1] - rng.normal(0, 5)), 0, 1).astype(np.float32)
    floor = np.float32(rng.uniform(0, 25))
    scene.picture[:] *= inside
    scene.picture[:] += floor * (1 - inside)
    scene.opening[:] *= inside
    np.maximum(scene.hidden, 1 - inside, out=scene.hidden)


def _nothing(drawn: Drawn, number: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """A face, skin, brow or plain noise: no eye that could be used."""
    targets = np.zeros((*_BIG, len(TARGETS)), np.float32)
    kind = rng.random()
    if kind < 0.4:
        path = rendered_face(
            int(rng.integers(RENDERED_SUBJECTS)), int(rng.integers(RENDERED_SAMPLES))
        )
        face = cv2.resize(read(path, colour="grey"), _BIG[::-1]).astype(np.float32)
        return face[:, :: int(rng.choice([-1, 1]))] * _light(rng), targets
    if kind < 0.7:
        coarse = rng.normal(0, 1, (int(rng.integers(2, 40)), int(rng.integers(2, 50))))
        field = cv2.resize(coarse.astype(np.float32), _BIG[::-1], interpolation=cv2.INTER_CUBIC)
        return (rng.uniform(0, 255) + rng.uniform(0, 90) * field) * _light(rng), targets
    planes = drawn.planes[number]
    rows = np.flatnonzero((planes[..., 1] | planes[..., 2] | planes[..., 3]).max(axis=1) > 0)
    low = planes[rows[-1] + 1 :, :, 0] if len(rows) else planes[..., 0]
    high = planes[: rows[0], :, 0] if len(rows) else planes[..., 0]
    part = low if len(low) > len(high) else high
    if min(part.shape) < 16:
        part = (
            planes[:16, :, 0] if len(rows) and rows[0] >= 16 else np.full((16, 16), 128, np.uint8)
        )
    wide = cv2.resize(part, _BIG[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return wide * np.float32(rng.uniform(0.4, 1.8)) * _light(rng), targets


def _sensor(picture: Plane, rng: np.random.Generator) -> Pixels:
    """Exposure, blur, resolution, noise, compression."""
    picture = np.clip(picture, 0, 400) * np.float32(math.exp(rng.normal(0, 0.2)))
    picture = np.clip(picture * np.float32(1 / 255), 0, 1) ** np.float32(
        math.exp(rng.normal(0, 0.3))
    )
    picture = picture * np.float32(255 * rng.uniform(0.6, 1)) + np.float32(rng.uniform(0, 30))
    if rng.random() < 0.75:
        picture = _blur(picture, abs(rng.normal(0, 1.6)))
    if rng.random() < 0.1:
        length = int(rng.integers(3, 14))
        kernel = np.zeros((15, 15), np.float32)
        turn = rng.uniform(0, math.pi)
        reach = 0.5 * length * np.array([math.cos(turn), math.sin(turn)])
        ends = (7.5 + reach).astype(int), (7.5 - reach).astype(int)
        cv2.line(kernel, tuple(int(v) for v in ends[0]), tuple(int(v) for v in ends[1]), 1.0)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if rng.random() < 0.15:
        part = rng.uniform(0.3, 0.9)
        coarse = cv2.resize(picture, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(coarse, _BIG[::-1], interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:  # sharpened by the camera
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - _blur(picture, 1.5))
    noise = abs(rng.normal(0, 6))
    picture = picture + np.float32(noise) * rng.standard_normal(_BIG, np.float32)
    result = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 95))]
        result = cv2.imdecode(cv2.imencode(".jpg", result, quality)[1], cv2.IMREAD_GRAYSCALE)
    return np.asarray(result, np.uint8)


def _blur(plane: Plane, deviation: float) -> Plane:
    if deviation < 0.3:
        return plane
    if deviation > 4:  # on a coarser grid, which is quicker
        part = 1 / int(deviation / 2)
        small = cv2.resize(plane, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), deviation * part)
        wide: Plane = cv2.resize(small, plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return wide
    blurred: Plane = cv2.GaussianBlur(plane, (0, 0), deviation)
    return blurred
