"""Error rates by walking down the sorted scores, for many weightings of the subjects at once.

A weighting says how often each subject was drawn. A comparison of two subjects then counts as often
as the product of their weights, one within a subject as often as its weight (copies of one subject
are not compared with one another). All weights 1 give the plain rates, so that a rate and its
interval come from the same lines.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from twofold.evaluation.verification.comparisons import Comparisons, Listed, People

Floats = NDArray[np.float64]


# Mated and non-mated comparisons, failed ones included, under each weighting: (r, s) -> (r,), (r,).
Totals = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Sorted:
    """Comparisons by falling score, failed ones left out.

    Attributes:
        score: float64 (m,).
        first, second: int32 (m,) numbers of the two subjects.
        mated: bool (m,).
        last: bool (m,), whether the next score is lower, so that a threshold can lie between.
        totals: how many comparisons there are under a weighting, failed ones included.
        units: subjects (or unlabelled comparisons) s that a weighting is over.
    """

    score: Floats
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    mated: NDArray[np.bool_]
    last: NDArray[np.bool_]
    totals: Totals
    units: int


@dataclass(frozen=True)
class _EveryPair:
    """Totals where every sample meets every other.

    Attributes:
        samples: (s,) samples of each subject, failed ones included.
        mated_of: (s,) mated comparisons within each subject, failed ones included.
    """

    samples: Floats
    mated_of: Floats

    def __call__(self, weights: Floats) -> tuple[Floats, Floats]:
        mated = weights @ self.mated_of
        drawn = weights * self.samples
        across = (drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)) / 2
        within = weights @ (self.samples * (self.samples - 1) / 2 - self.mated_of)
        return mated, across + within


class PairSum:
    """Sum of one value a comparison under each weighting: (r, s) -> (r,)."""

    def __init__(
        self, first: NDArray[np.int32], second: NDArray[np.int32], units: int, values: Floats
    ) -> None:
        same = first == second
        self._within = np.bincount(first[same], weights=values[same], minlength=units)
        places = (first[~same], second[~same])
        self._across = csr_array((values[~same], places), shape=(units, units))

    def __call__(self, weights: Floats) -> Floats:
        found: Floats = weights @ self._within
        if self._across.nnz:
            found = found + ((weights @ self._across) * weights).sum(axis=1)
        return found


class _ListedPairs:
    """Totals of a list: each pair of subjects as often as it stands there."""

    def __init__(self, comparisons: Listed) -> None:
        self._sums = [
            PairSum(
                comparisons.first[kind],
                comparisons.second[kind],
                comparisons.units,
                np.ones(int(kind.sum())),
            )
            for kind in (comparisons.mated, ~comparisons.mated)
        ]

    def __call__(self, weights: Floats) -> tuple[Floats, Floats]:
        mated, non_mated = (total(weights) for total in self._sums)
        return mated, non_mated


def sort(comparisons: Comparisons | Listed) -> Sorted:
    """Bring comparisons into falling order of score."""
    if isinstance(comparisons, Listed):
        there = ~np.isnan(comparisons.score)
        first, second = comparisons.first[there], comparisons.second[there]
        score, mated = comparisons.score[there], comparisons.mated[there]
        totals: Totals = _ListedPairs(comparisons)
        units = comparisons.units
    else:
        people = comparisons.people
        first, second = people.subject[comparisons.first], people.subject[comparisons.second]
        score, mated = comparisons.score.astype(np.float64), comparisons.mated
        totals, units = _every_pair(people), len(people.names)
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    last = np.ones(len(falling), dtype=np.bool_)
    last[:-1] = falling[:-1] != falling[1:]
    return Sorted(falling, first[order], second[order], mated[order], last, totals, units)


def _every_pair(people: People) -> _EveryPair:
    subjects = len(people.names)
    of_identity = np.bincount(people.identity).astype(np.float64)
    subject_of = np.zeros(len(of_identity), dtype=np.int64)
    subject_of[people.identity] = people.subject
    within = of_identity * (of_identity - 1) / 2
    return _EveryPair(
        np.bincount(people.subject, minlength=subjects).astype(np.float64),
        np.bincount(subject_of, weights=within, minlength=subjects).astype(np.float64),
    )


def eer_and_fnmr(by_score: Sorted, weights: Floats, fmr: Floats) -> tuple[Floats, Floats]:
    """The EER, and the FNMR at each FMR, under each weighting.

    The EER is where the line through the measured points (FMR, FNMR) crosses FMR = FNMR. The
    FNMR at an FMR is taken at the lowest threshold whose FMR is not above it.

    Args:
        by_score: of m comparisons between s subjects.
        weights: (r, s), 0 or more.
        fmr: (g,) rising, each below 1.

    Returns:
        (r,) and (r, g), 0 to 1; NaN where nothing mated or non-mated is left.
    """
    mated, non_mated = by_score.totals(weights)
    eer = np.full(len(weights), np.nan)
    fnmr = np.full((len(weights), len(fmr)), np.nan)
    from twofold.evaluation.verification import kernels  # Numba takes a moment to import

    kernels.walk(
        by_score.first, by_score.second, by_score.mated, by_score.last,
        weights, mated, non_mated, fmr, eer, fnmr,
    )  # fmt: skip
    return eer, fnmr


def at_thresholds(by_score: Sorted, weights: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """FMR and FNMR where scores of a threshold or more are matches.

    Args:
        by_score: of m comparisons between s subjects.
        weights: (r, s).
        thresholds: (t,), any order.

    Returns:
        Two arrays (r, t), 0 to 1; NaN where nothing mated or non-mated is left.
    """
    mated, non_mated = by_score.totals(weights)
    ends = np.searchsorted(-by_score.score, -thresholds, side="right")
    order = np.argsort(ends, kind="stable")
    matches = np.zeros((len(weights), len(thresholds)))
    false = np.zeros_like(matches)
    from twofold.evaluation.verification import kernels

    kernels.passed(
        by_score.first, by_score.second, by_score.mated, weights, ends[order], matches, false
    )
    back = np.argsort(order, kind="stable")
    missed = mated[:, None] - matches[:, back]
    with np.errstate(invalid="ignore", divide="ignore"):
        return false[:, back] / non_mated[:, None], missed / mated[:, None]
