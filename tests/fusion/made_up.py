"""Scores of people who do not exist, and the models fitted on them."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twofold.fusion.calibration import Calibration, CalibrationCard, calibrate
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import measure
from twofold.fusion.pairing import pair_comparisons
from twofold.fusion.rules import Rule, SumRule
from twofold.thresholds import ThresholdSource

FACE, IRIS = "fa" * 32, "1e" * 32
SOURCE = ThresholdSource("made up", "d1", 40, 400, 0, 800, 8000, "2026-01-02", "twofold ...")
Scores = tuple[NDArray[np.float64], NDArray[np.bool_]]


def normal(
    seed: int, apart: float = 4.0, mated: int = 800, non_mated: int = 8000, missed: float = 0.0
) -> Scores:
    """Normal scores of unit spread, `apart` apart; a share of the mated ones looks non-mated."""
    drawn = np.random.default_rng(seed)
    shown = drawn.random(mated) >= missed
    same = drawn.normal(0, 1, mated) + apart * shown
    return (
        np.concatenate([same, drawn.normal(0, 1, non_mated)]),
        np.arange(mated + non_mated) < mated,
    )


def calibration(
    modality: Literal["face", "iris"],
    light: Literal["nir", "visible"] | None = None,
    method: Literal["logistic", "isotonic"] = "logistic",
    seed: int = 0,
) -> Calibration:
    scores, mated = normal(seed, missed=0.01)
    return calibrate(
        scores,
        mated,
        modality=modality,
        light=light,
        contract=FACE if modality == "face" else IRIS,
        method=method,
        card=CalibrationCard(sources=(SOURCE,)),
    )


def model(rule: Rule | None = None) -> FusionModel:
    """Faces and near-infrared irises, with thresholds of each and of both."""
    face, iris = calibration("face"), calibration("iris", "nir", seed=1)
    used = rule or SumRule()
    parts = {}
    for seed, one in enumerate((face, iris)):
        scores, mated = normal(seed, missed=0.01)
        parts[one.modality] = one.llr(scores), mated
    pairs = list(pair_comparisons(parts["face"], parts["iris"], 2))
    fused = np.concatenate([used.fuse(both) for both, _ in pairs])
    kinds = np.concatenate([mated for _, mated in pairs])
    return FusionModel(
        (face, iris),
        used,
        (
            measure(*parts["face"], combination="face", light=None, source="made up"),
            measure(*parts["iris"], combination="iris", light="nir", source="made up"),
            measure(
                fused, kinds, combination="face+iris", light="nir", source="made up", pairings=2
            ),
        ),
    )
