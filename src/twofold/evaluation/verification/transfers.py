"""Thresholds from one half of the people, applied unchanged to the other half."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import count
from twofold.evaluation.verification.intervals import Rate
from twofold.evaluation.verification.pooled_rates import as_list, point_at
from twofold.evaluation.verification.pools import SYSTEMS, Pool, System
from twofold.evaluation.verification.rates import Applied, apply_threshold

RESAMPLES = 400


@dataclass(frozen=True)
class Transfer:
    """One threshold, from one half of a pairing to the other.

    Attributes:
        pairing: its number.
        half: the one that was measured; the threshold is from the other.
        system: "face", "iris" or "fused".
        applied: what both errors turned out to be, with intervals.
    """

    pairing: int
    half: int
    system: System
    applied: Applied

    @property
    def holds(self) -> bool:
        """Whether the interval of the observed FMR reaches over the FMR asked for."""
        fmr = self.applied.fmr
        return (
            fmr.low is not None
            and fmr.high is not None
            and (fmr.low <= self.applied.wanted <= fmr.high)
        )


def transfers(
    development: Pool, evaluation: Pool, wanted: Sequence[float], seed: int
) -> list[Transfer]:
    """Apply the thresholds of each half to the other, in every pairing and for every system.

    Args:
        development: clean comparisons; of either half, ratios by calibrations fitted on itself.
        evaluation: the same comparisons, ratios by those fitted on the other half.
        wanted: FMRs; those that a half does not support (3 / its non-mated comparisons) are
            left out.
        seed: of the intervals.
    """
    pool = evaluation
    found = []
    for number in range(int(pool.pairing.max()) + 1):
        there = pool.pairing == number
        for system in SYSTEMS:
            halves = [as_list(pool, system, there & (pool.half == half)) for half in (0, 1)]
            for half in (0, 1):
                other = as_list(development, system, there & (pool.half == 1 - half))
                by_score, counts = walk.sort(other), count(other)
                for fmr in wanted:
                    completed = counts.non_mated - counts.non_mated_failed
                    if completed * fmr < 3:
                        continue
                    point = point_at(by_score, counts, fmr, Rate(None))
                    own = halves[half].chosen(np.ones(len(halves[half].score), dtype=np.bool_))
                    applied = apply_threshold(own, point, resamples=RESAMPLES, seed=seed)
                    if applied is not None:
                        found.append(Transfer(number, half, system, applied))
    return found
