"""Signs that a label may be wrong, which need no look at the faces themselves.

Each sign asks what nearly all of the dataset does, and names only what differs; where there is no
such rule it stays silent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from twofold.data.dataset import Dataset, Modality, Pair, Problem, printable
from twofold.data.layouts.listing import comparable
from twofold.images import ImageInfo

_T = TypeVar("_T")

_NEARLY_ALL = 0.9
_FEWEST_SUBJECTS = 5  # below, "nearly all" means little


def suspicions(dataset: Dataset, infos: Mapping[Path, ImageInfo]) -> list[Problem]:
    """All signs: single pairs, odd counts, names of another subject, modalities changed over.

    Args:
        dataset: labelled or not; labels are looked at only where there are some.
        infos: headers of the pictures that could be read.
    """
    found = list(_changed_over(dataset, infos))
    if dataset.labelled:
        found += _counts(dataset)
        found += _names_of_another(dataset)
    return found


def _counts(dataset: Dataset) -> Iterator[Problem]:
    """One subject only; subjects with one pair; counts that differ from nearly all others."""
    of_subject: dict[str, list[Pair]] = defaultdict(list)
    for pair in dataset.pairs:
        of_subject[str(pair.subject)].append(pair)
    counts = {subject: len(of_subject[subject]) for subject in dataset.subjects}
    if len(counts) == 1:
        message = f"one subject only ({printable(dataset.subjects[0])}): nobody to tell it from."
        yield Problem("label", None, message, "warning")
    usual, share = _usual(counts.values())
    for subject, count in counts.items():
        name = printable(subject)
        if count == 1:
            message = f"subject {name} has a single pair: it cannot be both learned and scored."
            yield Problem("single", of_subject[subject][0].face, message, "warning")
        elif count != usual and share >= _NEARLY_ALL and len(counts) >= _FEWEST_SUBJECTS:
            message = (
                f"suspiciously labelled? Subject {name} has {count} pairs, while "
                f"{_percent(share)} of the subjects have {usual}. Check its pictures."
            )
            yield Problem("label", of_subject[subject][0].face, message, "warning")


def _names_of_another(dataset: Dataset) -> Iterator[Problem]:
    """Files that start with another subject's name, where nearly all start with their own."""
    if dataset.layout == "flat":
        return  # the name is the label there
    subjects = {comparable(subject): subject for subject in dataset.subjects}
    own: dict[tuple[Path, str], bool] = {}
    for pair in dataset.pairs:
        subject = comparable(str(pair.subject))
        for path in (pair.face, pair.iris):
            own[path, subject] = _starts_with(comparable(path.stem), subject)
    if sum(own.values()) < _NEARLY_ALL * len(own):
        return
    for (path, subject), starts in own.items():
        if starts:
            continue
        stem = comparable(path.stem)
        others = [other for other in subjects if other != subject and _starts_with(stem, other)]
        if others:
            named = max(others, key=len)
            message = (
                f"suspiciously labelled {printable(subjects[subject])}: it is named after subject "
                f"{printable(subjects[named])}, while nearly all files are named after their own."
            )
            yield Problem("label", path, message, "warning")


def _starts_with(stem: str, subject: str) -> bool:
    return stem.startswith(subject) and not stem[len(subject) : len(subject) + 1].isalnum()


def _changed_over(dataset: Dataset, infos: Mapping[Path, ImageInfo]) -> Iterator[Problem]:
    """Files with the other modality's size, where the two modalities have one size each."""
    modalities: tuple[Modality, Modality] = ("face", "iris")
    sizes = {
        modality: {
            path: (infos[path].width, infos[path].height)
            for pair in dataset.pairs
            if (path := getattr(pair, modality)) in infos
        }
        for modality in modalities
    }
    usual = {modality: _usual(sizes[modality].values()) for modality in modalities}
    if min(share for _, share in usual.values()) < _NEARLY_ALL or (
        usual["face"][0] == usual["iris"][0]
    ):
        return
    for modality, other in (modalities, modalities[::-1]):
        for path, size in sizes[modality].items():
            if size == usual[other][0]:
                message = (
                    f"given as {_a(modality)}, but {size[0]}x{size[1]} pixels like nearly every "
                    f"{other} here. Were the two changed over?"
                )
                yield Problem("swapped", path, message)


def _usual(values: Iterable[_T]) -> tuple[_T | None, float]:
    """The most frequent value and its share; (None, 0) of nothing."""
    counts = Counter(values)
    if not counts:
        return None, 0.0
    value, times = counts.most_common(1)[0]
    return value, times / counts.total()


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _a(modality: Modality) -> str:
    return "an iris" if modality == "iris" else "a face"
