"""Identification within each half of each pairing: closed set (CMC) and open set.

The first pair of each subject is the reference, the others are probes. Candidates are the subjects
of one half, since calibrations must not have seen them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.chimeric import Pairing
from twofold.evaluation.verification.comparisons import Listed
from twofold.evaluation.verification.identification import cmc
from twofold.evaluation.verification.intervals import Rate, bounds, rate
from twofold.evaluation.verification.pooled_rates import people, weightings
from twofold.evaluation.verification.pools import SYSTEMS, Pool, System
from twofold.evaluation.verification.rates import Det

RANKS = 10
_RESAMPLES = 500
_POINTS = 41
_LEAST = 2  # resamples of a gallery alone, whose intervals are not used

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Identified:
    """Identification by one system, over all galleries.

    Attributes:
        rank: (RANKS or fewer,) share of probes whose mate is among the first k, over all galleries.
        rank_one: with its interval.
        spread: rank-1 rate of each gallery.
        open_set: FNIR (`fnmr`) at rising FPIR (`fmr`), half of each gallery's subjects enrolled.
        fnir: at an FPIR of 1 %.
        probes, unmated: of all galleries; the latter in the open set.
        candidates: (fewest, most) subjects in a gallery.
    """

    rank: Floats
    rank_one: Rate
    spread: tuple[float, ...]
    open_set: Det
    fnir: Rate
    probes: int
    unmated: int
    candidates: tuple[int, int]


@dataclass
class _Collected:
    hits: list[Floats]
    first: list[NDArray[np.bool_]]
    first_unit: list[NDArray[np.int64]]
    best: list[Floats]
    mated: list[NDArray[np.bool_]]
    unit: list[NDArray[np.int64]]


def identify(pool: Pool, pairings: Sequence[Pairing], seed: int) -> dict[System, Identified]:
    """Measure identification by face, iris and both.

    Args:
        pool: clean comparisons of the pairings.
        pairings: in the pool's order.
        seed: of the resampling.
    """
    return {system: _identified(pool, pairings, system, seed) for system in SYSTEMS}


def _identified(pool: Pool, pairings: Sequence[Pairing], system: System, seed: int) -> Identified:
    starts = np.cumsum([0, *(len(one.half) for one in pairings)])
    judged = pool.judged(system).astype(np.float64)
    got = _Collected([], [], [], [], [], [])
    sizes, shares = [], []
    for number, pairing in enumerate(pairings):
        in_pairing = pool.pairing == number
        _, first = np.unique(pairing.unit, return_index=True)
        table = np.full((len(pairing.unit), len(pairing.unit)), np.nan)
        probe, reference = pool.probe[in_pairing], pool.reference[in_pairing]
        table[probe, reference] = table[reference, probe] = judged[in_pairing]
        for half in (0, 1):
            references = first[pairing.half[pairing.unit[first]] == half]
            probes = np.flatnonzero(pairing.half[pairing.unit] == half)
            probes = probes[~np.isin(probes, references)]
            units, candidates = pairing.unit[probes], pairing.unit[references]
            scores = table[np.ix_(probes, references)]
            curve = cmc(scores, units, candidates, ranks=RANKS, resamples=_LEAST, seed=seed)
            got.hits.append(np.pad(curve.rate, (0, RANKS - len(curve.rate)), "edge") * curve.probes)
            own = scores[np.arange(len(probes)), np.searchsorted(candidates, units)]
            # A tie is held against the system, as in the CMC.
            alone = (scores >= own[:, None]).sum(axis=1) == 1
            got.first.append(alone)
            got.first_unit.append(units + starts[number])
            shares.append(float(curve.rate[0]))
            sizes.append(len(references))
            _open(got, scores, units, int(starts[number]), own, candidates)
    hits = np.sum(got.hits, axis=0)
    every = sum(len(one) for one in got.first)
    weights = weightings(
        pool, system, chimeric=pairings[0].chimeric, resamples=_RESAMPLES, seed=seed
    )
    right, unit = np.concatenate(got.first), np.concatenate(got.first_unit)
    drawn = weights @ np.bincount(unit, minlength=weights.shape[1]).astype(np.float64)
    won = weights @ np.bincount(unit, weights=right, minlength=weights.shape[1])
    found = people(pool, system)
    with np.errstate(invalid="ignore", divide="ignore"):
        one = rate(float(right.mean()), won / drawn, found, every // len(pairings))
    curve_open, at_one = _open_set(got, weights, found, len(pairings))
    return Identified(
        hits / every, one, tuple(shares), curve_open, at_one, every,
        int((~np.concatenate(got.mated)).sum()), (min(sizes), max(sizes)),
    )  # fmt: skip


def _open(
    got: _Collected, scores: Floats, unit: NDArray[np.int32], start: int, own: Floats,
    candidates: NDArray[np.int32],
) -> None:  # fmt: skip
    """Every second subject is enrolled; the probes of the others are unmated."""
    enrolled = np.arange(len(candidates)) % 2 == 0
    mated = enrolled[np.searchsorted(candidates, unit)]
    left = np.where(np.isnan(scores[:, enrolled]), -np.inf, scores[:, enrolled])
    best = left.max(axis=1)
    decisive = np.where(mated, np.where(own >= best, own, np.nan), best)
    got.best.append(np.where(np.isinf(decisive), np.nan, decisive))
    got.mated.append(mated)
    got.unit.append(unit.astype(np.int64) + start)


def _open_set(got: _Collected, weights: Floats, found: int, pairings: int) -> tuple[Det, Rate]:
    mated, unit = np.concatenate(got.mated), np.concatenate(got.unit).astype(np.int32)
    names = tuple(str(k) for k in range(weights.shape[1]))
    listed = Listed(names, unit, unit, np.concatenate(got.best), mated)
    unmated = int((~mated).sum())
    # Unmated probes repeat over the pairings: what one pairing has is what an FPIR can lean on.
    least = min(0.4, 3 * pairings / max(unmated, 1))
    grid = np.unique(np.append(np.geomspace(least, 0.5, _POINTS), 0.01 if least < 0.01 else least))
    by_score = walk.sort(listed)
    _, fnir = walk.eer_and_fnmr(by_score, np.ones((1, weights.shape[1])), grid)
    _, fnirs = walk.eer_and_fnmr(by_score, weights, grid)
    low, high = bounds(fnir[0], fnirs, found, int(mated.sum()) // pairings)
    at = int(np.searchsorted(grid, 0.01))
    told = (
        Rate(float(fnir[0, at]), float(low[at]), float(high[at]))
        if least <= 0.01
        else Rate(
            None, refused=f"{unmated // pairings} unmated probes carry no FPIR below {least:.2g}"
        )
    )
    return Det(grid, fnir[0], low, high), told
