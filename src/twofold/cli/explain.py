"""`twofold explain`: every step from picture to template, and of a comparison, as a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console

from twofold.cli.compare import compare_faces, compare_irises
from twofold.cli.inspect import say
from twofold.cli.modality import Faces, Irises, ModalityOption, extract
from twofold.files import make_folder, replacing
from twofold.images import Pixels


def explain_command(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A face, or an eye.")],
    out: Annotated[Path, typer.Option(help="Folder for the drawings.")],
    other: Annotated[
        Path | None,
        typer.Argument(metavar="[PICTURE2]", help="Another, to explain their comparison too."),
    ] = None,
    modality: ModalityOption = "auto",
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Face model.")] = None,
) -> None:
    """Draw every step: what was found in a picture, and what two pictures have in common."""
    console = Console()
    paths = [picture] if other is None else [picture, other]
    found = extract(paths, modality, model)
    make_folder(out)
    drawn: list[Path] = []
    for place, path in enumerate(paths):
        letter = "" if other is None else f"{'AB'[place]}-"
        say(console, f"{letter.rstrip('-') or 'Picture'}: {path}")
        drawn += _write(out, letter, _steps(console, found, place))
    if other is not None:
        drawn += _write(out, "AB-", _comparison(console, found))
    for file in drawn:
        say(console, f"  {file}")


def _steps(console: Console, found: Faces | Irises, place: int) -> Mapping[str, Pixels]:
    quality = found.samples[place].quality
    say(console, f"  quality {quality.overall:.0f} of 100{''.join(_reasons(quality.reasons))}")
    if isinstance(found, Faces):
        from twofold.face.explanation import draw as draw_face

        return draw_face(found.samples[place], found.pictures[place])
    from twofold.iris.explanation import draw as draw_eye

    return draw_eye(found.samples[place], found.pictures[place])


def _reasons(reasons: tuple[str, ...]) -> list[str]:
    return [f"{': ' if place == 0 else '; '}{reason}" for place, reason in enumerate(reasons)]


def _comparison(console: Console, found: Faces | Irises) -> Mapping[str, Pixels]:
    """For irises the agreement bit by bit; vectors of faces have nothing to look at."""
    if isinstance(found, Faces):
        compare_faces(console, found)
        return {}
    compare_irises(console, found)
    from twofold.iris.explanation import draw_comparison

    reference, probe = found.samples
    return draw_comparison(probe, reference)


def _write(folder: Path, letter: str, pictures: Mapping[str, Pixels]) -> list[Path]:
    written = []
    for number, (step, pixels) in enumerate(pictures.items(), 1):
        path = folder / f"{letter}{number}-{step.replace('_', '-')}.png"
        with replacing(path) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")
        written.append(path)
    return written
