"""Protocols as files: which samples are compared, and whose comparisons set the threshold.

Either `sample,role` with the role `reference`, `probe` or `both`: every probe meets every reference
of its part. Or `reference,probe`: these pairs alone; a column `mated` is checked against the
labels. A column `part` with `development` and `evaluation` keeps people apart: thresholds come from
the development people and are applied unchanged to the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import printable
from twofold.data.samples import Sample, SampleSet
from twofold.errors import DatasetError
from twofold.evaluation.verification.comparisons import Listed, people_of
from twofold.evaluation.verification.intervals import SEED
from twofold.evaluation.verification.rates import (
    Applied,
    ErrorRates,
    apply_threshold,
    error_rates,
)
from twofold.evaluation.verification.score_files import MATED
from twofold.evaluation.verification.text_rows import Rows

MOST_COMPARISONS = 50_000_000
PartName = Literal["development", "evaluation"]
_ROLES = ("reference", "probe", "both")


@dataclass(frozen=True)
class Part:
    """Comparisons of one part.

    Attributes:
        references, probes: names of samples.
        paired: whether the k-th reference meets the k-th probe; otherwise each meets every one.
        mated: of pairs as the file tells, or empty where it does not.
        lines: of the file, one a pair, or one a name of `references` and then of `probes`.
    """

    references: tuple[str, ...]
    probes: tuple[str, ...]
    paired: bool
    mated: tuple[bool, ...] = ()
    lines: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every sample that takes part, once."""
        return tuple(dict.fromkeys((*self.references, *self.probes)))


@dataclass(frozen=True)
class Protocol:
    """What a file of comparisons asks for; `development` is None where it names no part."""

    path: Path
    evaluation: Part
    development: Part | None = None

    @property
    def parts(self) -> tuple[tuple[PartName, Part], ...]:
        """The parts in the order of their use."""
        found: list[tuple[PartName, Part]] = []
        if self.development is not None:
            found.append(("development", self.development))
        return (*found, ("evaluation", self.evaluation))


@dataclass(frozen=True)
class ProtocolRates:
    """What a protocol measured.

    Attributes:
        name: of the file.
        evaluation: rates of the evaluation part, at thresholds of its own.
        development: rates of the development part, which sets thresholds; None without one.
        applied: errors of the evaluation part at the development part's thresholds.
        listed: comparisons of each part.
        left_aside: samples of the dataset that the protocol does not name.
    """

    name: str
    evaluation: ErrorRates
    development: ErrorRates | None
    applied: tuple[Applied, ...]
    listed: Mapping[PartName, Listed]
    left_aside: int = 0


def read_protocol(path: Path) -> Protocol:
    """Read a protocol.

    Raises:
        DatasetError: cannot be read, of no known form, or a line is wrong.
    """
    rows = Rows(path, comma=True)
    lines = iter(rows)
    header = [cell.strip().lower() for cell in next(lines, [])]
    paired = {"reference", "probe"} <= set(header)
    if not paired and not {"sample", "role"} <= set(header):
        raise DatasetError(
            f"{path}: its header holds {printable(', '.join(header)) or 'nothing'}. Expected "
            "sample,role or reference,probe, and part where people are kept apart."
        )
    parts: dict[str, _Gathered] = {}
    for cells in lines:
        if len(cells) != len(header):
            raise DatasetError(
                f"{path}, line {rows.line}: {len(cells)} columns, not {len(header)}. Every line "
                f"needs {', '.join(header)}."
            )
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        part = row.get("part", "evaluation").lower()
        if part not in ("development", "evaluation"):
            raise DatasetError(
                f"{path}, line {rows.line}: part {printable(part)!r}. Write development or "
                "evaluation."
            )
        parts.setdefault(part, _Gathered(path, paired)).add(row, rows.line)
    if "evaluation" not in parts:
        raise DatasetError(f"{path}: no comparison to evaluate. Add lines of the part evaluation.")
    made = {name: gathered.made(name) for name, gathered in parts.items()}
    return Protocol(path, made["evaluation"], made.get("development"))


def select(protocol: Protocol, samples: SampleSet) -> SampleSet:
    """The samples that a protocol names.

    Raises:
        DatasetError: it names one that is not there, or a person stands in both parts.
    """
    by_name = {sample.name: sample for sample in samples.samples}
    people: dict[str, PartName] = {}
    for part_name, part in protocol.parts:
        for name in part.names:
            sample = by_name.get(name)
            if sample is None:
                raise DatasetError(
                    f"{protocol.path}: {printable(name)} is no sample of {samples.root}. Names "
                    "are paths from its folder on, with slashes."
                )
            if people.setdefault(sample.subject, part_name) != part_name:
                raise DatasetError(
                    f"{protocol.path}: subject {printable(sample.subject)} is in development and "
                    "in evaluation. Keep every person in one part."
                )
    wanted = {name for _, part in protocol.parts for name in part.names}
    kept = tuple(sample for sample in samples.samples if sample.name in wanted)
    return SampleSet(
        samples.root, samples.modality, samples.layout, kept, samples.left_aside, samples.problems
    )


def listed_part(
    protocol: Protocol, part: Part, samples: Sequence[Sample], scores: NDArray[np.float64]
) -> Listed:
    """The comparisons of one part.

    Args:
        samples: n, among them all that the part names.
        scores: (n, n), NaN where a comparison failed.

    Raises:
        DatasetError: the file's `mated` contradicts the labels, or nothing is mated or non-mated.
    """
    number = {sample.name: k for k, sample in enumerate(samples)}
    references = np.array([number[name] for name in part.references], dtype=np.int64)
    probes = np.array([number[name] for name in part.probes], dtype=np.int64)
    if not part.paired:
        references, probes = (
            grid.ravel() for grid in np.meshgrid(references, probes, indexing="ij")
        )
        different = references != probes
        references, probes = references[different], probes[different]
    people = people_of(samples, [False] * len(samples))
    mated = people.identity[references] == people.identity[probes]
    if part.mated and (wrong := np.flatnonzero(mated != np.array(part.mated))).size:
        raise DatasetError(
            f"{protocol.path}, line {part.lines[int(wrong[0])]}: `mated` is not what the labels "
            "of the dataset say. Correct either."
        )
    if not mated.any() or mated.all():
        raise DatasetError(
            f"{protocol.path}: all comparisons of a part are "
            f"{'mated' if mated.any() else 'non-mated'}. Error rates need both."
        )
    return Listed(
        people.names,
        people.subject[references],
        people.subject[probes],
        np.asarray(scores[references, probes], dtype=np.float64),
        mated,
    ).chosen(np.ones(len(mated), dtype=np.bool_))


def measure_protocol(
    protocol: Protocol,
    samples: Sequence[Sample],
    scores: NDArray[np.float64],
    *,
    seed: int = SEED,
    left_aside: int = 0,
) -> ProtocolRates:
    """Measure every part; arguments and errors as of `listed_part`."""
    made: dict[PartName, Listed] = {
        name: listed_part(protocol, part, samples, scores) for name, part in protocol.parts
    }
    rates = {name: error_rates(part, seed=seed) for name, part in made.items()}
    development = rates.get("development")
    applied = () if development is None else transferred(development, made["evaluation"], seed)
    return ProtocolRates(
        protocol.path.name, rates["evaluation"], development, applied, made, left_aside
    )


def transferred(
    development: ErrorRates, evaluation: Listed, seed: int = SEED
) -> tuple[Applied, ...]:
    """Errors of the evaluation comparisons at every threshold that development supports."""
    found = (apply_threshold(evaluation, point, seed=seed) for point in development.points)
    return tuple(one for one in found if one is not None)


class _Gathered:
    """Lines of one part."""

    def __init__(self, path: Path, paired: bool) -> None:
        self._path, self._paired = path, paired
        self._references: list[str] = []
        self._probes: list[str] = []
        self._mated: list[bool] = []
        self._lines: list[int] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, row: Mapping[str, str], line: int) -> None:
        where = f"{self._path}, line {line}"
        if not self._paired:
            role = row["role"].lower()
            if role not in _ROLES:
                raise DatasetError(
                    f"{where}: role {printable(row['role'])!r}. Write reference, probe or both."
                )
            self._once((row["sample"], ""), where)
            if role in ("reference", "both"):
                self._references.append(row["sample"])
            if role in ("probe", "both"):
                self._probes.append(row["sample"])
            return
        reference, probe = row["reference"], row["probe"]
        if reference == probe:
            raise DatasetError(f"{where}: a sample against itself. Remove the line.")
        self._once((min(reference, probe), max(reference, probe)), where)
        self._references.append(reference)
        self._probes.append(probe)
        self._lines.append(line)
        if "mated" in row:
            kind = MATED.get(row["mated"].lower())
            if kind is None:
                raise DatasetError(f"{where}: mated {printable(row['mated'])!r}. Write 1 or 0.")
            self._mated.append(kind)

    def _once(self, key: tuple[str, str], where: str) -> None:
        if key in self._seen:
            raise DatasetError(f"{where}: listed a second time. Keep one line of each.")
        self._seen.add(key)

    def made(self, name: str) -> Part:
        if not self._references or not self._probes:
            missing = "probe" if self._references else "reference"
            raise DatasetError(f"{self._path}: the part {name} has no {missing}. Add one.")
        if not self._paired and len(self._references) * len(self._probes) > MOST_COMPARISONS:
            raise DatasetError(
                f"{self._path}: more than {MOST_COMPARISONS:,} comparisons in the part {name}. "
                "Name fewer samples."
            )
        return Part(
            tuple(self._references),
            tuple(self._probes),
            self._paired,
            tuple(self._mated),
            tuple(self._lines),
        )
