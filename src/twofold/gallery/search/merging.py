"""The subjects of several segments in one order, for a snapshot or a compaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.search.segments import Rows, Shape, View, empty

_AT_ONCE = 1 << 14  # subjects


@dataclass(frozen=True, eq=False)
class Order:
    """Which slot of which view comes when.

    Attributes:
        views: where rows are taken from.
        views_of: int32 (S,), number of the view.
        slots: int64 (S,), slot in it; subjects rise.
        faces, irises: rows in all.
    """

    views: Sequence[View]
    views_of: NDArray[np.int32]
    slots: NDArray[np.int64]
    faces: int
    irises: int

    def __len__(self) -> int:
        return len(self.slots)

    def parts(self, name: str) -> Iterator[NDArray[Any]]:
        """An array of `Rows` in this order, part by part."""
        if name in ("face_starts", "iris_starts"):
            counts = np.empty(len(self), np.int64)
            for number, view in enumerate(self.views):
                starts, mine = getattr(view.rows, name), self.views_of == number
                counts[mine] = starts[self.slots[mine] + 1] - starts[self.slots[mine]]
            yield np.concatenate([[0], counts.cumsum()]).astype(np.int64)
            return
        for start in range(0, len(self), _AT_ONCE):
            yield self._part(name, slice(start, start + _AT_ONCE))

    def _part(self, name: str, part: slice) -> NDArray[Any]:
        views_of, slots = self.views_of[part], self.slots[part]
        starts = {"vectors": "face_starts", "face_qualities": "face_starts"}.get(
            name, "iris_starts"
        )  # fmt: skip
        chosen, places, number = [], [], 0
        if name == "subjects":
            counts = np.ones(len(slots), np.int64)
        else:
            counts = np.empty(len(slots), np.int64)
            for number in np.unique(views_of):
                mine = views_of == number
                bounds = getattr(self.views[number].rows, starts)
                counts[mine] = bounds[slots[mine] + 1] - bounds[slots[mine]]
        before = counts.cumsum() - counts
        for number in np.unique(views_of):
            mine = np.flatnonzero(views_of == number)
            rows = self.views[number].rows
            first = slots[mine] if name == "subjects" else getattr(rows, starts)[slots[mine]]
            some = counts[mine]
            within = np.arange(some.sum()) - np.repeat(some.cumsum() - some, some)
            chosen.append(getattr(rows, name)[np.repeat(first, some) + within])
            places.append(np.repeat(before[mine], some) + within)
        if len(chosen) == 1 and len(places[0]) == counts.sum():
            return chosen[0]  # type: ignore[no-any-return]
        longest = max(chosen, key=len)
        found = np.empty((int(counts.sum()), *longest.shape[1:]), longest.dtype)
        for at, values in zip(places, chosen, strict=True):
            if len(values):
                found[at] = values
        return found


def ordered(views: Sequence[View], change: int) -> Order:
    """The subjects that are there at a change, by id."""
    slots = [np.flatnonzero(view.alive(change)) for view in views]
    subjects = [view.rows.subjects[some] for view, some in zip(views, slots, strict=True)]
    views_of = [np.full(len(some), number, np.int32) for number, some in enumerate(slots)]
    order = np.argsort(np.concatenate([*subjects, np.empty(0, np.int64)]), kind="stable")
    faces, irises = (
        sum(
            int((getattr(view.rows, name)[some + 1] - getattr(view.rows, name)[some]).sum())
            for view, some in zip(views, slots, strict=True)
        )
        for name in ("face_starts", "iris_starts")
    )
    return Order(
        views,
        np.concatenate([*views_of, np.empty(0, np.int32)])[order],
        np.concatenate([*slots, np.empty(0, np.int64)])[order],
        faces,
        irises,
    )


def merge(order: Order, shape: Shape) -> Rows:
    """All rows in one set of arrays, subjects rising."""
    rows = empty(len(order), order.faces, order.irises, shape)
    for name in vars(rows):
        target, start = getattr(rows, name), 0
        for part in order.parts(name):
            if len(part):
                target[start : start + len(part)] = part
            start += len(part)
    return rows
