"""The pictures of one person, as the gallery's commands take them, and the template of a probe."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from twofold.cli.inspect import say
from twofold.errors import OptionError
from twofold.template import Eye, Failure, Light, Template

if TYPE_CHECKING:
    from twofold.recognizer import Person, Recognizer

FaceOption = Annotated[
    list[Path] | None, typer.Option("--face", help="A picture of the face; may be repeated.")
]
IrisOption = Annotated[
    list[Path] | None, typer.Option("--iris", help="Of an iris, the eye not known.")
]
LeftOption = Annotated[list[Path] | None, typer.Option("--left", help="Of the left iris.")]
RightOption = Annotated[list[Path] | None, typer.Option("--right", help="Of the right iris.")]
LightOption = Annotated[
    Light | None, typer.Option("--light", help="That irises were taken in; grey ones do not tell.")
]


@dataclass(frozen=True)
class Pictures:
    """Of one person.

    Attributes:
        faces: paths.
        irises: paths, each with its eye and light; None where unknown.
    """

    faces: tuple[Path, ...]
    irises: tuple[tuple[Path, Eye | None, Light | None], ...]

    def named(self) -> dict[str, Any]:
        """The keyword arguments of `Recognizer.extract`, `Gallery.enroll` and so on."""
        return {
            "face": list(self.faces) or None,
            "iris": [path for path, _, _ in self.irises] or None,
            "eye": [eye for _, eye, _ in self.irises],
            "light": [light for _, _, light in self.irises],
        }

    def person(self) -> "Person":
        """For `Recognizer.extract_many`."""
        from twofold.recognizer import Person

        return Person(**self.named())

    @property
    def some(self) -> bool:
        """Whether there is any."""
        return bool(self.faces or self.irises)


def pictures(
    face: Sequence[Path] | None,
    iris: Sequence[Path] | None,
    left: Sequence[Path] | None,
    right: Sequence[Path] | None,
    light: Light | None,
) -> Pictures:
    """What was given on the command line.

    Raises:
        OptionError: a light without an iris.
    """
    eyes: tuple[tuple[Sequence[Path] | None, Eye | None], ...] = (
        (iris, None),
        (left, "left"),
        (right, "right"),
    )
    irises = tuple((path, eye, light) for paths, eye in eyes for path in paths or ())
    if light and not irises:
        raise OptionError("--light: not to be given without --iris, --left or --right.")
    return Pictures(tuple(face or ()), irises)


def require(given: Pictures) -> Pictures:
    """The pictures, of which there must be one.

    Raises:
        OptionError: there is none.
    """
    if not given.some:
        raise OptionError("no picture given: name one by --face, --iris, --left or --right.")
    return given


def probe(console: Console, recognizer: "Recognizer", given: Pictures) -> Template:
    """The template of a probe; what failed of it is told.

    Raises:
        AcquisitionError: no picture yielded anything.
        ImageError: one cannot be read.
        OptionError: there is none.
    """
    template = recognizer.extract(**require(given).named())
    say_failures(console, template.failures, template.notes)
    return template


def say_failures(
    console: Console, failures: Sequence[Failure], notes: Sequence[str], whose: str = ""
) -> None:
    """Print what yielded nothing, and what else there is to know."""
    start = f"{whose}: " if whose else ""
    for failure in failures:
        say(console, f"{start}no {failure.modality}: {failure.message}")
    for note in notes:
        say(console, f"{start}{note}")
