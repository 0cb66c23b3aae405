"""Many people for the gallery's commands: a manifest, or a folder of pairs.

A manifest is CSV with a header: subject, face, iris, and if wanted eye, light, consent and expires,
in any order. A row is a face, an iris or both; rows of one subject are put together. Paths start
from the manifest's folder. A manifest of probes has no column subject, or leaves it empty; a column
probe names them. What is wrong with a row keeps its person out, and nobody else.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import get_args

from twofold.cli.datasets import LayoutName
from twofold.cli.gallery_options import parsed_expiry
from twofold.cli.gallery_pictures import Pictures
from twofold.data.dataset import Dataset, printable
from twofold.data.layouts import detect_layout, read_dataset
from twofold.data.layouts.manifest import MANIFEST
from twofold.errors import DatasetError, OptionError
from twofold.template import Eye, Light

_COLUMNS = ("subject", "probe", "face", "iris", "eye", "light", "consent", "expires")
_EYES: dict[str, Eye | None] = {
    "": None, "left": "left", "l": "left", "right": "right", "r": "right"
}  # fmt: skip
_LIGHTS = ("", *get_args(Light))
_Cells = dict[str, str]


@dataclass(frozen=True)
class Entry:
    """One person.

    Attributes:
        name: of the subject, or of the probe.
        pictures: at least one.
        consent, expires: of a subject; None where not given.
    """

    name: str
    pictures: Pictures
    consent: str | None = None
    expires: datetime | date | None = None


@dataclass(frozen=True)
class Refused:
    """Somebody of whom nothing came, and why.

    Attributes:
        name: of the subject, or of the probe.
        code: short and stable, such as "manifest" or "no_face".
        message: with file and remedy.
    """

    name: str
    code: str
    message: str


def read_subjects(
    path: Path, layout: LayoutName, light: Light | None
) -> tuple[list[Entry], list[Refused]]:
    """People to be enrolled, in the order of their first rows.

    Args:
        path: a manifest, or a folder of labelled pairs.
        layout: of a folder.
        light: of irises whose row does not tell.

    Raises:
        DatasetError: it cannot be read, or nothing is in it.
    """
    if _is_manifest(path, layout):
        return _merged(path, light, probes=False)
    dataset = read_dataset(path, layout.value)
    if not dataset.labelled:
        raise DatasetError(
            f"{path}: holds unlabelled pairs, so nothing tells who they are. Write a manifest with "
            "a column subject, or answer them with `twofold identify`."
        )
    entries = {
        name: _of_pairs(dataset, name, light)
        for name in dict.fromkeys(pair.subject for pair in dataset.pairs)
        if name is not None
    }
    return list(entries.values()), _problems(dataset)


def read_probes(
    path: Path, layout: LayoutName, light: Light | None
) -> tuple[list[Entry], list[Refused]]:
    """Probes in order, one a row or pair.

    Args:
        path: a manifest, or a folder of pairs, whose labels are not looked at.
        layout: of a folder.
        light: of irises whose row does not tell.

    Raises:
        DatasetError: it cannot be read, or nothing is in it.
    """
    if _is_manifest(path, layout):
        return _merged(path, light, probes=True)
    dataset = read_dataset(path, layout.value)
    entries = [
        Entry(pair.name, Pictures((pair.face,), ((pair.iris, _eye(pair.eye), light),)))
        for pair in dataset.pairs
    ]
    return entries, _problems(dataset)


def _is_manifest(path: Path, layout: LayoutName) -> bool:
    if layout is LayoutName.csv or (path.suffix.lower() == ".csv" and not path.is_dir()):
        return True
    return layout is LayoutName.auto and path.is_dir() and detect_layout(path) == "csv"


def _of_pairs(dataset: Dataset, subject: str, light: Light | None) -> Entry:
    pairs = [pair for pair in dataset.pairs if pair.subject == subject]
    irises = dict.fromkeys((pair.iris, _eye(pair.eye), light) for pair in pairs)
    return Entry(subject, Pictures(tuple(dict.fromkeys(p.face for p in pairs)), tuple(irises)))


def _eye(given: str | None) -> Eye | None:
    return _EYES[given or ""]


def _problems(dataset: Dataset) -> list[Refused]:
    return [
        Refused(problem.file.name if problem.file else dataset.root.name, problem.kind,
                f"{problem.file or dataset.root}: {problem.message}")
        for problem in dataset.problems
        if problem.severity == "error"
    ]  # fmt: skip


def _merged(path: Path, light: Light | None, *, probes: bool) -> tuple[list[Entry], list[Refused]]:
    """Rows put together by subject; of probes every row for itself."""
    path = path / MANIFEST if path.is_dir() else path
    entries: dict[str, Entry] = {}
    wrong: dict[str, Refused] = {}
    for number, cells in _rows(path, () if probes else ("subject",)):
        named = cells.get("probe" if probes else "subject", "")
        if probes:
            named = named or Path(cells.get("face") or cells.get("iris") or "").stem
            if not named or named in entries or named in wrong:
                named = f"{named or 'row'} ({number})"
        try:
            entry = _entry(path, cells, named, light)
            entries[named] = _joined(entries[named], entry) if named in entries else entry
        except OptionError as error:
            name = named or f"row {number}"
            told = Refused(name, "manifest", f"{path}, row {number}, {error}")
            wrong.setdefault(name, told)
    if not entries and not wrong:
        raise DatasetError(f"{path}: no rows under its header. Add one row for each picture.")
    return [one for name, one in entries.items() if name not in wrong], list(wrong.values())


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, _Cells]]:
    """Rows by column name, stripped, with the line each ends on.

    Raises:
        DatasetError: not to be read, not UTF-8, not CSV, or without its columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            # Spreadsheets of some countries separate by semicolon.
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            columns = _header(path, next(reader, []), needed)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(columns):
                    raise DatasetError(
                        f"{path}: row {reader.line_num}: {len(cells)} fields, not {len(columns)}. "
                        "Put texts with a separator in them into quotes."
                    )
                stripped = (cell.strip() for cell in cells)
                yield reader.line_num, dict(zip(columns, stripped, strict=True))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 text. Save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise DatasetError(f"{path}: row {reader.line_num}: not valid CSV ({error}).") from error


def _header(path: Path, header: list[str], needed: tuple[str, ...]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    missing = [name for name in needed if name not in columns]
    if missing or not {"face", "iris"} & {*columns}:
        asked = " and ".join(missing) or "face or iris"
        raise DatasetError(
            f"{path}: no column {asked} in its header. The first row must name the columns: "
            f"{', '.join((*needed, 'face', 'iris'))} (one of the last two will do), and if wanted "
            "eye, light, consent, expires."
        )
    twice = sorted({name for name in columns if name in _COLUMNS and columns.count(name) > 1})
    if twice:
        raise DatasetError(f"{path}: column {', '.join(twice)} twice in its header.")
    return columns


def _entry(path: Path, cells: _Cells, named: str, light: Light | None) -> Entry:
    """One row.

    Raises:
        OptionError: with column and remedy, for behind the number of the row.
    """
    if not named:
        raise OptionError("column subject: empty. Name whose pictures these are.")
    found = {}
    for modality in ("face", "iris"):
        if text := cells.get(modality, ""):
            found[modality] = path.parent / text
            if not _is_file(found[modality]):
                raise OptionError(
                    f"column {modality}: {printable(text)} does not exist. Paths start from the "
                    "manifest's folder."
                )
    if not found:
        raise OptionError("columns face and iris: both empty. Name a picture.")
    eye, shown = cells.get("eye", "").lower(), cells.get("light", "").lower()
    if eye not in _EYES:
        raise OptionError(f"column eye: {printable(eye)!r}; expected left, right or nothing.")
    if shown not in _LIGHTS:
        raise OptionError(f"column light: {printable(shown)!r}; expected nir, visible or nothing.")
    try:
        expires = parsed_expiry(cells.get("expires"))
    except OptionError as error:
        raise OptionError(f"column expires: {error}") from None
    own = next((one for one in get_args(Light) if one == shown), light)
    irises = ((found["iris"], _EYES[eye], own),) if "iris" in found else ()
    faces = (found["face"],) if "face" in found else ()
    return Entry(named, Pictures(faces, irises), cells.get("consent") or None, expires)


def _joined(one: Entry, other: Entry) -> Entry:
    """Two rows of a subject.

    Raises:
        OptionError: they contradict each other.
    """
    for column in ("consent", "expires"):
        ours, theirs = getattr(one, column), getattr(other, column)
        if ours and theirs and ours != theirs:
            raise OptionError(
                f"column {column}: another one than in a row above for {printable(one.name)!r}. "
                "Give it once, or the same in each row."
            )
    return replace(
        one,
        pictures=Pictures(
            tuple(dict.fromkeys(one.pictures.faces + other.pictures.faces)),
            tuple(dict.fromkeys(one.pictures.irises + other.pictures.irises)),
        ),
        consent=one.consent or other.consent,
        expires=one.expires or other.expires,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False
