"""`twofold demo`: everything once, on people who do not exist."""

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from twofold.cli.datasets import LayoutName, load_checked, progress_bar
from twofold.cli.inspect import say
from twofold.cli.predict import ask
from twofold.cli.synth import draw_people
from twofold.cli.train import train_and_report
from twofold.data.contact_sheet import contact_sheet
from twofold.data.dataset import Dataset
from twofold.data.synthetic import KEY, TEST, TRAINING
from twofold.errors import OutputError
from twofold.evaluation.answers import write_answers
from twofold.evaluation.pair_identification import Identified, identify_pairs
from twofold.evaluation.verification.curves import told
from twofold.files import make_folder, replacing, write_json, write_text
from twofold.network.answering import Answerer
from twofold.network.options import TrainingOptions
from twofold.network.run import RunFolder

_NAMES = {"face": "face matcher", "iris": "iris matcher", "both": "both, added"}


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("demo"),
    subjects: Annotated[int, typer.Option(help="Number of synthetic people.")] = 64,
    seed: Annotated[int, typer.Option(help="Of the people and of the training.")] = 1,
) -> None:
    """Make synthetic people, train and cross-validate on them, enrol and identify them, report.

    Trains twice: first in the original report's leaky order, which takes one network, then
    leak-free with cross-validation, and shows both. A demo that was broken off goes on; one that is
    done shows its results again.
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
    say(console, "One network, for comparison; `twofold train --protocol report` adds its folds.")
    leaking = TrainingOptions(protocol="report", folds=0, seed=seed)
    train_and_report(checked, leaking, leaky, console)
    console.rule("Training leak-free, with cross-validation")
    report = train_and_report(checked, TrainingOptions(seed=seed), run, console, compare=[leaky])
    console.rule("Answering the unlabelled pairs with the trained network")
    unlabelled = load_checked(people / TEST, LayoutName.flat, False, console).dataset
    answers = out / "answers.csv"
    write_answers(answers, ask(Answerer(RunFolder(run)), unlabelled, console))
    key = _column(people / KEY)
    console.rule("Enrolling the labelled pairs and identifying the others, without training")
    truth = [key[pair.name] for pair in unlabelled.pairs]
    found = _identify(checked.dataset, unlabelled, truth, console)
    identities = out / "identities.csv"
    _write_identities(identities, unlabelled, truth, found)
    given = _column(answers)
    _show(console, sum(given[name] == key[name] for name in key), found)
    for line in (
        f"People:     {sheet}",
        f"Answers:    {answers}",
        f"Identities: {identities}",
        f"Report:     {report}",
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


def _identify(
    labelled: Dataset, unlabelled: Dataset, truth: Sequence[str], console: Console
) -> tuple[Identified, ...]:
    with progress_bar(console) as bar:
        task = bar.add_task("Extracting", total=None)
        return identify_pairs(
            labelled.pairs,
            unlabelled.pairs,
            truth,
            jobs=os.cpu_count() or 1,
            progress=lambda modality, done, total: bar.update(
                task, description=f"Extracting: {modality}", completed=done, total=total
            ),
        )


def _write_identities(
    file: Path, unlabelled: Dataset, truth: Sequence[str], found: Sequence[Identified]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Image", "Truth", *(one.by for one in found)])
    for place, pair in enumerate(unlabelled.pairs):
        answers = [one.answers[place] or "" for one in found]
        writer.writerow([pair.name, truth[place], *answers])
    write_text(file, text.getvalue())


def _show(console: Console, right: int, found: Sequence[Identified]) -> None:
    """The figures of the last two steps in one table."""
    asked = len(found[0].answers)
    table = Table(
        title="SYNTHETIC people: who is on the unlabelled pairs?",
        caption="Rank 1 among the enrolled people. EER and 95 % interval over all comparisons of "
        "two pairs. Nothing here says anything about real people, and no threshold carries over.",
    )
    table.add_column("recognised by")
    for column in ("right answers", "EER", "no template"):
        table.add_column(column, justify="right")
    table.add_row("trained network", f"{right} of {asked}", "", "")
    for one in found:
        share = f"{one.right} of {asked}"
        table.add_row(_NAMES[one.by], share, told(one.rates.eer), str(one.rates.failed))
    console.print(table)
