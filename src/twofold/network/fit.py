"""One training of one network, from nothing or from its last checkpoint."""

import csv
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from twofold.errors import ModelError
from twofold.files import make_folder, replacing, write_json, write_text
from twofold.network.presets import Preset
from twofold.network.reliability import reliability
from twofold.network.schedule import Plan, optimiser, plan_training
from twofold.network.stream import Items, Pictures, ScoringBatches, TrainingStream, Truth
from twofold.network.two_branch import build_network

HISTORY_COLUMNS = (
    "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"
)  # fmt: skip
CHECKPOINT_SECONDS = 20.0
_VALIDATIONS = 25  # points on the validation curve; it is only for looking at
_WATCHED = 64  # items that it may always be taken on

Progress = Callable[[int, int, dict[str, float]], None]
"""Called after each epoch with (epochs done, epochs planned, the epoch's figures)."""


@dataclass
class TrainingState:
    """How far a training has come; what a checkpoint remembers beside the weights."""

    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    weights: str = ""

    @property
    def epochs(self) -> int:
        return len(self.history)


@dataclass(frozen=True)
class Task:
    """What one training is given.

    Attributes:
        folder: where its checkpoint, history and logs go.
        train: items to learn from.
        watch: items whose loss and accuracy are drawn beside; never used to decide anything, and
            where there are more than a third of a pass, only that many of them, evenly spread.
        truth: who is on which pair.
        seed: of weights, order and alterations.
    """

    folder: Path
    train: Items
    watch: Items | None
    truth: Truth
    seed: int


def fit(
    task: Task, preset: Preset, pictures: Pictures, logs: Path | None, progress: Progress
) -> tuple[keras.Model, TrainingState]:
    """Train until the plan is done or the training loss no longer falls.

    Goes on from a checkpoint in `task.folder` if there is one, and then ends with the same weights
    as if it had never stopped.

    Raises:
        ModelError: a checkpoint that cannot be read.
        OutputError: a checkpoint that cannot be written.
    """
    make_folder(task.folder)
    continuous = preset.augmentation == "continuous"
    # Continuous alteration makes a pair's copies alike: a pass is one over the pairs.
    a_pass = len(np.unique(task.train.pairs)) if continuous else len(task.train)
    plan = plan_training(preset, a_pass)
    started, cpu_started = time.perf_counter(), time.process_time()
    model, state = _restore(task.folder)
    if model is None:
        keras.utils.set_random_seed(task.seed)
        trusted = reliability(pictures.images, task.train, task.truth.subjects)
        model = build_network(preset, task.truth.classes, trusted)
        compile_network(model, preset, plan)
    stream = TrainingStream(
        pictures,
        task.train,
        task.truth,
        tuple(model.output),
        plan.batch_size,
        task.seed,
        continuous,
        first=state.epochs * plan.steps_an_epoch,
    )
    keeper = _Keeper(task, state, preset.patience, progress, plan, (started, cpu_started))
    callbacks: list[keras.callbacks.Callback] = [keeper]
    if logs is not None:
        callbacks.append(
            keras.callbacks.TensorBoard(str(logs), write_graph=False, update_freq="epoch")
        )
    if not _finished(state.history, plan, preset.patience):
        model.fit(
            stream,
            steps_per_epoch=plan.steps_an_epoch,
            initial_epoch=state.epochs,
            epochs=plan.epochs,
            shuffle=False,  # the stream shuffles
            verbose=0,
            callbacks=callbacks,
            validation_data=_watched(task, pictures, model, max(_WATCHED, a_pass // 3)),
            validation_freq=max(1, plan.epochs // _VALIDATIONS),
        )
    state.seconds += time.perf_counter() - keeper.since[0]
    state.cpu_seconds += time.process_time() - keeper.since[1]
    write_text(task.folder / "history.csv", _as_csv(state.history))
    return model, state


def discard_checkpoint(folder: Path) -> None:
    """Remove what only an unfinished training needs."""
    (folder / "checkpoint.json").unlink(missing_ok=True)
    for file in folder.glob("checkpoint-*.keras"):
        file.unlink(missing_ok=True)


def compile_network(model: keras.Model, preset: Preset, plan: Plan) -> None:
    """Give the network its optimiser, and every output that learns its loss."""
    cosine = preset.join == "cosine"
    model.compile(
        optimizer=optimiser(preset, plan),
        loss={
            name: keras.losses.CategoricalCrossentropy(
                from_logits=cosine, label_smoothing=preset.label_smoothing
            )
            for name in model.output
        },
        # The cosine join has nothing of its own to learn: each branch learns for itself.
        loss_weights={name: float(name != "fused" or not cosine) for name in model.output},
        metrics={"fused": [keras.metrics.CategoricalAccuracy(name="accuracy")]},
    )


def _watched(
    task: Task, pictures: Pictures, model: keras.Model, most: int
) -> ScoringBatches | None:
    """What the validation curve is taken on, so that looking never costs much of the training."""
    if task.watch is None:
        return None
    spread = np.linspace(0, len(task.watch) - 1, min(most, len(task.watch))).astype(np.int64)
    return ScoringBatches(pictures, task.watch[spread], task.truth, tuple(model.output))


def _finished(history: Sequence[dict[str, float]], plan: Plan, patience: int) -> bool:
    """Whether the plan is done, or the training loss has not fallen for `patience` epochs."""
    if len(history) >= plan.epochs:
        return True
    losses = [row["loss"] for row in history]
    return len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])


class _Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps history and checkpoints, stops early, and makes chance depend on the epoch alone."""

    def __init__(
        self,
        task: Task,
        state: TrainingState,
        patience: int,
        progress: Progress,
        plan: Plan,
        since: tuple[float, float],
    ) -> None:
        super().__init__()
        self.task = task
        self.state = state
        self.patience = patience
        self.progress = progress
        self.plan = plan
        self.since = since
        self._saved = self._begun = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begun = time.perf_counter()
        for layer in self.model.layers:
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:  # dropout: the same draws whether resumed or not
                generator.state.assign(np.array([self.task.seed, epoch], dtype=np.uint32))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row = _row(epoch, logs or {}, float(self.model.optimizer.learning_rate))
        row["seconds"] = time.perf_counter() - self._begun
        self.state.history.append(row)
        if not np.isfinite(row["loss"]):
            raise ModelError(
                f"the loss is no longer a number after epoch {epoch + 1}: the learning rate is "
                "too high for this data. Try a smaller batch or the compact preset."
            )
        self.progress(self.state.epochs, self.plan.epochs, row)
        if _finished(self.state.history, self.plan, self.patience):
            self.model.stop_training = True
        elif time.perf_counter() - self._saved > CHECKPOINT_SECONDS:
            self._save()

    def _save(self) -> None:
        now, cpu_now = time.perf_counter(), time.process_time()
        self.state.seconds += now - self.since[0]
        self.state.cpu_seconds += cpu_now - self.since[1]
        self.since = (now, cpu_now)
        previous = self.state.weights
        self.state.weights = f"checkpoint-{self.state.epochs}.keras"
        with replacing(self.task.folder / self.state.weights) as temporary:
            self.model.save(temporary)
        write_json(self.task.folder / "checkpoint.json", asdict(self.state))
        if previous:
            (self.task.folder / previous).unlink(missing_ok=True)
        self._saved = time.perf_counter()


def _row(epoch: int, logs: dict[str, float], learning_rate: float) -> dict[str, float]:
    row = {"epoch": epoch + 1, "learning_rate": learning_rate}
    for prefix in ("", "val_"):
        # One output: "accuracy"; several: "fused_accuracy". The loss is always the whole one.
        accuracy = logs.get(f"{prefix}fused_accuracy", logs.get(f"{prefix}accuracy"))
        for name, value in (("loss", logs.get(f"{prefix}loss")), ("accuracy", accuracy)):
            if value is not None:
                row[prefix + name] = float(value)
    return row


def _restore(folder: Path) -> tuple[keras.Model | None, TrainingState]:
    path = folder / "checkpoint.json"
    if not path.exists():
        return None, TrainingState()
    try:
        state = TrainingState(**json.loads(path.read_text(encoding="utf-8")))
        return keras.models.load_model(folder / state.weights), state
    except Exception as error:
        raise ModelError(
            f"{path}: this checkpoint cannot be read ({error}). Delete {folder} to train this "
            "part again."
        ) from error


def _as_csv(history: Sequence[dict[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
