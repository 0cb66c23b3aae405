"""The layout `csv`: a manifest with one pair a row.

Columns: subject, face, iris, and if wanted eye, session and split, in any order. Paths are relative
to the manifest. An empty subject means an unlabelled pair.
"""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

from twofold.data.dataset import Dataset, Modality, Pair, Problem, natural, printable
from twofold.errors import DatasetError

MANIFEST = "manifest.csv"
_NEEDED = ("subject", "face", "iris")
_OPTIONAL = ("eye", "session", "split")
_LONGEST_SUBJECT = 200
_EYES = {"": None, "left": "left", "l": "left", "right": "right", "r": "right"}

_Row = tuple[int, dict[str, str]]


def read_manifest(root: Path) -> Dataset:
    """Read a manifest, or the `manifest.csv` in a folder.

    Raises:
        DatasetError: missing, not UTF-8, without its columns, or without a row.
    """
    path = root / MANIFEST if root.is_dir() else root
    rows, problems = _read_rows(path)
    if not rows and not problems:
        raise DatasetError(f"{path}: no rows under its header. Add one row a pair.")
    labelled = 2 * sum(bool(row["subject"]) for _, row in rows) >= len(rows)
    pairs: list[Pair] = []
    seen: dict[tuple[Path, Path], int] = {}
    for number, row in rows:
        pair, found = _read_pair(path, number, row, labelled)
        if pair is not None:
            first = seen.setdefault((pair.face, pair.iris), number)
            if first != number:
                message = f"row {number}: the same face and iris as row {first}. Remove one."
                found.append(Problem("manifest", path, message))
                pair = None
        problems += found
        if pair is not None:
            pairs.append(pair)
    named = [
        replace(pair, name=name) for pair, name in zip(pairs, _names(path, pairs), strict=True)
    ]
    named.sort(key=lambda pair: (natural(pair.name), pair.name))
    return Dataset(path, "csv", "manifest", tuple(named), tuple(problems))


def _read_rows(path: Path) -> tuple[list[_Row], list[Problem]]:
    """The rows by column name, stripped, with the line each ends on."""
    rows: list[_Row] = []
    problems: list[Problem] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            # Spreadsheets of some countries separate by semicolon.
            separator = max(",;\t", key=first.count)
            reader = csv.reader(file, delimiter=separator, strict=True)
            columns = _read_header(path, next(reader, []))
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(columns):
                    message = f"row {reader.line_num}: {len(cells)} fields, not {len(columns)}."
                    problems.append(Problem("manifest", path, message))
                    continue
                values = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
                rows.append((reader.line_num, values))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 text. Save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise DatasetError(f"{path}: row {reader.line_num}: not valid CSV ({error}).") from error
    return rows, problems


def _read_header(path: Path, header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise DatasetError(
            f"{path}: no column {' and '.join(missing)} in its header. The first row must name "
            f"the columns {', '.join(_NEEDED)} (and if wanted {', '.join(_OPTIONAL)})."
        )
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        raise DatasetError(f"{path}: column {', '.join(sorted(twice))} twice in its header.")
    return columns


def _read_pair(
    path: Path, number: int, row: dict[str, str], labelled: bool
) -> tuple[Pair | None, list[Problem]]:
    problems = []

    def wrong(column: str, message: str) -> None:
        problems.append(Problem("manifest", path, f"row {number}, column {column}: {message}"))

    subject = row["subject"]
    if labelled != bool(subject):
        wrong(
            "subject",
            f"{'empty' if labelled else 'given'}, while most rows are "
            f"{'labelled' if labelled else 'unlabelled'}. Keep the two kinds in two manifests.",
        )
    if len(subject) > _LONGEST_SUBJECT:
        wrong("subject", f"longer than {_LONGEST_SUBJECT} characters.")
    pictures: dict[Modality, Path] = {}
    for modality in get_args(Modality):
        if not row[modality]:
            wrong(modality, "empty. Name the picture's file.")
            continue
        pictures[modality] = path.parent / row[modality]
        if not _is_file(pictures[modality]):
            wrong(modality, f"{printable(row[modality])} does not exist.")
    if len(pictures) == 2 and pictures["face"] == pictures["iris"]:
        wrong("iris", "the same file as the face.")
    eye = row.get("eye", "").lower()
    if eye not in _EYES:
        wrong("eye", f"{printable(eye)!r}; expected left, right or empty.")
    if problems:
        return None, problems
    return Pair(
        name="",
        face=pictures["face"],
        iris=pictures["iris"],
        subject=subject or None,
        eye=_EYES[eye],
        session=row.get("session") or None,
        split=row.get("split") or None,
    ), []


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False


def _names(path: Path, pairs: list[Pair]) -> list[str]:
    """The shortest kind of name that tells all pairs apart, the same kind for all."""

    def under(file: Path) -> Path:
        return file.relative_to(path.parent) if file.is_relative_to(path.parent) else file

    kinds: tuple[Callable[[Pair], str], ...] = (
        lambda pair: pair.face.stem,
        lambda pair: under(pair.face).with_suffix("").as_posix(),
        lambda pair: under(pair.face).as_posix(),
    )
    for kind in kinds:
        names = [kind(pair) for pair in pairs]
        if len(set(names)) == len(names):
            return names
    return [f"{under(pair.face).as_posix()}+{under(pair.iris).as_posix()}" for pair in pairs]
