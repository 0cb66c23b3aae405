"""`twofold verify`: whether pictures show somebody who is enrolled (1:1)."""

from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.gallery_options import (
    NOBODY,
    ActorOption,
    Door,
    FusionOption,
    GalleryOption,
    KeyOption,
    ModelOption,
    opened,
)
from twofold.cli.gallery_pictures import (
    FaceOption,
    IrisOption,
    LeftOption,
    LightOption,
    RightOption,
    pictures,
    probe,
    require,
)
from twofold.errors import OptionError
from twofold.fusion.decision import OnContradiction, Policy


def verify_command(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Who it is said to be.")],
    face: FaceOption = None,
    iris: IrisOption = None,
    left: LeftOption = None,
    right: RightOption = None,
    light: LightOption = None,
    fmr: Annotated[
        float | None, typer.Option(help="False match rate, such as 1e-3; else the gallery's.")
    ] = None,
    contradiction: Annotated[
        OnContradiction | None,
        typer.Option(help="A match whose modalities contradict each other; else the gallery's."),
    ] = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
    model: ModelOption = None,
    fusion: FusionOption = None,
) -> None:
    """Compare pictures with the references of SUBJECT and decide.

    Exit code 0: a match. 3: no match. 1: nothing could be decided.
    """
    if fmr is not None and not 0 < fmr < 1:
        raise OptionError(f"--fmr {fmr:g}: expected a rate between 0 and 1, such as 1e-3.")
    console = Console()
    given = require(pictures(face, iris, left, right, light))
    with opened(Door(gallery, key, None, actor, model, fusion)) as there:
        from twofold.cli.gallery_evidence import say_verification

        there.get(subject)  # before the pictures are read
        settings = there.settings
        policy = Policy(fmr or settings.fmr, contradiction or settings.contradiction)
        found = there.verify(subject, probe(console, there.recognizer, given), policy)
        say_verification(console, found)
    if not found.match:
        raise typer.Exit(NOBODY)
