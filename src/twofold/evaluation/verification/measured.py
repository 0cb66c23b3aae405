"""What measuring a set of comparisons gives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.comparisons import Counts
from twofold.evaluation.verification.intervals import Rate


@dataclass(frozen=True)
class OperatingPoint:
    """The FNMR at the lowest threshold whose FMR is not above a wanted one.

    Attributes:
        wanted: the FMR asked for.
        fnmr: false non-match rate there.
        threshold: scores of this or more are matches; None where refused.
        fmr: measured at the threshold, at most `wanted`.
        false_matches, false_non_matches: their numbers, failures among the latter.
    """

    wanted: float
    fnmr: Rate
    threshold: float | None = None
    fmr: float | None = None
    false_matches: int | None = None
    false_non_matches: int | None = None


@dataclass(frozen=True)
class Det:
    """The trade-off of both errors: FNMR, and its interval, at rising FMR; each (g,), 0 to 1."""

    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class ErrorRates:
    """Everything measured on one set of comparisons.

    Attributes:
        samples, failed, subjects, identities: counts of what was compared; of a list the
            samples, failed ones and identities are not known and 0.
        counts: of the comparisons.
        failure: share of samples without a template; of a list, of comparisons without a score.
        eer: equal error rate.
        eer_threshold: score at which the two errors cross.
        points: one for each wanted FMR, falling.
        det: from the lowest FMR that the data support on.
    """

    samples: int
    failed: int
    subjects: int
    identities: int
    counts: Counts
    failure: Rate
    eer: Rate
    eer_threshold: float | None
    points: tuple[OperatingPoint, ...]
    det: Det


@dataclass(frozen=True)
class Applied:
    """A threshold from elsewhere, applied unchanged: what both errors turn out to be."""

    wanted: float
    threshold: float
    fmr: Rate
    fnmr: Rate
