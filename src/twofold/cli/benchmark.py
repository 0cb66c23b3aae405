"""`twofold benchmark`: all comparisons of a dataset, measured and drawn."""

import os
import re
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from twofold.cli.datasets import progress_bar
from twofold.cli.evaluate_scores import render_groups
from twofold.cli.inspect import say
from twofold.data.dataset import below, printable
from twofold.data.samples import SampleSet, read_samples
from twofold.errors import OptionError
from twofold.evaluation.verification import table
from twofold.evaluation.verification.benchmark import Outcome, run_benchmark
from twofold.evaluation.verification.extraction import Size
from twofold.evaluation.verification.matchers import matcher_factory
from twofold.evaluation.verification.protocols import read_protocol
from twofold.evaluation.verification.rates import SEED
from twofold.evaluation.verification.writing import (
    REPORT,
    refuse_synthetic,
    thresholds,
    write_outcome,
)
from twofold.files import make_folder
from twofold.thresholds import save

_MOST_PROBLEMS = 10
_SIDES = (8, 8000)
_WORTH_A_PROCESS = 60  # pictures: about what is extracted while a process starts


def benchmark_command(
    modality: Annotated[Literal["iris", "face"], typer.Argument(help="What the pictures show.")],
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET",
            help="A folder with one folder per subject, a manifest (.csv) with the columns "
            "subject,eye,session,path, or a folder of pictures LABEL_K.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for scores, figures and pictures.")],
    resize: Annotated[
        str | None, typer.Option(metavar="WxH", help="Resize every picture first, such as 46x56.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that extract; default all cores.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Face model; `twofold models list`.")
    ] = None,
    eyes: Annotated[
        str | None,
        typer.Option(metavar="LLRR", help="Eyes of each subject's samples, where names do not."),
    ] = None,
    min_samples: Annotated[
        int, typer.Option(min=1, help="Leave aside subjects with fewer samples.")
    ] = 1,
    halves: Annotated[
        bool, typer.Option("--halves", help="Also measure two halves of the people apart.")
    ] = False,
    protocol_file: Annotated[
        Path | None,
        typer.Option(
            "--protocol",
            metavar="CSV",
            help="Compare what it names: sample,role or reference,probe, and part (development, "
            "evaluation).",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Also a table by this column of the manifest."),
    ] = None,
    thresholds_file: Annotated[
        Path | None,
        typer.Option("--thresholds", help="Also write the thresholds measured to this file."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling and the halves.")] = SEED,
) -> None:
    """Compare every sample of DATASET with every other; report error rates with intervals."""
    size = _size(resize)
    factory = matcher_factory(modality, model)
    samples = read_samples(dataset, modality, eyes=eyes, min_samples=min_samples)
    protocol = None if protocol_file is None else read_protocol(protocol_file)
    if thresholds_file is not None:
        refuse_synthetic(samples)
        make_folder(thresholds_file.absolute().parent)
    make_folder(out)  # before the work, not after it
    console = Console()
    _introduce(console, samples)
    options = [
        *(["--resize", resize] if resize else []),
        *(["--model", model] if model else []),
        *(["--eyes", eyes] if eyes else []),
        *(["--min-samples", str(min_samples)] if min_samples > 1 else []),
        *(["--halves"] if halves else []),
        *(["--protocol", protocol_file.name] if protocol_file else []),
        *(word for column in by or [] for word in ("--by", printable(column))),
        *(["--seed", str(seed)] if seed != SEED else []),
    ]
    with progress_bar(console) as bar:
        task = bar.add_task("Starting", total=None)

        def watch(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        outcome = run_benchmark(
            samples,
            factory,
            size=size,
            jobs=jobs or _worthwhile(samples),
            seed=seed,
            halves=halves,
            protocol=protocol,
            by=by or (),
            watch=watch,
        )
        command = ["twofold", "benchmark", modality, printable(str(dataset)), *options]
        metrics = write_outcome(outcome, out, shlex.join(command), watch)
    render(console, outcome)
    if thresholds_file is not None:
        # The name alone: the file may be published, and where it was made says nothing.
        command[3] = samples.name
        save(thresholds_file, thresholds(outcome, shlex.join(command)))
        say(console, f"Thresholds: {thresholds_file}")
    say(console, f"Results: {metrics.with_name(REPORT)}")


def _size(resize: str | None) -> Size | None:
    if resize is None:
        return None
    told = re.fullmatch(r"([0-9]{1,5})[xX×]([0-9]{1,5})", resize.strip())
    if not told or not all(_SIDES[0] <= int(side) <= _SIDES[1] for side in told.groups()):
        raise OptionError(
            f"--resize {printable(resize)}: expected width x height in pixels, {_SIDES[0]} to "
            f"{_SIDES[1]} each, such as 46x56."
        )
    return int(told[2]), int(told[1])


def _worthwhile(samples: SampleSet) -> int:
    """Cores, but no process for so few pictures that starting it takes longer."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, 1 + len(samples.samples) // _WORTH_A_PROCESS)


def _introduce(console: Console, samples: SampleSet) -> None:
    identities = len({sample.identity for sample in samples.samples})
    eyes = f", {identities:,} eyes" if any(sample.eye for sample in samples.samples) else ""
    line = f"{len(samples.samples):,} samples of {len(samples.subjects):,} subjects{eyes}"
    if samples.left_aside:
        line += f"; {len(samples.left_aside):,} subjects with too few samples left aside"
    say(console, f"{line}{'; SYNTHETIC people' if samples.synthetic else ''}")
    for problem in samples.problems[:_MOST_PROBLEMS]:
        where = f"{below(samples.root, problem.file)}: " if problem.file else ""
        say(console, f"  {where}{problem.message}")
    if len(samples.problems) > _MOST_PROBLEMS:
        say(console, f"  and {len(samples.problems) - _MOST_PROBLEMS} more")


def render(console: Console, outcome: Outcome) -> None:
    """Print the figures of a benchmark."""
    shown = Table("95 % intervals in brackets")
    for title in table.columns(outcome):
        shown.add_column(title, justify="right")
    for row in table.rows(outcome):
        if row.begins:
            shown.add_section()
        shown.add_row(row.name, *row.cells)
    console.print(shown)
    for groups in outcome.subgroups:
        render_groups(console, groups, "All people")
    for line in table.remarks(outcome):
        say(console, line)
    say(console, f"Picture to template: {table.timing(outcome)}.")
