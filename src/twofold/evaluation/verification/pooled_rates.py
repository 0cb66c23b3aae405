"""Error rates over several pairings, with intervals that resample both sides.

Pairings of the same two sets are not new people. What they add are new combinations: m fused
comparisons of a pairing meet m others of the next. Intervals therefore draw face subjects and
people with irises anew, each with all that they took part in over all pairings, and a comparison
counts as often as all four of its people were drawn (the two-way bootstrap of A. Owen, "The
pigeonhole bootstrap", Annals of Applied Statistics 1, 2007, which errs on the wide side). An FMR is
supported down to 3 / n, n being the least of: fused comparisons, different face comparisons, and
different iris comparisons among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.chimeric import Pairing
from twofold.evaluation.verification.comparisons import Counts, Listed, count
from twofold.evaluation.verification.intervals import RESAMPLES, Rate, bounds, draw, rate
from twofold.evaluation.verification.pools import Pool, System
from twofold.evaluation.verification.rates import TARGETS, Det, ErrorRates, OperatingPoint

_STRICTER = (1e-5, 1e-6)
_HIGHEST_FMR = 0.5
_DET_POINTS = 61

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """One measure over the pairings: how much depends on who was given to whom.

    Attributes:
        values: of each pairing; empty where one alone cannot support it.
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float | None:
        """The middle one."""
        return float(np.median(self.values)) if self.values else None

    @property
    def low(self) -> float | None:
        """The least."""
        return min(self.values, default=None)

    @property
    def high(self) -> float | None:
        """The greatest."""
        return max(self.values, default=None)


def as_list(pool: Pool, system: System, chosen: NDArray[np.bool_] | slice = slice(None)) -> Listed:
    """The comparisons of a pool as one system judges them."""
    names = tuple(str(k) for k in range(len(pool.unit_face)))
    return Listed(
        names,
        pool.first[chosen],
        pool.second[chosen],
        pool.judged(system)[chosen].astype(np.float64),
        pool.mated[chosen],
    )


def distinct(pool: Pool, pairings: Sequence[Pairing], sizes: tuple[int, int]) -> dict[str, int]:
    """How many different non-mated comparisons of faces and of irises were looked up.

    Args:
        pool: the comparisons.
        pairings: of its samples.
        sizes: how many face and iris samples there are.
    """
    found = {}
    for name, size in zip(("face", "iris"), sizes, strict=True):
        met = np.zeros((size, size), dtype=np.bool_)
        for number, pairing in enumerate(pairings):
            samples = pairing.face if name == "face" else pairing.iris
            there = (pool.pairing == number) & ~pool.mated & ~np.isnan(pool.score[name])
            one, other = samples[pool.probe[there]], samples[pool.reference[there]]
            met[np.minimum(one, other), np.maximum(one, other)] = True
        found[name] = int(met.sum())
    return found


def pooled_rates(
    pool: Pool,
    system: System,
    *,
    carried: int,
    pairs: tuple[int, int],
    chimeric: bool,
    resamples: int = RESAMPLES,
    seed: int,
) -> ErrorRates:
    """Measure one system over all pairings.

    Args:
        pool: the comparisons.
        system: which of their scores decides.
        carried: non-mated comparisons that an FMR may lean on.
        pairs: samples in one pairing, and those of them that the system has no template of.
        chimeric: both sides are resampled apart; otherwise their people are the same.
        resamples: of the people.
        seed: of the resampling.
    """
    listed = as_list(pool, system)
    by_score = walk.sort(listed)
    counts = count(listed)
    supported = min(1.0, 3 / carried) if carried else 1.0
    wanted = (*TARGETS, *(fmr for fmr in _STRICTER if fmr >= supported))
    grid = np.unique(np.geomspace(min(supported, _HIGHEST_FMR), _HIGHEST_FMR, _DET_POINTS))
    targets = np.array(sorted({*wanted, *grid.tolist()}))
    eer, fnmr = walk.eer_and_fnmr(by_score, np.ones((1, by_score.units)), targets)
    weights = weightings(pool, system, chimeric=chimeric, resamples=resamples, seed=seed)
    eers, fnmrs = walk.eer_and_fnmr(by_score, weights, targets)
    units = people(pool, system)
    trials = counts.mated // (int(pool.pairing.max()) + 1)
    low, high = bounds(fnmr[0], fnmrs, units, trials)
    at = {float(target): place for place, target in enumerate(targets)}
    columns = [at[fmr] for fmr in grid.tolist()]
    share = pairs[1] / max(pairs[0], 1)

    def point(target: float) -> OperatingPoint:
        place = at[target]
        if target < supported:
            reason = (
                f"{carried} different non-mated comparisons support no FMR below {supported:.2g}"
            )
            return OperatingPoint(target, Rate(None, refused=reason))
        given = Rate(float(fnmr[0, place]), float(low[place]), float(high[place]))
        return point_at(by_score, counts, target, given)

    points = tuple(point(target) for target in wanted)
    return ErrorRates(
        samples=pairs[0],
        failed=pairs[1],
        subjects=units,
        identities=units,
        counts=counts,
        failure=Rate(share),
        eer=rate(float(eer[0]), eers, units, trials),
        eer_threshold=_crossing(by_score, counts),
        points=points,
        det=Det(grid, fnmr[0, columns], low[columns], high[columns]),
    )


def people(pool: Pool, system: System) -> int:
    """People that a rate of a system is taken over: the fewer of the two sides if fused."""
    sides = [len(np.unique(side)) for side in (pool.unit_face, pool.unit_iris)]
    return {"face": sides[0], "iris": sides[1], "fused": min(sides)}[system]


def weightings(pool: Pool, system: System, *, chimeric: bool, resamples: int, seed: int) -> Floats:
    """How often each subject is drawn, (resamples, subjects), by drawing its people."""
    face = draw(int(pool.unit_face.max()) + 1, resamples, seed)[:, pool.unit_face]
    if not chimeric or system == "face":
        return face
    iris = draw(int(pool.unit_iris.max()) + 1, resamples, seed + 1)[:, pool.unit_iris]
    return iris if system == "iris" else face * iris


def spreads(
    pool: Pool, system: System, fmrs: Sequence[float]
) -> tuple[Spread, dict[float, Spread]]:
    """The EER and the FNMR at each FMR, of each pairing alone."""
    eers: list[float] = []
    fnmrs: dict[float, list[float]] = {fmr: [] for fmr in fmrs}
    targets = np.array(sorted(fmrs))
    for number in range(int(pool.pairing.max()) + 1):
        by_score = walk.sort(as_list(pool, system, pool.pairing == number))
        eer, fnmr = walk.eer_and_fnmr(by_score, np.ones((1, by_score.units)), targets)
        eers.append(float(eer[0]))
        supported = 3 / max(int((~by_score.mated).sum()), 1)
        for fmr, value in zip(targets.tolist(), fnmr[0].tolist(), strict=True):
            if fmr >= supported:
                fnmrs[fmr].append(value)
    return Spread(tuple(eers)), {fmr: Spread(tuple(values)) for fmr, values in fnmrs.items()}


def point_at(by_score: walk.Sorted, counts: Counts, target: float, fnmr: Rate) -> OperatingPoint:
    """The lowest threshold, midway between two scores, whose FMR is not above `target`."""
    false = np.cumsum(~by_score.mated)
    ends = np.flatnonzero(by_score.last & (false <= target * counts.non_mated * (1 + 1e-12)))
    scores = by_score.score
    if not len(ends):
        threshold, wrong, right = float(np.nextafter(scores[0], np.inf)), 0, 0
    else:
        end = int(ends[-1])
        wrong, right = int(false[end]), end + 1 - int(false[end])
        threshold = float(scores[end] if end + 1 == len(scores) else scores[end : end + 2].mean())
    return OperatingPoint(
        target, fnmr, threshold, wrong / max(counts.non_mated, 1), wrong, counts.mated - right
    )


def _crossing(by_score: walk.Sorted, counts: Counts) -> float | None:
    false = np.cumsum(~by_score.mated)[by_score.last]
    right = np.cumsum(by_score.mated)[by_score.last]
    missed = 1 - right / max(counts.mated, 1)
    crossed = np.flatnonzero(false / max(counts.non_mated, 1) >= missed)
    return float(by_score.score[by_score.last][crossed[0]]) if len(crossed) else None
