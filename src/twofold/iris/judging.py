"""Judges pairs of circles more closely: bands of brightness on both sides of each boundary."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.iris.circles import RATIO, Hypothesis
from twofold.iris.polar import directions, unroll
from twofold.iris.segmentation import Circle

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

_ANGLES = 64
_STEP = 1.025  # between radii
_BAND = 5  # steps: 13 % of the radius
_GAP = 1
_SOFT = 12.0  # grey levels of contrast that count one half
# Weights beside the limbus' steadiness, chosen on the development sets.
_PUPIL = 0.7
_SIZE = 0.15  # power of the radius
_APART = 0.25  # how far ring and surround are apart
_SPREAD = 12.0  # grey levels that count as spread at least
_UNUSUAL = 0.15  # price of an unusual size of the pupil
_USUAL = 0.35  # logarithm of its ratio to 0.38 that is still usual
_WITHIN = 1.5  # price of a limbus inside the limbus ...
_RIVAL = 0.6  # ... that has more than this share of its steadiness
_WITHOUT = 0.8  # price of a limbus outside the limbus ...
_SHARE = 0.3  # ... beside which it has less than this share of the contrast


@lru_cache(maxsize=1)
def _sides() -> Floats:
    """Weights (2, angles) of the right and the left of an iris, each summing to 1."""
    cosines = directions(_ANGLES)[0]
    side = np.square(cosines) * (np.abs(cosines) > 0.6)
    both = np.stack([side * (cosines > 0), side * (cosines < 0)])
    return np.asarray(both / both.sum(axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class _Bands:
    """Brightness around one circle.

    Attributes:
        radii: (R,) in pixels.
        step: (angles, R) contrast across each radius, -1 to 1.
        contrast: the same in grey levels.
        profile: (angles, R + 2 (_BAND + _GAP)) brightness.
    """

    radii: Floats
    step: Floats
    contrast: Floats
    profile: Floats


def _bands(picture: Floats, circle: Circle, low: int, high: int) -> _Bands:
    radii = circle.radius * np.power(np.float32(_STEP), np.arange(low, high + 1, dtype=np.float32))
    profile = unroll(picture, circle.x, circle.y, radii, _ANGLES)
    total = np.pad(np.cumsum(profile, axis=1), ((0, 0), (1, 0)))
    middle = np.arange(_BAND + _GAP, len(radii) - _BAND - _GAP)
    outer = total[:, middle + _GAP + _BAND + 1] - total[:, middle + _GAP + 1]
    inner = total[:, middle - _GAP] - total[:, middle - _GAP - _BAND]
    contrast = (outer - inner) / _BAND
    return _Bands(radii[middle], contrast / (np.abs(contrast) + _SOFT), contrast, profile)


def _separation(profile: Floats, inner: int, edge: int) -> float:
    """How far apart ring and surround are at the sides, in units of their spread; 0 to about 5."""
    worth = []
    for weights in _sides():
        sector = weights > 0
        ring = profile[sector, inner : edge - _GAP]
        around = profile[sector, edge + _GAP + 1 : edge + _GAP + 9]
        spread = ring.var() + around.var() + _SPREAD**2
        worth.append((around.mean() - ring.mean()) / np.sqrt(spread))
    return float(0.5 * min(worth) + 0.25 * sum(worth))


def judge(picture: Floats, pair: Hypothesis) -> Hypothesis:
    """The pair with its radii improved and scored anew; the score is below 0 for an impossible one.

    Args:
        picture: float32 (height, width), 0 to 255, without highlights, slightly smoothed.
        pair: from `circles.find` on this picture.
    """
    cosines = directions(_ANGLES)[0]
    limbus = _bands(picture, pair.iris, -50, 56)
    usable = slice(len(limbus.radii) - 58, len(limbus.radii) - 38)
    sides = _sides() @ limbus.step[:, usable]
    limbus_score = 0.5 * sides.mean(axis=0) + 0.5 * sides.min(axis=0)
    i = int(limbus_score.argmax())
    outer = float(limbus.radii[usable][i])
    pupil = _bands(picture, pair.pupil, -14, 14)
    even = np.square(cosines) * 0.5 + 0.5
    pupil_score = even @ pupil.step / even.sum()
    inner = pupil.radii
    possible = (inner < RATIO[1] * outer) & (inner > RATIO[0] * outer)
    pupil_score[~possible] = -1
    p = int(pupil_score.argmax())
    size = max(picture.shape)
    edge = i + len(limbus.radii) - 58 + _BAND + _GAP
    first = edge + int(np.log(inner[p] * 1.1 / outer) / np.log(_STEP))
    ratio = float(inner[p] / outer)
    offset = np.hypot(pair.pupil.x - pair.iris.x, pair.pupil.y - pair.iris.y) / outer
    every = _sides() @ limbus.step
    every = 0.5 * every.mean(axis=0) + 0.5 * every.min(axis=0)
    between = every[(limbus.radii > 1.4 * inner[p]) & (limbus.radii < 0.8 * outer)]
    inside = (
        max(0.0, float(between.max()) - _RIVAL * float(limbus_score[i])) if len(between) else 0.0
    )
    levels = (_sides() @ limbus.contrast).min(axis=0)
    beyond = float(levels[limbus.radii > 1.25 * outer].max())
    share = max(float(levels[usable][i]), 0.0) / max(beyond, 15.0)
    score = (
        float(limbus_score[i]) * float(outer / size) ** _SIZE
        + _PUPIL * max(float(pupil_score[p]), -0.5)
        + _APART * _separation(limbus.profile, max(first, 0), edge)
        - _UNUSUAL * np.square(max(abs(np.log(ratio / 0.38)) - _USUAL, 0) / 0.3)
        - _WITHIN * inside
        - _WITHOUT * max(0.0, 1 - share / _SHARE)
        - 0.1 * np.square(offset / 0.1)
    )
    return Hypothesis(
        Circle(pair.pupil.x, pair.pupil.y, float(inner[p])),
        Circle(pair.iris.x, pair.iris.y, outer),
        score,
    )
