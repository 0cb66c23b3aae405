"""Looking into a dataset before anything is learned from it: every picture is decoded once."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twofold.data.dataset import Dataset, Modality, Problem, below, printable
from twofold.data.duplicates import duplicates
from twofold.data.pictures import PictureFacts, look_at_all
from twofold.data.suspicions import suspicions
from twofold.errors import DatasetError


@dataclass(frozen=True)
class ModalitySummary:
    """How many files a modality has, and of which sizes ("46x56", width first) and modes."""

    files: int
    sizes: Mapping[str, int]
    modes: Mapping[str, int]
    formats: Mapping[str, int]


@dataclass(frozen=True)
class Inspection:
    """What a dataset holds and what is wrong with it.

    Attributes:
        root, layout, pairing, labelled: as the dataset has them.
        pairs: number of complete pairs.
        pairs_per_subject: pairs of each subject, in natural order; empty for an unlabelled set.
        face, iris: summary of each modality over the pairs' files.
        pictures: facts of each file in a pair.
        problems: those of the names first, then those of the contents.
    """

    root: Path
    layout: str
    pairing: str
    labelled: bool
    pairs: int
    pairs_per_subject: Mapping[str, int]
    face: ModalitySummary
    iris: ModalitySummary
    pictures: Mapping[Path, PictureFacts]
    problems: tuple[Problem, ...]

    @property
    def subjects(self) -> int:
        """Number of distinct subjects."""
        return len(self.pairs_per_subject)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that make `train` refuse the dataset."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Problems that are only reported."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    def where(self, problem: Problem) -> str:
        """The problem's file below the root where it lies there, fit for printing; "" for none."""
        return "" if problem.file is None else below(self.root, problem.file)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the facts of single files, ready for JSON."""
        counts = self.pairs_per_subject.values()

        def summary(one: ModalitySummary) -> dict[str, Any]:
            return {
                "files": one.files,
                "sizes": dict(one.sizes),
                "modes": dict(one.modes),
                "formats": dict(one.formats),
            }

        return {
            "root": printable(str(self.root)),
            "layout": self.layout,
            "pairing": self.pairing,
            "labelled": self.labelled,
            "pairs": self.pairs,
            "subjects": self.subjects,
            "pairs_per_subject": {
                "min": min(counts, default=None),
                "max": max(counts, default=None),
            },
            "face": summary(self.face),
            "iris": summary(self.iris),
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "problems": [
                {
                    "severity": problem.severity,
                    "kind": problem.kind,
                    "file": self.where(problem) or None,
                    "message": problem.message,
                }
                for problem in self.problems
            ],
        }


@dataclass(frozen=True)
class LeftOut:
    """A file that --skip-bad left out, why, and the pair that went with it (None: in no pair)."""

    file: Path
    reason: str
    pair: str | None


def inspect_dataset(
    dataset: Dataset, progress: Callable[[int, int], None] | None = None
) -> Inspection:
    """Decode every picture of every pair and collect all problems; no pixels are kept.

    Args:
        dataset: as a layout read it.
        progress: called with (files done, files in all) after each file.
    """
    paths = list(dict.fromkeys(path for pair in dataset.pairs for path in (pair.face, pair.iris)))
    pictures: dict[Path, PictureFacts] = {}
    for path, facts in look_at_all(paths):
        pictures[path] = facts
        if progress is not None:
            progress(len(pictures), len(paths))
    counts = Counter(pair.subject for pair in dataset.pairs if pair.subject is not None)
    found = [facts.problem for facts in pictures.values() if facts.problem is not None]
    found += duplicates(dataset, pictures)
    infos = {path: facts.info for path, facts in pictures.items() if facts.info is not None}
    found += suspicions(dataset, infos)
    return Inspection(
        root=dataset.root,
        layout=dataset.layout,
        pairing=dataset.pairing,
        labelled=dataset.labelled,
        pairs=len(dataset.pairs),
        pairs_per_subject={subject: counts[subject] for subject in dataset.subjects},
        face=_summary(dataset, pictures, "face"),
        iris=_summary(dataset, pictures, "iris"),
        pictures=pictures,
        problems=(*dataset.problems, *found),
    )


def contents(dataset: Dataset, inspection: Inspection) -> tuple[tuple[str, str], ...]:
    """Face and iris content of each pair, as splits compare them.

    The digest is that of the decoded picture, so that one saved again in another format counts as
    the same.

    Raises:
        DatasetError: a pair was not inspected, or a picture of it cannot be decoded.
    """
    found = []
    for pair in dataset.pairs:
        digests = tuple(_digest_of(inspection, path, "pixels") for path in (pair.face, pair.iris))
        found.append((digests[0], digests[1]))
    return tuple(found)


def dataset_digest(dataset: Dataset, inspection: Inspection) -> str:
    """One SHA-256 (hexadecimal) over name, subject and both files' content of every pair.

    Raises:
        DatasetError: a pair was not inspected, or a file of it cannot be read.
    """
    total = hashlib.sha256()
    for pair in dataset.pairs:
        for text in (
            pair.name,
            "" if pair.subject is None else pair.subject,
            _digest_of(inspection, pair.face, "digest"),
            _digest_of(inspection, pair.iris, "digest"),
        ):
            # The length first: otherwise ("1", "23") and ("12", "3") would be the same.
            encoded = text.encode("utf-8", "surrogateescape")
            total.update(len(encoded).to_bytes(8, "big") + encoded)
    return total.hexdigest()


def without_bad(dataset: Dataset, inspection: Inspection) -> tuple[Dataset, tuple[LeftOut, ...]]:
    """The dataset without the pairs that hold a file with an error, and what was left out.

    Raises:
        DatasetError: an error concerns no single file, or no pair is left.
    """
    reasons: dict[Path, list[str]] = {}
    for problem in inspection.errors:
        if problem.file is None:
            raise DatasetError(f"{dataset.root}: {problem.message} No file to leave out for it.")
        reasons.setdefault(problem.file, []).append(problem.message)
    kept = tuple(
        pair for pair in dataset.pairs if pair.face not in reasons and pair.iris not in reasons
    )
    if not kept:
        raise DatasetError(
            f"{dataset.root}: no pair is left without an error; the first: {inspection.errors[0]}"
            if reasons
            else f"{dataset.root}: holds no pair."
        )
    pair_of = {path: pair.name for pair in dataset.pairs for path in (pair.face, pair.iris)}
    left_out = tuple(
        LeftOut(file, reason, pair_of.get(file)) for file, own in reasons.items() for reason in own
    )
    warnings = tuple(problem for problem in dataset.problems if problem.severity == "warning")
    return replace(dataset, pairs=kept, problems=warnings), left_out


def _digest_of(inspection: Inspection, path: Path, which: str) -> str:
    facts = inspection.pictures.get(path)
    digest: str = getattr(facts, which, "")
    if not digest:
        raise DatasetError(f"{path}: not inspected, or not readable. Leave its pair out.")
    return digest


def _summary(
    dataset: Dataset, pictures: Mapping[Path, PictureFacts], modality: Modality
) -> ModalitySummary:
    paths = {getattr(pair, modality) for pair in dataset.pairs}
    infos = [info for path in paths if (info := pictures[path].info) is not None]

    def histogram(values: list[str]) -> dict[str, int]:
        return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))

    return ModalitySummary(
        files=len(paths),
        sizes=histogram([f"{info.width}x{info.height}" for info in infos]),
        modes=histogram([info.mode for info in infos]),
        formats=histogram([info.format for info in infos]),
    )
