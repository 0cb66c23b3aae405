"""How the pairs of a dataset are divided, as the options of a run say."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Dataset
from twofold.data.split_file import load_split
from twofold.data.splits import (
    Contents,
    Fold,
    Split,
    report_protocol_split,
    require_no_straddling,
    stratified_holdout,
    stratified_kfold,
)
from twofold.errors import DatasetError, OptionError
from twofold.network.options import TrainingOptions


def divide(
    dataset: Dataset, contents: Contents, options: TrainingOptions, split_file: Path | None = None
) -> Split:
    """Divide a dataset as the options say.

    The report's protocol divides by itself. Else, a split file decides alone; without one, a
    manifest whose split column says "test" has those pairs held out, and the protocol divides the
    rest.

    Args:
        dataset: labelled pairs.
        contents: digests of face and iris, by pair.
        options: protocol, folds, share held out and seed.
        split_file: as a run keeps it (split.json), or written by hand.

    Returns:
        A split over pairs; for the report's protocol, over pairs and copies, a pair's own side by
        side.

    Raises:
        DatasetError: too few pairs, or a split that does not fit the dataset or leaks.
        OptionError: a split file with the report's protocol.
    """
    names = [pair.name for pair in dataset.pairs]
    subjects = [pair.subject or "" for pair in dataset.pairs]
    if options.protocol == "report":
        if split_file is not None:
            raise OptionError(
                f"--split {split_file}: the protocol report makes its own split, over copies. "
                "Leave the option out, or use the protocol kfold."
            )
        copies = options.resolved().copies
        split = report_protocol_split([s for s in subjects for _ in range(copies + 1)])
        return split if options.folds else replace(split, folds=())
    if split_file is not None:
        return load_split(split_file, names, contents)
    held_out = np.flatnonzero([(pair.split or "").lower() == "test" for pair in dataset.pairs])
    if len(held_out):
        return _around(held_out, subjects, contents, names, options)
    everything = np.arange(len(subjects))
    if options.protocol == "holdout":
        return stratified_holdout(subjects, contents, options.holdout, options.seed, options.folds)
    if options.folds == 0:
        return Split((), everything, everything[:0])
    return stratified_kfold(subjects, contents, options.folds, options.seed)


def _around(
    held_out: NDArray[np.int64],
    subjects: Sequence[str],
    contents: Contents,
    names: Sequence[str],
    options: TrainingOptions,
) -> Split:
    """Folds over what a manifest does not hold out."""
    rest = np.setdiff1d(np.arange(len(subjects)), held_out)
    unknown = {subjects[k] for k in held_out} - {subjects[k] for k in rest}
    if unknown:
        raise DatasetError(
            f"subject {min(unknown)} is only in the manifest's test part: a network can name only "
            "subjects that it learned. Move a pair of it to the training part."
        )
    require_no_straddling(Fold(rest, held_out), contents, names)
    if options.folds == 0:
        return Split((), rest, held_out)
    inner = stratified_kfold(
        [subjects[k] for k in rest], [contents[k] for k in rest], options.folds, options.seed
    )
    folds = tuple(Fold(rest[fold.train], rest[fold.test]) for fold in inner.folds)
    return Split(folds, rest, held_out)
