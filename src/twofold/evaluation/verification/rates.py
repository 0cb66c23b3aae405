"""Error rates of verification with 95 % intervals.

Definitions follow ISO/IEC 19795-1:2021. A comparison is a match where its score reaches the
threshold. Failures to extract are comparisons that never match: mated ones are false non-matches,
non-mated ones never false matches; both stay in the denominators (the generalised rates of the
standard). Intervals are percentiles over resampled subjects (the subsets bootstrap of Bolle, Ratha
and Pankanti, "Error analysis of pattern recognition systems", CVIU 93, 2004): a person is drawn
with both eyes and all pictures, since comparisons that share a person are not independent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Comparisons, Counts, count

RESAMPLES = 1_000
SEED = 19795
TARGETS = (1e-2, 1e-3, 1e-4)
_STRICTER = (1e-5, 1e-6)  # measured as well where the data support them
_TAIL = 0.025
_FEWEST = 3  # "rule of three": below 3 / comparisons a rate of errors cannot be told from none
_HIGHEST_FMR = 0.5  # of the DET curve
_DET_POINTS = 81


@dataclass(frozen=True)
class Rate:
    """A share with its interval.

    Attributes:
        value: 0 to 1, or None where the data cannot support it.
        low, high: bounds of the 95 % interval, or None where nothing can be resampled.
        refused: why there is no value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    refused: str | None = None


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
        samples, failed, subjects, identities: counts of what was compared.
        counts: of the comparisons.
        failure: share of samples without a template.
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


def error_rates(
    comparisons: Comparisons, *, resamples: int = RESAMPLES, seed: int = SEED
) -> ErrorRates:
    """Measure a set of comparisons; the same seed gives the same intervals."""
    people, counts = comparisons.people, count(comparisons)
    by_score = walk.sort(comparisons)
    supported = lowest_fmr(counts)
    grid = _grid(supported)
    wanted = (*TARGETS, *(fmr for fmr in _STRICTER if fmr >= supported))
    targets = np.array(sorted({*wanted, *grid.tolist()}))
    once = np.ones((1, len(people.names)))
    drawn = draw(len(people.names), resamples, seed)
    eer, fnmr = walk.eer_and_fnmr(by_score, once, targets)
    eers, fnmrs = walk.eer_and_fnmr(by_score, drawn, targets)
    curve = _Curve(by_score, counts)
    at = {float(target): place for place, target in enumerate(targets)}
    columns = [at[fmr] for fmr in grid.tolist()]
    low, high = _bounds(fnmrs)
    failed_of = np.bincount(
        people.subject, weights=people.failed, minlength=len(people.names)
    ).astype(np.float64)
    return ErrorRates(
        samples=len(people.subject),
        failed=int(people.failed.sum()),
        subjects=len(people.names),
        identities=len(np.unique(people.identity)),
        counts=counts,
        failure=_rate(
            float(people.failed.mean()), (drawn @ failed_of) / (drawn @ by_score.samples)
        ),
        eer=_rate(float(eer[0]), eers),
        eer_threshold=curve.crossing(),
        points=tuple(
            _refusal(target, counts)
            if target < supported
            else curve.point(target, _rate(float(fnmr[0, at[target]]), fnmrs[:, at[target]]))
            for target in wanted
        ),
        det=Det(grid, fnmr[0, columns], low[columns], high[columns]),
    )


@dataclass(frozen=True)
class Applied:
    """A threshold from elsewhere, applied unchanged: what both errors turn out to be."""

    wanted: float
    threshold: float
    fmr: Rate
    fnmr: Rate


def apply_threshold(
    comparisons: Comparisons,
    point: OperatingPoint,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Applied | None:
    """Measure both errors at another set's threshold; None where that one was refused."""
    if point.threshold is None:
        return None
    by_score = walk.sort(comparisons)
    subjects = len(comparisons.people.names)
    thresholds = np.array([point.threshold])
    fmr, fnmr = walk.at_thresholds(by_score, np.ones((1, subjects)), thresholds)
    fmrs, fnmrs = walk.at_thresholds(by_score, draw(subjects, resamples, seed), thresholds)
    return Applied(
        point.wanted,
        point.threshold,
        _rate(float(fmr[0, 0]), fmrs[:, 0]),
        _rate(float(fnmr[0, 0]), fnmrs[:, 0]),
    )


def lowest_fmr(counts: Counts) -> float:
    """The lowest FMR that so many completed non-mated comparisons support: 3 / their number."""
    completed = counts.non_mated - counts.non_mated_failed
    return min(_FEWEST / completed, 1.0) if completed else 1.0


def draw(subjects: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each subject is drawn in each resample, (resamples, subjects)."""
    if subjects < 2:
        return np.empty((0, subjects))
    rng = np.random.default_rng(seed)
    shares = np.full(subjects, 1 / subjects)
    return rng.multinomial(subjects, shares, size=resamples).astype(np.float64)


def _grid(lowest: float) -> NDArray[np.float64]:
    start = min(lowest, _HIGHEST_FMR)
    return np.unique(np.geomspace(start, _HIGHEST_FMR, _DET_POINTS))


def _bounds(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = values[~np.isnan(values).any(axis=1)]
    if not len(known):
        nothing = np.full(values.shape[1], np.nan)
        return nothing, nothing
    low, high = np.quantile(known, [_TAIL, 1 - _TAIL], axis=0)
    return low, high


def _rate(value: float, resampled: NDArray[np.float64]) -> Rate:
    low, high = _bounds(resampled.reshape(-1, 1))
    if np.isnan(low[0]):
        return Rate(value)
    return Rate(value, float(low[0]), float(high[0]))


def _refusal(target: float, counts: Counts) -> OperatingPoint:
    completed = counts.non_mated - counts.non_mated_failed
    reason = (
        f"{completed} completed non-mated comparisons support no FMR below "
        f"{lowest_fmr(counts):.2g} (3 / comparisons)"
    )
    return OperatingPoint(target, Rate(None, refused=reason))


class _Curve:
    """The plain curve: errors at every threshold between two different scores."""

    def __init__(self, by_score: walk.Sorted, counts: Counts) -> None:
        last = by_score.last
        matches, false = np.cumsum(by_score.mated), np.cumsum(~by_score.mated)
        self._score, self._false = by_score.score[last], false[last]
        self._missed = counts.mated - matches[last]
        self._counts = counts

    def crossing(self) -> float | None:
        fmr = self._false / max(self._counts.non_mated, 1)
        crossed = np.flatnonzero(fmr >= self._missed / max(self._counts.mated, 1))
        return float(self._score[crossed[0]]) if crossed.size else None

    def point(self, target: float, fnmr: Rate) -> OperatingPoint:
        passing = self._false <= target * self._counts.non_mated * (1 + 1e-12)
        k = int(passing.sum())  # rises with falling score, so these are the first
        if k == len(self._score):
            threshold = float(self._score[-1])
        elif k == 0:
            threshold = float(np.nextafter(self._score[0], np.inf))
        else:
            # Between two measured scores, so that rounding in a file cannot tip either.
            threshold = float(self._score[k - 1] + self._score[k]) / 2
        false = int(self._false[k - 1]) if k else 0
        missed = int(self._missed[k - 1]) if k else self._counts.mated
        return OperatingPoint(
            target, fnmr, threshold, false / self._counts.non_mated, false, missed
        )
