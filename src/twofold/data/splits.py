"""Who is trained on and who is scored: indices shared by both modalities, by content.

Pairs with a face or an iris of the same content always fall on the same side, or the score would be
taken on pictures already seen. Subjects are spread evenly over all parts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from twofold.data.dataset import natural, printable
from twofold.errors import DatasetError, OptionError

Indices = NDArray[np.int64]
Contents = Sequence[tuple[str, str]]

_REPORT_SEED = 42
_REPORT_FOLDS = 4
_REPORT_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Fold:
    """Positions of the items learned from and of those scored: int64 (n,) each, disjoint."""

    train: Indices
    test: Indices


@dataclass(frozen=True, eq=False)
class Split:
    """A division of a dataset.

    Attributes:
        folds: the cross-validation's folds, within `train`.
        train: everything that the final network learns from.
        test: what was held out of everything, or empty.
    """

    folds: tuple[Fold, ...]
    train: Indices
    test: Indices


def stratified_kfold(subjects: Sequence[str], contents: Contents, folds: int, seed: int) -> Split:
    """Folds over everything; each subject is scored in every fold.

    Args:
        subjects: label of each pair.
        contents: face and iris digest of each pair.
        folds: how many, at least 2.
        seed: 0 to 2**32 - 1; the same seed gives the same folds.

    Raises:
        OptionError: `folds` or `seed` out of range.
        DatasetError: one subject only, a subject with fewer distinct pairs than folds, or one
            content under two subjects.
    """
    everything = np.arange(len(subjects), dtype=np.int64)
    return Split(_folds(subjects, contents, everything, folds, seed), everything, everything[:0])


def stratified_holdout(
    subjects: Sequence[str], contents: Contents, share: float, seed: int, folds: int = 0
) -> Split:
    """Hold out a share of each subject's pairs, at least one and never all of them.

    Args:
        subjects, contents, seed: as for `stratified_kfold`.
        share: of the pairs to hold out, between 0 and 1; rounded for each subject.
        folds: folds over the rest; 0 for none.

    Raises:
        OptionError: `share`, `folds` or `seed` out of range.
        DatasetError: one subject only, a subject with fewer than two distinct pairs or too few
            left for the folds, or one content under two subjects.
    """
    if not 0 < share < 1:
        raise OptionError(f"share {share}: must lie between 0 and 1, for example 0.2.")
    state = np.random.RandomState(_checked_seed(seed))  # scikit-learn's own kind of generator
    groups = content_groups(contents)
    of_subject = _groups_of_subject(subjects, groups)
    _require_distinct(subjects, of_subject, 2, "a hold-out needs at least 2")
    held_out: list[int] = []
    for own in of_subject.values():
        # Half rounds up; then at least one on each side.
        size = min(max(int(share * len(own) + 0.5), 1), len(own) - 1)
        held_out += train_test_split(own, test_size=size, random_state=state)[1]
    is_test = np.isin(groups, held_out)
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    inner = _folds(subjects, contents, train, folds, seed) if folds else ()
    return Split(inner, train, test)


def report_protocol_split(labels: Sequence[str]) -> Split:
    """80/20, stratified, then four folds of the 80, unstratified, as the original code does.

    Given labels of pictures and their altered copies alike it LEAKS: copies of a test picture fall
    into the training part. It is here to show by how much.

    Raises:
        DatasetError: too few items for such a split.
    """
    everything = np.arange(len(labels), dtype=np.int64)
    try:
        train, test = train_test_split(
            everything,
            test_size=_REPORT_SHARE,
            shuffle=True,
            stratify=labels,
            random_state=_REPORT_SEED,
        )
        folds = list(KFold(_REPORT_FOLDS, shuffle=True, random_state=_REPORT_SEED).split(train))
    except ValueError as error:
        raise DatasetError(
            f"{len(labels)} items of {len(set(labels))} subjects are too few for the report's "
            "80/20 split: it needs one test item a subject. Use the protocol kfold."
        ) from error
    return Split(tuple(Fold(train[a], train[b]) for a, b in folds), train, test)


def content_groups(contents: Contents) -> Indices:
    """Group of each pair, int64 (n,): a chain of equal contents joins pairs into one group.

    A group is named by its first pair's position.
    """
    parent = list(range(len(contents)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first_with: dict[str, int] = {}
    for place, digests in enumerate(contents):
        for digest in digests:
            low, high = sorted((root(place), root(first_with.setdefault(digest, place))))
            parent[high] = low
    return np.array([root(place) for place in range(len(contents))], dtype=np.int64)


def require_no_straddling(fold: Fold, contents: Contents, names: Sequence[str]) -> None:
    """Check that no content lies on both sides.

    Raises:
        DatasetError: names a pair of each side that share a picture.
    """
    learned = {digest: place for place in fold.train for digest in contents[place]}
    for place in fold.test:
        for digest in contents[place]:
            if digest in learned:
                raise DatasetError(
                    f"pair {printable(names[place])} is scored, but its picture is also in pair "
                    f"{printable(names[learned[digest]])}, which is learned from. "
                    "Put both on one side."
                )


def _folds(
    subjects: Sequence[str], contents: Contents, within: Indices, folds: int, seed: int
) -> tuple[Fold, ...]:
    """Folds over the pairs at the positions `within`."""
    if folds < 2:
        raise OptionError(f"folds {folds}: at least 2 are needed.")
    _checked_seed(seed)
    own_subjects = [subjects[place] for place in within]
    groups = content_groups([contents[place] for place in within])
    of_subject = _groups_of_subject(own_subjects, groups)
    where = " outside the hold-out" if len(within) < len(subjects) else ""
    _require_distinct(own_subjects, of_subject, folds, f"{folds} folds{where} need as many")
    # Fold one pair of each group and let the others follow: StratifiedGroupKFold would keep groups
    # whole too, but spreads subjects unevenly even where nearly every group is a single pair.
    first, group_of = np.unique(groups, return_inverse=True)
    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    made = []
    for _, test in dealer.split(first, [own_subjects[place] for place in first]):
        is_test = np.isin(group_of, test)
        made.append(Fold(within[~is_test], within[is_test]))
    return tuple(made)


def _groups_of_subject(subjects: Sequence[str], groups: Indices) -> dict[str, list[int]]:
    """The groups of each subject, in order of appearance.

    Raises:
        DatasetError: a group spans two subjects, or there are not two subjects.
    """
    subject_of: dict[int, str] = {}
    of_subject: dict[str, list[int]] = {}
    for subject, group in zip(subjects, groups.tolist(), strict=True):
        if group not in subject_of:
            subject_of[group] = subject
            of_subject.setdefault(subject, []).append(group)
        elif subject_of[group] != subject:
            raise DatasetError(
                f"subjects {printable(subject_of[group])} and {printable(subject)} share a "
                "picture. Run `twofold inspect` to see which, and remove the wrong one."
            )
    if len(of_subject) < 2:
        only = (
            f"one subject only ({printable(next(iter(of_subject)))})" if of_subject else "no pair"
        )
        raise DatasetError(f"{only}: telling people apart needs at least two. Add subjects.")
    return of_subject


def _require_distinct(
    subjects: Sequence[str], of_subject: dict[str, list[int]], needed: int, why: str
) -> None:
    short = sorted(
        (subject for subject, own in of_subject.items() if len(own) < needed), key=natural
    )
    if not short:
        return
    worst = min(short, key=lambda subject: len(of_subject[subject]))
    fewest, pairs = len(of_subject[worst]), Counter(subjects)[worst]
    counted = f"{pairs} pair{'s' * (pairs != 1)}"
    if pairs != fewest:
        counted += f" but only {fewest} of different content"
    others = f" ({len(short)} subjects have too few)" if len(short) > 1 else ""
    fewer = f"use {fewest} folds, " if fewest >= 2 and needed > 2 else ""
    raise DatasetError(
        f"subject {printable(worst)} has {counted}{others}, and {why}: "
        f"{fewer}add pairs, or leave the subject out."
    )


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**32:
        raise OptionError(f"seed {seed}: must lie between 0 and {2**32 - 1}.")
    return seed
