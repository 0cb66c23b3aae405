"""Identification: where the mate of a probe comes among the references (ISO/IEC 19795-1:2021).

Candidates are subjects: of several references of one, the most alike counts. Ties are held against
the system: a subject that scores as much as the mate comes before it. A comparison without a score
(NaN) never brings its subject onto the list, so that failures to extract count as misses (the
generalised rates of the standard); how many there are is told apart. Intervals resample the
subjects of the probes and leave the references as they are, since the rates hold for a database of
that size.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twofold.errors import OptionError
from twofold.evaluation.verification import rates
from twofold.evaluation.verification.comparisons import Listed, count
from twofold.evaluation.verification.intervals import RESAMPLES, SEED, Rate, bounds, draw
from twofold.evaluation.verification.rates import Det, OperatingPoint

MOST_RANKS = 50
Labels = Sequence[str] | NDArray[np.integer[Any]] | NDArray[np.str_]


@dataclass(frozen=True)
class Cmc:
    """Closed-set identification.

    Attributes:
        rate: (k,) share of probes whose mate is among the first 1 to k candidates; never falls.
        low, high: (k,) bounds of the 95 % interval; NaN where nothing can be resampled.
        probes: how many have a mate among the references.
        failed: probes without any score; misses at every rank.
        unmated: probes left out because their subject has no reference.
        candidates: subjects among the references.
    """

    rate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    probes: int
    failed: int
    unmated: int
    candidates: int

    def at(self, rank: int) -> Rate:
        """The rank-`rank` identification rate.

        Raises:
            OptionError: beyond the ranks measured.
        """
        if not 1 <= rank <= len(self.rate):
            raise OptionError(f"rank {rank}: the curve holds 1 to {len(self.rate)}. Choose these.")
        k = rank - 1
        if np.isnan(self.low[k]):
            return Rate(float(self.rate[k]))
        return Rate(float(self.rate[k]), float(self.low[k]), float(self.high[k]))


@dataclass(frozen=True)
class OpenSet:
    """Open-set identification, where some probes have no mate among the references.

    Attributes:
        top_k: a mate must be among so many first candidates, and reach the threshold.
        mated, unmated: probes with and without a mate.
        mated_failed, unmated_failed: those of them without any score.
        candidates: subjects among the references.
        points: FNIR at each wanted FPIR, falling; `wanted` and `fmr` are FPIRs, `fnmr` is the FNIR.
        curve: `fmr` holds FPIRs, `fnmr` FNIRs with their interval.
    """

    top_k: int
    mated: int
    unmated: int
    mated_failed: int
    unmated_failed: int
    candidates: int
    points: tuple[OperatingPoint, ...]
    curve: Det


def cmc(
    scores: ArrayLike,
    probe_subject: Labels,
    reference_subject: Labels,
    *,
    ranks: int = MOST_RANKS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Cmc:
    """The cumulative match characteristic.

    Args:
        scores: (p, r), higher means more alike; NaN where a comparison failed.
        probe_subject: p labels.
        reference_subject: r labels.
        ranks: longest list of candidates; at most the subjects among the references.

    Raises:
        OptionError: shapes do not fit, or no probe has a mate.
    """
    found = _Candidates.of(scores, probe_subject, reference_subject)
    if not found.has_mate.any():
        raise OptionError(
            "cmc: no probe's subject is among the references. Enrol the people of the probes."
        )
    last = min(ranks, found.candidates)
    hit = found.rank[found.has_mate][:, None] <= np.arange(1, last + 1)
    subject = found.subject[found.has_mate]
    names, subject = np.unique(subject, return_inverse=True)
    drawn = draw(len(names), resamples, seed)
    each = np.zeros((len(names), last))
    np.add.at(each, subject, hit)
    share = hit.mean(axis=0)
    shares = (drawn @ each) / (drawn @ np.bincount(subject))[:, None]
    low, high = bounds(share, shares, len(names), len(hit))
    return Cmc(
        share,
        low,
        high,
        probes=len(hit),
        failed=int(found.failed[found.has_mate].sum()),
        unmated=int((~found.has_mate).sum()),
        candidates=found.candidates,
    )


def open_set(
    scores: ArrayLike,
    probe_subject: Labels,
    reference_subject: Labels,
    *,
    top_k: int = 1,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> OpenSet:
    """FNIR against FPIR.

    FPIR is the share of unmated probes with any candidate at the threshold or above; FNIR the share
    of mated probes whose mate is not among the first `top_k` candidates or lies below it.

    Args:
        scores: (p, r), higher means more alike; NaN where a comparison failed.
        probe_subject: p labels; those that no reference has are unmated.
        reference_subject: r labels.
        top_k: length of the list of candidates.

    Raises:
        OptionError: shapes do not fit, or there are no mated or no unmated probes.
    """
    found = _Candidates.of(scores, probe_subject, reference_subject)
    mated = found.has_mate
    if mated.all() or not mated.any():
        kind = "unmated" if mated.all() else "mated"
        raise OptionError(
            f"open_set: there are no {kind} probes. Give probes of people with and without a "
            "reference, or use cmc."
        )
    # One score decides each probe, so the errors are those of a list with one entry a probe.
    decisive = np.where(mated, np.where(found.rank <= top_k, found.own, np.nan), found.best)
    names, subject = np.unique(found.subject, return_inverse=True)
    number = subject.astype(np.int32)
    entries = Listed(
        tuple(str(name) for name in names), number, number,
        np.where(np.isinf(decisive), np.nan, decisive), mated,
    )  # fmt: skip
    measured = rates.error_rates(entries, resamples=resamples, seed=seed)
    return OpenSet(
        top_k,
        mated=int(mated.sum()),
        unmated=int((~mated).sum()),
        mated_failed=int((found.failed & mated).sum()),
        unmated_failed=int((found.failed & ~mated).sum()),
        candidates=found.candidates,
        points=tuple(_in_words(point, entries) for point in measured.points),
        curve=measured.det,
    )


def _in_words(point: OperatingPoint, entries: Listed) -> OperatingPoint:
    """A refusal in the words of identification."""
    if point.fnmr.refused is None:
        return point
    counts = count(entries)
    answered = counts.non_mated - counts.non_mated_failed
    reason = (
        f"{answered} unmated probes with a score support no FPIR below "
        f"{rates.lowest_fmr(counts):.2g} (3 / probes)"
    )
    return replace(point, fnmr=Rate(None, refused=reason))


@dataclass(frozen=True)
class _Candidates:
    """Of each probe: its subject, its mate's score and rank, the best score, and failures."""

    subject: NDArray[np.int64]
    own: NDArray[np.float64]
    rank: NDArray[np.float64]
    best: NDArray[np.float64]
    failed: NDArray[np.bool_]
    has_mate: NDArray[np.bool_]
    candidates: int

    @staticmethod
    def of(
        scores: ArrayLike,
        probe_subject: Labels,
        reference_subject: Labels,
    ) -> "_Candidates":
        table = np.asarray(scores, dtype=np.float64)
        probes, references = np.asarray(probe_subject), np.asarray(reference_subject)
        if table.shape != (len(probes), len(references)) or not table.size:
            raise OptionError(
                f"scores: shape {table.shape} does not fit {len(probes)} probes and "
                f"{len(references)} references. Give one row a probe and one column a reference."
            )
        failed = np.asarray(np.isnan(table).all(axis=1), dtype=np.bool_)
        names, column = np.unique(references, return_inverse=True)
        known = np.where(np.isnan(table), -np.inf, table)
        order = np.argsort(column, kind="stable")
        starts = np.searchsorted(column[order], np.arange(len(names)))
        of_subject = np.maximum.reduceat(known[:, order], starts, axis=1)
        place = np.clip(np.searchsorted(names, probes), 0, len(names) - 1)
        has_mate = np.asarray(names[place] == probes, dtype=np.bool_)
        own = np.where(has_mate, of_subject[np.arange(len(probes)), place], -np.inf)
        # The mate itself is among those that reach its score; the others come before it.
        rank = (of_subject >= own[:, None]).sum(axis=1).astype(np.float64)
        rank[np.isinf(own)] = np.inf
        _, subject = np.unique(probes, return_inverse=True)
        return _Candidates(subject, own, rank, of_subject.max(axis=1), failed, has_mate, len(names))
