"""The layout `folders`: one folder per subject.

Inside lie `face/` and `iris/` (the latter may hold `left/` and `right/`), or files that say what
they are: face_1.jpg, left_iris_1.jpg, eye-2.png. The folder's name is the subject.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twofold.data.dataset import Dataset, Modality, Pair, Problem, natural, printable
from twofold.data.layouts.listing import comparable, ignored, list_folder
from twofold.errors import DatasetError

_FOLDERS: dict[str, Modality] = {
    "face": "face",
    "faces": "face",
    "iris": "iris",
    "irises": "iris",
    "eye": "iris",
    "eyes": "iris",
}
_EYES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_FACE_WORD = re.compile(r"(?<![^\W\d_])faces?(?![^\W\d_])")
_IRIS_WORD = re.compile(
    r"(?<![^\W\d_])(left|right|l|r)?(?:iris(?:es)?|eyes?)(left|right|l|r)?(?![^\W\d_])"
)
_EYE_WORD = re.compile(r"(?<![^\W\d_])(left|right|l|r)(?![^\W\d_])")


@dataclass(frozen=True)
class _Sample:
    """One picture; `key` is its name without the words for modality and eye."""

    path: Path
    key: str
    eye: str | None = None

    @property
    def order(self) -> tuple[object, ...]:
        return (self.eye or "", natural(self.key), self.path.name)


_Matched = list[tuple[_Sample, _Sample]]


def read_folders(root: Path) -> Dataset:
    """Read one folder per subject.

    Within a subject, pairs are files of equal name (without the words face, iris, left ...), else
    by sorted order where there are as many faces as irises. A face with an iris of either eye under
    its name makes two pairs.

    Raises:
        DatasetError: no subject folders, or one modality missing everywhere.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: not a folder. Give the folder that holds the subjects.")
    listing = list_folder(root)
    problems = [*listing.problems]
    problems += [ignored(path, "not inside a subject's folder") for path in listing.pictures]
    pairs: list[Pair] = []
    any_order = False
    seen = {"face": 0, "iris": 0}
    for folder in listing.folders:
        faces, irises, found = _samples(folder)
        seen["face"] += len(faces)
        seen["iris"] += len(irises)
        problems += found
        if not faces and not irises:
            problems.append(ignored(folder, "no face and no iris in this folder"))
            continue
        pairing, matched, found = _match(folder.name, faces, irises)
        problems += found
        any_order |= pairing == "order"
        pairs += _named(folder.name, matched)
    _require_both(root, seen["face"], seen["iris"])
    pairs.sort(key=lambda pair: (natural(pair.name), pair.name))
    return Dataset(root, "folders", "order" if any_order else "stem", tuple(pairs), tuple(problems))


def looks_like_subject(folder: Path) -> bool:
    """Whether a folder holds face/ or iris/, or pictures named after a modality."""
    listing = list_folder(folder)
    return any(inner.name.casefold() in _FOLDERS for inner in listing.folders) or any(
        _modality(comparable(path.stem)) for path in listing.pictures
    )


def _require_both(root: Path, faces: int, irises: int) -> None:
    if faces and irises:
        return
    wanted = "Each subject's folder needs face/ and iris/, or 'face' and 'iris' in the file names."
    if not faces and not irises:
        raise DatasetError(f"{root}: no subject folders with faces and irises. {wanted}")
    there, missing = (f"{faces} faces", "iris") if faces else (f"{irises} irises", "face")
    raise DatasetError(f"{root}: {there} but not one {missing}. {wanted}")


def _samples(folder: Path) -> tuple[list[_Sample], list[_Sample], list[Problem]]:
    """The face and iris samples of one subject."""
    listing = list_folder(folder)
    problems = [*listing.problems]
    samples: dict[Modality, list[_Sample]] = {"face": [], "iris": []}
    for inner in listing.folders:
        name = inner.name.casefold()
        if name in _FOLDERS:
            found, notes = _inside(inner, _FOLDERS[name], None)
            samples[_FOLDERS[name]] += found
        elif name in _EYES:
            found, notes = _inside(inner, "iris", _EYES[name])
            samples["iris"] += found
        else:
            notes = [ignored(inner, "neither face nor iris by its name")]
        problems += notes
    for path in listing.pictures:
        stem = comparable(path.stem)
        modality = _modality(stem)
        if modality is None:
            problems.append(ignored(path, "neither 'face' nor 'iris' nor 'eye' in its name"))
        elif modality == "both":
            message = "its name says both face and iris. Rename it, or use face/ and iris/."
            problems.append(Problem("name", path, message))
        else:
            samples[modality].append(_sample(path, modality, None))
    faces, notes = _unique(samples["face"])
    irises, more = _unique(samples["iris"])
    return faces, irises, problems + notes + more


def _inside(
    folder: Path, modality: Modality, eye: str | None
) -> tuple[list[_Sample], list[Problem]]:
    """All pictures of a folder that is one modality, and of its left/ and right/ if it is iris."""
    listing = list_folder(folder)
    samples = [_sample(path, modality, eye) for path in listing.pictures]
    problems = [*listing.problems]
    for inner in listing.folders:
        side = _EYES.get(inner.name.casefold())
        if modality == "iris" and eye is None and side is not None:
            found, notes = _inside(inner, modality, side)
            samples += found
            problems += notes
        else:
            problems.append(ignored(inner, "a folder inside a modality"))
    return samples, problems


def _modality(stem: str) -> Modality | Literal["both"] | None:
    """What a name says: by whole words first, so that "keyes_face" is a face, else by letters."""
    face, iris = bool(_FACE_WORD.search(stem)), bool(_IRIS_WORD.search(stem))
    if not face and not iris:
        face, iris = "face" in stem, "iris" in stem or "eye" in stem
    if face and iris:
        return "both"
    return "face" if face else "iris" if iris else None


def _sample(path: Path, modality: Modality, eye: str | None) -> _Sample:
    stem = comparable(path.stem)
    if modality == "face":
        rest = _FACE_WORD.sub(" ", stem)
        rest = rest.replace("face", " ") if rest == stem else rest
    else:
        word = _IRIS_WORD.search(stem)
        rest = _IRIS_WORD.sub(" ", stem)
        rest = re.sub("iris|eye", " ", rest) if rest == stem else rest
        side = _EYE_WORD.search(rest)
        told = (word and (word[1] or word[2])) or (side and side[1])
        eye = eye or (_EYES[told] if told else None)
        rest = _EYE_WORD.sub(" ", rest)
    return _Sample(path, re.sub(r"[\W_]+", " ", rest).strip(), eye)


def _unique(samples: Sequence[_Sample]) -> tuple[list[_Sample], list[Problem]]:
    kept: dict[tuple[str, str | None], _Sample] = {}
    problems = []
    for sample in samples:
        first = kept.setdefault((sample.key, sample.eye), sample)
        if first is not sample:
            message = f"means the same sample as {printable(first.path.name)}. Rename one of them."
            problems.append(Problem("name", sample.path, message))
    return sorted(kept.values(), key=lambda sample: sample.order), problems


def _match(
    subject: str, faces: Sequence[_Sample], irises: Sequence[_Sample]
) -> tuple[Literal["stem", "order"], _Matched, list[Problem]]:
    by_key: dict[str, list[_Sample]] = defaultdict(list)
    for iris in irises:
        by_key[iris.key].append(iris)
    shared = by_key.keys() & {face.key for face in faces}
    both_eyes = any(len(of_key) > 1 for of_key in by_key.values())
    if len(faces) == len(irises) and (both_eyes or not shared):
        # Ten faces and five irises of each eye: one iris for each face.
        return "order", list(zip(faces, irises, strict=True)), []
    if shared:
        matched = [(face, iris) for face in faces for iris in by_key.get(face.key, [])]
        left_over = [face for face in faces if face.key not in shared]
        left_over += [iris for iris in irises if iris.key not in shared]
        message = f"unpaired: subject {printable(subject)} has no partner of this name for it."
    else:
        matched, left_over = [], [*faces, *irises]
        message = (
            f"unpaired: subject {printable(subject)} has {len(faces)} faces and {len(irises)} "
            "irises, and no names are shared to tell which belong together."
        )
    return "stem", matched, [Problem("unpaired", one.path, message) for one in left_over]


def _named(subject: str, matched: _Matched) -> list[Pair]:
    faces = [face.path for face, _ in matched]
    return [
        Pair(
            name=f"{subject}/{face.path.stem}"
            + (f"-{iris.eye}" if faces.count(face.path) > 1 else ""),
            face=face.path,
            iris=iris.path,
            subject=subject,
            eye=iris.eye,
        )
        for face, iris in matched
    ]
