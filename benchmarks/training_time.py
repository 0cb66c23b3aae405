"""Time of the compact preset's training over that of the report's, measured in one run.

Both are timed by the update after their graphs are traced, turn by turn, and multiplied by the
updates that each makes in a whole run (four folds and the final network).
"""

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twofold.data.layouts import read_dataset
from twofold.data.loading import PairImages
from twofold.network.keras_backend import require_keras
from twofold.network.presets import PRESETS

require_keras()

from twofold.network.fit import compile_network  # noqa: E402
from twofold.network.schedule import Plan, plan_training  # noqa: E402
from twofold.network.stream import Items, Pictures, TrainingStream, Truth  # noqa: E402
from twofold.network.two_branch import build_network  # noqa: E402

_TURNS = 5
_UPDATES = {"compact": 20, "report": 3}
_FOLDS = 4


def measure(data: Path) -> dict[str, Any]:
    """Seconds an update (median of turns), updates in a run, and the ratio of the two runs."""
    dataset = read_dataset(data)
    subjects = dataset.subjects
    truth = Truth(np.array([subjects.index(p.subject or "") for p in dataset.pairs]), len(subjects))
    trainers = {name: _Trainer(name, dataset.pairs, truth) for name in _UPDATES}
    for _ in range(_TURNS):
        for trainer in trainers.values():
            trainer.turn()
    results = {name: trainer.result() for name, trainer in trainers.items()}
    ratio = results["compact"]["run_seconds"] / results["report"]["run_seconds"]
    return {**results, "compact_over_report": round(ratio, 4)}


class _Trainer:
    """One preset, compiled, traced and ready to make updates."""

    def __init__(self, name: str, pairs: Any, truth: Truth) -> None:
        preset = replace(PRESETS[name], weights={"face": "none", "iris": "none"})
        self._name = name
        copies = preset.copies if preset.augmentation == "copies" else 0
        items = Items.of(np.arange(len(pairs)), copies)
        in_fold = len(items) * (_FOLDS - 1) // _FOLDS
        self._updates_a_run = (
            _FOLDS * plan_training(preset, in_fold).steps + plan_training(preset, len(items)).steps
        )
        plan: Plan = plan_training(preset, len(items))
        self._network = build_network(preset, truth.classes)
        compile_network(self._network, preset, plan)
        self._stream = TrainingStream(
            Pictures(PairImages(pairs, preset.sizes), 1),
            items,
            truth,
            tuple(self._network.output),
            preset.batch_size,
            1,
            preset.augmentation == "continuous",
        )
        self._done = 0
        self._seconds: list[float] = []
        self._network.train_on_batch(*self._stream[0])

    def turn(self) -> None:
        started = time.perf_counter()
        for _ in range(_UPDATES[self._name]):
            self._done += 1
            self._network.train_on_batch(*self._stream[self._done])
        self._seconds.append((time.perf_counter() - started) / _UPDATES[self._name])

    def result(self) -> dict[str, float]:
        update = statistics.median(self._seconds)
        return {
            "update_seconds": round(update, 4),
            "update_seconds_least": round(min(self._seconds), 4),
            "update_seconds_most": round(max(self._seconds), 4),
            "updates_a_run": self._updates_a_run,
            "run_seconds": round(update * self._updates_a_run, 1),
        }
