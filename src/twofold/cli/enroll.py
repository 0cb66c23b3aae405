"""`twofold enroll`: one person from pictures, or many from a manifest or a folder."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from twofold.cli.datasets import LayoutName, LayoutOption
from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    FusionOption,
    GalleryOption,
    KeyOption,
    ModelOption,
    SnapshotOption,
    opened,
    parsed_expiry,
    required,
)
from twofold.cli.gallery_pictures import (
    FaceOption,
    IrisOption,
    LeftOption,
    LightOption,
    RightOption,
    pictures,
    require,
)
from twofold.cli.inspect import say
from twofold.errors import DatasetError, OptionError
from twofold.files import make_folder
from twofold.template import Light


def enroll_command(
    subject: Annotated[
        str | None, typer.Argument(metavar="SUBJECT", help="Name.", show_default=False)
    ] = None,
    face: FaceOption = None,
    iris: IrisOption = None,
    left: LeftOption = None,
    right: RightOption = None,
    light: LightOption = None,
    consent: Annotated[
        str | None, typer.Option(help="What SUBJECT agreed to, or where that is written down.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DAY", help="From when on to forget, as 2030-12-31.")
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add to the references of SUBJECT, who is enrolled.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the references of SUBJECT by these.")
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Many people: a CSV of subject, face, iris, eye, light, consent, expires; or a "
            "folder of labelled pairs.",
        ),
    ] = None,
    layout: LayoutOption = LayoutName.auto,
    report: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write the outcome of each to this file.")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="People that are made durable together, of --manifest.")
    ] = 20,
    duplicates: Annotated[
        Literal["refuse", "warn", "allow"] | None,
        typer.Option(help="Somebody enrolled under another name; else as the gallery is set."),
    ] = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
    model: ModelOption = None,
    fusion: FusionOption = None,
) -> None:
    """Enrol SUBJECT from pictures, or many people by --manifest. No picture is kept.

    Exit code 1 when nobody was enrolled. A manifest that was broken off is finished by the same
    command: whoever is enrolled is passed over.
    """
    console = Console()
    given = pictures(face, iris, left, right, None if manifest else light)
    door = Door(gallery, key, snapshot, actor, model, fusion)
    if manifest is not None:
        _refuse(
            subject is not None or given.some or consent is not None or expires is not None
            or add or replace,
            "SUBJECT, pictures, --consent, --expires, --add and --replace",
            "beside --manifest, whose columns say it",
        )  # fmt: skip
        _many(console, door, manifest, layout, light, report, batch, duplicates)
        return
    _refuse(report is not None, "--report", "without --manifest")
    if subject is None:
        raise OptionError("whom? Name a SUBJECT with pictures, or give --manifest.")
    until = parsed_expiry(expires)
    if not (add or replace):
        require(given)
    with opened(door) as there:
        from twofold.cli.gallery_batch import say_enrolled

        if add or replace:
            _refuse(add and replace, "--add", "beside --replace")
            _refuse(replace and not given.some, "--replace", "without pictures")
            made = there.update(
                subject, **(given.named() if given.some else {}), consent=consent,
                replace_references=replace,
                expires="keep" if until is None else until,
            )  # fmt: skip
        else:
            made = there.enroll(
                subject, **given.named(), consent=consent, expires=until, duplicates=duplicates
            )
        say_enrolled(console, made)


def _refuse(wrong: bool, what: str, where: str) -> None:
    if wrong:
        raise OptionError(f"{what}: not to be given {where}.")


def _many(
    console: Console, door: Door, manifest: Path, layout: LayoutName, light: Light | None,
    report: Path | None, batch: int, duplicates: Literal["refuse", "warn", "allow"] | None,
) -> None:  # fmt: skip
    from twofold.cli.gallery_batch import enrol_all, refusals
    from twofold.cli.gallery_manifest import read_subjects

    required(door.url)  # before the work, not after it
    if report is not None:
        make_folder(report.absolute().parent)
    entries, refused = read_subjects(manifest, layout, light)
    with opened(door) as there:
        enrolled = enrol_all(console, there, entries, refused, duplicates, batch, report)
    if refused:
        console.print(refusals("Not enrolled", refused))
    whole = enrolled + len(refused)
    say(console, f"Enrolled {enrolled:,} of {whole:,} subjects.")
    if not enrolled:
        raise DatasetError(f"{manifest}: nobody was enrolled. The reasons are told above.")
