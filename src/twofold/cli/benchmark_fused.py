"""`twofold benchmark-fused`: face, iris and both, measured on the same pairs of samples."""

import os
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from twofold.cli.datasets import progress_bar
from twofold.cli.inspect import say
from twofold.data.dataset import Dataset, printable
from twofold.data.layouts import read_dataset
from twofold.data.samples import Sample, read_samples
from twofold.data.synthetic import MARKER
from twofold.errors import DatasetError, OptionError
from twofold.evaluation.verification import fused_words
from twofold.evaluation.verification.degradation import How
from twofold.evaluation.verification.fused import FusedOutcome, run_fused
from twofold.evaluation.verification.fused_writing import write_fused
from twofold.evaluation.verification.judged import judged_factory
from twofold.evaluation.verification.pools import Condition
from twofold.evaluation.verification.rates import SEED
from twofold.evaluation.verification.sides import Side, Watch, measure_side
from twofold.files import make_folder


def benchmark_fused_command(
    out: Annotated[Path, typer.Option(help="Folder for the report, scores and metrics.")],
    faces: Annotated[
        Path | None, typer.Argument(metavar="[FACES]", help="Dataset of faces, by subject.")
    ] = None,
    irises: Annotated[
        Path | None, typer.Argument(metavar="[IRISES]", help="Dataset of irises, by subject.")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="DATASET", help="Instead of both: labelled pairs of face and iris."),
    ] = None,
    pairings: Annotated[
        int, typer.Option(min=1, max=500, help="Random pairings of faces with irises.")
    ] = 20,
    calibration: Annotated[
        Literal["halves", "shipped"],
        typer.Option(help="Fitted on the other half of the people, or those that ship."),
    ] = "halves",
    degrade: Annotated[
        list[str] | None,
        typer.Option(metavar="face|iris", help="Modality to spoil in a share of the probes."),
    ] = None,
    how: Annotated[
        list[str] | None,
        typer.Option(metavar="blur|occlusion|noise|missing", help="How; may be given repeatedly."),
    ] = None,
    share: Annotated[float, typer.Option(help="Of the probes that are spoilt.")] = 0.5,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Face model; `twofold models list`.")
    ] = None,
    eyes: Annotated[
        str | None,
        typer.Option(metavar="LLRR", help="Eyes of each subject's irises, where names do not."),
    ] = None,
    light: Annotated[
        Literal["nir", "visible"] | None, typer.Option(help="Of the irises, if shipped is used.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that extract; default all cores.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn.")] = SEED,
) -> None:
    """Measure face, iris and both together on FACES and IRISES paired at random, or on --pairs."""
    conditions = _conditions(degrade or [], how or [])
    if (pairs is None) == (faces is None or irises is None) or (pairs is not None and faces):
        raise OptionError(
            "give FACES and IRISES, two datasets that are paired at random, or --pairs DATASET, "
            "labelled pairs; not both and not neither."
        )
    if not 0 < share <= 1:
        raise OptionError(f"--share {share:g}: expected more than 0 and at most 1, such as 0.5.")
    console = Console()
    workers = jobs or _cores()
    with progress_bar(console) as bar:
        task = bar.add_task("Starting", total=None)

        def watch(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        make_folder(out)  # before the work, not after it
        if pairs is not None:
            sides = _labelled(pairs, model, conditions, workers, seed, watch)
        else:
            assert faces is not None and irises is not None
            sides = _apart(faces, irises, eyes, model, conditions, workers, seed, watch)
        outcome = run_fused(
            *sides,
            chimeric=pairs is None,
            pairings=pairings,
            conditions=conditions,
            share=share,
            source=calibration,
            light=light,
            seed=seed,
            watch=watch,
        )
        words = ["twofold", "benchmark-fused"]
        if pairs is not None:
            words += ["--pairs", printable(str(pairs))]
        else:
            words += [printable(str(faces)), printable(str(irises))]
        words += [
            *(["--pairings", str(pairings)] if pairings != 20 else []),
            *(["--calibration", calibration] if calibration != "halves" else []),
            *(word for name in degrade or [] for word in ("--degrade", name)),
            *(word for name in how or [] for word in ("--how", name)),
            *(["--share", f"{share:g}"] if conditions and share != 0.5 else []),
            *(["--model", model] if model else []),
            *(["--eyes", eyes] if eyes else []),
            *(["--light", light] if light else []),
            *(["--seed", str(seed)] if seed != SEED else []),
            "--out",
            printable(out.name),
        ]
        report = write_fused(outcome, out, shlex.join(words), watch)
    render(console, outcome)
    say(console, f"Report: {report}")


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _conditions(degrade: list[str], how: list[str]) -> list[Condition]:
    found = []
    for name in degrade:
        if name not in ("face", "iris"):
            raise OptionError(f"--degrade {printable(name)}: expected face or iris.")
        for way in how:
            if way not in ("blur", "occlusion", "noise", "missing"):
                raise OptionError(
                    f"--how {printable(way)}: expected blur, occlusion, noise or missing."
                )
            found.append(Condition("face" if name == "face" else "iris", _how(way)))
    if bool(degrade) != bool(how):
        raise OptionError("--degrade and --how go together, such as --degrade iris --how blur.")
    return list(dict.fromkeys(found))


def _how(way: str) -> How:
    named: dict[str, How] = {
        "blur": "blur", "occlusion": "occlusion", "noise": "noise", "missing": "missing",
    }  # fmt: skip
    return named[way]


def _hows(conditions: list[Condition], modality: str) -> list[How]:
    return [one.how for one in conditions if one.modality == modality and one.how is not None]


def _apart(
    faces: Path, irises: Path, eyes: str | None, model: str | None, conditions: list[Condition],
    jobs: int, seed: int, watch: Watch,
) -> tuple[Side, Side]:  # fmt: skip
    sets = (
        read_samples(faces, "face", min_samples=2),
        read_samples(irises, "iris", eyes=eyes, min_samples=2),
    )
    face, iris = (
        measure_side(
            one.modality, one.root, one.name, one.samples,
            judged_factory(one.modality, model if one.modality == "face" else None),
            hows=_hows(conditions, one.modality), synthetic=one.synthetic, jobs=jobs, seed=seed,
            watch=watch,
        )
        for one in sets
    )  # fmt: skip
    return face, iris


def _labelled(
    root: Path, model: str | None, conditions: list[Condition], jobs: int, seed: int, watch: Watch
) -> tuple[Side, Side]:
    dataset = read_dataset(root)
    if not dataset.labelled:
        raise DatasetError(
            f"{root}: its pairs have no labels, so nothing tells which are mated. Give labelled "
            "ones, such as a folder of LABEL_K.BMP beside LABEL_K.png."
        )
    folder = root if root.is_dir() else root.parent
    synthetic = any((at / MARKER).is_file() for at in (folder, folder.resolve().parent))
    name = printable(f"{root.resolve().parent.name}/{root.resolve().name}")
    face = measure_side(
        "face", root, name, _samples(dataset, folder, "face"), judged_factory("face", model),
        hows=_hows(conditions, "face"), synthetic=synthetic, jobs=jobs, seed=seed, watch=watch,
    )  # fmt: skip
    iris = measure_side(
        "iris", root, name, _samples(dataset, folder, "iris"), judged_factory("iris"),
        hows=_hows(conditions, "iris"), synthetic=synthetic, jobs=jobs, seed=seed, watch=watch,
    )  # fmt: skip
    return face, iris


def _samples(dataset: Dataset, folder: Path, modality: Literal["face", "iris"]) -> list[Sample]:
    found = []
    for pair in dataset.pairs:
        path = pair.face if modality == "face" else pair.iris
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        eye = pair.eye if modality == "iris" else None
        found.append(Sample(path, name, str(pair.subject), eye, pair.session))
    return found


def render(console: Console, outcome: FusedOutcome) -> None:
    """Print the headline of a fused benchmark."""
    say(console, fused_words.pairing_words(outcome))
    shown = Table("95 % intervals in brackets")
    for title in ("Face", "Iris", "Both"):
        shown.add_column(title, justify="right")
    for row in fused_words.rate_rows(outcome.clean):
        if row.begins:
            shown.add_section()
        shown.add_row(row.name, *row.cells)
    console.print(shown)
    for _, words in fused_words.verdicts(outcome):
        say(console, words)
    for row in fused_words.transfer_rows(outcome):
        say(
            console,
            f"Threshold of the other half, {row.name}: observed {row.cells[2]}; within its "
            f"interval in {row.cells[3]} trials.",
        )
