"""Both errors at every threshold: the points of the DET and of the ROC curve, without intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Comparisons, Listed, count


@dataclass(frozen=True)
class TradeOff:
    """Errors where scores of a threshold or more are matches.

    Attributes:
        threshold: (t,) infinity, then every different score, falling.
        fmr, fnmr: (t,) FMR rises from 0, FNMR falls from 1; failed comparisons are non-matches.
    """

    threshold: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]

    @property
    def tmr(self) -> NDArray[np.float64]:
        """The true match rate, 1 - FNMR: the height of the ROC curve."""
        return np.asarray(1 - self.fnmr)

    @property
    def area(self) -> float:
        """The area under the ROC curve up to the last threshold, 0 to 1."""
        return float(np.trapezoid(self.tmr, self.fmr))

    def eer_bounds(self) -> tuple[float, float]:
        """EERlow and EERhigh of FVC2000: both errors at the better of the two nearest thresholds.

        Source: D. Maio and others, "FVC2000: fingerprint verification competition", IEEE PAMI 24,
        2002; what pyeer reports, its EER being their mean. The EER elsewhere in Twofold is where
        the straight line between these two thresholds crosses FMR = FNMR.
        """
        at = int(np.argmax(self.fmr >= self.fnmr)) if (self.fmr >= self.fnmr).any() else -1
        before = max(at - 1, 0) if at >= 0 else len(self.fmr) - 1
        if self.fmr[at] == self.fnmr[at]:
            before = at
        sums = self.fmr + self.fnmr
        best = at if sums[at] <= sums[before] else before
        low, high = sorted((float(self.fmr[best]), float(self.fnmr[best])))
        return low, high


def trade_off(comparisons: Comparisons | Listed) -> TradeOff:
    """The errors at every threshold; NaN where nothing is mated or non-mated."""
    by_score, counts = walk.sort(comparisons), count(comparisons)
    last = by_score.last
    matches = np.cumsum(by_score.mated)[last]
    false = np.cumsum(~by_score.mated)[last]
    with np.errstate(invalid="ignore", divide="ignore"):
        fmr = np.concatenate([[0], false]) / np.float64(counts.non_mated)
        fnmr = 1 - np.concatenate([[0], matches]) / np.float64(counts.mated)
    return TradeOff(np.concatenate([[np.inf], by_score.score[last]]), fmr, fnmr)
