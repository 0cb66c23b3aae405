"""`twofold train`: from labelled pairs to a trained, evaluated run."""

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import (
    CheckedDataset,
    LayoutName,
    LayoutOption,
    SkipBadOption,
    load_checked,
)
from twofold.cli.enrol_run import enrol_run
from twofold.cli.inspect import say
from twofold.cli.runs import headline, require_same_data
from twofold.cli.training_display import TrainingDisplay
from twofold.errors import OptionError, OutputError
from twofold.evaluation.answering_speed import measure_answering
from twofold.evaluation.report import write_report
from twofold.files import make_folder
from twofold.matchers.options import MatcherOptions, matcher_protocol
from twofold.network.keras_backend import require_keras
from twofold.network.options import TrainingOptions
from twofold.network.run import RunFolder

_OF_NETWORKS = {"preset", "batch_size", "epochs", "weights", "face_backbone", "iris_backbone",
                "face_weights", "iris_weights", "logs"}  # fmt: skip


class PresetName(StrEnum):
    """Networks as `--preset` takes them."""

    compact = "compact"
    report = "report"


class MethodName(StrEnum):
    """Methods as `--method` takes them."""

    network = "network"
    matchers = "matchers"


class ProtocolName(StrEnum):
    """Protocols as `--protocol` takes them."""

    kfold = "kfold"
    holdout = "holdout"
    report = "report"


def train_command(
    context: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="Folder or manifest of labelled pairs.")],
    out: Annotated[Path, typer.Option(help="Run folder to write.")],
    layout: LayoutOption = LayoutName.auto,
    method: Annotated[
        MethodName,
        typer.Option(help="network: train one. matchers: enrol the pairs, and train nothing."),
    ] = MethodName.network,
    preset: Annotated[
        PresetName, typer.Option(help="compact: ours, from scratch. report: VGG16 + ResNet50V2.")
    ] = PresetName.compact,
    protocol: Annotated[
        ProtocolName,
        typer.Option(help="kfold and holdout are leak-free; report copies before it splits."),
    ] = ProtocolName.kfold,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation; 0 for none.")] = 4,
    holdout: Annotated[float, typer.Option(help="Share held out by --protocol holdout.")] = 0.25,
    seed: Annotated[int, typer.Option(help="Of split, weights and alterations.")] = 1,
    batch_size: Annotated[int | None, typer.Option(help="Pairs an update.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training part.")] = None,
    weights: Annotated[
        str | None, typer.Option(help="Of both backbones: none, imagenet, or a file.")
    ] = None,
    face_backbone: Annotated[
        str | None, typer.Option(help="compact, vgg16, vgg19 or resnet50v2.")
    ] = None,
    iris_backbone: Annotated[str | None, typer.Option(help="The same for the iris.")] = None,
    face_weights: Annotated[str | None, typer.Option(help="Of the face backbone alone.")] = None,
    iris_weights: Annotated[str | None, typer.Option(help="Of the iris backbone alone.")] = None,
    split: Annotated[
        Path | None, typer.Option(help="A split file to repeat, such as another run's split.json.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run begun before.")
    ] = False,
    skip_bad: SkipBadOption = False,
    compare: Annotated[
        list[Path] | None, typer.Option(help="Another run to show beside it; repeatable.")
    ] = None,
    logs: Annotated[bool, typer.Option(help="TensorBoard logs.")] = True,
) -> None:
    """Train on labelled pairs, cross-validate, and write a run folder with a report.

    With --method matchers no network is trained: the pairs are enrolled as references, and others
    are identified by the evidence of face and iris matchers that come with Twofold.
    """
    given = _given(context)
    if method == MethodName.matchers:
        _refuse_network_options(given)
        chosen = MatcherOptions(matcher_protocol(protocol.value), folds, holdout, seed)
        enrol_run(dataset, layout, chosen, out, split, resume, skip_bad, compare or [])
        return
    options = TrainingOptions(
        preset=preset.value,
        protocol=protocol.value,
        folds=folds,
        holdout=holdout,
        seed=seed,
        batch_size=batch_size,
        epochs=epochs,
        face_backbone=face_backbone,
        iris_backbone=iris_backbone,
        face_weights=face_weights or weights,
        iris_weights=iris_weights or weights,
        logs=logs,
    )
    console = Console()
    run = RunFolder(out)
    options = _begun_or_new(run, options, given, resume)
    options.resolved()  # a wrong choice is told before the pictures are read
    for other in compare or []:
        RunFolder(other).require_complete()
    make_folder(out)
    checked = load_checked(dataset, layout, skip_bad, console, labelled=True)
    require_same_data(compare or [], checked)
    if split is None and run.config.exists() and options.protocol != "report":
        split = run.split  # a run goes on with the split that it began with
    report = train_and_report(checked, options, out, console, split, compare or [])
    say(console, f"Result: {report}")


def train_and_report(
    checked: CheckedDataset,
    options: TrainingOptions,
    out: Path,
    console: Console,
    split: Path | None = None,
    compare: list[Path] | None = None,
) -> Path:
    """Train, write the report and print the headline.

    Returns:
        The path of report.html, or the run folder where nothing was held out to score.
    """
    require_keras()
    from twofold.network.division import divide
    from twofold.network.training import TrainingData, train

    division = divide(checked.dataset, checked.contents, options, split)
    data = TrainingData(checked.dataset, division, checked.contents, checked.card())
    with TrainingDisplay(console) as display:
        run = train(data, options, out, display)
    _tell_leak(run, console)
    if not run.scored:
        say(console, "Nothing was held out, so nothing was scored and there is no report.")
        return run.root
    measure_answering(run, checked.dataset)
    report = write_report(out, checked.dataset, compare or [])
    headline(run, console)
    return report


def _begun_or_new(
    run: RunFolder, options: TrainingOptions, given: set[str], resume: bool
) -> TrainingOptions:
    """The options to train with: those of a run that goes on, else the ones given."""
    if not run.config.exists():
        if not resume and run.root.is_dir() and any(run.root.iterdir()):
            raise OutputError(f"{run.root}: not empty. Give another --out, or empty it.")
        return options
    if not resume:
        raise OutputError(
            f"{run.root}: holds a run already. Go on with it by --resume, or give another --out."
        )
    begun = run.read_json(run.config)
    names = {field.name for field in fields(TrainingOptions)}
    if not isinstance(begun, dict) or set(begun) != names:
        raise OptionError(f"{run.config}: not the options of this version. Train a new run.")
    kept = TrainingOptions(**begun)
    both = {"face_weights", "iris_weights"} if "weights" in given else set()
    for name in sorted(names & (given | both)):
        if getattr(options, name) != getattr(kept, name):
            raise OptionError(
                f"--{name.replace('_', '-')} {getattr(options, name)}: the run was begun with "
                f"{getattr(kept, name)}. Leave the option out, or train a new run."
            )
    return kept


def _given(context: typer.Context) -> set[str]:
    """The parameters that were named on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def _refuse_network_options(given: set[str]) -> None:
    useless = sorted(given & _OF_NETWORKS)
    if useless:
        raise OptionError(
            f"--{useless[0].replace('_', '-')}: of networks only, and --method matchers trains "
            "none. Leave it out."
        )


def _tell_leak(run: RunFolder, console: Console) -> None:
    data = run.read_json(run.data)
    if data["leaked_images"] is not None:
        console.print(
            f"[bold red]This protocol leaks:[/] {data['leaked_images']} of {data['test_images']} "
            "test images have themselves or an altered copy in the training part. "
            "Its figures are for comparison only."
        )
