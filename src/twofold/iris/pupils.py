"""Finds the pupil inside a known limbus, also where it is hardly darker than the iris."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.iris.circles import RATIO
from twofold.iris.polar import directions
from twofold.iris.segmentation import Circle

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

_ANGLES = 48
_STEP = 1.05  # between radii
_BAND = 3
_OFFSETS = np.arange(-4, 5) * 0.04  # of the centre, over the radius of the iris


def find_pupil(picture: Floats, iris: Circle, guess: Circle | None = None) -> tuple[Circle, float]:
    """The likeliest pupil within an iris and its score, -1 to 1.

    A grid of centres and radii is searched for the circle with the steadiest step to brighter
    outside, weighed with how usual its size is, without such a step inside it.

    Args:
        picture: float32 (height, width), 0 to 255, smoothed, without highlights.
        iris: in pixels of `picture`.
        guess: a pupil that is preferred where the picture does not decide.
    """
    count = int(np.log(RATIO[1] / RATIO[0]) / np.log(_STEP)) + 2 * _BAND + 1
    ratios = (RATIO[0] * _STEP ** (np.arange(count) - _BAND)).astype(np.float32)
    cosines, sines = directions(_ANGLES)
    dx, dy = (plane.ravel() for plane in np.meshgrid(_OFFSETS, _OFFSETS))
    near = np.hypot(dx, dy) < 0.17
    dx, dy = dx[near], dy[near]
    radii = ratios * np.float32(iris.radius)
    x = (iris.x + dx * iris.radius)[:, None, None] + cosines[None, :, None] * radii
    y = (iris.y + dy * iris.radius)[:, None, None] + sines[None, :, None] * radii
    places = (len(dx) * _ANGLES, count)
    profile = cv2.remap(
        picture, x.astype(np.float32).reshape(places), y.astype(np.float32).reshape(places),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    ).reshape(len(dx), _ANGLES, count)  # fmt: skip
    total = np.cumsum(profile, axis=2)
    outer = total[:, :, 2 * _BAND :] - total[:, :, _BAND:-_BAND]
    inner = total[:, :, _BAND:-_BAND] - total[:, :, : -2 * _BAND]
    contrast = (outer - inner) / _BAND
    soft = 2.0 + 0.35 * float(np.std(contrast))
    steady = (contrast / (np.abs(contrast) + soft)).mean(axis=1)  # (centres, radii)
    ratio = ratios[_BAND:-_BAND]
    smaller = np.maximum.accumulate(steady, axis=1)
    lag = int(np.log(1.35) / np.log(_STEP))
    within = np.zeros_like(steady)
    within[:, lag:] = np.maximum(smaller[:, :-lag], 0)
    usual = np.square(np.maximum(np.abs(np.log(ratio / 0.36)) - 0.35, 0) / 0.35)
    score = steady - 0.6 * usual - 0.5 * within - 1.5 * np.square(np.hypot(dx, dy))[:, None]
    if guess is not None:
        shift = (
            np.hypot(iris.x + dx * iris.radius - guess.x, iris.y + dy * iris.radius - guess.y)
            / iris.radius
        )
        change = np.log(ratio * iris.radius / guess.radius)
        score = score + 0.05 * np.exp(
            -np.square(shift / 0.1)[:, None] - np.square(change / 0.2)[None, :]
        )
    c, r = np.unravel_index(int(score.argmax()), score.shape)
    found = Circle(
        float(iris.x + dx[c] * iris.radius),
        float(iris.y + dy[c] * iris.radius),
        float(ratio[r] * iris.radius),
    )
    return found, float(steady[c, r])
