"""People who do not exist, and a fusion model made up for them."""

from functools import lru_cache
from typing import Literal

import numpy as np

from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic import draw_iris, make_person
from twofold.fusion.calibration import calibrate
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import measure
from twofold.images import Pixels

SEED = 3
BLACK = np.zeros((120, 160), np.uint8)
# Mean and spread of mated and of non-mated scores: rendered faces are more alike than real ones.
_SCORES = {"face": (0.85, 0.05, 0.45, 0.1), "iris": (0.75, 0.05, 0.57, 0.02)}


def face(subject: int, sample: int = 0) -> Pixels:
    return rendered_face(subject, sample)


@lru_cache(maxsize=64)
def eye(
    subject: int,
    sample: int = 0,
    side: Literal["left", "right"] = "left",
    light: Literal["nir", "visible"] = "nir",
) -> Pixels:
    size = (240, 320)
    return draw_iris(
        make_person(SEED, subject), SEED, subject, sample, side=side, size=size, light=light
    )[0]


@lru_cache(maxsize=4)
def made_up_model(face_contract: str, iris_contract: str) -> FusionModel:
    """Calibrations and thresholds on scores drawn from normal distributions."""
    rng = np.random.default_rng(1)
    contracts = {"face": face_contract, "iris": iris_contract}
    mated = np.repeat([True, False], [2_000, 20_000])
    calibrations, ratios = [], {}
    for name, (mean, spread, other, others_spread) in _SCORES.items():
        scores = np.where(
            mated,
            rng.normal(mean, spread, mated.size),
            rng.normal(other, others_spread, mated.size),
        )
        made = calibrate(scores, mated, modality=name, contract=contracts[name])
        calibrations.append(made)
        ratios[name] = made.llr(scores)
    ratios["face+iris"] = ratios["face"] + ratios["iris"]
    thresholds = tuple(
        measure(llr, mated, combination=name, light=None, source="made up", synthetic=True)
        for name, llr in ratios.items()
    )
    return FusionModel(tuple(calibrations), thresholds=thresholds)
