"""`twofold demo`: everything once, on people who do not exist."""

import csv
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import LayoutName, load_checked
from twofold.cli.inspect import say
from twofold.cli.predict import ask
from twofold.cli.synth import draw_people
from twofold.cli.train import train_and_report
from twofold.data.contact_sheet import contact_sheet
from twofold.data.synthetic import KEY, TEST, TRAINING
from twofold.errors import OutputError
from twofold.evaluation.answers import write_answers
from twofold.files import make_folder, replacing, write_json
from twofold.network.answering import Answerer
from twofold.network.options import TrainingOptions
from twofold.network.run import RunFolder


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("demo"),
    subjects: Annotated[int, typer.Option(help="Number of synthetic people.")] = 64,
    seed: Annotated[int, typer.Option(help="Of the people and of the training.")] = 1,
) -> None:
    """Make synthetic people, train and cross-validate on them, report, and answer who is who.

    Trains twice: first in the original report's leaky order, then leak-free, and shows both. A demo
    that was broken off goes on; one that is done shows its results again.
    """
    console = Console()
    people, leaky, run = out / "people", out / "leaky", out / "leak-free"
    make_folder(out)
    _draw_once(people, subjects, seed, console)
    console.rule("Checking the data")
    checked = load_checked(people / TRAINING, LayoutName.flat, False, console, labelled=True)
    sheet = out / "people.png"
    with replacing(sheet) as temporary:
        contact_sheet(checked.dataset).save(temporary)
    console.rule("Training in the original report's order, which leaks")
    train_and_report(checked, TrainingOptions(protocol="report", seed=seed), leaky, console)
    console.rule("Training leak-free")
    report = train_and_report(checked, TrainingOptions(seed=seed), run, console, compare=[leaky])
    console.rule("Answering the unlabelled pairs")
    unlabelled = load_checked(people / TEST, LayoutName.flat, False, console)
    answers = out / "answers.csv"
    write_answers(answers, ask(Answerer(RunFolder(run)), unlabelled.dataset, console))
    right, asked = _marked(answers, people / KEY)
    say(console, f"{right} of {asked} unlabelled synthetic pairs answered rightly.")
    for line in (f"People:  {sheet}", f"Answers: {answers}", f"Report:  {report}"):
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


def _marked(answers: Path, key: Path) -> tuple[int, int]:
    """How many answers agree with the key, and how many there are."""
    given, right = (
        {row["Image"]: row["Answer"] for row in csv.DictReader(file.read_text().splitlines())}
        for file in (answers, key)
    )
    return sum(given[name] == right[name] for name in right), len(right)
