"""Upper bounds of calibrated ratios as steps, for any curve that never falls with the score.

A table has a cell for each whole point of quality and each of 2,048 parts of the range of scores.
What it holds is no less than the ratio of any comparison in that cell: curves never fall with the
score, and at one score they move one way with the quality, so the largest of the two upper corners
bounds the cell. Float32 numbers are rounded up.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.fusion.calibration import Calibration
from twofold.fusion.model import FusionModel
from twofold.template import Light

CELLS = 2048
QUALITIES = 101  # whole points, 0 to 100
NEEDS = 512
_ROUNDING = 2e-6  # relative, of a handful of sums
SCORE_SLACK = 2e-6  # more than a score in [0, 1] is rounded by, in float32
LIGHTS: tuple[Light | None, ...] = (None, "nir", "visible")
CONFLICT = -1  # of lights: not compared
Table = NDArray[np.float32]


@dataclass(frozen=True)
class Bounds:
    """Tables of one model.

    Attributes:
        face: float32 (101, 2048) over cosines in [-1, 1]; plus infinity where not calibrated, so
            that such a comparison is never passed over.
        iris: float32 (3, 101, 2048) over scores in [0, 1], by light as in `LIGHTS`.
        reach: float32 (3, 101, 512): the square of the advantage (b - 2d) / sqrt(b) that irises of
            a quality need for a ratio of n / need_scale; minus infinity where any will do.
        need_scale: entries of `reach` for each unit of ratio, from 0 on.
        rounding: more than sums of the tables' numbers are off in float32.
    """

    face: Table
    iris: Table
    reach: Table
    need_scale: float
    rounding: float


def bounds(model: FusionModel, reference_bits: float) -> Bounds:
    """The tables of a model, which are shared: nobody may write to them.

    Args:
        model: calibrations of the contracts in question alone.
        reference_bits: to which iris scores are normalised.
    """
    return _bounds(model.calibrations, reference_bits)


@lru_cache(maxsize=4)  # each takes a tenth of a second and 4 MB; calibrations are equal by value
def _bounds(calibrations: tuple[Calibration, ...], reference_bits: float) -> Bounds:
    model = FusionModel(calibrations)
    face = _table(model, "face", None, -1.0)
    iris = np.stack([_table(model, "iris", light, 0.0) for light in LIGHTS])
    known = iris[np.isfinite(iris)]
    highest = max(float(known.max(initial=1.0)), 1.0)
    scale = NEEDS / highest
    largest = (np.abs(one[np.isfinite(one)]).max(initial=1.0) for one in (face, iris, iris))
    rounding = _ROUNDING * float(sum(largest))
    return Bounds(face, iris, _reach(iris, scale, reference_bits), scale, rounding)


def _table(model: FusionModel, modality: str, light: Light | None, low: float) -> Table:
    try:
        found = model.calibration("face" if modality == "face" else "iris", light)
    except OptionError:
        return np.full((QUALITIES, CELLS), np.inf, np.float32)
    return upper_steps(found, low)


def upper_steps(calibration: Calibration, low: float) -> Table:
    """Float32 (101, 2048): upper bounds over scores from `low` to 1."""
    ends = np.linspace(low, 1.0, CELLS + 1)[1:]
    points = np.minimum(np.arange(QUALITIES + 1), 100.0)
    ratios = calibration.llr(np.tile(ends, (len(points), 1)), points[:, None])
    upper = np.maximum(ratios[:-1], ratios[1:])
    return np.nextafter(upper.astype(np.float32), np.float32(np.inf))


def _reach(iris: Table, scale: float, reference_bits: float) -> Table:
    needs = np.arange(NEEDS) / scale
    found = np.empty((len(iris), QUALITIES, NEEDS), np.float32)
    for light, table in enumerate(iris):
        for quality, row in enumerate(table):
            cells = np.searchsorted(np.maximum.accumulate(row), needs, side="left")
            above = cells / CELLS - SCORE_SLACK - 0.5
            square = 4.0 * reference_bits * above**2 * (1.0 - 1e-6)
            found[light, quality] = np.where(above > 0, square, -np.inf)
    return found


def pair_lights(probe_lights: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Int64 (Q, 3): which table weighs a probe iris beside a reference of each light."""
    one, other = np.meshgrid(probe_lights.astype(np.int64), np.arange(3), indexing="ij")
    found = np.where(one == other, one, 0)
    return np.where((one > 0) & (other > 0) & (one != other), CONFLICT, found).astype(np.int64)
