"""`twofold synth`: a dataset of people who do not exist."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import progress_bar
from twofold.cli.inspect import say
from twofold.data.synthetic import synthesise


def synth_command(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    subjects: Annotated[int, typer.Option(help="Number of people.")] = 64,
    samples: Annotated[int, typer.Option(help="Labelled pairs of each.")] = 4,
    tests: Annotated[int, typer.Option(help="Unlabelled pairs of each.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
) -> None:
    """Draw synthetic faces and irises, in the layout of the original report."""
    console = Console()
    draw_people(out, subjects, samples, tests, seed, console)
    say(console, f"{subjects} synthetic people: {out}")


def draw_people(
    out: Path, subjects: int, samples: int, tests: int, seed: int, console: Console
) -> None:
    """Draw a dataset with a progress bar."""
    with progress_bar(console) as bar:
        task = bar.add_task("Drawing synthetic people", total=None)
        synthesise(
            out,
            subjects=subjects,
            samples=samples,
            tests=tests,
            seed=seed,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
