"""`twofold evaluate`: a finished run scored on another labelled dataset."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import LayoutName, LayoutOption, SkipBadOption, load_checked
from twofold.cli.inspect import say
from twofold.cli.predict import ask
from twofold.evaluation.report import write_evaluation
from twofold.files import make_folder
from twofold.matchers.answering import answering
from twofold.network.run import RunFolder


def evaluate_command(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    dataset: Annotated[Path, typer.Argument(help="Folder or manifest of labelled pairs.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report; default RUN/evaluations/DATASET.")
    ] = None,
    layout: LayoutOption = LayoutName.auto,
    skip_bad: SkipBadOption = False,
) -> None:
    """Score a run on labelled pairs that it was not made from."""
    console = Console()
    answerer = answering(RunFolder(run))
    folder = make_folder(out or run / "evaluations" / dataset.resolve().stem)
    checked = load_checked(dataset, layout, skip_bad, console, labelled=True)
    predictions = ask(answerer, checked.dataset, console)
    report = write_evaluation(predictions, checked.dataset, folder, run)
    say(console, f"Report: {report}")
