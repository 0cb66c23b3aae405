"""Error rates of parts of the comparisons, at one threshold for all of them.

A part holds the comparisons of which both samples have the same value in a column of a manifest:
eye, session, sensor, sex, age band, glasses. Differences between two noisy rates are easily mere
noise, so a part is compared by the ratio of the worst to the best rate with its interval. The
interval allows for the two having been picked out of several (Bonferroni over all pairs), and
resamples the same people for both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from twofold.data.dataset import natural
from twofold.errors import OptionError
from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Listed, count
from twofold.evaluation.verification.intervals import (
    RESAMPLES,
    SEED,
    TAIL,
    Floats,
    Rate,
    draw,
)
from twofold.evaluation.verification.rates import (
    ErrorRates,
    OperatingPoint,
    apply_threshold,
    lowest_fmr,
)
from twofold.evaluation.wording import counted

FEWEST_SUBJECTS = 10  # with fewer, intervals are measurably too narrow
MOST_GROUPS = 20
_STRICTEST = 1e-3  # stricter, and hardly a group supports its own FMR
UNKNOWN = "(not told)"


@dataclass(frozen=True)
class Group:
    """One value of the column, or the comparisons across two values.

    Attributes:
        name: the value.
        subjects: people with a comparison here.
        mated, non_mated, failed: comparisons; the failed ones are among them.
        fmr, fnmr: at the common threshold.
    """

    name: str
    subjects: int
    mated: int
    non_mated: int
    failed: int
    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True)
class Ratio:
    """How many times the best group's error the worst one's is.

    Attributes:
        error: "FMR" or "FNMR".
        worst, best: names of the groups, None where fewer than two could be measured.
        ratio: 1 or more; `low` may be below 1: then the data do not tell them apart.
    """

    error: str
    worst: str | None
    best: str | None
    ratio: Rate


@dataclass(frozen=True)
class Subgroups:
    """The table of one column.

    Attributes:
        column: its name.
        wanted: the FMR that the threshold was set for.
        threshold: the common one.
        groups: in natural order of their names.
        across: comparisons between samples of different values, or None.
        ratios: of FNMR and of FMR.
    """

    column: str
    wanted: float
    threshold: float
    groups: tuple[Group, ...]
    across: Group | None
    ratios: tuple[Ratio, ...]


def strictest(rates: ErrorRates) -> OperatingPoint | None:
    """The operating point of the lowest FMR that was measured, of 1e-3 or more; None without."""
    usable = [p for p in rates.points if p.threshold is not None and p.wanted >= _STRICTEST]
    return usable[-1] if usable else None


def subgroup_table(
    comparisons: Listed,
    reference_values: Sequence[str],
    probe_values: Sequence[str],
    *,
    column: str,
    point: OperatingPoint,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Subgroups:
    """Measure every group at one threshold.

    Args:
        comparisons: m, with labels of subjects.
        reference_values, probe_values: m values of the column; "" where it tells none.
        column: its name, for people.
        point: gives the threshold and the FMR that it was set for.

    Raises:
        OptionError: the column holds one value only or more than 20, no subject is known, or the
            point was refused.
    """
    if not comparisons.labelled:
        raise OptionError(f"--by {column}: these scores name no subject to resample.")
    if point.threshold is None:
        raise OptionError(f"--by {column}: the data support no threshold to measure groups at.")
    both = np.array([list(reference_values), list(probe_values)])
    values = sorted(set(both.ravel().tolist()) - {""}, key=lambda value: (natural(value), value))
    if not 2 <= len(values) <= MOST_GROUPS:
        remedy = "Write bands, such as 20-39." if len(values) > 1 else "Choose another column."
        raise OptionError(
            f"--by {column}: {counted(len(values), 'different value')}; 2 to {MOST_GROUPS} make a "
            f"table. {remedy}"
        )
    same = both[0] == both[1]
    chosen = {value: same & (both[0] == value) for value in values}
    blank = (both == "").any(axis=0)
    groups = [_group(name, comparisons, which, point, resamples, seed)
              for name, which in chosen.items()]  # fmt: skip
    if blank.any():
        groups.append(_group(UNKNOWN, comparisons, blank, point, resamples, seed))
    different = ~same & ~blank
    across = None
    if different.any():
        across = _group("across", comparisons, different, point, resamples, seed)
    named = tuple(group for group in groups if group.name != UNKNOWN)
    drawn = draw(len(comparisons.subjects), resamples, seed)
    return Subgroups(
        column,
        point.wanted,
        point.threshold,
        tuple(groups),
        across,
        tuple(
            _ratio(error, comparisons, named, chosen, point.threshold, drawn)
            for error in ("FNMR", "FMR")
        ),
    )


def _group(
    name: str,
    comparisons: Listed,
    which: NDArray[np.bool_],
    point: OperatingPoint,
    resamples: int,
    seed: int,
) -> Group:
    part = comparisons.chosen(which)
    counts = count(part)
    subjects = len(part.subjects)
    with_mated = len(np.unique(part.first[part.mated]))
    applied = None
    if counts.mated or counts.non_mated:
        applied = apply_threshold(part, point, resamples=resamples, seed=seed)
    fmr, fnmr = Rate(None, refused="no comparison"), Rate(None, refused="no comparison")
    if applied is not None:
        fmr, fnmr = applied.fmr, applied.fnmr
    if with_mated < FEWEST_SUBJECTS:
        fnmr = _few(with_mated, "with a mated comparison")
    if subjects < FEWEST_SUBJECTS:
        fmr = _few(subjects, "with a comparison")
    elif lowest_fmr(counts) > point.wanted:
        completed = counts.non_mated - counts.non_mated_failed
        fmr = Rate(
            None,
            refused=f"{counted(completed, 'completed non-mated comparison')} support no FMR below "
            f"{lowest_fmr(counts):.2g}",
        )
    failed = counts.mated_failed + counts.non_mated_failed
    return Group(name, subjects, counts.mated, counts.non_mated, failed, fmr, fnmr)


def _few(subjects: int, what: str) -> Rate:
    return Rate(
        None, refused=f"{counted(subjects, 'subject')} {what}; {FEWEST_SUBJECTS} are needed"
    )


def _ratio(
    error: str,
    comparisons: Listed,
    groups: Sequence[Group],
    chosen: dict[str, NDArray[np.bool_]],
    threshold: float,
    drawn: Floats,
) -> Ratio:
    rates = {g.name: g.fmr if error == "FMR" else g.fnmr for g in groups}
    measured = {name: rate.value for name, rate in rates.items() if rate.value is not None}
    if len(measured) < 2:
        return Ratio(error, None, None, Rate(None, refused="fewer than two groups were measured"))
    worst = max(measured, key=lambda name: measured[name])
    best = min((name for name in measured if name != worst), key=lambda name: measured[name])
    if not measured[worst]:
        return Ratio(error, worst, best, Rate(None, refused="no error in any group"))
    number = 0 if error == "FMR" else 1
    logs = [
        _log_rate(comparisons, chosen[name], threshold, drawn, number) for name in (worst, best)
    ]
    (top, tops), (bottom, bottoms) = logs
    several = len(measured) * (len(measured) - 1) / 2
    fewest = min(g.subjects for g in groups if g.name in (worst, best))
    gaps = tops - bottoms
    gaps = gaps[np.isfinite(gaps)]
    wide = float(student.ppf(1 - TAIL / several, fewest - 1)) * float(
        np.sqrt(gaps.var(ddof=1) * fewest / (fewest - 1))
    )
    low, high = (float(np.exp(top - bottom + side * wide)) for side in (-1, 1))
    if not measured[best]:
        reason = f"no error in {best}, so the ratio has no upper end; its lower one is {low:.2g}"
        return Ratio(error, worst, best, Rate(None, refused=reason))
    value = measured[worst] / measured[best]
    return Ratio(error, worst, best, Rate(value, min(low, value), max(high, value)))


def _log_rate(
    comparisons: Listed,
    which: NDArray[np.bool_],
    threshold: float,
    drawn: Floats,
    number: int,
) -> tuple[float, Floats]:
    """Logarithm of a group's rate, of all and of resampled people.

    Half an error among half a trial a subject more keeps it finite (Haldane 1956; Anscombe 1956).
    """
    part = Listed(
        comparisons.subjects,
        comparisons.first[which],
        comparisons.second[which],
        comparisons.score[which],
        comparisons.mated[which],
    )
    by_score = walk.sort(part)
    thresholds = np.array([threshold])
    weights = np.vstack([np.ones((1, drawn.shape[1])), drawn])
    share = walk.at_thresholds(by_score, weights, thresholds)[number][:, 0]
    kind = part.mated if number else ~part.mated
    subjects = len(np.unique(np.concatenate([part.first[kind], part.second[kind]])))
    # False matches are spread over many pairs, misses over the mated comparisons of a subject.
    trials = float(kind.sum()) if number == 0 else float(subjects)
    logs = np.log((share * trials + 0.5) / (trials + 1))
    return float(logs[0]), np.asarray(logs[1:])
