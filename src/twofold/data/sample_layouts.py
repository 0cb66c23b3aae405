"""The forms in which a dataset of one modality may lie on disk, each read into plain entries."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from twofold.data.dataset import Modality, Problem, printable
from twofold.data.layouts.flat import FACE_SUFFIX, IRIS_SUFFIX, read_labels
from twofold.data.layouts.listing import Listing, comparable, ignored, list_folder
from twofold.errors import DatasetError

_COLUMNS = "subject,eye,session,path"
_EYES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_EYE_WORD = re.compile(r"(?<![^\W\d_])(left|right|l|r)(?![^\W\d_])")
_FOLDERS: dict[str, Modality] = {
    "face": "face",
    "faces": "face",
    "iris": "iris",
    "irises": "iris",
    "eye": "iris",
    "eyes": "iris",
}
_WORDS: dict[Modality, re.Pattern[str]] = {
    "face": re.compile(r"(?<![^\W\d_])faces?(?![^\W\d_])"),
    "iris": re.compile(r"(?<![^\W\d_])(?:left|right|l|r)?(?:iris(?:es)?|eyes?)(?![^\W\d_])"),
}
_DEEPEST = 8  # folders inside a subject; also ends loops of links


@dataclass(frozen=True)
class Entry:
    """One picture as its place or its row tells it; `eye` is "left", "right" or None."""

    path: Path
    subject: str
    eye: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Found:
    """What a form held: entries in any order, and warnings about what was passed over."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


def read_folders(root: Path, modality: Modality, listing: Listing) -> Found:
    """One folder per subject, its name the label; pictures anywhere inside.

    For irises the eye is told by a folder left/ or right/ (l, r), else by these words in the
    names, provided every picture of the subject has one. Folders and names that say the other
    modality are passed over.
    """
    problems = [*listing.problems]
    problems += [ignored(path, "not inside a subject's folder") for path in listing.pictures]
    entries: list[Entry] = []
    for folder in listing.folders:
        own: list[Entry] = []
        for path, notes in _walk(folder, modality, 0):
            problems += notes
            if path is not None:
                own.append(Entry(path, folder.name, _eye_of_folders(folder, path)))
        if modality == "iris" and own and all(entry.eye is None for entry in own):
            own = _eyes_of_names(own)
        entries += own
        if not own:
            problems.append(ignored(folder, "no picture in this folder"))
    if not entries:
        raise DatasetError(
            f"{root}: no {modality} picture in its {len(listing.folders)} folders. "
            "Each subject's folder should hold pictures (PNG, JPEG, BMP, TIFF ...)."
        )
    return Found(tuple(entries), tuple(problems))


def _walk(
    folder: Path, modality: Modality, depth: int
) -> Iterator[tuple[Path | None, list[Problem]]]:
    listing = list_folder(folder)
    yield None, [*listing.problems]
    other: Modality = "iris" if modality == "face" else "face"
    for path in listing.pictures:
        name = comparable(path.stem)
        if _WORDS[other].search(name) and not _WORDS[modality].search(name):
            yield None, [ignored(path, f"its name says {other}")]
        else:
            yield path, []
    for inner in listing.folders:
        if _FOLDERS.get(inner.name.casefold()) == other:
            continue
        if depth == _DEEPEST:
            yield None, [ignored(inner, f"more than {_DEEPEST} folders deep")]
        else:
            yield from _walk(inner, modality, depth + 1)


def _eye_of_folders(subject: Path, path: Path) -> str | None:
    for part in path.relative_to(subject).parts[:-1]:
        if (eye := _EYES.get(part.casefold())) is not None:
            return eye
    return None


def _eyes_of_names(entries: Sequence[Entry]) -> list[Entry]:
    words = [_EYE_WORD.findall(comparable(entry.path.stem)) for entry in entries]
    if not all(len(found) == 1 for found in words):
        return [*entries]
    return [
        replace(entry, eye=_EYES[found[0]]) for entry, found in zip(entries, words, strict=True)
    ]


def read_flat(root: Path, modality: Modality, listing: Listing) -> Found:
    """The original report's form: pictures LABEL_K in one folder, faces *.BMP, irises *.png.

    A folder with only one kind of file is all of the modality asked for.
    """
    problems = [*listing.problems, *(ignored(one, "a folder") for one in listing.folders)]
    suffixes = {path.suffix.lower() for path in listing.pictures}
    pictures = list(listing.pictures)
    if {FACE_SUFFIX, IRIS_SUFFIX} <= suffixes:
        wanted = FACE_SUFFIX if modality == "face" else IRIS_SUFFIX
        pictures = [path for path in pictures if path.suffix.lower() == wanted]
    labels, found = read_labels(pictures if modality == "face" else [],
                                pictures if modality == "iris" else [])  # fmt: skip
    problems += [replace(problem, severity="warning") for problem in found]
    told = {path: label for path, label in labels.items() if label is not None}
    if not told:
        raise DatasetError(
            f"{root}: its pictures bear no label, so nothing tells which are of one person. Name "
            f"them LABEL_K, or give a manifest (.csv) with the columns {_COLUMNS}."
        )
    return Found(tuple(Entry(path, label) for path, label in told.items()), tuple(problems))


def read_manifest(path: Path, modality: Modality) -> Found:
    """A manifest with the columns subject,eye,session,path; eye and session may be missing.

    A manifest of pairs (column `face` or `iris` in place of `path`) serves as well; rows without
    a subject are then passed over.

    Raises:
        DatasetError: unreadable, without its columns or rows, or a row that cannot be used.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            # Spreadsheets of some countries separate by semicolon.
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            column = _column(path, header, modality)
            entries, problems = [], []
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise DatasetError(
                        f"{path}: row {reader.line_num}: {len(cells)} fields, not {len(header)}. "
                        "Quote paths that hold the separator."
                    )
                row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
                if column != "path" and not row["subject"]:
                    problems.append(ignored(path, f"row {reader.line_num} has no subject"))
                    continue
                entry = _entry(path, reader.line_num, row, column)
                if column == "path" or entry not in entries:  # one iris may be in several pairs
                    entries.append(entry)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 text. Save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise DatasetError(f"{path}: row {reader.line_num}: not valid CSV ({error}).") from error
    if not entries:
        raise DatasetError(f"{path}: no rows under its header. Add one row a picture: {_COLUMNS}.")
    return Found(tuple(entries), tuple(problems))


def _column(path: Path, header: Sequence[str], modality: Modality) -> str:
    column = "path" if "path" in header else modality
    missing = [name for name in ("subject", column) if name not in header]
    if missing:
        missing = ["path" if name == modality else name for name in missing]
        raise DatasetError(
            f"{path}: no column {' and '.join(missing)} in its header. The first row must name the "
            f"columns {_COLUMNS}."
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DatasetError(f"{path}: column {', '.join(twice)} twice in its header.")
    return column


def _entry(path: Path, number: int, row: dict[str, str], column: str) -> Entry:
    where = f"{path}: row {number}, column"
    if not row["subject"]:
        raise DatasetError(f"{where} subject: empty. Every picture needs its subject.")
    if not row[column]:
        raise DatasetError(f"{where} {column}: empty. Name the picture's file.")
    eye = row.get("eye", "").lower()
    if eye and eye not in _EYES:
        raise DatasetError(f"{where} eye: {printable(eye)!r}; expected left, right or empty.")
    picture = path.parent / row[column]
    try:
        there = picture.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        there = False
    if not there:
        raise DatasetError(
            f"{where} {column}: {printable(row[column])} does not exist. Paths are relative to the "
            "manifest."
        )
    return Entry(picture, row["subject"], _EYES.get(eye), row.get("session") or None)
