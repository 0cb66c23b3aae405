"""`twofold identify`: who of all enrolled the pictures show, if anybody (1:N)."""

import csv
import io
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import LayoutName, LayoutOption, progress_bar
from twofold.cli.gallery_options import (
    NOBODY,
    ActorOption,
    Door,
    FusionOption,
    GalleryOption,
    KeyOption,
    ModelOption,
    SnapshotOption,
    opened,
    required,
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
from twofold.cli.inspect import say
from twofold.errors import DatasetError, OptionError, TwofoldError
from twofold.files import make_folder, write_text
from twofold.template import Light


def identify_command(
    face: FaceOption = None,
    iris: IrisOption = None,
    left: LeftOption = None,
    right: RightOption = None,
    light: LightOption = None,
    top_k: Annotated[int, typer.Option(min=1, max=1000, help="Candidates to show.")] = 5,
    fpir: Annotated[
        float | None,
        typer.Option(
            help="False positive identification rate, such as 0.01: share of people who are not "
            "enrolled that may yet be taken for somebody. Else the gallery's."
        ),
    ] = None,
    closed: Annotated[
        bool,
        typer.Option(
            "--closed", help="It is somebody enrolled for sure: rank, and decide nothing."
        ),
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Many probes: a CSV of face, iris, eye, light (and probe, their names); or a "
            "folder of unlabelled pairs.",
        ),
    ] = None,
    layout: LayoutOption = LayoutName.auto,
    out: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Where the answers go, with --manifest.")
    ] = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
    model: ModelOption = None,
    fusion: FusionOption = None,
) -> None:
    """Search for pictures among all subjects; nobody is an answer.

    Exit code 0: somebody was found, or --closed, or --manifest. 3: nobody. 1: nothing could be
    decided.
    """
    if fpir is not None and not 0 < fpir < 1:
        raise OptionError(f"--fpir {fpir:g}: expected a rate between 0 and 1, such as 0.01.")
    if fpir is not None and closed:
        raise OptionError("--fpir: not to be given beside --closed, which decides nothing.")
    console = Console()
    given = pictures(face, iris, left, right, None if manifest else light)
    door = Door(gallery, key, snapshot, actor, model, fusion)
    if manifest is not None:
        if given.some:
            raise OptionError("pictures: not to be given beside --manifest.")
        if out is None:
            raise OptionError("--manifest needs --out, a CSV file for the answers.")
        _many(console, door, manifest, layout, light, top_k, fpir, closed, out)
        return
    if out is not None:
        raise OptionError("--out: not to be given without --manifest.")
    require(given)
    with opened(door) as there:
        from twofold.cli.gallery_evidence import say_identification

        settings = there.settings
        settings.require_searchable()  # before the work, not after it
        rate = None if closed else fpir or settings.fpir
        found = there.identify(probe(console, there.recognizer, given), top_k, rate)
        say_identification(console, found)
    if found.nobody:
        raise typer.Exit(NOBODY)


def _many(
    console: Console, door: Door, manifest: Path, layout: LayoutName, light: Light | None,
    top_k: int, fpir: float | None, closed: bool, out: Path,
) -> None:  # fmt: skip
    from twofold.cli.gallery_batch import code, refusals
    from twofold.cli.gallery_evidence import answer_columns, answer_row
    from twofold.cli.gallery_manifest import Refused, read_probes

    required(door.url)  # before the work, not after it
    make_folder(out.absolute().parent)
    entries, refused = read_probes(manifest, layout, light)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = answer_columns(top_k)
    writer.writerow(columns)
    answered = nobody = 0
    with opened(door) as there, progress_bar(console) as bar:
        task = bar.add_task("Identifying", total=len(entries))
        settings = there.settings
        settings.require_searchable()
        rate = None if closed else fpir or settings.fpir
        made = there.recognizer.extract_each(one.pictures.person() for one in entries)
        for entry, template in zip(entries, made, strict=True):
            bar.advance(task)
            try:
                if isinstance(template, TwofoldError):
                    raise template
                found = there.identify(template, top_k, rate)
            except TwofoldError as error:
                refused.append(Refused(entry.name, code(error), str(error)))
                continue
            answered, nobody = answered + 1, nobody + found.nobody
            writer.writerow(answer_row(entry.name, found, top_k))
    for one in refused:
        say(console, f"{one.name}: {one.message}")
        blank = [""] * (len(columns) - 4)
        writer.writerow([one.name, "", f"failed: {one.code}", *blank, one.message])
    write_text(out, text.getvalue())
    if refused:
        console.print(refusals("Not answered", refused))
    say(console, f"{answered:,} answers, {nobody:,} of them nobody: {out}")
    if not answered:
        raise DatasetError(f"{manifest}: nothing was answered. The reasons are told above.")
