"""Pictures that a dataset holds more than once: told by content, in whatever file they are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from twofold.data.dataset import Dataset, Modality, Problem, below, printable
from twofold.data.pictures import PictureFacts

_Use = tuple[Path, Modality, str | None]  # a file, what it is given as, and whose it is


def duplicates(dataset: Dataset, pictures: Mapping[Path, PictureFacts]) -> Iterator[Problem]:
    """Files of one picture: errors where face and iris or two subjects share it, else warnings.

    A face file that stands in two pairs of its subject (one with each eye) is no duplicate.
    """
    uses: dict[str, dict[_Use, None]] = {}  # the inner dict is a set that keeps its order
    modality: Modality
    for pair in dataset.pairs:
        for path, modality in ((pair.face, "face"), (pair.iris, "iris")):
            if pictures[path].pixels:
                uses.setdefault(pictures[path].pixels, {})[path, modality, pair.subject] = None
    for shared in uses.values():
        if len(shared) > 1:
            yield from _of_one_picture(dataset.root, list(shared), pictures)


def _of_one_picture(
    root: Path, shared: Sequence[_Use], pictures: Mapping[Path, PictureFacts]
) -> Iterator[Problem]:
    several_modalities = len({modality for _, modality, _ in shared}) > 1
    several_subjects = len({subject for _, _, subject in shared}) > 1
    for path, modality, subject in shared:

        def same(other: Path, path: Path = path) -> str:
            bytewise = pictures[other].digest == pictures[path].digest
            what = "the same content as" if bytewise else "the same picture, saved anew, as"
            return f"{what} {below(root, other)}"

        if several_modalities:
            other = next(one for one in shared if one[1] != modality)
            message = f"{same(other[0])}, but one is given as a face and one as an iris."
            yield Problem("duplicate", path, message)
        elif several_subjects:
            other = next(one for one in shared if one[2] != subject)
            message = (
                f"suspiciously labelled {printable(str(subject))}: {same(other[0])} of subject "
                f"{printable(str(other[2]))}."
            )
            yield Problem("label", path, message)
        elif path != shared[0][0]:
            yield Problem("duplicate", path, f"{same(shared[0][0])}.", "warning")
