"""A dataset of one modality: samples with their subject, and for irises the eye.

Three forms are read: one folder per subject, a CSV manifest, and the original report's flat folder
(`LABEL_K`). No picture is opened here.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from twofold.data.dataset import Modality, Problem, content_digest, natural, printable
from twofold.data.layouts.flat import FACE_SUFFIX, IRIS_SUFFIX
from twofold.data.layouts.listing import Listing, list_folder
from twofold.data.layouts.manifest import MANIFEST
from twofold.data.sample_layouts import Entry, Found, read_flat, read_folders, read_manifest
from twofold.data.synthetic import MARKER
from twofold.errors import DatasetError, OptionError

_EXPECTED = (
    "Expected one folder per subject, a manifest (.csv) with the columns subject,eye,session,path, "
    "or pictures named LABEL_K"
)


@dataclass(frozen=True)
class Sample:
    """One picture of one subject.

    Attributes:
        path: of the picture.
        name: its path from the dataset's folder on, with slashes: what score files call it.
        subject: the label.
        eye: "left", "right", or None when unknown or a face.
        session: as a manifest gives it, or None.
    """

    path: Path
    name: str
    subject: str
    eye: str | None = None
    session: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What two samples share when they are mated: the subject, for irises with the eye."""
        return self.subject, self.eye or ""


@dataclass(frozen=True)
class SampleSet:
    """Samples of one modality in natural order of subjects and names.

    Attributes:
        root: folder or manifest that was read.
        modality: of every sample.
        layout: how it was read.
        samples: all of them labelled; of a subject either every eye is known or none.
        left_aside: subjects dropped for having fewer samples than asked.
        problems: warnings about files that were passed over.
    """

    root: Path
    modality: Modality
    layout: Literal["flat", "folders", "csv"]
    samples: tuple[Sample, ...]
    left_aside: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that names start from."""
        return self.root if self.root.is_dir() else self.root.parent

    @property
    def name(self) -> str:
        """What to call the set: its folder's or manifest's name, fit for printing."""
        root = self.root.resolve()
        # The original report's folders are called alike in every set.
        told = root.name if self.layout != "flat" else f"{root.parent.name}/{root.name}"
        return printable(told)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The distinct subjects in natural order."""
        return tuple(sorted({sample.subject for sample in self.samples}, key=_order))

    @property
    def synthetic(self) -> bool:
        """Whether the folder, or the one above it, is marked as made by a program."""
        return any((at / MARKER).is_file() for at in (self.folder, self.folder.resolve().parent))

    def only(self, subjects: Iterable[str]) -> "SampleSet":
        """The same set with the samples of these subjects alone."""
        wanted = set(subjects)
        kept = tuple(sample for sample in self.samples if sample.subject in wanted)
        return replace(self, samples=kept)


def read_samples(
    root: Path, modality: Modality, *, eyes: str | None = None, min_samples: int = 1
) -> SampleSet:
    """Read the names and labels of a dataset.

    Args:
        root: a folder, or a manifest (.csv).
        modality: which pictures are wanted where faces and irises lie together.
        eyes: such as "LLRR": the eyes of each subject's samples in natural order of their names,
            repeated where there are more; for sets whose names do not tell the eye.
        min_samples: drop subjects with fewer samples.

    Raises:
        DatasetError: nothing there, no known form, missing or doubled files, an eye known for some
            samples of a subject only, or nothing to compare.
        OptionError: `eyes` is no pattern of L and R, or does not fit.
    """
    layout, found = _read(root, modality)
    samples = sorted(
        (_sample(root, entry) for entry in found.entries),
        key=lambda one: (_order(one.subject), _order(one.name)),
    )
    _refuse_doubles(root, samples)
    if modality == "face":
        samples = [replace(sample, eye=None) for sample in samples]
    if eyes is not None:
        samples = _with_eyes(root, modality, samples, eyes)
    _refuse_half_known(root, samples)
    counts = Counter(sample.subject for sample in samples)
    few = [subject for subject, count in counts.items() if count < min_samples]
    kept = tuple(sample for sample in samples if counts[sample.subject] >= min_samples)
    _require_comparisons(root, kept, min_samples)
    return SampleSet(root, modality, layout, kept, tuple(few), tuple(found.problems))


def digests(samples: Sequence[Sample]) -> list[str]:
    """SHA-256 of each file's bytes; empty where it cannot be read."""

    def one(path: Path) -> str:
        try:
            return content_digest(path)
        except OSError:
            return ""

    return [one(sample.path) for sample in samples]


def set_digest(samples: Sequence[Sample], contents: Sequence[str]) -> str:
    """One SHA-256 over name, subject, eye and content of every sample."""
    total = hashlib.sha256()
    for sample, content in zip(samples, contents, strict=True):
        for text in (sample.name, sample.subject, sample.eye or "", content):
            # The length first: otherwise ("1", "23") and ("12", "3") would be the same.
            encoded = text.encode("utf-8", "surrogateescape")
            total.update(len(encoded).to_bytes(8, "big") + encoded)
    return total.hexdigest()


def _order(text: str) -> tuple[object, ...]:
    return natural(text), text


def _read(root: Path, modality: Modality) -> tuple[Literal["flat", "folders", "csv"], Found]:
    try:
        root.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{root}: cannot be opened ({reason}). Check the path.") from error
    if root.is_file():
        if root.suffix.lower() != ".csv":
            raise DatasetError(f"{root}: neither a folder nor a manifest (.csv). {_EXPECTED}.")
        return "csv", read_manifest(root, modality)
    if (root / MANIFEST).is_file():
        return "csv", read_manifest(root / MANIFEST, modality)
    listing = list_folder(root)
    inner = {folder: list_folder(folder) for folder in listing.folders}
    flat = [folder for folder, held in inner.items() if _both_kinds(held)]
    if flat and not listing.pictures:
        names = ", ".join(printable(folder.name) for folder in flat)
        raise DatasetError(
            f"{root}: its folders hold *.BMP faces beside *.png irises ({names}), so they are "
            f"datasets, not subjects. Give one of them: {flat[-1]}"
        )
    if listing.pictures and not any(held.pictures or held.folders for held in inner.values()):
        return "flat", read_flat(root, modality, listing)
    if listing.folders:
        return "folders", read_folders(root, modality, listing)
    raise DatasetError(f"{root}: no pictures in it. {_EXPECTED}.")


def _both_kinds(listing: Listing) -> bool:
    return {FACE_SUFFIX, IRIS_SUFFIX} <= {path.suffix.lower() for path in listing.pictures}


def _sample(root: Path, entry: Entry) -> Sample:
    base = root if root.is_dir() else root.parent
    path = entry.path.relative_to(base) if entry.path.is_relative_to(base) else entry.path
    return Sample(entry.path, path.as_posix(), entry.subject, entry.eye, entry.session)


def _refuse_doubles(root: Path, samples: Sequence[Sample]) -> None:
    twice = [name for name, times in Counter(s.name for s in samples).items() if times > 1]
    if twice:
        raise DatasetError(
            f"{root}: {printable(twice[0])} is listed more than once"
            f"{f' (and {len(twice) - 1} others)' if len(twice) > 1 else ''}. Keep one row of each."
        )


def _with_eyes(
    root: Path, modality: Modality, samples: Sequence[Sample], pattern: str
) -> list[Sample]:
    sides = {"L": "left", "R": "right"}
    letters = pattern.upper()
    if modality == "face" or not letters or set(letters) - set(sides):
        raise OptionError(
            f"--eyes {printable(pattern)}: expected letters L and R such as LLRR, for irises."
        )
    if any(sample.eye for sample in samples):
        raise OptionError(f"--eyes {pattern}: {root} tells the eyes itself. Leave the option out.")
    seen: Counter[str] = Counter()
    told = []
    for sample in samples:
        told.append(replace(sample, eye=sides[letters[seen[sample.subject] % len(letters)]]))
        seen[sample.subject] += 1
    uneven = next((subject for subject, n in seen.items() if n % len(letters)), None)
    if uneven is not None:
        raise OptionError(
            f"--eyes {pattern}: subject {printable(uneven)} has {seen[uneven]} samples, not a "
            f"multiple of {len(letters)}. Use a manifest with a column eye."
        )
    return told


def _refuse_half_known(root: Path, samples: Sequence[Sample]) -> None:
    eyes: defaultdict[str, set[bool]] = defaultdict(set)
    for sample in samples:
        eyes[sample.subject].add(sample.eye is not None)
    mixed = [subject for subject, known in eyes.items() if len(known) > 1]
    if mixed:
        raise DatasetError(
            f"{root}: the eye is known for some pictures of subject {printable(mixed[0])} only, so "
            "nothing tells which of them are mated. Sort all of them into left/ and right/, or "
            "name the eye of all or none in a manifest."
        )


def _require_comparisons(root: Path, samples: Sequence[Sample], min_samples: int) -> None:
    identities = Counter(sample.identity for sample in samples)
    if len({sample.subject for sample in samples}) < 2:
        few = f" with at least {min_samples} samples" if min_samples > 1 else ""
        raise DatasetError(
            f"{root}: {len({s.subject for s in samples})} subject(s){few}; two or more are needed "
            "to compare different people. Check the path: it should hold one folder per subject."
        )
    if max(identities.values()) < 2:
        raise DatasetError(
            f"{root}: no subject (for irises: no eye) has two samples, so no comparison is mated. "
            "Add a second picture of the same person or eye."
        )
