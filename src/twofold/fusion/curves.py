"""The two forms of a calibration: a saturating logistic curve, and steps (isotonic).

Both turn scores into natural log-likelihood ratios that never fall with the score and are bounded
at both ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogisticCurve:
    """A logistic curve that saturates at both ends, the lower one by the quality.

    With r = exp(slope * score + intercept):

        LLR = log(((1 - e) * r + e) / ((1 - d) + d * r))

    `e` is the share of mated comparisons that look non-mated (a failed segmentation, a hidden
    face), so that a non-match says no more than log e. Its log-odds run evenly from their value at
    quality 100 to the one at quality 0: a poor sample is hardly heard against a match. `d` is the
    share of non-mated comparisons of which the data cannot tell that they do not look mated, so
    that a match says no more than -log d. With e = d = 0 this is plain logistic calibration.

    Attributes:
        slope: above 0.
        intercept: of the log-ratio at score 0.
        missed: log-odds of e at quality 100 and at quality 0.
        doubt: d, 0 to 1.
        quality: taken where a comparison's own is not known, 0 to 100.
    """

    slope: float
    intercept: float
    missed: tuple[float, float]
    doubt: float
    quality: float

    def llr(self, score: Floats, quality: Floats) -> Floats:
        """(m,) scores and qualities (NaN: not known) to (m,) ratios; NaN scores give NaN."""
        missed = missed_odds(self.missed, quality, self.quality)
        return saturated(self.slope * score + self.intercept, missed, self.doubt)


def missed_odds(ends: tuple[float, float], quality: Floats, typical: float) -> Floats:
    """Log-odds of a mated comparison that looks non-mated, at qualities (m,), NaN: not known."""
    known = np.where(np.isnan(quality), typical, np.clip(quality, 0.0, 100.0)) / 100.0
    return known * ends[0] + (1.0 - known) * ends[1]


def saturated(z: Floats, missed: Floats, doubt: float) -> Floats:
    """log(((1 - e) exp(z) + e) / ((1 - d) + d exp(z))), e = 1 / (1 + exp(-missed)), d = doubt."""
    log_missed, log_shown = -np.logaddexp(0.0, -missed), -np.logaddexp(0.0, missed)
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        above = np.logaddexp(log_shown + z, log_missed)
        if doubt <= 0.0:
            return above
        below: Floats = np.logaddexp(np.log1p(-doubt), np.log(doubt) + z)
    return above - below


@dataclass(frozen=True)
class IsotonicCurve:
    """Straight lines between knots, level beyond the first and the last.

    Attributes:
        score: rising.
        llrs: natural log-likelihood ratios there, never falling.
    """

    score: tuple[float, ...]
    llrs: tuple[float, ...]

    def llr(self, score: Floats, quality: Floats) -> Floats:
        """(m,) scores to (m,) ratios; NaN scores give NaN. The quality is not used."""
        return np.interp(score, self.score, self.llrs)


Curve = LogisticCurve | IsotonicCurve
