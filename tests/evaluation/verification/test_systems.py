"""Systems of any shape are measured, drawn and told as valid JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DatasetError
from twofold.evaluation.verification.comparisons import Listed, listed, unlabelled
from twofold.evaluation.verification.score_files import ScoreFile
from twofold.evaluation.verification.systems import measure_system
from twofold.evaluation.verification.systems_figures import det_of, histograms_of, roc_of
from twofold.evaluation.verification.systems_metrics import measured


def file_of(made: Listed, name: str = "x") -> ScoreFile:
    return ScoreFile(name, made, units="subjects" if made.labelled else "comparisons")


@settings(deadline=None, max_examples=40)
@given(
    scores=st.lists(
        st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e100, -1e100, 1e-300, float("nan")]),
        min_size=2,
        max_size=12,
    ),
    labelled=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_system_is_measured_and_told_as_json(
    scores: list[float], labelled: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    mated = rng.random(len(scores)) < 0.5
    mated[0], mated[1] = True, False
    if labelled:
        claimed = [str(k) for k in rng.integers(0, 3, len(scores))]
        real = [a if same else a + "x" for a, same in zip(claimed, mated, strict=True)]
        made = listed(claimed, real, np.array(scores), mated)
    else:
        made = unlabelled(np.array(scores), mated)
    with np.errstate(all="ignore"):
        system = measure_system(file_of(made), llr=True, resamples=20)
    told = json.dumps(measured([system], ["0"], "x", 1), allow_nan=False)
    rates = json.loads(told)["systems"][0]
    assert 0 <= rates["eer"]["value"] <= 1
    assert rates["counts"]["mated"] == mated.sum()


@pytest.mark.parametrize("scores", [[0.5, 0.5, 0.5, 0.5], [1, 2, np.nan, np.nan], [3, 3, 1, 1]])
def test_odd_systems_are_drawn(scores: list[float]) -> None:
    made = unlabelled(np.array(scores), np.array([True, True, False, False]))
    systems = [measure_system(file_of(made, name), resamples=10) for name in ("a", "b $x_1$")]
    named = [(system.name, system.rates) for system in systems]
    for figure in (det_of(named, "t"), roc_of(systems, "t"), histograms_of(systems, "t")):
        figure.canvas.draw()
        assert len(figure.axes) >= 1


def test_one_kind_of_comparison_is_refused() -> None:
    alone = file_of(unlabelled(np.ones(3), np.ones(3, dtype=bool)))
    with pytest.raises(DatasetError, match="all comparisons are mated"):
        measure_system(alone)


def test_one_subject_has_no_interval() -> None:
    made = listed(["a"] * 4, ["a"] * 4, np.array([3.0, 2, 1, 0]), np.array([1, 1, 0, 0]))
    system = measure_system(file_of(made), llr=True, resamples=10)
    assert system.rates.eer.value == 0 and system.rates.eer.low is None
    assert system.d_prime.value is not None and system.d_prime.low is None
    assert system.min_cllr.low is None
    det_of([("a", system.rates)], "t").canvas.draw()
    roc_of([system], "t").canvas.draw()
