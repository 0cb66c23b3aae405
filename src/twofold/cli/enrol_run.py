"""`twofold train --method matchers`: from labelled pairs to a run of references."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from twofold.cli.datasets import CheckedDataset, LayoutName, load_checked, progress_bar
from twofold.cli.inspect import say
from twofold.cli.runs import headline, require_same_data
from twofold.errors import OutputError
from twofold.evaluation.answering_speed import measure_answering
from twofold.evaluation.report import write_report
from twofold.files import make_folder
from twofold.matchers.enrolling import MatcherData, enrol_pairs
from twofold.matchers.options import MatcherOptions
from twofold.network.division import divide
from twofold.network.run import RunFolder
from twofold.recognizer import Recognizer


def enrol_run(
    dataset: Path,
    layout: LayoutName,
    options: MatcherOptions,
    out: Path,
    split: Path | None,
    resume: bool,
    skip_bad: bool,
    compare: list[Path],
) -> None:
    """Enrol the labelled pairs of a dataset, cross-validate, write the report, print the headline.

    Raises:
        OptionError, DatasetError, OutputError: see their messages.
    """
    console = Console()
    run = RunFolder(out)
    options.division()  # a wrong choice is told before the pictures are read
    _require_place(run, resume)
    for other in compare:
        RunFolder(other).require_complete()
    make_folder(out)
    checked = load_checked(dataset, layout, skip_bad, console, labelled=True)
    require_same_data(compare, checked)
    enrol_and_report(checked, options, out, console, split, compare)


def enrol_and_report(
    checked: CheckedDataset,
    options: MatcherOptions,
    out: Path,
    console: Console,
    split: Path | None = None,
    compare: Sequence[Path] = (),
) -> None:
    """Enrol, cross-validate, write the report and print the headline; goes on with a run begun."""
    run = RunFolder(out)
    if split is None and run.config.exists():
        split = run.split  # a run goes on with the split that it began with
    parts = divide(checked.dataset, checked.contents, options.division(), split)
    data = MatcherData(checked.dataset, parts, checked.contents, checked.card())
    with progress_bar(console) as bar:
        task = bar.add_task("Starting", total=None)
        enrol_pairs(
            data,
            options,
            out,
            Recognizer(),
            lambda stage, done, total: bar.update(
                task, description=stage, completed=done, total=total
            ),
        )
    card = run.read_json(run.model_card)
    for missing, told in (("template", "neither a face nor an iris"), ("face", "no face"),
                          ("iris", "no iris")):  # fmt: skip
        names = card[f"without_{missing}"]
        if names:
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            say(console, f"References with {told} found: {', '.join(names[:10])}{more}")
    if not run.scored:
        say(console, "Nothing was held out, so nothing was scored and there is no report.")
        return
    measure_answering(run, checked.dataset)
    report = write_report(out, checked.dataset, list(compare))
    headline(run, console)
    say(console, f"Result: {report}")


def _require_place(run: RunFolder, resume: bool) -> None:
    if run.config.exists() and not resume:
        raise OutputError(
            f"{run.root}: holds a run already. Go on with it by --resume, or give another --out."
        )
    if not run.config.exists() and not resume and run.root.is_dir() and any(run.root.iterdir()):
        raise OutputError(f"{run.root}: not empty. Give another --out, or empty it.")
