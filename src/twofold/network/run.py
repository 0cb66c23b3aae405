"""A run folder: where each result of a training lies, and how predictions are kept.

Nothing here needs Keras: reports and answers read runs without it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold import files
from twofold.errors import ModelError

BRANCHES = ("face", "iris", "fused")

_ROW_SUM_TOLERANCE = 1e-2  # float16 probabilities over hundreds of subjects still pass


@dataclass(frozen=True)
class Predictions:
    """What the face-only, iris-only and fused networks said about some pairs.

    Attributes:
        names: name of each of the n pairs, as its dataset calls it.
        truth: int64 (n,), index of the true subject in `labels`; -1 where it is not one of them
            or not known.
        labels: the k subjects, in column order.
        face, iris, fused: float32 (n, k), probabilities 0 to 1; each row sums to 1.

    Raises:
        ModelError: shapes, ranges or labels do not fit one another.
    """

    names: tuple[str, ...]
    truth: NDArray[np.int64]
    labels: tuple[str, ...]
    face: NDArray[np.float32]
    iris: NDArray[np.float32]
    fused: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.truth.shape != (len(self.names),):
            raise ModelError(
                f"predictions: {len(self.names)} names but truth of shape {self.truth.shape}."
            )
        if self.truth.size and not -1 <= self.truth.min() <= self.truth.max() < len(self.labels):
            raise ModelError(f"predictions: truth is not within -1 to {len(self.labels) - 1}.")
        for branch in BRANCHES:
            self._check(branch, getattr(self, branch))

    def _check(self, branch: str, values: NDArray[np.float32]) -> None:
        expected = (len(self.names), len(self.labels))
        if values.shape != expected:
            raise ModelError(
                f"predictions: {branch} has shape {values.shape}, expected {expected}."
            )
        # Written so that NaN fails it too.
        if not (np.abs(values.sum(axis=1) - 1) <= _ROW_SUM_TOLERANCE).all() or (values < 0).any():
            raise ModelError(f"predictions: {branch} holds rows that are not probabilities.")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """(n,) where both together prefer any subject to another; else a pair yielded nothing."""
        told = self.fused.max(axis=1) > self.fused.min(axis=1)
        return np.asarray(told | (len(self.labels) == 1), dtype=np.bool_)

    def save(self, path: Path) -> None:
        """Write to `path` (.npz), all or nothing.

        Raises:
            OutputError: the folder is read-only, or the disk is full.
        """
        with files.replacing(path) as temporary:
            np.savez_compressed(
                temporary,
                names=np.array(self.names, dtype=np.str_),
                truth=self.truth.astype(np.int64),
                **{branch: getattr(self, branch).astype(np.float32) for branch in BRANCHES},
            )

    @classmethod
    def load(cls, path: Path, labels: tuple[str, ...]) -> "Predictions":
        """Read what `save` wrote; `labels` name the columns.

        Raises:
            ModelError: missing, damaged, or not made for these labels.
        """
        try:
            with np.load(path, allow_pickle=False) as kept:
                return cls(
                    names=tuple(str(name) for name in kept["names"]),
                    truth=kept["truth"].astype(np.int64),
                    labels=labels,
                    **{branch: kept[branch].astype(np.float32) for branch in BRANCHES},
                )
        except FileNotFoundError as error:
            raise ModelError(
                f"{path}: missing. Finish the run with `twofold train --resume`."
            ) from error
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        except Exception as error:  # a damaged archive raises nearly anything
            raise ModelError(
                f"{path}: not readable as predictions ({error}). Train the run again."
            ) from error

    @classmethod
    def joined(cls, parts: "list[Predictions]") -> "Predictions":
        """Several sets of predictions over the same labels as one, in the order given.

        Raises:
            ModelError: none given, or their labels differ.
        """
        if not parts or any(part.labels != parts[0].labels for part in parts):
            raise ModelError(
                "predictions can be joined only where there are some, of one label set."
            )
        return cls(
            names=tuple(name for part in parts for name in part.names),
            truth=np.concatenate([part.truth for part in parts]),
            labels=parts[0].labels,
            **{
                branch: np.concatenate([getattr(part, branch) for part in parts])
                for branch in BRANCHES
            },
        )


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run folder and readers of its JSON files.

    Attributes:
        root: the run folder.
    """

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def method(self) -> str:
        """How the run answers: "network" or "matchers".

        Raises:
            ModelError: not a run folder, or a damaged one.
        """
        if not self.config.is_file():
            raise ModelError(f"{self.root}: not a run folder (no config.json). Name one that is.")
        config = self.read_json(self.config)
        return str(config.get("method", "network")) if isinstance(config, dict) else "network"

    @property
    def environment(self) -> Path:
        return self.root / "environment.json"

    @property
    def data(self) -> Path:
        return self.root / "data.json"

    @property
    def labels(self) -> Path:
        return self.root / "labels.json"

    @property
    def split(self) -> Path:
        return self.root / "split.json"

    @property
    def folds(self) -> Path:
        return self.root / "folds"

    @property
    def final(self) -> Path:
        return self.root / "final"

    @property
    def keras_model(self) -> Path:
        return self.root / "model.keras"

    @property
    def onnx_model(self) -> Path:
        return self.root / "model.onnx"

    @property
    def references(self) -> Path:
        """Templates of the labelled pairs, of a run that answers by matchers."""
        return self.root / "references.zip"

    @property
    def model_card(self) -> Path:
        """model.json: written last by the training, so that its presence means "trained"."""
        return self.root / "model.json"

    @property
    def speed(self) -> Path:
        """speed.json: how long answers take on the machine that made the run."""
        return self.root / "speed.json"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.json"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def tensorboard(self) -> Path:
        return self.root / "tensorboard"

    def fold(self, number: int) -> Path:
        """Folder of one fold; folds count from 1."""
        return self.folds / str(number)

    def fold_folders(self) -> tuple[Path, ...]:
        """The folders of folds that exist, in numeric order."""
        if not self.folds.is_dir():
            return ()
        numbered = [path for path in self.folds.iterdir() if path.name.isdecimal()]
        return tuple(sorted(numbered, key=lambda path: int(path.name)))

    @property
    def scored(self) -> bool:
        """Whether any part of the data was held out from a training and predicted."""
        return any(
            (folder / "predictions.npz").is_file() for folder in (*self.fold_folders(), self.final)
        )

    def require_complete(self) -> None:
        """Check that the training came to its end.

        Raises:
            ModelError: not a run folder, or its training is unfinished.
        """
        if not self.config.is_file():
            raise ModelError(f"{self.root}: not a run folder (no config.json). Name one that is.")
        if not self.model_card.is_file():
            raise ModelError(
                f"{self.root}: unfinished (no model.json). Finish it with `twofold train --resume`."
            )

    def read_json(self, path: Path) -> Any:
        """Content of one of the run's JSON files.

        Raises:
            ModelError: missing or damaged.
        """
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelError(f"{path}: missing; the run is incomplete. Train it again.") from error
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: not readable ({error}). Train the run again.") from error

    def read_labels(self) -> tuple[str, ...]:
        """The subjects, in column order.

        Raises:
            ModelError: missing or damaged.
        """
        labels = self.read_json(self.labels)
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise ModelError(f"{self.labels}: not a list of names. Train the run again.")
        return tuple(labels)
