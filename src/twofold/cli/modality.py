"""Telling for a command whether pictures show faces or eyes, and extracting them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from twofold import images
from twofold.errors import AcquisitionError, OptionError
from twofold.images import Pixels

if TYPE_CHECKING:
    from twofold.face.extraction import FaceExtractor, FaceSample
    from twofold.iris.extraction import IrisExtractor, IrisSample

_Sample = TypeVar("_Sample")
Choice = Literal["auto", "face", "iris"]
ModalityOption = Annotated[
    Choice, typer.Option(help="What the pictures show; auto: a face, else an eye.")
]

# The detector sees faces in close pictures of eyes too, though not surely (0.81 at most on eyes
# against 0.85 and more on most faces): a less sure face is one only where no iris is found.
_SURE = 0.85


@dataclass(frozen=True)
class Faces:
    """Pictures that show faces, with the extractor that read them."""

    pictures: tuple[Pixels, ...]
    samples: "tuple[FaceSample, ...]"
    extractor: "FaceExtractor"


@dataclass(frozen=True)
class Irises:
    """Pictures that show eyes, with the extractor that read them."""

    pictures: tuple[Pixels, ...]
    samples: "tuple[IrisSample, ...]"
    extractor: "IrisExtractor"


def extract(paths: list[Path], choice: Choice, model: str | None = None) -> Faces | Irises:
    """Extract every picture as faces or as irises.

    Args:
        paths: of one picture or more.
        choice: what they show, or "auto".
        model: of faces; None for the default.

    Raises:
        ImageError: a picture cannot be read.
        AcquisitionError: one gives no template; names the picture.
        OptionError: they show different things, or a model was named for irises.
    """
    pictures = tuple(images.read(path) for path in paths)
    told = [choice if choice != "auto" else _shown(picture, model) for picture in pictures]
    if len(set(told)) > 1:
        other = next(k for k, kind in enumerate(told) if kind != told[0])
        raise OptionError(
            f"{paths[0]} shows {_named(told[0])} and {paths[other]} {_named(told[other])}, which "
            "cannot be compared. Where this is wrong, name the --modality."
        )
    if told[0] == "face":
        from twofold.face.extraction import FaceExtractor

        faces = FaceExtractor(model) if model else FaceExtractor()
        found = tuple(
            _extract(faces.extract, picture, path, choice)
            for picture, path in zip(pictures, paths, strict=True)
        )
        return Faces(pictures, found, faces)
    if model is not None:
        raise OptionError(f"--model {model}: irises have one model only. Leave the option out.")
    from twofold.iris.extraction import IrisExtractor

    irises = IrisExtractor()
    eyes = tuple(
        _extract(irises.extract, picture, path, choice)
        for picture, path in zip(pictures, paths, strict=True)
    )
    return Irises(pictures, eyes, irises)


def _shown(picture: Pixels, model: str | None) -> Literal["face", "iris"]:
    from twofold.face.extraction import FaceExtractor

    if model is not None:
        return "face"
    refused = "no_face"
    try:
        # No picture of a face is so poor that it becomes one of an eye.
        if FaceExtractor(minimum=0).extract(picture).detection.score >= _SURE:
            return "face"
        refused = "unsure"
    except AcquisitionError as error:
        refused = error.code
    from twofold.iris.extraction import IrisExtractor

    try:
        IrisExtractor().extract(picture)
    except AcquisitionError:
        return "iris" if refused == "no_face" else "face"
    return "iris"


def _named(kind: str) -> str:
    return "a face" if kind == "face" else "an eye"


def _extract(
    extractor: Callable[[Pixels], _Sample], picture: Pixels, path: Path, choice: Choice
) -> _Sample:
    try:
        return extractor(picture)
    except AcquisitionError as error:
        told = str(error).removeprefix("the picture: ")
        hint = (
            " (No face was found either.)" if choice == "auto" and error.code != "no_face" else ""
        )
        raise AcquisitionError(f"{path}: {told}{hint}", error.code) from error
