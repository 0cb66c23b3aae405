"""What the commands that make runs share: what may be compared, and the headline."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from twofold.cli.datasets import CheckedDataset
from twofold.errors import OptionError
from twofold.network.run import BRANCHES, RunFolder


def require_same_data(compare: list[Path], checked: CheckedDataset) -> None:
    """Refuse to set runs on other data beside one on this.

    Raises:
        OptionError: a run was made from other data.
        ModelError: a run is unfinished.
    """
    for other in map(RunFolder, compare):
        if other.read_json(other.data).get("digest") != checked.card()["digest"]:
            raise OptionError(
                f"{other.root}: made from other data than {checked.dataset.root}. Compare runs on "
                "the same data only."
            )


def headline(run: RunFolder, console: Console) -> None:
    """Print what a run is judged by."""
    metrics: dict[str, Any] = run.read_json(run.metrics)
    scored = metrics["held_out"] or metrics["cross_validation"]
    scored = scored.get("pooled", scored)
    crossed = metrics["cross_validation"]
    table = Table(title=f"Accuracy, {metrics['headline']}")
    for column in ("by", "accuracy", "95 % interval", "pairs", "folds: mean ± deviation"):
        table.add_column(column, justify="right" if column != "by" else "left")
    for branch in BRANCHES:
        accuracy = scored[branch]["accuracy"]
        spread = ""
        if crossed:
            spread = f"{crossed['mean'][branch]:.1%} ± {crossed['deviation'][branch]:.1%}"
        table.add_row(
            branch,
            f"{accuracy['value']:.1%}",
            "" if accuracy["low"] is None else f"{accuracy['low']:.1%} to {accuracy['high']:.1%}",
            str(accuracy["pairs"]),
            spread,
        )
    console.print(table)
