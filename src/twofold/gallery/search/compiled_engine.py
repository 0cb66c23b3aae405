"""The scan in machine code: what the compiled loops need, in the order in which they read it."""

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.search.bounds import Bounds
from twofold.gallery.search.compiled_first import first_bounds
from twofold.gallery.search.compiled_second import iris_bounds
from twofold.gallery.search.prepared import Prepared
from twofold.gallery.search.segments import View
from twofold.iris.compiled_kernel import TILE, arrange

_LOOKS = np.arange(12, 30) / 32  # shares of the words after which a reference may be left
_SEEN = 0.5  # of a probe's bits, those that a reference has too
_NOBODY = np.empty(0, np.int64)


class CompiledEngine:
    """Bounds of one probe beside any view. Safe between threads."""

    def __init__(self, probe: Prepared, tables: Bounds, reference_bits: float) -> None:
        self._probe, self._tables, self._reference_bits = probe, tables, reference_bits
        probes, rotations, _, words = probe.rotations.shape
        tiles = -(-rotations // TILE)
        unmasked = np.zeros((probes, tiles, TILE, words), np.int64)
        counts = np.bitwise_count(probe.rotations[:, :, 1])
        unmasked.reshape(probes, tiles * TILE, words)[:, :rotations] = counts
        self._order = np.argsort(-unmasked.sum(axis=2), axis=-1, kind="stable")
        each = self._order.repeat(TILE, axis=1)[:, :rotations, None]  # of a rotation, its tile's
        self._rotations = arrange(np.take_along_axis(probe.rotations, each, axis=-1))
        stops = {round(words * share) for share in _LOOKS}
        self._stops = np.array([*sorted(stops - {0, words}), words], np.int64)
        ordered = np.take_along_axis(unmasked, self._order[:, :, None], axis=-1)
        passed = ordered.cumsum(axis=-1)[..., self._stops - 1]
        rests = ordered.sum(axis=-1, keepdims=True) - passed
        self._rests = np.ascontiguousarray(rests.transpose(0, 3, 1, 2))
        self._leaves = _leaves(passed, rests)

    def first(
        self,
        view: View,
        change: int,
        part: slice,
        faces: NDArray[np.float32],
        bounds: NDArray[np.float32],
    ) -> None:
        """Bounds without irises of a part of a view, into its `faces` and `bounds`."""
        rows, probe = view.rows, self._probe
        first_bounds(
            rows.vectors, rows.face_qualities, rows.face_starts, probe.vectors,
            probe.face_qualities, self._tables.face, np.float32(probe.slack), rows.iris_qualities,
            rows.kinds, rows.iris_starts, probe.caps, probe.named,
            _NOBODY if view.ended is None else view.ended, change, part.start, part.stop,
            faces, bounds,
        )  # fmt: skip

    def second(
        self, view: View, slots: NDArray[np.int64], faces: NDArray[np.float32], bar: float
    ) -> NDArray[np.float32]:
        """Bounds with irises of some slots; below `bar` they may be too low."""
        rows, probe, tables = view.rows, self._probe, self._tables
        out = np.empty(len(slots), np.float32)
        iris_bounds(
            rows.codes, rows.kinds, rows.iris_qualities, rows.iris_starts, slots, faces, bar,
            self._rotations, self._order, self._stops, self._rests, self._leaves, probe.kinds,
            probe.iris_qualities, probe.pairs, tables.iris, tables.reach, tables.need_scale,
            probe.caps, probe.named, self._reference_bits, out,
        )  # fmt: skip
        return out


def _leaves(passed: NDArray[np.int64], rests: NDArray[np.int64]) -> NDArray[np.float64]:
    """What must be needed for a look to be worth its time: what irises reach by chance.

    Args:
        passed, rests: int64 (Q, tiles, rotations, stops), unmasked bits before and after each stop.

    Returns:
        float64 (Q, tiles, stops), never rising: squares of advantages.
    """
    seen = _SEEN * passed
    margin = 2 * np.sqrt(seen) + rests  # two deviations above none
    reached = (margin**2 / np.maximum(seen + rests, 1)).max(axis=2)
    return np.minimum.accumulate(reached, axis=-1)
