"""The scan in machine code: what the compiled loops need, in the order in which they read it."""

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.search.bounds import Bounds
from twofold.gallery.search.compiled_first import first_bounds
from twofold.gallery.search.compiled_second import iris_bounds
from twofold.gallery.search.prepared import Prepared
from twofold.gallery.search.segments import View
from twofold.iris.compiled_kernel import arrange
from twofold.lanes import LANES

_LOOKS = (0.5, 0.625, 0.75)  # shares of the words after which a reference may be left
_NOBODY = np.empty(0, np.int64)


class CompiledEngine:
    """Bounds of one probe beside any view. Safe between threads."""

    def __init__(self, probe: Prepared, tables: Bounds, reference_bits: float) -> None:
        self._probe, self._tables, self._reference_bits = probe, tables, reference_bits
        rotations = probe.rotations
        words = rotations.shape[-1]
        unmasked = np.bitwise_count(rotations[:, :, 1]).astype(np.int64)
        self._order = np.argsort(-unmasked.sum(axis=(0, 1)), kind="stable").astype(np.int64)
        stops = [*sorted({round(words * share) for share in _LOOKS} - {0, words}), words]
        self._stops = np.array(stops, np.int64)
        ordered = np.ascontiguousarray(rotations[..., self._order])
        self._rotations = arrange(ordered)
        tiles = self._rotations.shape[1]
        left = np.zeros((len(rotations), len(stops), tiles * 2 * LANES), np.int64)
        to_come = unmasked[..., self._order][..., ::-1].cumsum(axis=-1)[..., ::-1]
        for number, stop in enumerate(stops[:-1]):
            left[:, number, : rotations.shape[1]] = to_come[..., stop]
        self._rests = left.reshape(len(rotations), len(stops), tiles, 2, LANES)

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
            self._rotations, self._order, self._stops, self._rests, probe.kinds,
            probe.iris_qualities, probe.pairs, tables.iris, tables.reach, tables.need_scale,
            probe.caps, probe.named, self._reference_bits, out,
        )  # fmt: skip
        return out
