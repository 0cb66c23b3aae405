"""What the calibrations of one half of the people are fitted on, in a fused benchmark."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.evaluation.verification.made_up_sides import side
from twofold.evaluation.verification.pools import BAD_WEIGHT, fit_on
from twofold.fusion.calibration import calibrate
from twofold.fusion.curves import LogisticCurve

EVERYBODY = np.ones(12, dtype=np.bool_)


@pytest.fixture(scope="module")
def made() -> Any:
    return side("iris", 12, 3)


def test_every_measured_degradation_has_a_share_of_the_weight(made: Any) -> None:
    more = replace(made, worse={**made.worse, "noise": made.worse["blur"]})
    clean = np.triu(np.ones(made.score.shape, dtype=np.bool_), 1)
    other = ~np.eye(len(made.score), dtype=np.bool_)
    mated = made.identity[:, None] == made.identity
    bad = made.worse["blur"]
    parts = [(made.score[clean], mated[clean], np.full(int(clean.sum()), 80.0), 1.0)]
    parts += [
        (bad.score[other], mated[other], np.full(int(other.sum()), 15.0), BAD_WEIGHT / 2)
    ] * 2  # fmt: skip
    weights = [
        np.where(kind, weight / kind.sum(), weight / (~kind).sum()) for _, kind, _, weight in parts
    ]
    expected = calibrate(
        np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts]),
        modality="iris", contract=made.matcher.contract,
        quality=np.concatenate([one[2] for one in parts]), weights=np.concatenate(weights),
    )  # fmt: skip
    assert fit_on(more, EVERYBODY).curve == expected.curve


def test_where_nothing_was_degraded_clean_comparisons_alone_are_fitted(made: Any) -> None:
    plain = fit_on(replace(made, worse={}), EVERYBODY)
    upper = np.triu(np.ones(made.score.shape, dtype=np.bool_), 1)
    mated = made.identity[:, None] == made.identity
    assert plain.card.mated == int((upper & mated).sum())
    assert plain.card.non_mated == int((upper & ~mated).sum())
    curves = fit_on(made, EVERYBODY).curve, plain.curve
    assert all(isinstance(one, LogisticCurve) for one in curves)
    assert curves[0] != curves[1]
