"""Shares with 95 % intervals, by resampling subjects.

A person is drawn with both eyes and all pictures, since comparisons that share a person are not
independent (the subsets bootstrap of Bolle, Ratha and Pankanti, "Error analysis of pattern
recognition systems", CVIU 93, 2004). Percentiles of the resampled rates are too narrow for few
subjects and [0, 0] without an error, so the resamples give the variance alone: a share p with
variance v is worth p (1 - p) / v independent trials, and the interval is Wilson's for so many, with
Student's quantile for the number of subjects (N. Dean and M. Pagano, "Evaluating confidence
interval methods for binomial proportions in clustered surveys", J. Survey Statistics and
Methodology 3, 2015; after E. Korn and B. Graubard, Survey Methodology 24, 1998). Where no resample
differs, as with no error at all, every subject counts as one trial (Clopper and Pearson 1934: about
3.7 / subjects). docs/evaluating.md has the measured coverage.

Where only lists of mated and non-mated scores are known, the comparisons themselves are drawn,
mated and non-mated apart, and the interval is too narrow wherever a person took part in several.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta
from scipy.stats import t as student

from twofold.evaluation.verification.comparisons import Listed

RESAMPLES = 1_000
SEED = 19795
TAIL = 0.025
_AT_ONCE = 2**24  # numbers of one block of weightings: 128 MiB
_MOST_DRAWN = 4 * 10**8  # of comparisons without labels; beyond, fewer resamples
_LEAST_RESAMPLES = 200
_NO_VARIANCE = 1e-18
_FEW_ERRORS = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """A share, or another measure, with its interval.

    Attributes:
        value: 0 to 1 for a share, or None where the data cannot support it.
        low, high: bounds of the 95 % interval, or None where nothing can be resampled.
        refused: why there is no value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    refused: str | None = None


def draw(subjects: int, resamples: int, seed: int) -> Floats:
    """How often each subject is drawn in each resample, (resamples, subjects)."""
    if subjects < 2:
        return np.empty((0, subjects))
    rng = np.random.default_rng(seed)
    shares = np.full(subjects, 1 / subjects)
    return rng.multinomial(subjects, shares, size=resamples).astype(np.float64)


def draw_comparisons(comparisons: Listed, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each comparison is drawn, mated and non-mated apart, in blocks (r, m)."""
    rng = np.random.default_rng(seed)
    total = len(comparisons.score)
    parts = [np.flatnonzero(comparisons.mated), np.flatnonzero(~comparisons.mated)]
    left = min(resamples, max(_LEAST_RESAMPLES, _MOST_DRAWN // max(total, 1)))
    while left:
        block = np.zeros((min(left, max(1, _AT_ONCE // max(total, 1))), total))
        for row in block:
            for part in parts:
                drawn = rng.integers(0, max(len(part), 1), len(part))
                row[part] = np.bincount(drawn, minlength=len(part))[: len(part)]
        yield block
        left -= len(block)


def resampled(
    weightings: Iterator[Floats], measure: Callable[[Floats], tuple[Floats, ...]]
) -> tuple[Floats, ...]:
    """Measure under every weighting, block by block; first axes are those of all blocks."""
    blocks = [measure(block) for block in weightings]
    return tuple(np.concatenate(parts) for parts in zip(*blocks, strict=True))


def bounds(
    values: Floats, resampled_values: Floats, units: int, trials: float | None = None
) -> tuple[Floats, Floats]:
    """The 95 % interval of shares, each (g,); NaN where nothing can be resampled.

    Args:
        values: (g,) of all subjects.
        resampled_values: (r, g); resamples with NaN are left out.
        units: subjects (or comparisons without labels) that a share is taken over.
        trials: comparisons; with fewer than 3 errors a share is worth no more than these, however
            little the resamples differ.
    """
    known = resampled_values[~np.isnan(resampled_values).any(axis=1)]
    if len(known) < 2 or units < 2:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing
    low, high = np.empty(len(values)), np.empty(len(values))
    quantile = float(student.ppf(1 - TAIL, units - 1))
    variances = known.var(axis=0, ddof=1) * units / (units - 1)
    for k, (share, variance) in enumerate(zip(values.tolist(), variances.tolist(), strict=True)):
        if variance <= _NO_VARIANCE or not 0 < share < 1:
            low[k], high[k] = clopper_pearson(share * units, units)
            continue
        worth = share * (1 - share) / variance
        if trials is not None and share * trials < _FEW_ERRORS:
            worth = min(worth, trials)
        low[k], high[k] = wilson(share, worth, quantile)
    return low, high


def wilson(share: float, trials: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a share of so many independent trials, within 0 to 1."""
    square = quantile**2 / trials
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def clopper_pearson(errors: float, trials: float) -> tuple[float, float]:
    """The exact interval of `errors` among `trials`; both may be fractions."""
    right = trials - errors
    low = float(beta.ppf(TAIL, errors, right + 1)) if errors > 0 else 0.0
    high = float(beta.ppf(1 - TAIL, errors + 1, right)) if right > 0 else 1.0
    return low, high


def rate(value: float, resampled_values: Floats, units: int, trials: float | None = None) -> Rate:
    """A share with its interval; arguments as of `bounds`, resampled (r,)."""
    low, high = bounds(np.array([value]), resampled_values.reshape(-1, 1), units, trials)
    if np.isnan(low[0]) or np.isnan(value):
        return Rate(value)
    return Rate(value, float(low[0]), float(high[0]))


def rate_of_pairs(value: float, resampled_values: Floats, units: int, trials: int) -> Rate:
    """A share of comparisons across subjects, such as FMR: Student's interval of its log odds.

    A few subjects that are like many others raise such a share as a factor, so that it is skewed
    far more than a share of trials; the resampled log odds take this in. By measurement, too:
    docs/evaluating.md.
    """
    known = resampled_values[~np.isnan(resampled_values)]
    if len(known) < 2 or units < 2 or not 0 < value < 1:
        return rate(value, resampled_values, units, trials)
    least = 0.5 / max(trials, 1)  # half an error, where a resample has none
    odds = logit(np.clip(known, least, 1 - least))
    wide = float(student.ppf(1 - TAIL, units - 1)) * float(
        np.sqrt(odds.var(ddof=1) * units / (units - 1))
    )
    middle = float(logit(value))
    return Rate(value, float(expit(middle - wide)), float(expit(middle + wide)))


def measure(value: float, resampled_values: Floats, units: int, *, positive: bool = False) -> Rate:
    """A measure that is no share, with Student's interval; of its logarithm where positive."""
    known = resampled_values[np.isfinite(resampled_values)]
    if len(known) < 2 or units < 2 or not np.isfinite(value):
        return Rate(value)
    wide = float(student.ppf(1 - TAIL, units - 1)) * float(
        np.sqrt(known.var(ddof=1) * units / (units - 1))
    )
    if positive and value > 0:
        factor = float(np.exp(wide / value))
        return Rate(value, value / factor, value * factor)
    return Rate(value, value - wide, value + wide)
