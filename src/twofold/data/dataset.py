"""What a dataset is once its layout has been read: pairs of a face and an iris picture."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Modality = Literal["face", "iris"]
Layout = Literal["flat", "folders", "csv"]


@dataclass(frozen=True)
class Pair:
    """A face sample and an iris sample of one subject.

    Attributes:
        name: unique in its dataset and stable: what answers, splits and reports call the pair.
        face, iris: paths of the two pictures.
        subject: the label, or None for an unlabelled pair.
        eye: "left", "right" or None when unknown.
        session, split: as a manifest gives them, or None.
    """

    name: str
    face: Path
    iris: Path
    subject: str | None = None
    eye: str | None = None
    session: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one file (or with the dataset as a whole, `file` None).

    An "error" makes `train` refuse the dataset; a "warning" is only reported.
    """

    kind: str
    file: Path | None
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return self.message if self.file is None else f"{printable(self.file.name)}: {self.message}"


@dataclass(frozen=True)
class Dataset:
    """Pairs in a stable order (numeric order of their names), with what the layout found wrong.

    Attributes:
        root: folder or manifest that it was read from.
        layout: how it was read.
        pairing: how faces and irises were matched: "stem", "order" (sorted order) or "manifest".
        pairs: every complete pair; labelled or not.
        problems: what was found while reading names alone (unpaired, unlabelled ...).
    """

    root: Path
    layout: Layout
    pairing: Literal["stem", "order", "manifest"]
    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def labelled(self) -> bool:
        """True when every pair has a subject; a dataset is labelled wholly or not at all."""
        return bool(self.pairs) and all(pair.subject is not None for pair in self.pairs)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The distinct subjects, in natural order ("2" before "10")."""
        return tuple(sorted({p.subject for p in self.pairs if p.subject is not None}, key=natural))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which the runs of digits in a text are compared as numbers."""
    return tuple(
        (0, int(run), "") if run[0] in "0123456789" else (1, 0, run)
        for run in re.findall("[0-9]+|[^0-9]+", text)
    )


def printable(text: str) -> str:
    """The text with control characters and bytes that are not UTF-8 written as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def below(root: Path, file: Path) -> str:
    """A file's path from its dataset's root (a folder or a manifest) on, fit for printing."""
    for base in (root, root.parent):
        if file.is_relative_to(base):
            return printable(str(file.relative_to(base)))
    return printable(str(file))


def content_digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
