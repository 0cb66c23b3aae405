"""Close bounds, a few billionths wide, of subjects that the scan could not rule out."""

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.fusion.model import FusionModel
from twofold.gallery.search.bounds import CONFLICT, LIGHTS
from twofold.gallery.search.numpy_engine import best_keys
from twofold.gallery.search.prepared import Prepared
from twofold.gallery.search.segments import View
from twofold.template import Light, Modality

_COSINE = 1e-9  # sums of float64 in another order differ by far less
_SCORE = 2e-7  # a score of `iris.kernel` is rounded to float32
_RATIO = 1e-9  # relative; logarithms and exponentials in another order differ by far less
Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


def single(view: View, slots: Slots, probe: Prepared) -> NDArray[np.bool_]:
    """Bool (n,): where at most one face meets one face, and one iris one iris."""
    faces = view.rows.face_starts[slots + 1] - view.rows.face_starts[slots]
    irises = view.rows.iris_starts[slots + 1] - view.rows.iris_starts[slots]
    few_faces = (faces * len(probe.vectors) <= 1) | (len(probe.vectors) == 0)
    few_irises = (irises * len(probe.kinds) <= 1) | (len(probe.kinds) == 0)
    found: NDArray[np.bool_] = few_faces & few_irises
    return found


def refine(
    model: FusionModel, view: View, slots: Slots, probe: Prepared, reference_bits: float
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (n,) of the fused ratios of slots that are `single`.

    Minus infinity, both, where nothing can be compared.
    """
    lower, upper = np.zeros(len(slots)), np.zeros(len(slots))
    there = np.zeros(len(slots), np.bool_)

    def add(at: Slots, modality: Modality, light: Light | None, score: Floats, q: Floats) -> None:
        slack = _COSINE if modality == "face" else _SCORE
        there[at] = True
        try:
            calibration = model.calibration(modality, light)
        except OptionError:  # rescoring it tells of it
            lower[at], upper[at] = -np.inf, np.inf
            return
        low, high = calibration.llr(score - slack, q), calibration.llr(score + slack, q)
        lower[at] += low - _RATIO * (1 + np.abs(low))
        upper[at] += high + _RATIO * (1 + np.abs(high))

    rows = view.rows
    if len(probe.vectors) and len(rows.vectors):
        at = np.flatnonzero(rows.face_starts[slots + 1] > rows.face_starts[slots])
        where = rows.face_starts[slots[at]]
        cosines = rows.vectors[where].astype(np.float64) @ probe.vectors[0].astype(np.float64)
        worse = np.minimum(rows.face_qualities[where], probe.face_qualities[0]) / 100
        add(at, "face", None, np.clip(cosines, -1.0, 1.0), worse)
    if len(probe.kinds) and len(rows.kinds):
        at = np.flatnonzero(rows.iris_starts[slots + 1] > rows.iris_starts[slots])
        where = rows.iris_starts[slots[at]]
        eyes, lights = rows.kinds[where] // 3, probe.pairs[0][rows.kinds[where] % 3]
        mine = int(probe.kinds[0]) // 3
        keys = np.full(len(at), -np.inf)
        may = (lights != CONFLICT) & ((mine == 0) | (eyes == 0) | (eyes == mine))
        keys[may] = best_keys(probe.rotations[0], rows.codes[where[may]])
        size = np.sqrt(np.abs(keys) / reference_bits) / 2
        scores = np.clip(np.where(keys > 0, 0.5 + size, 0.5 - size), 0.0, 1.0)
        worse = np.minimum(rows.iris_qualities[where], probe.iris_qualities[0]) / 100
        for number, light in enumerate(LIGHTS):
            some = np.isfinite(keys) & (lights == number)
            if some.any():
                add(at[some], "iris", light, scores[some], worse[some])
    lower[~there], upper[~there] = -np.inf, -np.inf
    return lower, upper
