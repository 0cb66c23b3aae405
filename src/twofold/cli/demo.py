"""`twofold demo`: everything once, on people who do not exist."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from twofold.cli.datasets import LayoutName, load_checked
from twofold.cli.enrol_run import enrol_and_report
from twofold.cli.inspect import say
from twofold.cli.predict import ask
from twofold.cli.synth import draw_people
from twofold.cli.train import train_and_report
from twofold.data.contact_sheet import contact_sheet
from twofold.data.synthetic import KEY, TEST, TRAINING
from twofold.errors import OutputError
from twofold.evaluation.answers import write_answers
from twofold.files import make_folder, replacing, write_json
from twofold.matchers.answering import answering
from twofold.matchers.options import MatcherOptions
from twofold.network.options import TrainingOptions
from twofold.network.run import BRANCHES, Predictions, RunFolder


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("demo"),
    subjects: Annotated[int, typer.Option(help="Number of synthetic people.")] = 64,
    seed: Annotated[int, typer.Option(help="Of the people and of the training.")] = 1,
) -> None:
    """Make synthetic people, train and cross-validate on them, enrol and identify them, report.

    Trains twice: in the original report's leaky order, which takes one network, and leak-free with
    cross-validation; between the two it enrols the same pairs without training. One report shows
    all three. A demo that was broken off goes on; one that is done shows its results again.
    """
    console = Console()
    people, leaky, run, matchers = (
        out / name for name in ("people", "leaky", "leak-free", "matchers")
    )
    make_folder(out)
    _draw_once(people, subjects, seed, console)
    console.rule("Checking the data")
    checked = load_checked(people / TRAINING, LayoutName.flat, False, console, labelled=True)
    sheet = out / "people.png"
    with replacing(sheet) as temporary:
        contact_sheet(checked.dataset).save(temporary)
    console.rule("Training in the original report's order, which leaks")
    say(console, "One network, for comparison; `twofold train --protocol report` adds its folds.")
    leaking = TrainingOptions(protocol="report", folds=0, seed=seed)
    train_and_report(checked, leaking, leaky, console)
    console.rule("Enrolling the labelled pairs, without training")
    enrol_and_report(checked, MatcherOptions(seed=seed), matchers, console)
    console.rule("Training leak-free, with cross-validation")
    others = [leaky, matchers]
    report = train_and_report(checked, TrainingOptions(seed=seed), run, console, compare=others)
    console.rule("Answering the unlabelled pairs")
    unlabelled = load_checked(people / TEST, LayoutName.flat, False, console).dataset
    key = _column(people / KEY)
    said = {root: ask(answering(RunFolder(root)), unlabelled, console) for root in (run, matchers)}
    answers = out / "answers.csv"
    write_answers(answers, said[matchers])
    console.print(_table(said[run], said[matchers], [key[pair.name] for pair in unlabelled.pairs]))
    for line in (
        f"People:  {sheet}",
        f"Answers: {answers}",
        f"Report:  {report}",
    ):
        say(console, line)


def _draw_once(people: Path, subjects: int, seed: int, console: Console) -> None:
    """Draw the people, unless these very ones are there already."""
    asked = {"subjects": subjects, "seed": seed}
    note = people / "demo.json"
    if note.is_file():
        if json.loads(note.read_text(encoding="utf-8")) == asked:
            return
        raise OutputError(f"{people.parent}: holds a demo of other people. Give another --out.")
    draw_people(people, subjects, 4, 1, seed, console)
    write_json(note, asked)


def _column(file: Path) -> dict[str, str]:
    """Answers by image, from a table of answers or the key."""
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {row["Image"]: row["Answer"] for row in rows}


def _table(network: Predictions, matchers: Predictions, truth: Sequence[str]) -> Table:
    """How many of the unlabelled pairs each way of answering named rightly."""
    table = Table(
        title="SYNTHETIC people: who is on the unlabelled pairs?",
        caption="Right answers. Nothing here says anything about real people.",
    )
    table.add_column("answered by")
    for branch in BRANCHES:
        table.add_column({"fused": "both"}.get(branch, branch), justify="right")
    for name, said in (("trained network", network), ("matchers", matchers)):
        right = []
        for branch in BRANCHES:
            answers = (said.labels[k] for k in getattr(said, branch).argmax(axis=1))
            right.append(sum(a == b for a, b in zip(answers, truth, strict=True)))
        table.add_row(name, *(f"{count} of {len(truth)}" for count in right))
    return table
