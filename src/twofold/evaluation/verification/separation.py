"""How far apart mated and non-mated scores lie, and what scores that are likelihood ratios cost.

Each with a 95 % interval by resampled subjects. Failed comparisons have no score and are left out
here; they count in the error rates.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.comparisons import Comparisons, Listed
from twofold.evaluation.verification.intervals import (
    RESAMPLES,
    SEED,
    Floats,
    Rate,
    measure,
    resampled,
)
from twofold.evaluation.verification.rates import mated_units, resampling
from twofold.evaluation.verification.walk import PairSum
from twofold.fusion.cost import cllr as cost_of
from twofold.fusion.cost import min_cllr as least_cost_of
from twofold.fusion.cost import pooled

_MIN_CLLR_RESAMPLES = 200  # each of them sorts into a new calibration
_MOST_MIN_CLLR = 5 * 10**7  # comparisons times resamples, some 20 s; beyond, fewer resamples
_LEAST_RESAMPLES = 25
_LN2 = float(np.log(2))


@dataclass(frozen=True)
class Pairs:
    """Comparisons with a score: subjects, scores and kinds of each."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    score: Floats
    mated: NDArray[np.bool_]
    units: int

    @staticmethod
    def of(comparisons: Comparisons | Listed) -> "Pairs":
        """Bring either form of comparisons into one."""
        if isinstance(comparisons, Listed):
            there = ~np.isnan(comparisons.score)
            return Pairs(
                comparisons.first[there], comparisons.second[there], comparisons.score[there],
                comparisons.mated[there], comparisons.units,
            )  # fmt: skip
        subject = comparisons.people.subject
        return Pairs(
            subject[comparisons.first], subject[comparisons.second],
            comparisons.score.astype(np.float64), comparisons.mated, len(comparisons.people.names),
        )  # fmt: skip

    @property
    def both(self) -> bool:
        """Whether there are mated and non-mated ones."""
        return bool(self.mated.any() and not self.mated.all())

    def sums(self, kind: NDArray[np.bool_], values: Floats) -> PairSum:
        """The sum of `values` over the comparisons of one kind, for any weighting."""
        return PairSum(self.first[kind], self.second[kind], self.units, values[kind])

    def weights(self, weighting: Floats) -> Floats:
        """The weight of each comparison under one weighting, (s,) -> (m,)."""
        first = weighting[self.first]
        return np.where(self.first == self.second, first, first * weighting[self.second])


def d_prime(
    comparisons: Comparisons | Listed, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Rate:
    """Distance of the means in pooled deviations: |m1 - m0| / sqrt((v1 + v0) / 2).

    Also called decidability (J. Daugman, "Biometric decision landscapes", 2000). It tells of
    overlap only as far as scores are near normal.
    """
    pairs = Pairs.of(comparisons)
    if not pairs.both:
        return _nothing()
    centred = pairs.score - pairs.score.mean()  # squares of large scores would lose digits
    sums = [
        [pairs.sums(kind, values) for values in (np.ones_like(centred), centred, centred**2)]
        for kind in (pairs.mated, ~pairs.mated)
    ]

    def distance(weights: Floats) -> tuple[Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            moments = []
            for count, first, second in sums:
                number, mean = count(weights), first(weights) / count(weights)
                moments.append((mean, np.maximum(second(weights) / number - mean**2, 0)))
            (mean1, variance1), (mean0, variance0) = moments
            return (np.abs(mean1 - mean0) / np.sqrt((variance1 + variance0) / 2),)

    value = float(distance(np.ones((1, pairs.units)))[0][0])
    if not np.isfinite(value):
        return Rate(None, refused="all mated and all non-mated scores are equal among themselves")
    return _measured(value, distance, comparisons, resamples, seed)


def cllr(
    comparisons: Comparisons | Listed, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Rate:
    """The cost in bits of scores that are natural-log likelihood ratios (0 perfect, 1 useless)."""
    pairs = Pairs.of(comparisons)
    if not pairs.both:
        return _nothing()
    costs = np.logaddexp(0.0, np.where(pairs.mated, -pairs.score, pairs.score)) / _LN2
    sums = [
        (pairs.sums(kind, np.ones_like(costs)), pairs.sums(kind, costs))
        for kind in (pairs.mated, ~pairs.mated)
    ]

    def cost(weights: Floats) -> tuple[Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            mated, non_mated = (total(weights) / count(weights) for count, total in sums)
        return ((mated + non_mated) / 2,)

    value = cost_of(pairs.score, pairs.mated)
    return _measured(value, cost, comparisons, resamples, seed, positive=True)


def min_cllr(
    comparisons: Comparisons | Listed,
    *,
    resamples: int = _MIN_CLLR_RESAMPLES,
    seed: int = SEED,
) -> Rate:
    """The cost in bits that the best monotone calibration of these very scores would leave."""
    pairs = Pairs.of(comparisons)
    if not pairs.both:
        return _nothing()
    affordable = max(_LEAST_RESAMPLES, _MOST_MIN_CLLR // len(pairs.score))

    def cost(weights: Floats) -> tuple[Floats]:
        return (np.array([_least(pairs, weighting) for weighting in weights]),)

    value = least_cost_of(pairs.score, pairs.mated)
    return _measured(value, cost, comparisons, min(resamples, affordable), seed, positive=True)


def _least(pairs: Pairs, weighting: Floats) -> float:
    weight = pairs.weights(weighting)
    there = weight > 0
    mated, weight = pairs.mated[there], weight[there]
    if not mated.any() or mated.all():
        return float("nan")
    share = pooled(pairs.score[there], mated, weight)
    with np.errstate(divide="ignore"):
        costs = -np.log2(np.where(mated, share, 1 - share))
    return float(
        (np.average(costs[mated], weights=weight[mated])
        + np.average(costs[~mated], weights=weight[~mated])) / 2
    )  # fmt: skip


def _measured(
    value: float,
    function: Callable[[Floats], tuple[Floats]],
    comparisons: Comparisons | Listed,
    resamples: int,
    seed: int,
    *,
    positive: bool = False,
) -> Rate:
    (found,) = resampled(resampling(comparisons, resamples, seed), function)
    return measure(value, found, mated_units(comparisons), positive=positive)


def _nothing() -> Rate:
    return Rate(None, refused="there are no mated or no non-mated comparisons with a score")
