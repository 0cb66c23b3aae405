"""Reading a dataset for a command: checked, shown, and refused or trimmed."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from twofold.cli.inspect import render_problems, say
from twofold.data.dataset import Dataset
from twofold.data.inspection import (
    Inspection,
    LeftOut,
    contents,
    dataset_digest,
    inspect_dataset,
    without_bad,
)
from twofold.data.layouts import read_dataset
from twofold.data.splits import Contents
from twofold.data.synthetic import MARKER
from twofold.errors import DatasetError

_MOST_WARNINGS = 20  # errors are all printed


class LayoutName(StrEnum):
    """Layouts as `--layout` takes them."""

    auto = "auto"
    flat = "flat"
    folders = "folders"
    csv = "csv"


LayoutOption = Annotated[LayoutName, typer.Option(help="How the dataset is laid out.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out files with errors, and say which.")
]


@dataclass(frozen=True)
class CheckedDataset:
    """A dataset without errors, with what was left out to make it so."""

    dataset: Dataset
    inspection: Inspection
    left_out: tuple[LeftOut, ...]

    @property
    def contents(self) -> Contents:
        return contents(self.dataset, self.inspection)

    def card(self) -> dict[str, Any]:
        """What a run keeps about its data (data.json)."""
        root = self.dataset.root
        return {
            "root": str(root),
            "layout": self.dataset.layout,
            "pairing": self.dataset.pairing,
            "pairs": len(self.dataset.pairs),
            "subjects": len(self.dataset.subjects),
            "digest": dataset_digest(self.dataset, self.inspection),
            "synthetic": any((folder / MARKER).is_file() for folder in (root, root.parent)),
            "left_out": [
                {"file": str(left.file), "reason": left.reason, "pair": left.pair}
                for left in self.left_out
            ],
        }


def load_checked(
    path: Path, layout: LayoutName, skip_bad: bool, console: Console, labelled: bool | None = None
) -> CheckedDataset:
    """Read and inspect a dataset; print what is wrong with it.

    Args:
        path: folder or manifest.
        layout: as given.
        skip_bad: go on without the pairs that have errors.
        console: where problems are listed.
        labelled: insist on labels (True), or take both (None).

    Raises:
        DatasetError: it has errors and `skip_bad` is not set, or it lacks labels.
    """
    dataset = read_dataset(path, layout.value)
    with progress_bar(console) as bar:
        task = bar.add_task("Checking pictures", total=None)
        inspection = inspect_dataset(
            dataset, lambda done, total: bar.update(task, completed=done, total=total)
        )
    render_problems(console, inspection, _MOST_WARNINGS)
    left_out: tuple[LeftOut, ...] = ()
    if inspection.errors:
        if not skip_bad:
            raise DatasetError(
                f"{path}: {len(inspection.errors)} error(s), listed above; the first: "
                f"{inspection.errors[0]} Mend them, or leave the files out with --skip-bad."
            )
        dataset, left_out = without_bad(dataset, inspection)
        say(console, f"Left out {len(left_out)} file(s) with errors, listed above.")
    if labelled and not dataset.labelled:
        raise DatasetError(f"{path}: holds unlabelled pairs. Use `twofold predict` to answer them.")
    return CheckedDataset(dataset, inspection, left_out)


def progress_bar(console: Console) -> Progress:
    """The progress bar that all commands use."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
