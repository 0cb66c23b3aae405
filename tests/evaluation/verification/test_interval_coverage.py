"""Intervals hold the truth in 95 of 100 trials of known distributions with subject effects."""

import numpy as np
import pytest
from scipy.stats import norm
from test_verification_rates import make_samples

from twofold.evaluation.verification.comparisons import Comparisons, compared, people_of
from twofold.evaluation.verification.rates import (
    OperatingPoint,
    Rate,
    apply_threshold,
    error_rates,
)

TRIALS = 2_000  # one deviation of a share of 0.95 is then 0.005
RESAMPLES = 400
SUBJECTS, SAMPLES, APART = 40, 4, 3.0
OF_MATED, OF_NON_MATED = 0.4, 0.15  # shares of the variance that belong to a subject


def trial(rng: np.random.Generator) -> Comparisons:
    """Standard normal non-mated scores, mated ones `APART` higher, with subject effects in both.

    A subject's own mated scores lie higher or lower together, and so do all of its non-mated ones.
    """
    people = people_of(make_samples(SUBJECTS, SAMPLES), [False] * (SUBJECTS * SAMPLES))
    subject = people.subject
    noise = rng.normal(size=(len(subject),) * 2)
    own = rng.normal(0, np.sqrt(OF_MATED), SUBJECTS)[subject]
    other = rng.normal(0, np.sqrt(OF_NON_MATED), SUBJECTS)[subject]
    mated = APART + own[:, None] + np.sqrt(1 - OF_MATED) * noise
    non_mated = other[:, None] + other + np.sqrt(1 - 2 * OF_NON_MATED) * noise
    same = subject[:, None] == subject
    return compared(people, np.where(same, mated, non_mated).astype(np.float32))


def holds(rate: Rate, truth: float) -> bool:
    assert rate.low is not None and rate.high is not None
    return bool(rate.low <= truth <= rate.high)


@pytest.mark.slow
def test_intervals_cover_the_truth_in_95_of_100_trials() -> None:
    rng = np.random.default_rng(19795)
    held: dict[str, int] = {}
    for seed in range(TRIALS):
        comparisons = trial(rng)
        rates = error_rates(comparisons, resamples=RESAMPLES, seed=seed)
        seen = {"EER": holds(rates.eer, norm.cdf(-APART / 2))}
        for point in rates.points[:2]:
            truth = norm.cdf(norm.isf(point.wanted) - APART)
            seen[f"FNMR at FMR {point.wanted:g}"] = holds(point.fnmr, truth)
        fixed = OperatingPoint(1e-2, Rate(0.0), float(norm.isf(1e-2)))
        applied = apply_threshold(comparisons, fixed, resamples=RESAMPLES, seed=seed)
        assert applied is not None
        seen["FMR at a threshold"] = holds(applied.fmr, 1e-2)
        seen["FNMR at a threshold"] = holds(applied.fnmr, norm.cdf(norm.isf(1e-2) - APART))
        for name, hit in seen.items():
            held[name] = held.get(name, 0) + hit
    shares = {name: number / TRIALS for name, number in held.items()}
    assert len(shares) == 5
    assert all(0.93 <= share <= 0.97 for share in shares.values()), shares
