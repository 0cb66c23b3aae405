"""Score files: comparisons of any system, read; `score_writing` writes them.

Four forms are read: CSV with a header (`reference,probe,mated,score`, as `twofold benchmark` writes
it), four columns `claimed real probe score` and five columns `claimed model real probe score` with
commas or spaces (as Bob writes them), and two lists of genuine and impostor scores with one score a
line (as pyeer reads them, its histogram of impostor scores too). A comparison that failed has an
empty score or `nan`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twofold.data.dataset import printable
from twofold.errors import DatasetError
from twofold.evaluation.verification.comparisons import Listed, listed, unlabelled
from twofold.evaluation.verification.text_rows import MOST_ROWS, Rows

LARGEST = 1e100  # of a score: squares of it and their sums are numbers yet
_CLAIMED = ("claimed", "reference_subject")
_REAL = ("real", "probe_subject")
_KNOWN = {"reference", "probe", "mated", "score", "model", *_CLAIMED, *_REAL}
_POSITIONS = {
    4: ("claimed", "real", "probe", "score"),
    5: ("claimed", "reference", "real", "probe", "score"),
}
MATED = {
    **dict.fromkeys(("1", "true", "yes", "mated", "genuine"), True),
    **dict.fromkeys(("0", "false", "no", "non-mated", "impostor"), False),
}
Units = Literal["subjects", "linked samples", "comparisons"]


@dataclass(frozen=True)
class ScoreFile:
    """Comparisons of one system.

    Attributes:
        name: what to call the system.
        comparisons: all of them, higher meaning more alike also where the file holds distances.
        references, probes: names of the samples of each comparison, or empty where not known.
        distance: whether the file's scores are distances; those of `comparisons` are negated then.
        units: what intervals resample: subjects that the file or a manifest names; samples linked
            by mated comparisons, which stand for a subject (for irises an eye); or, in lists
            without names, single comparisons.
    """

    name: str
    comparisons: Listed
    references: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    distance: bool = False
    units: Units = "subjects"

    def as_written(self, score: float) -> float:
        """A score or threshold in the direction of the file."""
        return -score if self.distance else score


def read_scores(
    path: Path,
    *,
    distance: bool = False,
    subjects: Mapping[str, str] | None = None,
    name: str | None = None,
) -> ScoreFile:
    """Read a file of comparisons.

    Args:
        path: with a header, or of four or five columns; see above.
        distance: lower scores mean more alike.
        subjects: of each sample by name, where the file does not name them.
        name: of the system; the file's own without suffix otherwise.

    Raises:
        DatasetError: cannot be read, not of a known form, or a line is wrong.
    """
    rows = Rows(path)
    lines = iter(rows)
    first = next(lines, None)
    if first is None:
        raise DatasetError(f"{path}: empty. Expected one comparison a line.")
    columns, begins = _columns(path, first)
    table: dict[str, list[str]] = {column: [] for column in columns if column in _KNOWN}
    wanted = [(place, table[column]) for place, column in enumerate(columns) if column in table]
    places: list[int] = []
    score: list[float] = []
    at_score = columns.index("score")

    def take(cells: list[str]) -> None:
        if len(cells) != len(columns):
            raise DatasetError(
                f"{path}, line {rows.line}: {len(cells)} columns, not {len(columns)}. Every line "
                f"needs {', '.join(columns)}."
            )
        score.append(_score(cells[at_score], path, rows.line))
        places.append(rows.line)
        for place, kept in wanted:
            kept.append(cells[place].strip())

    if begins:
        take(first)
    for cells in lines:
        take(cells)
    if not score:
        raise DatasetError(f"{path}: no comparison after the header. Add one a line.")
    return _file(path, name, table, np.array(score), places, distance, subjects)


def read_lists(
    genuine: Path,
    impostor: Path,
    *,
    distance: bool = False,
    histogram: bool = False,
    name: str | None = None,
) -> ScoreFile:
    """Read two lists with one score a line, the last number of each line being the score.

    Args:
        genuine: mated scores.
        impostor: non-mated scores, or with `histogram` how many there are of 0, of 1, of 2 ...
        distance: lower scores mean more alike.

    Raises:
        DatasetError: cannot be read, is empty, or a line is no number.
    """
    mated = _list(genuine)
    other = _list(impostor)
    if histogram:
        wrong = next((k for k, n in enumerate(other) if not (n >= 0 and n == int(n))), None)
        if wrong is not None:
            raise DatasetError(
                f"{impostor}, line {wrong + 1}: {other[wrong]:g} is no number of comparisons. "
                "A histogram holds how many impostor scores are 0, 1, 2 and so on."
            )
        if other.sum() > MOST_ROWS:
            raise DatasetError(f"{impostor}: more than {MOST_ROWS:,} comparisons. Give fewer.")
        other = np.repeat(np.arange(len(other), dtype=np.float64), other.astype(np.int64))
    score = np.concatenate([mated, other])
    kind = np.arange(len(score)) < len(mated)
    return ScoreFile(
        name or genuine.stem,
        unlabelled(-score if distance else score, kind),
        distance=distance,
        units="comparisons",
    )


def _columns(path: Path, first: list[str]) -> tuple[list[str], bool]:
    """Names of the columns, and whether the first line is a comparison already."""
    told = [cell.strip().lower() for cell in first]
    if "score" in told:
        twice = next((column for column in told if told.count(column) > 1), None)
        if twice is not None:
            raise DatasetError(f"{path}: two columns {printable(twice)}. Keep one.")
        subjects = _one_of(told, _CLAIMED) and _one_of(told, _REAL)
        if "mated" not in told and not subjects:
            raise DatasetError(
                f"{path}: its header says neither `mated` nor the subjects of both samples "
                "(`claimed` and `real`). Add either."
            )
        return ["reference" if column == "model" else column for column in told], False
    if len(first) in _POSITIONS:
        return list(_POSITIONS[len(first)]), True
    lists = " Give lists of scores with --genuine and --impostor." if len(first) == 1 else ""
    raise DatasetError(
        f"{path}: {len(first)} columns and no header with `score`. Expected the header "
        f"reference,probe,mated,score, or the columns claimed real probe score.{lists}"
    )


def _one_of(columns: Iterable[str], names: tuple[str, ...]) -> str | None:
    there = set(columns)
    return next((name for name in names if name in there), None)


def _score(text: str, path: Path, line: int) -> float:
    told = text.strip()
    if not told:
        return math.nan
    try:
        value = float(told)
    except ValueError:
        value = math.inf
    if abs(value) > LARGEST:
        raise DatasetError(
            f"{path}, line {line}: score {printable(told[:40])!r} is no number up to {LARGEST:g}. "
            "Write a number, or nothing where the comparison failed."
        )
    return value


def _list(path: Path) -> NDArray[np.float64]:
    rows = Rows(path, comma=False)
    found = []
    for cells in rows:
        if rows.line == 1 and cells[-1].lower() == "score":
            continue
        found.append(_score(cells[-1].split(",")[-1], path, rows.line))
    if not found:
        raise DatasetError(f"{path}: empty. Expected one score a line.")
    return np.array(found)


def _file(
    path: Path,
    name: str | None,
    table: Mapping[str, list[str]],
    score: NDArray[np.float64],
    lines: Sequence[int],
    distance: bool,
    subjects: Mapping[str, str] | None,
) -> ScoreFile:
    references = table.get("reference", [])
    probes = table.get("probe", [])
    claimed, real = _one_of(table, _CLAIMED), _one_of(table, _REAL)
    told = table.get("mated")
    mated = None if told is None else np.array(_kinds(told, path, lines), dtype=np.bool_)
    similar = -score if distance else score
    units: Units = "subjects"
    if claimed and real:
        made = _of_subjects(path, lines, table[claimed], table[real], similar, mated)
    elif mated is None:  # `_columns` has refused this
        raise DatasetError(f"{path}: nothing says which comparisons are mated. Add `mated`.")
    elif not (references and probes):
        made, units = unlabelled(similar, mated), "comparisons"
    elif subjects is not None:
        first, second = (_subject(path, subjects, one, lines) for one in (references, probes))
        made = _of_subjects(path, lines, first, second, similar, mated)
    else:
        made, units = _linked(path, lines, references, probes, similar, mated), "linked samples"
    if not (references and probes) and not (claimed and probes):
        references, probes = [], []
    elif not references:
        references = table[str(claimed)]
    return ScoreFile(name or path.stem, made, tuple(references), tuple(probes), distance, units)


def _kinds(told: Sequence[str], path: Path, lines: Sequence[int]) -> list[bool]:
    found = []
    for text, line in zip(told, lines, strict=True):
        kind = MATED.get(text.lower())
        if kind is None:
            raise DatasetError(
                f"{path}, line {line}: mated {printable(text[:40])!r}. Write 1 for the same "
                "person, 0 for different ones."
            )
        found.append(kind)
    return found


def _of_subjects(
    path: Path,
    lines: Sequence[int],
    claimed: Sequence[str],
    real: Sequence[str],
    score: NDArray[np.float64],
    mated: NDArray[np.bool_] | None,
) -> Listed:
    for names in (claimed, real):
        if "" in names:
            line = lines[names.index("")]
            raise DatasetError(f"{path}, line {line}: no subject. Name both subjects.")
    same = np.array([a == b for a, b in zip(claimed, real, strict=True)], dtype=np.bool_)
    if mated is not None and (mated & ~same).any():
        at = int(np.flatnonzero(mated & ~same)[0])
        raise DatasetError(
            f"{path}, line {lines[at]}: mated, but of the subjects {printable(claimed[at])} and "
            f"{printable(real[at])}. Correct one of these."
        )
    return listed(claimed, real, score, same if mated is None else mated)


def _subject(
    path: Path, subjects: Mapping[str, str], names: Sequence[str], lines: Sequence[int]
) -> list[str]:
    for name, line in zip(names, lines, strict=True):
        if name not in subjects:
            raise DatasetError(
                f"{path}, line {line}: {printable(name)} is not in the manifest. Add its row."
            )
    return [subjects[name] for name in names]


def _linked(
    path: Path,
    lines: Sequence[int],
    references: Sequence[str],
    probes: Sequence[str],
    score: NDArray[np.float64],
    mated: NDArray[np.bool_],
) -> Listed:
    """Samples that mated comparisons link, straight or through others, are one subject."""
    numbers: dict[str, int] = {}
    first = np.array([numbers.setdefault(name, len(numbers)) for name in references])
    second = np.array([numbers.setdefault(name, len(numbers)) for name in probes])
    links = coo_array(
        (np.ones(int(mated.sum())), (first[mated], second[mated])), shape=(len(numbers),) * 2
    )
    many, subject = connected_components(links, directed=False)
    wrong = np.flatnonzero((subject[first] == subject[second]) & ~mated)
    if wrong.size:
        at = int(wrong[0])
        raise DatasetError(
            f"{path}, line {lines[at]}: {printable(references[at])} and {printable(probes[at])} "
            "are not mated, but other lines link them by mated comparisons. Correct the column "
            "`mated`, or name the subjects (`claimed`, `real`)."
        )
    return Listed(
        tuple(str(k) for k in range(many)),
        subject[first].astype(np.int32),
        subject[second].astype(np.int32),
        score,
        mated,
    )
