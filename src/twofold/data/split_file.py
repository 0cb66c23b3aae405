"""The split file: names of the pairs learned from and scored, so that a split can be given back.

One JSON object with "folds/1", "folds/2" ... and "final", each {"train": [names], "test": [names]},
and if known "contents": {name: [face digest, iris digest]}. A run's split.json is one.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twofold.data.dataset import printable
from twofold.data.splits import Contents, Fold, Indices, Split, require_no_straddling
from twofold.errors import DatasetError

FINAL = "final"
CONTENTS = "contents"


def split_record(split: Split, names: Sequence[str], contents: Contents) -> dict[str, Any]:
    """What a split file holds of a split over the pairs `names`, ready for JSON."""
    parts = {f"folds/{number}": fold for number, fold in enumerate(split.folds, start=1)}
    parts[FINAL] = Fold(split.train, split.test)
    record: dict[str, Any] = {
        name: {
            "train": [names[place] for place in fold.train],
            "test": [names[place] for place in fold.test],
        }
        for name, fold in parts.items()
    }
    record[CONTENTS] = {name: list(own) for name, own in zip(names, contents, strict=True)}
    return record


def load_split(path: Path, names: Sequence[str], contents: Contents) -> Split:
    """Read a split of the pairs `names` back.

    Raises:
        DatasetError: unreadable, made for other pairs or pictures, or one that leaks.
    """
    record = _read(path)
    places = {name: place for place, name in enumerate(names)}
    _require_same_contents(path, record.pop(CONTENTS, {}), places, contents)
    final = _fold(path, FINAL, record.pop(FINAL, None), places)
    folds = tuple(
        _fold(path, f"folds/{number}", record.pop(f"folds/{number}", None), places)
        for number in range(1, len(record) + 1)
    )
    _require_all(path, FINAL, names, final, range(len(names)))
    for number, fold in enumerate(folds, start=1):
        _require_all(path, f"folds/{number}", names, fold, final.train)
    for fold in (*folds, final):
        try:
            require_no_straddling(fold, contents, names)
        except DatasetError as error:
            raise DatasetError(f"{path}: leaks: {error}") from error
    return Split(folds, final.train, final.test)


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: not a split file ({error}).") from error
    if not isinstance(record, dict):
        raise DatasetError(f"{path}: not a split file (no JSON object).")
    return record


def _require_same_contents(
    path: Path, kept: Any, places: Mapping[str, int], contents: Contents
) -> None:
    if not isinstance(kept, dict):
        raise DatasetError(f"{path}: its {CONTENTS!r} is not an object of names and digests.")
    for name, digests in kept.items():
        if name in places and digests != list(contents[places[name]]):
            raise DatasetError(
                f"{path}: the pictures of pair {printable(name)} are not those that the split was "
                "made for. Make a new split."
            )


def _fold(path: Path, part: str, kept: Any, places: Mapping[str, int]) -> Fold:
    if kept is None:
        raise DatasetError(f"{path}: not a split file (no part {part!r}).")
    if not isinstance(kept, dict):
        raise DatasetError(f"{path}: its part {part!r} has no train and test.")
    return Fold(
        _positions(path, part, kept.get("train"), places),
        _positions(path, part, kept.get("test"), places),
    )


def _positions(path: Path, part: str, kept: Any, places: Mapping[str, int]) -> Indices:
    if not isinstance(kept, list) or not all(isinstance(name, str) for name in kept):
        raise DatasetError(f"{path}: train or test of its part {part!r} is not a list of names.")
    unknown = [name for name in kept if name not in places]
    if unknown:
        raise DatasetError(
            f"{path}: part {part!r} names {_some(unknown)}, not in the dataset. "
            "Give the dataset that the split was made for, or make a new split."
        )
    return np.array([places[name] for name in kept], dtype=np.int64)


def _require_all(
    path: Path, part: str, names: Sequence[str], fold: Fold, expected: Sequence[int] | Indices
) -> None:
    """Each expected pair must be in the part exactly once, and no other."""
    times = np.bincount(np.concatenate([fold.train, fold.test]), minlength=len(names))
    wanted = np.zeros(len(names), dtype=np.int64)
    wanted[np.asarray(expected, dtype=np.int64)] = 1
    for wrong, what in (
        ((times == 0) & (wanted == 1), "lacks"),
        (times > 1, "names more than once"),
        ((times > 0) & (wanted == 0), "scores or learns what was held out:"),
    ):
        if wrong.any():
            found = [names[place] for place in np.flatnonzero(wrong).tolist()]
            raise DatasetError(f"{path}: part {part!r} {what} {_some(found)}. Make a new split.")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
