"""The search itself: bounds rule subjects out, and who is left is scored as `Recognizer` does.

1. Every face is compared, in float32: an upper bound of each subject's fused ratio, with the most
   that irises could add.
2. The most promising subjects are scored closely; the k-th best of them is the *bar*, which the
   answer cannot fall below.
3. Irises are compared wherever the bound reaches the bar; a comparison stops as soon as it cannot.
4. Whoever still reaches the bar is bounded within billionths, and who is left is scored by the
   code of `Recognizer.ratios`. Those numbers alone are reported and ranked.

docs/search.md has the argument why nobody is missed.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from twofold.fusion.model import FusionModel
from twofold.gallery.search.bounds import Bounds
from twofold.gallery.search.candidates import Candidate, Candidates
from twofold.gallery.search.prepared import Prepared
from twofold.gallery.search.refining import refine, single
from twofold.gallery.search.segments import View

_PART = 1 << 15  # slots a thread takes at a time
_WORTH_THREADS = 1 << 13  # slots
_SEEDS = 2048  # subjects whose irises are compared to find the bar
_MORE = 16  # seeds scored beyond the k wanted
_SAMPLE = 1 << 14
_SLACK = 1e-4  # relative; more than sums of float32 are off
Floats = NDArray[np.float32]
Slots = NDArray[np.int64]
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Engine(Protocol):
    """Bounds of one probe; see `CompiledEngine`."""

    def first(
        self, view: View, change: int, part: slice, faces: Floats, bounds: Floats
    ) -> None: ...

    def second(self, view: View, slots: Slots, faces: Floats, bar: float) -> Floats: ...


@dataclass(eq=False)
class Scan:
    """One search over views as they were at a change.

    Attributes:
        views: to be searched.
        change: slots that ended by then do not count.
        engine, probe, model, tables: what is compared and how it is weighed.
        reference_bits: to which iris scores are normalised.
        score: a view's slot to its candidate by the code of `Recognizer.ratios`.
        workers: threads.
    """

    views: Sequence[View]
    change: int
    engine: Engine
    probe: Prepared
    model: FusionModel
    tables: Bounds
    reference_bits: float
    score: Callable[[View, int], Candidate | None]
    workers: int
    _scored: dict[tuple[int, int], Candidate | None] = field(default_factory=dict)

    def run(self, top_k: int, least: float | None) -> Candidates:
        """The best `top_k` of at least `least`."""
        faces = [np.empty(view.used, np.float32) for view in self.views]
        bounds = [np.empty(view.used, np.float32) for view in self.views]
        parts = [
            (number, slice(start, min(start + _PART, view.used)))
            for number, view in enumerate(self.views)
            for start in range(0, view.used, _PART)
        ]

        def first(part: tuple[int, slice]) -> None:
            number, rows = part
            self.engine.first(
                self.views[number], self.change, rows, faces[number], bounds[number]
            )  # fmt: skip

        with _Threads(self.workers if sum(map(len, faces)) >= _WORTH_THREADS else 1) as threads:
            threads.map(first, parts)
            bar = -np.inf if least is None else least
            bar = max(bar, self._seeded(faces, bounds, top_k, bar))
            low = self._below(bar)

            def second(part: tuple[int, slice]) -> tuple[int, Slots]:
                number, rows = part
                slots = np.flatnonzero(bounds[number][rows] > low) + rows.start
                if len(self.probe.kinds):
                    found = self.engine.second(self.views[number], slots, faces[number], low)
                    slots = slots[found > low]
                return number, slots

            left = threads.map(second, parts)
        return self._ranked([(number, slots) for number, slots in left if len(slots)], top_k, least)

    def _seeded(
        self, faces: list[Floats], bounds: list[Floats], top_k: int, least: float
    ) -> float:  # fmt: skip
        """A ratio that `top_k` subjects reach; minus infinity where so few were not found."""
        promising = _promising(bounds, self._below(least))
        scored: list[tuple[int, Slots]] = []
        levels: list[Floats] = []
        for number, slots in promising:
            found = bounds[number][slots]
            if len(self.probe.kinds):
                found = self.engine.second(self.views[number], slots, faces[number], -np.inf)
            scored.append((number, slots))
            levels.append(found)
        if not levels or sum(map(len, levels)) < top_k:
            return -np.inf
        every = np.concatenate(levels)
        wanted = min(top_k + _MORE, len(every))
        level = np.partition(every, len(every) - wanted)[len(every) - wanted]
        best = []
        for (number, slots), found in zip(scored, levels, strict=True):
            best += [self._close(number, slots[found >= level][: 4 * wanted])[0]]
        lower = np.sort(np.concatenate(best))
        return float(lower[-top_k]) if len(lower) >= top_k else -np.inf

    def _below(self, bar: float) -> float:
        """What bounds in float32 must exceed where ratios must reach `bar`."""
        slack = _SLACK * (1 + abs(bar)) + self.tables.rounding
        return bar - slack if np.isfinite(bar) else -np.inf

    def _close(
        self, number: int, slots: Slots
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
        """Close bounds of some slots of a view; where they have several samples, their ratio."""
        view = self.views[number]
        lower, upper = np.empty(len(slots)), np.empty(len(slots))
        plain = single(view, slots, self.probe)
        lower[plain], upper[plain] = refine(
            self.model, view, slots[plain], self.probe, self.reference_bits
        )
        for at in np.flatnonzero(~plain):
            one = self._score(number, int(slots[at]))
            lower[at] = upper[at] = -np.inf if one is None else one.llr
        return lower, upper

    def _score(self, number: int, slot: int) -> Candidate | None:
        if (number, slot) not in self._scored:
            self._scored[number, slot] = self.score(self.views[number], slot)
        return self._scored[number, slot]

    def _ranked(
        self, left: list[tuple[int, Slots]], top_k: int, least: float | None
    ) -> Candidates:  # fmt: skip
        """The best of whoever is left."""
        if sum(len(slots) for _, slots in left) > top_k:
            close = [self._close(number, slots) for number, slots in left]
            lower = np.concatenate([low for low, _ in close])
            bar = np.partition(lower, len(lower) - top_k)[len(lower) - top_k]
            if least is not None:
                bar = max(bar, least)
            left = [
                (number, slots[upper >= bar])
                for (number, slots), (_, upper) in zip(left, close, strict=True)
            ]
        found = [self._score(number, int(slot)) for number, slots in left for slot in slots]
        return _best(found, top_k, least)


def one_by_one(
    views: Sequence[View],
    change: int,
    score: Callable[[View, int], Candidate | None],
    top_k: int,
    least: float | None,
) -> Candidates:
    """Every subject scored: for a handful of them, and for rules that bounds do not hold for."""
    found = [
        score(view, int(slot)) for view in views for slot in np.flatnonzero(view.alive(change))
    ]
    return _best(found, top_k, least)


def _best(found: list[Candidate | None], top_k: int, least: float | None) -> Candidates:
    known = [one for one in found if one is not None and (least is None or one.llr >= least)]
    return tuple(sorted(known, key=lambda one: (-one.llr, one.subject))[:top_k])


def _promising(bounds: list[Floats], low: float) -> list[tuple[int, Slots]]:
    """About 2,048 slots of the highest bounds above `low`, by view."""
    total = sum(map(len, bounds))
    level = low
    if total > _SEEDS:
        stride = max(1, total // _SAMPLE)
        sample = np.concatenate([one[::stride] for one in bounds])
        place = max(0, len(sample) - max(1, _SEEDS * len(sample) // total))
        level = max(low, float(np.partition(sample, place)[place]))
    found = []
    room = 2 * _SEEDS
    for number, one in enumerate(bounds):
        slots = np.flatnonzero((one >= level) & (one > low))[:room]
        room -= len(slots)
        if len(slots):
            found.append((number, slots))
    return found


class _Threads:
    """Some threads, or none where they would not pay."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, "twofold-search") if workers > 1 else None

    def __enter__(self) -> "_Threads":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def map(self, run: Callable[[_Given], _Made], given: list[_Given]) -> list[_Made]:
        """As the built-in, in order."""
        return list(map(run, given) if self._pool is None else self._pool.map(run, given))


def processors() -> int:
    """Processors that this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
