"""What a finished run left in its folder, read for a report."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError
from twofold.network.run import Predictions, RunFolder

CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Training:
    """One training: of a fold, or the final one.

    Attributes:
        name: "fold 1" ... or "final".
        history: column of history.csv to float64 (epochs,); NaN where a cell is empty.
        done: content of done.json; empty where there is none.
        predictions: on the part that was not trained on; None where there is no such part.
    """

    name: str
    history: dict[str, NDArray[np.float64]]
    done: dict[str, Any]
    predictions: Predictions | None


@dataclass(frozen=True)
class RunResults:
    """A finished run.

    Attributes:
        folder: where everything lies.
        config, data, environment: content of the JSON files of those names.
        speed: content of speed.json; empty where it was not measured.
        labels: the subjects, in column order.
        folds: the cross-validation; empty where there was none.
        final: the final network.
    """

    folder: RunFolder
    config: dict[str, Any]
    data: dict[str, Any]
    environment: dict[str, Any]
    speed: dict[str, Any]
    labels: tuple[str, ...]
    folds: tuple[Training, ...]
    final: Training

    @property
    def name(self) -> str:
        return self.folder.root.resolve().name

    @property
    def method(self) -> str:
        """How the run answers: network or matchers."""
        return str(self.config.get("method", "network"))

    @property
    def kind(self) -> str:
        """What a table calls it: the preset of a network, or "matchers"."""
        return str(self.config.get("preset", "–")) if self.method == "network" else self.method

    @property
    def protocol(self) -> str:
        return str(self.config.get("protocol", "unknown"))

    @property
    def leaky(self) -> bool:
        """True when copies of test pictures were trained on, by the protocol's own design."""
        return self.protocol == "report"

    @property
    def synthetic(self) -> bool:
        return bool(self.data.get("synthetic", False))

    @property
    def trainings(self) -> tuple[Training, ...]:
        return (*self.folds, self.final)

    @property
    def cross_validated(self) -> Predictions | None:
        """The predictions of all folds as one; None without folds."""
        parts = [fold.predictions for fold in self.folds if fold.predictions is not None]
        return Predictions.joined(parts) if parts else None

    @property
    def headline(self) -> Predictions:
        """What the run is judged by: the held-out part where there is one, else all folds.

        Raises:
            ModelError: the run holds neither.
        """
        chosen = self.final.predictions or self.cross_validated
        if chosen is None:
            raise ModelError(
                f"{self.folder.root}: no predictions in folds/ or final/. Train the run again."
            )
        return chosen

    def total(self, key: str) -> float | None:
        """Sum of a number of done.json over all trainings; None where none gives it."""
        values = [float(t.done[key]) for t in self.trainings if t.done.get(key) is not None]
        return sum(values) if values else None

    @property
    def batch_size(self) -> str:
        """Pairs an update; where the run does not say, it is the preset's."""
        return str(self.final.done.get("batch_size") or self.config.get("batch_size") or "preset")

    @property
    def epochs(self) -> str:
        """Epochs a training took: one number, or the lowest and highest."""
        found = [int(t.done["epochs"]) for t in self.trainings if t.done.get("epochs") is not None]
        if not found:
            return "–"
        return str(found[0]) if min(found) == max(found) else f"{min(found)}–{max(found)}"


def read_run(root: Path) -> RunResults:
    """Read a run folder whose training is finished.

    Raises:
        ModelError: not a run folder, unfinished, or damaged.
    """
    folder = RunFolder(root)
    folder.require_complete()
    labels = folder.read_labels()
    folds = tuple(
        _training(folder, path, f"fold {path.name}", labels, must_predict=True)
        for path in folder.fold_folders()
    )
    return RunResults(
        folder=folder,
        config=_mapping(folder, folder.config),
        data=_mapping(folder, folder.data),
        environment=_mapping(folder, folder.environment),
        speed=_mapping(folder, folder.speed) if folder.speed.is_file() else {},
        labels=labels,
        folds=folds,
        final=_training(folder, folder.final, "final", labels, must_predict=False),
    )


def _training(
    folder: RunFolder, path: Path, name: str, labels: tuple[str, ...], *, must_predict: bool
) -> Training:
    predictions, done = path / "predictions.npz", path / "done.json"
    return Training(
        name=name,
        history=_history(path / "history.csv"),
        done=_mapping(folder, done) if done.is_file() else {},
        predictions=Predictions.load(predictions, labels)
        if must_predict or predictions.is_file()
        else None,
    )


def _mapping(folder: RunFolder, path: Path) -> dict[str, Any]:
    content = folder.read_json(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a table of names and values. Train the run again.")
    return content


def _history(path: Path) -> dict[str, NDArray[np.float64]]:
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {
            name: np.array([float(row.get(name) or "nan") for row in rows], dtype=np.float64)
            for name in CURVES
        }
    except (OSError, ValueError, csv.Error) as error:
        raise ModelError(f"{path}: not readable ({error}). Train the run again.") from error
