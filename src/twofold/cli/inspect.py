"""`twofold inspect`: what a dataset holds, what is wrong with it, and a sheet to look at."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from twofold.data.contact_sheet import contact_sheet
from twofold.data.dataset import Dataset, printable
from twofold.data.inspection import Inspection, ModalitySummary, inspect_dataset
from twofold.data.layouts import read_dataset
from twofold.errors import OptionError
from twofold.files import make_folder, replacing, write_json

_SHEET_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_MOST_SIZES = 6  # shown of one modality; the JSON has them all


def inspect_command(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="A folder, or a manifest (.csv).")
    ],
    layout: Annotated[
        Literal["auto", "flat", "folders", "csv"], typer.Option(help="How it is laid out.")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Draw a contact sheet of people to this file (.png).")
    ] = None,
    people: Annotated[int, typer.Option(min=1, max=500, help="People on the sheet.")] = 16,
    json: Annotated[Path | None, typer.Option(help="Write the findings to this file.")] = None,
) -> None:
    """Count, decode and check every picture of DATASET; exit code 1 when there are errors."""
    if out is not None and out.suffix.lower() not in _SHEET_SUFFIXES:
        raise OptionError(f"--out {out}: a sheet ends in {', '.join(_SHEET_SUFFIXES)}.")
    for file in (out, json):
        if file is not None:
            make_folder(file.absolute().parent)  # before the work, not after it
    console = Console()
    found = read_dataset(dataset, layout)
    inspection = inspect_with_progress(found)
    render_summary(console, inspection)
    render_problems(console, inspection)
    if out is not None and not found.pairs:
        say(console, "No contact sheet: there is no complete pair to draw.")
    elif out is not None:
        with replacing(out) as temporary:
            contact_sheet(found, people).save(temporary)
        say(console, f"Contact sheet: {out}")
    if json is not None:
        write_json(json, inspection.as_dict())
        say(console, f"Findings: {json}")
    if inspection.errors:
        raise typer.Exit(1)


def inspect_with_progress(dataset: Dataset) -> Inspection:
    """Inspect a dataset under a progress bar with time left, on stderr."""
    with Progress(
        TextColumn("Decoding"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("decode", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return inspect_dataset(dataset, advance)


def render_summary(console: Console, inspection: Inspection) -> None:
    """Print what a dataset holds: counts, then size, mode and format of each modality."""
    say(console, printable(str(inspection.root)))
    table = Table()
    table.add_column("")
    table.add_column("Faces")
    table.add_column("Irises")
    both = (inspection.face, inspection.iris)
    table.add_row("Files", *(str(one.files) for one in both))
    table.add_row("Size", *(_histogram(one.sizes, one) for one in both))
    table.add_row("Mode", *(_histogram(one.modes, one) for one in both))
    table.add_row("Format", *(_histogram(one.formats, one) for one in both))
    pairing = {"stem": "equal names", "order": "sorted order", "manifest": "the manifest"}
    lines = [
        f"Layout {inspection.layout}; {_number(inspection.pairs, 'pair')}, "
        f"paired by {pairing[inspection.pairing]}"
    ]
    if inspection.labelled:
        counts = inspection.pairs_per_subject.values()
        low, high = min(counts), max(counts)
        each = f"{low}" if low == high else f"{low} to {high}"
        lines.append(f"{_number(inspection.subjects, 'subject')} with {each} pairs each")
    elif inspection.pairs:
        lines.append("Unlabelled: a test set")
    console.print(table)
    for line in lines:
        say(console, line)


def render_problems(
    console: Console, inspection: Inspection, most_warnings: int | None = None
) -> None:
    """Print every error and warning with its file, errors first, those of one kind together.

    Args:
        console: where to.
        inspection: of the dataset.
        most_warnings: print no more warnings than this and count the rest; errors are all printed.
    """
    for problems, most in ((inspection.errors, None), (inspection.warnings, most_warnings)):
        if not problems:
            continue
        shown = problems[:most]
        kind = problems[0].severity
        style = "red" if kind == "error" else "yellow"
        console.print(Text(_number(len(problems), kind).capitalize(), f"bold {style}"))
        first = {problem.kind: place for place, problem in reversed([*enumerate(shown)])}
        ordered = sorted(shown, key=lambda problem: first[problem.kind])
        for name, group in groupby(ordered, key=lambda problem: problem.kind):
            own = list(group)
            console.print(Text(f"  {name} ({len(own)})", style))
            for problem in own:
                file = inspection.where(problem)
                line = Text("    ")
                if file:
                    line.append(f"{file}: ", "bold")
                # Wrapped by the terminal alone: a name must stay whole for searching and copying.
                console.print(line.append(problem.message), soft_wrap=True, highlight=False)
        if len(shown) < len(problems):
            say(console, f"    and {len(problems) - len(shown)} more")
    if not inspection.problems:
        console.print(Text("No problems found.", "green"))


def _histogram(values: Mapping[str, int], summary: ModalitySummary) -> str:
    if len(values) == 1 and sum(values.values()) == summary.files:
        return next(iter(values))
    shown = [f"{value} ({times})" for value, times in [*values.items()][:_MOST_SIZES]]
    if len(values) > _MOST_SIZES:
        shown.append(f"{len(values) - _MOST_SIZES} more")
    unknown = summary.files - sum(values.values())
    if unknown:
        shown.append(f"unknown ({unknown})")
    return ", ".join(shown)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def say(console: Console, line: str) -> None:
    """Print a line as it is: square brackets in a path are no markup, and it is not wrapped."""
    console.print(Text(printable(line)), soft_wrap=True)
