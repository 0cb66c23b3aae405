"""How many updates, how large, and along which curve."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.network.presets import COMPACT, REPORT
from twofold.network.schedule import Plan, WarmCosine, optimiser, plan_training

PLAIN = replace(COMPACT, epochs=10, batch_size=32, min_items=0, min_updates=1)


def test_passes_over_the_items() -> None:
    plan = plan_training(PLAIN, 320)
    assert (plan.steps_an_epoch, plan.epochs, plan.steps) == (10, 10, 100)
    assert plan.learning_rate == PLAIN.learning_rate


def test_a_small_dataset_is_seen_more_often() -> None:
    plan = plan_training(replace(PLAIN, min_items=8000), 64)
    assert plan.steps_an_epoch == 2
    assert plan.steps == 8000 / 32


def test_a_large_batch_still_makes_enough_updates() -> None:
    plan = plan_training(replace(PLAIN, batch_size=256, min_updates=120), 64)
    assert (plan.steps_an_epoch, plan.steps) == (1, 120)


@given(st.integers(1, 3000), st.integers(1, 512), st.integers(1, 60))
def test_floors_hold_and_nothing_is_wasted(items: int, batch_size: int, epochs: int) -> None:
    preset = replace(COMPACT, batch_size=batch_size, epochs=epochs)
    plan = plan_training(preset, items)
    assert plan.steps >= preset.min_updates
    assert plan.steps * batch_size >= max(preset.min_items, epochs * items)
    needed = max(preset.min_updates, math.ceil(max(preset.min_items, epochs * items) / batch_size))
    assert plan.steps - needed < plan.steps_an_epoch


@pytest.mark.parametrize("batch_size", [8, 32, 128, 512])
def test_the_rate_grows_with_the_root_of_the_batch(batch_size: int) -> None:
    ours = plan_training(replace(PLAIN, batch_size=batch_size), 100)
    assert ours.learning_rate == pytest.approx(PLAIN.learning_rate * math.sqrt(batch_size / 32))
    reports = plan_training(replace(REPORT, batch_size=batch_size), 100)
    assert reports.learning_rate == 1e-4  # the report's, whatever the batch


def test_warm_up_then_half_a_cosine_to_zero() -> None:
    curve = WarmCosine(peak=0.5, steps=1000)
    rates = np.array([float(curve(step)) for step in range(1001)])
    assert 0 < rates[0] <= 0.01
    assert rates[100] == pytest.approx(0.5)
    assert rates.argmax() in (99, 100)
    assert (np.diff(rates[:99]) > 0).all()
    assert (np.diff(rates[100:]) <= 0).all()
    assert rates[550] == pytest.approx(0.25, abs=1e-3)  # half way down
    assert rates[1000] == pytest.approx(0, abs=1e-6)
    assert float(curve(1500)) == pytest.approx(0, abs=1e-6)


def test_the_curve_survives_being_saved() -> None:
    curve = WarmCosine(peak=0.3, steps=70, warm_up=0.2)
    again = WarmCosine(**curve.get_config())
    assert float(again(33)) == float(curve(33))


def test_optimisers() -> None:
    plan = Plan(32, 2, 3, 0.004)
    ours, reports = optimiser(COMPACT, plan), optimiser(REPORT, plan)
    assert isinstance(ours, keras.optimizers.AdamW)
    assert ours.weight_decay == COMPACT.weight_decay
    assert type(reports) is keras.optimizers.Adam
    assert float(reports.learning_rate) == pytest.approx(0.004)
