"""Comparisons: scores and which of them are mated.

Either every sample with every other (`Comparisons`), or a list that someone else chose (`Listed`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.data.samples import Sample, SampleSet


@dataclass(frozen=True)
class People:
    """Samples as numbers.

    Attributes:
        subject: (n,) number of each sample's subject; both eyes of a person have one.
        identity: (n,) number of what mated samples share (the subject, or the subject's eye).
        failed: (n,) whether no template could be extracted.
        names: of the subjects, by number.
    """

    subject: NDArray[np.int32]
    identity: NDArray[np.int32]
    failed: NDArray[np.bool_]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Comparisons:
    """All unordered pairs of different samples of which both have a template.

    Pairs with a failed sample are not listed: they count as non-matches, and how many there are
    follows from `people`.

    Attributes:
        people: every sample, also failed ones.
        first, second: (m,) numbers of the two samples, first < second, in order.
        score: float32 (m,), higher means more alike.
        mated: bool (m,).
    """

    people: People
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    score: NDArray[np.float32]
    mated: NDArray[np.bool_]


@dataclass(frozen=True)
class Listed:
    """Comparisons as they were listed: of a score file, a protocol, or an identification.

    Attributes:
        subjects: names of the subjects by number; without labels every comparison is numbered as
            if it were a subject of its own, and no name is known.
        first, second: int32 (m,) numbers of the reference's and the probe's subject.
        score: float64 (m,), higher means more alike; NaN where a comparison failed.
        mated: bool (m,).
        labelled: whether numbers are those of people.
    """

    subjects: tuple[str, ...]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    score: NDArray[np.float64]
    mated: NDArray[np.bool_]
    labelled: bool = True

    @property
    def units(self) -> int:
        """How many there are to resample: subjects, or comparisons where no label is known."""
        return len(self.subjects) if self.labelled else len(self.score)

    def chosen(self, wanted: NDArray[np.bool_]) -> "Listed":
        """The comparisons where `wanted` (m,) is true, subjects numbered anew."""
        numbers = np.concatenate([self.first[wanted], self.second[wanted]])
        kept, renumbered = np.unique(numbers, return_inverse=True)
        half = len(numbers) // 2
        names = tuple(self.subjects[k] for k in kept) if self.labelled else ()
        return Listed(
            names,
            renumbered[:half].astype(np.int32),
            renumbered[half:].astype(np.int32),
            self.score[wanted],
            self.mated[wanted],
            self.labelled,
        )


@dataclass(frozen=True)
class Counts:
    """How many comparisons there are; the failed ones are among them.

    Attributes:
        mated, non_mated: comparisons, the denominators of FNMR and FMR.
        mated_failed, non_mated_failed: those of them with a sample that gave no template.
    """

    mated: int
    mated_failed: int
    non_mated: int
    non_mated_failed: int


def people_of(samples: SampleSet | Sequence[Sample], failed: Sequence[bool]) -> People:
    """Number the subjects and identities of samples."""
    listed = samples.samples if isinstance(samples, SampleSet) else samples
    subjects: dict[str, int] = {}
    identities: dict[tuple[str, str], int] = {}
    subject = [subjects.setdefault(one.subject, len(subjects)) for one in listed]
    identity = [identities.setdefault(one.identity, len(identities)) for one in listed]
    return People(
        np.array(subject, dtype=np.int32),
        np.array(identity, dtype=np.int32),
        np.array(failed, dtype=np.bool_),
        tuple(subjects),
    )


def compared(people: People, scores: NDArray[np.float32]) -> Comparisons:
    """The comparisons of the samples that have a template.

    Args:
        people: n samples, of which k have a template.
        scores: (k, k), in their order.
    """
    there = np.flatnonzero(~people.failed).astype(np.int32)
    row, column = np.triu_indices(len(there), 1)
    first, second = there[row], there[column]
    mated = people.identity[first] == people.identity[second]
    return Comparisons(people, first, second, np.asarray(scores[row, column], np.float32), mated)


def of_subjects(comparisons: Comparisons, subjects: Sequence[int]) -> Comparisons:
    """The comparisons within some of the subjects."""
    people = comparisons.people
    chosen = np.zeros(len(people.names), dtype=np.bool_)
    chosen[list(subjects)] = True
    kept = chosen[people.subject]
    number = np.cumsum(kept, dtype=np.int32) - 1
    within = kept[comparisons.first] & kept[comparisons.second]
    renumbered = np.cumsum(chosen, dtype=np.int32) - 1
    part = People(
        renumbered[people.subject[kept]],
        people.identity[kept],
        people.failed[kept],
        tuple(name for name, wanted in zip(people.names, chosen, strict=True) if wanted),
    )
    return Comparisons(
        part,
        number[comparisons.first[within]],
        number[comparisons.second[within]],
        comparisons.score[within],
        comparisons.mated[within],
    )


def unlabelled(score: NDArray[np.float64], mated: NDArray[np.bool_]) -> Listed:
    """Scores of which nothing but mated or not is known; each is resampled alone."""
    alone = np.arange(len(score), dtype=np.int32)
    return Listed((), alone, alone, score, mated, labelled=False)


def listed(
    references: Sequence[str],
    probes: Sequence[str],
    score: NDArray[np.float64],
    mated: NDArray[np.bool_],
) -> Listed:
    """Comparisons between named subjects, one of each argument for each comparison."""
    numbers: dict[str, int] = {}
    first = [numbers.setdefault(name, len(numbers)) for name in references]
    second = [numbers.setdefault(name, len(numbers)) for name in probes]
    return Listed(
        tuple(numbers),
        np.array(first, dtype=np.int32),
        np.array(second, dtype=np.int32),
        np.asarray(score, dtype=np.float64),
        np.asarray(mated, dtype=np.bool_),
    )


def count(comparisons: Comparisons | Listed) -> Counts:
    """Count the comparisons, with those that a failed sample took part in."""
    if isinstance(comparisons, Listed):
        failed, mated_list = np.isnan(comparisons.score), comparisons.mated
        return Counts(
            mated=int(mated_list.sum()),
            mated_failed=int((mated_list & failed).sum()),
            non_mated=int((~mated_list).sum()),
            non_mated_failed=int((~mated_list & failed).sum()),
        )
    people = comparisons.people
    samples = len(people.subject)
    every = samples * (samples - 1) // 2
    of_identity = np.bincount(people.identity).astype(np.int64)
    mated = int((of_identity * (of_identity - 1) // 2).sum())
    mated_done = int(comparisons.mated.sum())
    done = len(comparisons.score)
    return Counts(
        mated=mated,
        mated_failed=mated - mated_done,
        non_mated=every - mated,
        non_mated_failed=every - mated - (done - mated_done),
    )
