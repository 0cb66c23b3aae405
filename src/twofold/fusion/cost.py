"""What log-likelihood ratios cost whoever decides by them: Cllr, and the least that order allows.

N. Brümmer and J. du Preez: Application-independent evaluation of speaker detection. Computer Speech
and Language 20 (2006) 230-275. Cllr is 0 for perfect ratios and 1 bit for ratios that say nothing;
more than 1 is worse than saying nothing. minCllr is what the best monotone calibration of the same
comparisons would cost, so that Cllr - minCllr is lost to calibration and minCllr to discrimination.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twofold.errors import OptionError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def cllr(llr: ArrayLike, mated: ArrayLike) -> float:
    """Cost of log-likelihood ratios, in bits; both classes weigh the same.

    Args:
        llr: (m,) natural logarithms; NaN (no comparison) is left out, infinite is allowed.
        mated: bool (m,).

    Raises:
        OptionError: nothing mated or nothing non-mated is left, or shapes differ.
    """
    ratios, labels = usable(llr, mated)
    costs = np.logaddexp(0.0, np.where(labels, -ratios, ratios)) / np.log(2)
    return float((costs[labels].mean() + costs[~labels].mean()) / 2)


def min_cllr(score: ArrayLike, mated: ArrayLike) -> float:
    """The least cost that any monotone calibration of these scores could reach, in bits.

    The calibration is fitted to the very comparisons that it is judged on (pool adjacent
    violators): a bound for reports, no calibration for use.

    Args:
        score: (m,) scores or log-likelihood ratios, higher is more alike; NaN is left out.
        mated: bool (m,).

    Raises:
        OptionError: as `cllr`.
    """
    scores, labels = usable(score, mated)
    share = pooled(scores, labels)
    with np.errstate(divide="ignore"):  # a share of 0 or 1 is a ratio of 0 or infinity
        return cllr(np.log(share) - np.log1p(-share), labels)


def pooled(scores: Floats, mated: Flags, weights: Floats | None = None) -> Floats:
    """Share of mated comparisons at each score, monotone, both classes weighing the same.

    Pool adjacent violators (Ayer et al. 1955; Zadrozny and Elkan 2002).

    Args:
        scores: (m,), finite or infinite.
        mated: (m,).
        weights: (m,) of each comparison; normalised within each class. None weighs all the same.

    Returns:
        (m,), 0 to 1; equal scores share one value.
    """
    from sklearn.isotonic import IsotonicRegression  # loading scikit-learn takes a moment

    _, place = np.unique(scores, return_inverse=True)  # ranks: infinite scores are fine too
    balanced = class_balanced(mated, weights)
    ranks = place.astype(np.float64)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(
        ranks, mated.astype(np.float64), sample_weight=balanced
    )
    return np.asarray(fitted.predict(ranks), dtype=np.float64)


def class_balanced(mated: Flags, weights: Floats | None = None) -> Floats:
    """Weights (m,) of which those of either class sum to one half."""
    given = np.ones(len(mated)) if weights is None else np.asarray(weights, dtype=np.float64)
    balanced = np.empty(len(mated))
    for label in (True, False):
        chosen = mated == label
        balanced[chosen] = given[chosen] / (2 * given[chosen].sum())
    return balanced


def usable(score: ArrayLike, mated: ArrayLike) -> tuple[Floats, Flags]:
    """Scores and labels without the missing ones.

    Raises:
        OptionError: nothing mated or nothing non-mated is left, or shapes differ.
    """
    scores = np.asarray(score, dtype=np.float64)
    labels = np.asarray(mated, dtype=np.bool_)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise OptionError(
            f"scores {scores.shape} and labels {labels.shape}: give one label for each score."
        )
    there = ~np.isnan(scores)
    scores, labels = scores[there], labels[there]
    if not labels.any() or labels.all():
        raise OptionError(
            f"{int(labels.sum()):,} mated and {int((~labels).sum()):,} non-mated comparisons: a "
            "calibration needs both. Give scores of several people with two samples each."
        )
    return scores, labels
