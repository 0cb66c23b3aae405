"""Error rates by walking down the sorted scores, for many weightings of the subjects at once.

A weighting says how often each subject was drawn. A comparison of two subjects then counts as often
as the product of their weights, one within a subject as often as its weight (copies of one subject
are not compared with one another). All weights 1 give the plain rates, so that a rate and its
interval come from the same lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.comparisons import Comparisons

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sorted:
    """Comparisons by falling score.

    Attributes:
        score: float64 (m,).
        first, second: int32 (m,) numbers of the two subjects.
        mated: bool (m,).
        last: bool (m,), whether the next score is lower, so that a threshold can lie between.
        samples: float64 (s,) samples of each subject, failed ones included.
        mated_of: float64 (s,) mated comparisons within each subject, failed ones included.
    """

    score: Floats
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    mated: NDArray[np.bool_]
    last: NDArray[np.bool_]
    samples: Floats
    mated_of: Floats

    def totals(self, weights: Floats) -> tuple[Floats, Floats]:
        """Mated and non-mated comparisons under each weighting: (r, s) -> (r,), (r,)."""
        mated = weights @ self.mated_of
        drawn = weights * self.samples
        across = (drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)) / 2
        within = weights @ (self.samples * (self.samples - 1) / 2 - self.mated_of)
        return mated, across + within


def sort(comparisons: Comparisons) -> Sorted:
    """Bring comparisons into falling order of score."""
    people = comparisons.people
    order = np.argsort(-comparisons.score, kind="stable")
    score = comparisons.score[order].astype(np.float64)
    last = np.ones(len(score), dtype=np.bool_)
    last[:-1] = score[:-1] != score[1:]
    subjects = len(people.names)
    of_identity = np.bincount(people.identity).astype(np.float64)
    subject_of = np.zeros(len(of_identity), dtype=np.int64)
    subject_of[people.identity] = people.subject
    within = of_identity * (of_identity - 1) / 2
    return Sorted(
        score=score,
        first=people.subject[comparisons.first[order]],
        second=people.subject[comparisons.second[order]],
        mated=comparisons.mated[order],
        last=last,
        samples=np.bincount(people.subject, minlength=subjects).astype(np.float64),
        mated_of=np.bincount(subject_of, weights=within, minlength=subjects).astype(np.float64),
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
