"""The scan without a compiler: looser bounds of subjects with several samples, the same answers."""

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.search.bounds import CELLS, CONFLICT, SCORE_SLACK, Bounds
from twofold.gallery.search.prepared import Prepared
from twofold.gallery.search.segments import View
from twofold.iris.code import Words
from twofold.iris.kernel import advantages, blocks

Floats = NDArray[np.float32]


def best_keys(rotations: Words, codes: Words) -> NDArray[np.float64]:
    """The largest (b - 2d) |b - 2d| / b of references (n, 2, words) over rotations (S, 2, words).

    Minus infinity where no rotation has a bit to compare; see `twofold.iris.kernel`.
    """
    top = np.empty(len(codes))
    for rows in blocks(len(rotations), codes[:, 0], slice(0, len(codes))):
        keys = advantages(rotations, codes[rows, 0], codes[rows, 1], 1)[2]
        top[rows] = keys.max(axis=1)
    return top


class NumpyEngine:
    """Bounds of one probe beside any view. Safe between threads."""

    def __init__(self, probe: Prepared, tables: Bounds, reference_bits: float) -> None:
        self._probe, self._tables, self._reference_bits = probe, tables, reference_bits

    def first(self, view: View, change: int, part: slice, faces: Floats, bounds: Floats) -> None:
        """Bounds without irises of a part of a view, into its `faces` and `bounds`."""
        rows, probe = view.rows, self._probe
        starts = rows.face_starts[part.start : part.stop + 1]
        first, last = int(starts[0]), int(starts[-1])
        each = np.full(last - first, -np.inf, np.float32)
        if len(probe.vectors) and last > first:
            cosines = rows.vectors[first:last] @ probe.vectors.T + probe.slack
            worse = np.minimum.outer(rows.face_qualities[first:last], probe.face_qualities)
            cells = np.clip((cosines.astype(np.float64) + 1) * (CELLS / 2), 0, CELLS - 1)
            each = self._tables.face[worse // 100, cells.astype(np.int64)].max(axis=1)
        faces[part] = _largest(each, starts - first)
        starts = rows.iris_starts[part.start : part.stop + 1]
        first, last = int(starts[0]), int(starts[-1])
        caps = probe.caps[rows.kinds[first:last], rows.iris_qualities[first:last] // 100]
        irises = self._added(caps, rows.kinds[first:last] // 3, starts - first)
        there = (faces[part] > -np.inf) | (irises > -np.inf)
        total = np.where(faces[part] > -np.inf, faces[part], 0) + np.maximum(irises, 0)
        alive = view.alive(change)[part]
        bounds[part] = np.where(there & alive, total, -np.inf)

    def second(
        self, view: View, slots: NDArray[np.int64], faces: Floats, bar: float
    ) -> NDArray[np.float32]:
        """Bounds with irises of some slots."""
        rows, probe, tables = view.rows, self._probe, self._tables
        counts = rows.iris_starts[slots + 1] - rows.iris_starts[slots]
        starts = np.concatenate([[0], counts.cumsum()])
        where = np.arange(starts[-1]) + np.repeat(rows.iris_starts[slots] - starts[:-1], counts)
        kinds, codes = rows.kinds[where], rows.codes[where]
        each = np.full(len(where), -np.inf, np.float32)
        doubtful = np.zeros(len(where), np.bool_)  # what is compared may turn out to be nothing
        for number, mine in enumerate(probe.kinds):
            lights = probe.pairs[number][kinds % 3]
            other = (mine >= 3) & (kinds >= 3) & (mine // 3 != kinds // 3)
            keys = best_keys(probe.rotations[number], codes)
            size = np.sqrt(np.abs(keys) / self._reference_bits) / 2
            score = np.where(keys > 0, 0.5 + size, 0.5 - size) + SCORE_SLACK
            scored = np.isfinite(keys) & (lights != CONFLICT) & ~other
            cells = np.clip(np.where(scored, score, 0) * CELLS, 0, CELLS - 1).astype(np.int64)
            worse = np.minimum(rows.iris_qualities[where], probe.iris_qualities[number]) // 100
            bound = np.where(scored, tables.iris[lights, worse, cells], -np.inf)
            each = np.maximum(each, bound.astype(np.float32))
            doubtful |= lights == CONFLICT
        irises = self._added(each, kinds // 3, starts)
        # one iris beside one: the bound as it is; otherwise pairs may be left out
        exact = (counts == 1) & (len(probe.kinds) == 1)
        exact[exact] &= ~doubtful[starts[:-1][exact]]
        only = np.full(len(slots), -np.inf, np.float32)
        only[exact] = each[starts[:-1][exact]]
        irises = np.where(exact, only, np.maximum(irises, 0))
        face = faces[slots]
        some = np.where(face > -np.inf, face, 0) + np.where(irises > -np.inf, irises, 0)
        found: Floats = np.where((face > -np.inf) | (irises > -np.inf), some, -np.inf).astype("f4")
        return found

    @staticmethod
    def _added(each: Floats, eyes: NDArray[np.integer], starts: NDArray[np.int64]) -> Floats:
        """At most what the eyes of each subject say together; minus infinity for nothing."""
        total = np.zeros(len(starts) - 1, np.float32)
        some = _largest(each, starts) > -np.inf
        for eye in range(3):
            total += np.maximum(_largest(np.where(eyes == eye, each, -np.inf), starts), 0)
        return np.where(some, total, -np.inf).astype(np.float32)


def _largest(values: NDArray[np.floating], starts: NDArray[np.int64]) -> Floats:
    """The largest of each run from starts[k] to starts[k + 1]; minus infinity of none."""
    found = np.full(len(starts) - 1, -np.inf, np.float32)
    filled = starts[:-1] < starts[1:]
    if filled.any():
        found[filled] = np.maximum.reduceat(values, starts[:-1][filled])
    return found
