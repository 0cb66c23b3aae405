"""How many updates, and how large each may be, so that the batch size does not matter."""

import math
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from twofold.network.presets import Preset


@dataclass(frozen=True)
class Plan:
    """A training in numbers.

    Attributes:
        batch_size: items an update.
        steps_an_epoch: updates after which figures are taken, about one pass over the items.
        epochs: number of those.
        learning_rate: at its highest.
    """

    batch_size: int
    steps_an_epoch: int
    epochs: int
    learning_rate: float

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self.steps_an_epoch * self.epochs


def plan_training(preset: Preset, items: int) -> Plan:
    """Work out the plan for a number of training items.

    Epochs are passes over the items, with two floors: on the pictures shown, so that a small
    dataset is seen often enough, and on the updates, so that a batch of 256 does not learn in a
    handful of them. The learning rate grows with the square root of the batch size, as suits Adam
    (Malladi et al., "On the SDEs and scaling rules for adaptive gradient algorithms", 2022).
    """
    steps_an_epoch = max(1, round(items / preset.batch_size))
    shown = max(preset.epochs * items, preset.min_items)
    steps = max(math.ceil(shown / preset.batch_size), preset.min_updates)
    scale = 1.0
    if preset.schedule == "cosine":
        scale = math.sqrt(preset.batch_size / preset.reference_batch)
    return Plan(
        preset.batch_size,
        steps_an_epoch,
        math.ceil(steps / steps_an_epoch),
        preset.learning_rate * scale,
    )


@keras.saving.register_keras_serializable(package="twofold")
class WarmCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Linear warm-up, then half a cosine down to zero, both in fractions of the training.

    Args:
        peak: highest learning rate.
        steps: updates in the whole training.
        warm_up: share of them spent rising.
    """

    def __init__(self, peak: float, steps: int, warm_up: float = 0.1) -> None:
        self.peak = peak
        self.steps = steps
        self.warm_up = warm_up

    def __call__(self, step: Any) -> Any:
        done = ops.cast(step, "float32") / self.steps
        rise = (done + 1 / self.steps) / self.warm_up
        fallen = ops.clip((done - self.warm_up) / (1 - self.warm_up), 0, 1)
        fall = 0.5 * (1 + ops.cos(math.pi * fallen))
        return self.peak * ops.minimum(rise, fall)

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "steps": self.steps, "warm_up": self.warm_up}


def optimiser(preset: Preset, plan: Plan) -> keras.optimizers.Optimizer:
    """Adam at a constant rate (the report's), or AdamW under `WarmCosine`."""
    if preset.schedule == "constant":
        return keras.optimizers.Adam(plan.learning_rate)
    rate = WarmCosine(plan.learning_rate, plan.steps)
    return keras.optimizers.AdamW(rate, weight_decay=preset.weight_decay, beta_2=0.99)
