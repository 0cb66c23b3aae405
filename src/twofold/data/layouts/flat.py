"""The layout `flat`, the original report's: faces *.BMP and irises *.png in one folder.

In a labelled folder a file is named LABEL_K: the first number of its name is the subject. In an
unlabelled one (a test set) it is named N. Only ASCII digits count, and only those of the file's own
name: the 04 of `04_multimodal_training` in the path is nobody's label.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from twofold.data.dataset import Dataset, Pair, Problem, natural, printable
from twofold.data.layouts.listing import comparable, ignored, list_folder
from twofold.errors import DatasetError

FACE_SUFFIX = ".bmp"
IRIS_SUFFIX = ".png"


def read_flat(root: Path) -> Dataset:
    """Read a flat folder.

    Pairs are files of equal stem; where not one stem is shared, faces and irises are matched by
    their sorted order, as the report does, and their labels must then agree.

    Raises:
        DatasetError: no faces, no irises, or no way to pair them.
    """
    listing = list_folder(root)
    problems = [*listing.problems]
    problems += [ignored(folder, "a folder") for folder in listing.folders]
    faces = [path for path in listing.pictures if path.suffix.lower() == FACE_SUFFIX]
    irises = [path for path in listing.pictures if path.suffix.lower() == IRIS_SUFFIX]
    used = {*faces, *irises}
    others = [path for path in listing.pictures if path not in used]
    _require_both(root, len(faces), len(irises), len(others))
    problems += [ignored(path, "faces are *.BMP here and irises *.png") for path in others]

    labels, found = read_labels(faces, irises)
    problems += found
    faces, found = _unique([path for path in faces if path in labels])
    problems += found
    irises, found = _unique([path for path in irises if path in labels])
    problems += found
    pairing, matched, found = _match(root, faces, irises, labels)
    problems += found

    pairs = [Pair(face.stem, face, iris, labels[face]) for face, iris in matched]
    pairs.sort(key=lambda pair: (natural(pair.name), pair.name))
    return Dataset(root, "flat", pairing, tuple(pairs), tuple(problems))


def _require_both(root: Path, faces: int, irises: int, others: int) -> None:
    also = f" Its {others} pictures of other kinds are not used in this layout." if others else ""
    if not faces and not irises:
        raise DatasetError(
            f"{root}: no faces (*.BMP) and no irises (*.png) in it.{also} "
            "Check the path, or use the layout folders or csv."
        )
    if not faces or not irises:
        there = f"{irises} irises (*.png)" if irises else f"{faces} faces (*.BMP)"
        missing = "irises (*.png)" if faces else "faces (*.BMP)"
        raise DatasetError(
            f"{root}: {there} but no {missing}.{also} Put both modalities into the folder."
        )


def read_labels(
    faces: Sequence[Path], irises: Sequence[Path]
) -> tuple[dict[Path, str | None], list[Problem]]:
    """Tell whether a folder is labelled, and the label of each file.

    A name with two numbers or more is LABEL_K. The folder is labelled when most names are; it is
    also labelled when no name has two numbers but most share theirs with another file of their
    modality ("12a", "12b"). Files that do not follow the others are errors and get no entry.
    """
    numbers = {path: re.findall("[0-9]+", path.stem) for path in (*faces, *irises)}
    with_second = {path for path, found in numbers.items() if len(found) >= 2}
    if with_second:
        like_labelled = with_second
    else:
        like_labelled = {*_sharing_number(faces, numbers), *_sharing_number(irises, numbers)}
    if 2 * len(like_labelled) >= len(numbers):
        labelled = with_second or {path for path, found in numbers.items() if found}
        labels: dict[Path, str | None] = {path: numbers[path][0] for path in labelled}
        why = "no label in its name, but the folder is labelled. Name it LABEL_K or move it away."
    else:
        labels = {path: None for path in numbers if path not in with_second}
        why = "a label and a second number in its name, but the folder is an unlabelled test set."
    problems = [Problem("mixed", path, why) for path in numbers if path not in labels]
    return labels, problems + _spellings(labels.values())


def _sharing_number(paths: Iterable[Path], numbers: dict[Path, list[str]]) -> list[Path]:
    numbered = [path for path in paths if numbers[path]]
    times = Counter(numbers[path][0] for path in numbered)
    return [path for path in numbered if times[numbers[path][0]] > 1]


def _spellings(labels: Iterable[str | None]) -> list[Problem]:
    """Labels such as "1" and "01": two subjects as written, but more likely one."""
    spelled = defaultdict(set)
    for label in labels:
        if label is not None:
            spelled[int(label)].add(label)
    return [
        Problem(
            "label",
            None,
            f"labels {' and '.join(sorted(forms))} are kept apart as written. "
            "Rename the files if they mean one subject.",
            "warning",
        )
        for _, forms in sorted(spelled.items())
        if len(forms) > 1
    ]


def _unique(paths: Iterable[Path]) -> tuple[list[Path], list[Problem]]:
    """The first file of each stem; later ones (1_1.png, 1_1.PNG) are errors."""
    kept: dict[str, Path] = {}
    problems = []
    for path in paths:
        first = kept.setdefault(comparable(path.stem), path)
        if first is not path:
            message = f"same name as {printable(first.name)} but for case or suffix. Rename one."
            problems.append(Problem("name", path, message))
    return list(kept.values()), problems


def _match(
    root: Path,
    faces: Sequence[Path],
    irises: Sequence[Path],
    labels: dict[Path, str | None],
) -> tuple[Literal["stem", "order"], list[tuple[Path, Path]], list[Problem]]:
    by_stem = {comparable(path.stem): path for path in irises}
    matched = [
        (face, by_stem.pop(comparable(face.stem)))
        for face in faces
        if comparable(face.stem) in by_stem
    ]
    if matched or not faces or not irises:
        paired = {face for face, _ in matched}
        problems = [
            Problem("unpaired", path, "a face without an iris of the same name.")
            for path in faces
            if path not in paired
        ]
        problems += [
            Problem("unpaired", path, "an iris without a face of the same name.")
            for path in by_stem.values()
        ]
        return "stem", matched, problems
    if len(faces) == len(irises):
        return "order", *_match_in_order(faces, irises, labels)
    if all(label is None for label in labels.values()):
        raise DatasetError(
            f"{root}: {len(faces)} faces and {len(irises)} irises share no name, so nothing tells "
            "which belong together. Give a pair the same name (7.BMP, 7.png)."
        )
    return "order", *_match_by_subject(faces, irises, labels)


def _match_in_order(
    faces: Sequence[Path], irises: Sequence[Path], labels: dict[Path, str | None]
) -> tuple[list[tuple[Path, Path]], list[Problem]]:
    matched, problems = [], []
    for face, iris in zip(faces, irises, strict=True):
        if labels[face] == labels[iris]:
            matched.append((face, iris))
        else:
            message = (
                f"its label {labels[iris]} does not align with {labels[face]} of "
                f"{printable(face.name)}, the face at the same place in sorted order."
            )
            problems.append(Problem("misaligned", iris, message))
    return matched, problems


def _match_by_subject(
    faces: Sequence[Path], irises: Sequence[Path], labels: dict[Path, str | None]
) -> tuple[list[tuple[Path, Path]], list[Problem]]:
    """Order within each subject: with unequal counts the order of the whole would slip."""
    of_subject: dict[str | None, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for path in faces:
        of_subject[labels[path]][0].append(path)
    for path in irises:
        of_subject[labels[path]][1].append(path)
    matched: list[tuple[Path, Path]] = []
    problems = []
    for subject, (own_faces, own_irises) in of_subject.items():
        if len(own_faces) == len(own_irises):
            matched += zip(own_faces, own_irises, strict=True)
            continue
        message = (
            f"unpaired: subject {subject} has {len(own_faces)} faces and {len(own_irises)} irises, "
            "and no names are shared to tell which belong together."
        )
        problems += [Problem("unpaired", path, message) for path in own_faces + own_irises]
    return matched, problems
