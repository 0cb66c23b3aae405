"""Error rates of verification with 95 % intervals.

Definitions follow ISO/IEC 19795-1:2021. A comparison is a match where its score reaches the
threshold. Failures to extract are comparisons that never match: mated ones are false non-matches,
non-mated ones never false matches; both stay in the denominators (the generalised rates of the
standard). Intervals come from resampled subjects; `intervals` says how.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Comparisons, Counts, Listed, count
from twofold.evaluation.verification.intervals import (
    RESAMPLES,
    SEED,
    Floats,
    Rate,
    bounds,
    clopper_pearson,
    draw,
    draw_comparisons,
    rate,
    rate_of_pairs,
    resampled,
)
from twofold.evaluation.verification.measured import Applied, Det, ErrorRates, OperatingPoint

__all__ = ["RESAMPLES", "SEED", "TARGETS", "Applied", "Det", "ErrorRates", "OperatingPoint", "Rate",
           "apply_threshold", "draw", "error_rates", "lowest_fmr", "resampling"]  # fmt: skip

TARGETS = (1e-1, 1e-2, 1e-3, 1e-4)
_STRICTER = (1e-5, 1e-6)  # measured as well where the data support them
_FEW = 10  # false matches, below which a rate's interval leans on a lower threshold
_FEWEST = 3  # "rule of three": below 3 / comparisons a rate of errors cannot be told from none
_HIGHEST_FMR = 0.5  # of the DET curve
_DET_POINTS = 81


def error_rates(
    comparisons: Comparisons | Listed, *, resamples: int = RESAMPLES, seed: int = SEED
) -> ErrorRates:
    """Measure a set of comparisons; the same seed gives the same intervals."""
    counts = count(comparisons)
    by_score = walk.sort(comparisons)
    supported = lowest_fmr(counts)
    grid = _grid(supported)
    wanted = (*TARGETS, *(fmr for fmr in _STRICTER if fmr >= supported))
    targets = np.array(sorted({*wanted, *grid.tolist()}))
    eer, fnmr = walk.eer_and_fnmr(by_score, np.ones((1, by_score.units)), targets)
    eers, fnmrs = resampled(
        resampling(comparisons, resamples, seed),
        lambda weights: walk.eer_and_fnmr(by_score, weights, targets),
    )
    units = mated_units(comparisons)
    low, high = bounds(fnmr[0], fnmrs, units, counts.mated)
    high = _falling(fnmr[0], high, targets >= supported)
    curve = _Curve(by_score, counts)
    at = {float(target): place for place, target in enumerate(targets)}
    columns = [at[fmr] for fmr in grid.tolist()]
    samples, failed, subjects, identities = _sizes(comparisons)

    def point(target: float) -> OperatingPoint:
        if target < supported:
            return _refusal(target, counts)
        place = at[target]
        return curve.point(target, _rate(fnmr[0, place], low[place], high[place]))

    return ErrorRates(
        samples=samples,
        failed=failed,
        subjects=subjects,
        identities=identities,
        counts=counts,
        failure=_failure(comparisons, resamples, seed),
        eer=rate(float(eer[0]), eers, units, counts.mated),
        eer_threshold=curve.crossing(),
        points=tuple(point(target) for target in wanted),
        det=Det(grid, fnmr[0, columns], low[columns], high[columns]),
    )


def _falling(fnmr: Floats, high: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Upper bounds (g,) at rising FMR: without an error, that of a lower FMR holds as well.

    FNMR falls with rising FMR, so what bounds it at a stricter threshold, where errors tell of the
    variance, bounds it at a laxer one.
    """
    stricter = np.minimum.accumulate(np.where(usable, high, np.inf))
    return np.where((fnmr == 0) & usable, np.minimum(high, stricter), high)


def _rate(value: float, low: float, high: float) -> Rate:
    if np.isnan(low) or np.isnan(value):
        return Rate(float(value))
    return Rate(float(value), float(low), float(high))


def mated_units(comparisons: Comparisons | Listed) -> int:
    """Subjects that FNMR is taken over: those with a mated comparison."""
    if isinstance(comparisons, Listed):
        return len(np.unique(comparisons.first[comparisons.mated]))
    people = comparisons.people
    several = np.bincount(people.identity)[people.identity] > 1
    return len(np.unique(people.subject[several]))


def resampling(comparisons: Comparisons | Listed, resamples: int, seed: int) -> Iterator[Floats]:
    """Weightings of the subjects, or of the comparisons where no subject is known, in blocks."""
    if isinstance(comparisons, Listed) and not comparisons.labelled:
        return draw_comparisons(comparisons, resamples, seed)
    subjects = comparisons.subjects if isinstance(comparisons, Listed) else comparisons.people.names
    return iter([draw(len(subjects), resamples, seed)])


def _sizes(comparisons: Comparisons | Listed) -> tuple[int, int, int, int]:
    if isinstance(comparisons, Listed):
        return 0, 0, len(comparisons.subjects), 0
    people = comparisons.people
    return (
        len(people.subject),
        int(people.failed.sum()),
        len(people.names),
        len(np.unique(people.identity)),
    )


def _failure(comparisons: Comparisons | Listed, resamples: int, seed: int) -> Rate:
    """Samples that failed among all, or comparisons that failed among those listed."""
    if isinstance(comparisons, Listed):
        first, second, units = comparisons.first, comparisons.second, comparisons.units
        failed = np.isnan(comparisons.score)
    else:
        first = second = comparisons.people.subject
        failed, units = comparisons.people.failed, len(comparisons.people.names)
    every = walk.PairSum(first, second, units, np.ones(len(failed)))
    lost = walk.PairSum(first, second, units, failed.astype(np.float64))

    def shares(weights: Floats) -> tuple[Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (lost(weights) / every(weights),)

    (found,) = resampled(resampling(comparisons, resamples, seed), shares)
    people = len(np.unique(np.concatenate([first, second])))
    return rate(float(failed.mean()), found, people, len(failed))


def apply_threshold(
    comparisons: Comparisons | Listed,
    point: OperatingPoint,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Applied | None:
    """Measure both errors at another set's threshold; None where that one was refused."""
    if point.threshold is None:
        return None
    by_score = walk.sort(comparisons)
    counts = count(comparisons)
    few = _few_false_matches(by_score, point.threshold)
    thresholds = np.array([point.threshold, few])
    fmr, fnmr = walk.at_thresholds(by_score, np.ones((1, by_score.units)), thresholds)
    fmrs, fnmrs = resampled(
        resampling(comparisons, resamples, seed),
        lambda weights: walk.at_thresholds(by_score, weights, thresholds),
    )
    return Applied(
        point.wanted,
        point.threshold,
        _false_match_rate(fmr[0], fmrs, _all_units(comparisons), counts.non_mated),
        rate(float(fnmr[0, 0]), fnmrs[:, 0], mated_units(comparisons), counts.mated),
    )


def _few_false_matches(by_score: walk.Sorted, threshold: float) -> float:
    """The threshold, or a lower one where that brings `_FEW` false matches."""
    false = by_score.score[~by_score.mated]
    return min(threshold, float(false[min(_FEW, len(false)) - 1])) if len(false) else threshold


def _false_match_rate(values: Floats, resampled_values: Floats, units: int, trials: int) -> Rate:
    """FMR at the first threshold; the second tells what the comparisons are worth in the tail.

    With hardly a false match the resamples say little. How much comparisons of the same people
    depend on one another is then taken from the lower threshold, where they do so rather more.
    """
    value, enough = float(values[0]), float(values[1])
    known = resampled_values[~np.isnan(resampled_values).any(axis=1)]
    if value == enough or not 0 < enough < 1 or len(known) < 2:
        return rate_of_pairs(value, resampled_values[:, 0], units, trials)
    variance = float(known[:, 1].var(ddof=1)) * units / (units - 1)
    worth = min(enough * (1 - enough) / variance, trials) if variance > 0 else trials
    return Rate(value, *clopper_pearson(value * worth, worth))


def _all_units(comparisons: Comparisons | Listed) -> int:
    if isinstance(comparisons, Listed):
        return comparisons.units if comparisons.labelled else int((~comparisons.mated).sum())
    return len(comparisons.people.names)


def lowest_fmr(counts: Counts) -> float:
    """The lowest FMR that so many completed non-mated comparisons support: 3 / their number."""
    completed = counts.non_mated - counts.non_mated_failed
    return min(_FEWEST / completed, 1.0) if completed else 1.0


def _grid(lowest: float) -> NDArray[np.float64]:
    start = min(lowest, _HIGHEST_FMR)
    return np.unique(np.geomspace(start, _HIGHEST_FMR, _DET_POINTS))


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
