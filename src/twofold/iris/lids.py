"""Lids: the parabolas above and below which least looks like iris.

What the iris looks like is learned from its sides, which lids seldom cover: brightness as a smooth
function of place, and its spread. Every pixel of the iris' disc then speaks for or against being
iris, and of a few thousand parabolas the one is taken that parts the two best.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.iris.patch import RADIUS, SIDE
from twofold.iris.polar import Contour
from twofold.iris.segmentation import Mask

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less


@dataclass(frozen=True)
class Appearance:
    """What an iris looks like.

    Attributes:
        deviation: float32 (SIDE, SIDE), brightness minus that expected of the iris at the place,
            in units of the iris' spread.
        level: expected brightness, median over the iris.
        spread: its robust standard deviation in grey levels, at least `LEAST_SPREAD`.
    """

    deviation: Floats
    level: float
    spread: float


LEAST_SPREAD = 11.0
_BRIGHT = 2.6  # spreads brighter than the iris that speak neither for nor against it
_DARK = 3.0  # the same for darker; shadow below a lid is still iris
_FOR = 0.5  # most that a pixel speaks for iris; against it 1


@lru_cache(maxsize=1)
def _grid() -> tuple[Floats, Floats]:
    """Patch coordinates from its centre, over the nominal radius of the iris."""
    line = (np.arange(SIDE, dtype=np.float32) - SIDE // 2) / np.float32(RADIUS)
    x, y = np.meshgrid(line, line)
    return x, y


def learn(picture: Floats, ring: Mask, limbus: Contour, pupil: Contour) -> Appearance:
    """Learn how the iris looks from its sides.

    Args:
        picture: float32 (SIDE, SIDE) patch, 0 to 255.
        ring: bool (SIDE, SIDE), between pupil and limbus, no highlights.
        limbus, pupil: in pixels of the patch.
    """
    circle, hole = limbus.circle(), pupil.circle()
    x, y = _grid()
    half = SIDE // 2
    cx, cy = (circle.x - half) / RADIUS, (circle.y - half) / RADIUS
    size = circle.radius / RADIUS
    dx, dy = (x - np.float32(cx)) / np.float32(size), (y - np.float32(cy)) / np.float32(size)
    rho = np.sqrt(dx * dx + dy * dy)
    safe = ring & (rho < 0.93) & (dy > -0.3) & (dy < 0.45)
    hx, hy = (hole.x - half) / RADIUS, (hole.y - half) / RADIUS
    safe &= np.square(x - hx) + np.square(y - hy) > np.square(1.08 * hole.radius / RADIUS)
    where = np.flatnonzero(safe)
    if len(where) < 50:
        where = np.flatnonzero(ring)
    if len(where) < 50:
        return Appearance(np.zeros_like(picture), float(picture.mean()), LEAST_SPREAD)
    where = where[:: max(1, len(where) // 1500)]
    values = picture.ravel()[where]
    columns = np.stack(
        [
            np.ones_like(values),
            dx.ravel()[where],
            rho.ravel()[where],
            np.square(rho.ravel()[where]),
        ],
        axis=1,
    ).astype(np.float64)
    middle = float(np.median(values))
    rough = 1.4826 * float(np.median(np.abs(values - middle)))
    weights: NDArray[Any] = (np.abs(values - middle) < 3 * max(rough, LEAST_SPREAD)).astype(
        np.float64
    )
    solution = np.zeros(4)
    spread = max(rough, LEAST_SPREAD)
    for _ in range(3):
        w = columns * weights[:, None]
        solution = np.linalg.solve(w.T @ columns + np.diag([1e-3, 5, 5, 5]), w.T @ values)
        residual = values - columns @ solution
        spread = max(LEAST_SPREAD, 1.4826 * float(np.median(np.abs(residual))))
        weights = (np.abs(residual) < 3 * spread).astype(np.float64)
    a, b, c, d = solution.astype(np.float32)
    rho = np.minimum(rho, 1.0)
    expected = a + b * np.clip(dx, -1, 1) + c * rho + d * rho * rho
    return Appearance(
        ((picture - expected) / np.float32(spread)).astype(np.float32), middle, spread
    )


@dataclass(frozen=True)
class Lid:
    """A lid's edge y = level + tilt u + bow u^2, with u and y from the patch's centre over RADIUS.

    Attributes:
        level, tilt, bow: the parabola.
        gain: evidence for it, in pixels of the patch; 0 where it covers nothing.
    """

    level: float
    tilt: float
    bow: float
    gain: float

    def height(self, u: Floats) -> Floats:
        """Row of the edge, over RADIUS, at columns `u`."""
        return np.asarray(self.level + self.tilt * u + self.bow * np.square(u))

    def points(self) -> NDArray[np.float64]:
        """The edge in pixels of the patch, (33, 2)."""
        u = np.linspace(-1.2, 1.2, 33)
        half = SIDE // 2
        return np.stack([u * RADIUS + half, self.height(u) * RADIUS + half], axis=1)


_LEVELS = np.arange(-1.1, 0.81, 0.04)
_TILTS = np.arange(-0.4, 0.41, 0.1)
_BOWS = np.arange(-0.1, 0.81, 0.1)
_COLUMNS = np.arange(SIDE // 2 - round(RADIUS * 1.05), SIDE // 2 + round(RADIUS * 1.05) + 1, 3)


@lru_cache(maxsize=1)
def _parabolas() -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """All (level, tilt, bow), (P, 3), and where they cross the columns in a flat sum, (P, C)."""
    grid = np.stack(np.meshgrid(_LEVELS, _TILTS, _BOWS, indexing="ij"), axis=-1).reshape(-1, 3)
    u = (_COLUMNS - SIDE // 2) / RADIUS
    rows = grid[:, :1] + grid[:, 1:2] * u + grid[:, 2:] * np.square(u)
    rows = np.clip(np.round(rows * RADIUS) + SIDE // 2, 0, SIDE).astype(np.int32)
    return grid, (rows * len(_COLUMNS) + np.arange(len(_COLUMNS), dtype=np.int32)).astype(np.int32)


def _best(evidence: Floats) -> Lid:
    """The upper lid for evidence (SIDE, SIDE), positive where a pixel is no iris."""
    running = np.zeros((SIDE + 1, len(_COLUMNS)), np.float32)
    np.cumsum(evidence[:, _COLUMNS], axis=0, out=running[1:])
    grid, crossings = _parabolas()
    gains = running.ravel()[crossings].sum(axis=1)
    gains -= 4.0 * np.abs(grid[:, 1]) + 2.0 * np.abs(grid[:, 2] - 0.3)
    best = int(gains.argmax())
    level, tilt, bow = (float(v) for v in grid[best])
    return Lid(level, tilt, bow, float(gains[best]))


def evidence_of(look: Appearance, disc: Mask, ignored: Mask) -> Floats:
    """How little each pixel of the disc looks like iris: -0.5 (iris) to 1; 0 where unknown."""
    away = np.where(look.deviation > 0, look.deviation / _BRIGHT, look.deviation / -_DARK)
    evidence = np.clip(away - 1.0, -_FOR, 1.0)
    evidence[~disc | ignored] = 0
    return evidence.astype(np.float32)


def find_lids(evidence: Floats) -> tuple[Lid, Lid]:
    """Upper and lower lid; the lower one is given upside down (see `below`)."""
    _, y = _grid()
    upper = _best(evidence * (y < 0.5))
    rest = np.where(above(upper) | (y < -0.15), 0, evidence).astype(np.float32)
    return upper, _best(np.ascontiguousarray(rest[::-1]))


def above(lid: Lid) -> Mask:
    """bool (SIDE, SIDE): on the outer side of an upper lid's edge."""
    x, y = _grid()
    return y < lid.height(x[0])[None, :]


def below(lid: Lid) -> Mask:
    """bool (SIDE, SIDE): on the outer side of a lower lid's edge."""
    return above(lid)[::-1]
