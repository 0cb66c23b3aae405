"""Fitting the curves of a calibration by the class-balanced logarithmic cost (Cllr).

The prior is 1/2: mated and non-mated comparisons weigh the same however many there are, so that
what comes out is a log-likelihood ratio and not a statement about how common mated comparisons are.
"""

import numpy as np
from numpy.typing import NDArray

from twofold.fusion.cost import Flags, Floats, class_balanced, pooled
from twofold.fusion.curves import IsotonicCurve, LogisticCurve, missed_odds, saturated

RULE_OF_THREE = 3.0
_MISSED = (1e-3, 0.5)  # bounds of the share of mated comparisons that look non-mated
_MOST_DOUBT = 0.4  # with both at 0.5 the curve would be level
_FAR = 700.0  # exp of more overflows


def supported(mated: float, non_mated: float) -> tuple[float, float]:
    """Lowest and highest log-likelihood ratio that so many comparisons carry.

    Where none of n comparisons shows a thing, its rate may still be 3 / n (the rule of three, at
    95 %; Hanley and Lippman-Hand 1983): no ratio beyond that is claimed.
    """
    return (
        -float(np.log(max(mated / RULE_OF_THREE, 1.0))),
        float(np.log(max(non_mated / RULE_OF_THREE, 1.0))),
    )


def fit_logistic(
    scores: Floats,
    mated: Flags,
    weights: Floats | None,
    quality: Floats | None,
    least: float,
    most: float,
) -> LogisticCurve:
    """Fit the saturating logistic curve.

    Args:
        scores: (m,) finite.
        mated: (m,).
        weights: (m,) or None.
        quality: (m,) 0 to 100, NaN where not known; None lets nothing depend on it.
        least, most: lowest and highest ratio that the data carry.
    """
    from scipy.optimize import minimize  # loading SciPy's optimizers takes a moment

    balanced = class_balanced(mated, weights)
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    standard = (scores - centre) / spread
    known = np.full(len(scores), np.nan) if quality is None else quality
    typical = float(np.nanmedian(known)) if np.isfinite(known).any() else 100.0
    best = missed_odds((1.0, 0.0), known, typical)
    doubt = min(float(np.exp(-most)), _MOST_DOUBT)
    log_doubt = float(np.log(doubt) - np.log1p(-doubt))
    sign = np.where(mated, -1.0, 1.0)

    def cost(p: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope = float(np.exp(p[0]))
        z = slope * standard + p[1]
        odds = p[3] + best * (p[2] - p[3])
        llr = saturated(z, odds, doubt)
        by_llr = balanced * sign * _logistic(sign * llr)
        shown = _logistic(z - odds)  # part of (1 - e) r in (1 - e) r + e
        by_z = by_llr * (shown - _logistic(z + log_doubt))
        by_odds = by_llr * ((1.0 - shown) - _logistic(odds))
        ends = np.array([by_odds @ best, by_odds @ (1.0 - best)])
        if quality is None:  # one value for every quality: the ends move together
            ends[:] = ends.sum()
        gradient = np.array([by_z @ standard * slope, by_z.sum(), *ends])
        return float(balanced @ np.logaddexp(0.0, sign * llr)), gradient

    shares = min(max(float(np.exp(least)), _MISSED[0]), _MISSED[1]), _MISSED[1]
    smallest, largest = (float(np.log(share / (1 - share))) for share in shares)
    found = minimize(
        cost,
        np.array([0.5, -1.0, -4.0, -4.0 if quality is None else -3.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-5.0, 6.0), (-60.0, 60.0), (smallest, largest), (smallest, largest)],
        options={"maxiter": 500},
    ).x
    slope = float(np.exp(found[0])) / spread
    return LogisticCurve(
        slope=slope,
        intercept=float(found[1]) - slope * centre,
        missed=(float(found[2]), float(found[3])),
        doubt=doubt,
        quality=typical,
    )


def _logistic(x: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -_FAR, _FAR)))
    return result


def fit_isotonic(
    scores: Floats, mated: Flags, weights: Floats | None, least: float, most: float
) -> IsotonicCurve:
    """Fit steps by pooling adjacent violators, joined by lines; the ends lie in [least, most]."""
    share = pooled(scores, mated, weights)
    with np.errstate(divide="ignore"):  # a share of 0 or 1 is a ratio of 0 or infinity
        llr = np.clip(np.log(share) - np.log1p(-share), least, most)
    knots, first = np.unique(scores, return_index=True)
    levels = llr[first]  # equal scores have equal levels
    change = np.flatnonzero(np.diff(levels) > 0)
    ends = np.unique(np.concatenate([[0], change, change + 1, [len(knots) - 1]]))
    return IsotonicCurve(tuple(knots[ends].tolist()), tuple(levels[ends].tolist()))
