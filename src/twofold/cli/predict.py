"""`twofold predict`: a table of answers to unlabelled pairs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import (
    LayoutName,
    LayoutOption,
    SkipBadOption,
    load_checked,
    progress_bar,
)
from twofold.cli.inspect import say
from twofold.data.dataset import Dataset
from twofold.evaluation.answers import write_answers
from twofold.files import make_folder
from twofold.matchers.answering import Answering, answering
from twofold.network.run import Predictions, RunFolder


def predict_command(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    dataset: Annotated[Path, typer.Argument(help="Folder or manifest of pairs to answer.")],
    out: Annotated[Path, typer.Option(help="CSV file to write: Image,Answer.")],
    top_k: Annotated[int | None, typer.Option(help="Also give k answers with scores.")] = None,
    layout: LayoutOption = LayoutName.auto,
    skip_bad: SkipBadOption = False,
) -> None:
    """Answer who each pair shows, among the subjects that the run was trained on."""
    console = Console()
    answerer = answering(RunFolder(run))
    make_folder(out.absolute().parent)  # before the work, not after it
    checked = load_checked(dataset, layout, skip_bad, console)
    said = ask(answerer, checked.dataset, console)
    write_answers(out, said, top_k)
    mute = [name for name, told in zip(said.names, said.answered, strict=True) if not told]
    if mute:
        say(console, f"No answer, since neither picture gave a template: {', '.join(mute[:20])}")
    say(console, f"{len(said) - len(mute)} answers: {out}")


def ask(answerer: Answering, dataset: Dataset, console: Console) -> Predictions:
    """Answer every pair, with a progress bar."""
    with progress_bar(console) as bar:
        task = bar.add_task("Answering", total=len(dataset.pairs))
        return answerer(
            dataset.pairs, progress=lambda done, total: bar.update(task, completed=done)
        )
