"""Draws the eyes that the network learns from: unusual ones, without lamps, noise or blur.

What differs from camera to camera is added anew each time an eye is shown (`randomise`); here is
what needs the drawing itself: shape of the lids, gaze, size of iris and pupil, lashes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.data.synthetic.eye import Eye, Lids, make_eye
from twofold.data.synthetic.eye_camera import Covers, draw_eye
from twofold.data.synthetic.people import make_person
from twofold.data.synthetic.view import Outlines, View, draw_view
from twofold.images import Pixels

HEIGHT, WIDTH = 240, 320
PLANES = ("grey", "pupil", "ring", "opening", "lashes")
REGIONS = ("pupil", "ring", "sclera", "skin")
_VIEWS = 3  # of each eye: inventing one costs more than drawing it
_FINE = 360, 480  # size drawn at; shrunk then


@dataclass(frozen=True)
class Drawn:
    """Eyes and their truth.

    Attributes:
        planes: uint8 (n, HEIGHT, WIDTH, 5), in the order of PLANES; covers run to 255.
        place: float32 (n, 3): x, y and radius of the iris in pixels.
        means: float32 (n, 4): mean grey of each of REGIONS.
    """

    planes: Pixels
    place: NDArray[np.float32]
    means: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.planes)


def draw_eyes(count: int, seed: int, progress: Callable[[int], None] | None = None) -> Drawn:
    """Draw `count` pictures; the same seed gives the same ones."""
    planes = np.empty((count, HEIGHT, WIDTH, len(PLANES)), np.uint8)
    place, means = np.empty((count, 3), np.float32), np.empty((count, 4), np.float32)
    eye: Eye | None = None
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        if eye is None or number % _VIEWS == 0:
            eye = _unusual_eye(rng, seed, number // _VIEWS)
        seen = replace(eye, lids=_lids(rng), **_lashes(rng, eye))
        view = _unusual_view(rng, seen)
        picture, covers = draw_eye(seen, view, _FINE, truth=True)
        assert covers is not None
        planes[number] = _pack(_grey(rng, picture), covers)
        limbus = Outlines(seen, view, (HEIGHT, WIDTH)).limbus()
        place[number] = *limbus.mean(axis=0), view.radius * HEIGHT
        means[number] = _means(planes[number])
        if progress is not None:
            progress(number + 1)
    return Drawn(planes, place, means)


def _unusual_eye(rng: np.random.Generator, seed: int, subject: int) -> Eye:
    person = make_person(seed, subject)
    side = "left" if rng.random() < 0.5 else "right"
    eye = make_eye(rng, side, person.skin, float(rng.uniform(0, 1)), float(rng.uniform(0, 0.6)))
    return replace(
        eye,
        pupil_centre=(float(rng.uniform(-0.09, 0.09)), float(rng.uniform(-0.07, 0.09))),
        pupil_waves=eye.pupil_waves * rng.uniform(0.4, 2.2),
        oval=float(rng.uniform(-0.03, 0.08)),
    )


def _lids(rng: np.random.Generator) -> Lids:
    return Lids(
        half=rng.uniform(1.65, 2.8),
        upper=rng.uniform(0.55, 1.4),
        lower=rng.uniform(0.65, 1.4),
        skew=rng.uniform(-0.4, 0.25),
        flat=rng.uniform(-0.3, 0.4),
        tilt=rng.uniform(-0.25, 0.15),
        crease=rng.uniform(0.1, 0.5),
        brow=rng.uniform(1.45, 2.4),
    )


def _lashes(rng: np.random.Generator, eye: Eye) -> dict[str, NDArray[np.float32]]:
    """Straight, curled or hanging; thin or in two rows."""
    lashes, feet = eye.lashes, eye.feet
    if rng.random() < 0.35:
        lashes = np.concatenate([lashes, lashes[::-1] * np.float32(rng.uniform(0.6, 1.2))])
        feet = np.concatenate([feet, feet[::-1] + np.array([0.013, 0], np.float32)])
    scale = np.array([1, rng.uniform(-1.0, 0.6) if rng.random() < 0.35 else 1])
    upper = feet[:, 1:2, None] > 0
    lashes = np.where(upper, lashes * scale * rng.uniform(0.5, 1.5), lashes * rng.uniform(0.3, 1.5))
    kept = rng.random(len(feet)) < rng.uniform(0.3, 1.2)
    return {"lashes": lashes[kept].astype(np.float32), "feet": feet[kept].astype(np.float32)}


def _unusual_view(rng: np.random.Generator, eye: Eye) -> View:
    view = draw_view(rng, eye, "nir" if rng.random() < 0.4 else "visible")
    opening = rng.uniform(0.75, 1.2) if rng.random() < 0.7 else rng.uniform(0.1, 0.8)
    if rng.random() < 0.04:  # shut
        opening = -eye.lids.lower / eye.lids.upper - rng.uniform(0, 0.1)
    gaze = np.clip(rng.normal(0, 0.13, 2), -0.4, 0.4)
    return replace(
        view,
        radius=math.exp(rng.uniform(math.log(0.15), math.log(0.46))),
        place=(float(rng.uniform(0.35, 0.65)), float(rng.uniform(0.38, 0.62))),
        roll=float(rng.normal(0, 0.1)),
        gaze=(float(gaze[0]), float(gaze[1])),
        pupil=float(rng.uniform(0.17, 0.68)),
        opening=float(opening),
        defocus=0.5,
        motion=0.0,
        noise=0.0,
        exposure=1.0,
        highlights=(),
        reflections=(),
    )


def _grey(rng: np.random.Generator, picture: Pixels) -> Pixels:
    """One channel, or a mixture of all: cameras weigh colours differently."""
    if picture.ndim == 2:
        return picture
    weights = np.array([0.299, 0.587, 0.114]) if rng.random() < 0.4 else rng.dirichlet([1, 1, 0.5])
    mixed: Pixels = np.clip(picture @ weights, 0, 255).astype(np.uint8)
    return mixed


def _pack(grey: Pixels, covers: Covers) -> Pixels:
    planes = [grey] + [
        np.clip(cover * 255 + 0.5, 0, 255).astype(np.uint8)
        for cover in (covers.pupil, covers.iris, covers.opening, covers.lashes)
    ]
    size = (WIDTH, HEIGHT)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes], 2)


def _means(planes: Pixels) -> NDArray[Any]:
    grey, pupil, ring, opening, lashes = (planes[..., k].astype(np.float32) / 255 for k in range(5))
    free = 1 - lashes
    shares = pupil * opening, ring * opening, (1 - pupil - ring).clip(0) * opening, 1 - opening
    return np.array(
        [
            255 * (grey * share * free).sum() / max(1.0, float((share * free).sum()))
            for share in shares
        ]
    ).clip(4)
