"""Thresholds for identification among N references."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fusion.made_up import model
from twofold.errors import OptionError
from twofold.fusion.model import FusionModel
from twofold.fusion.trained import LogisticRule
from twofold.gallery.identification import highest_ratio, largest_gallery, threshold_for

MODEL = model()
WAYS = [("face", None), ("iris", "nir"), ("face+iris", "nir")]


def without_points(whole: FusionModel, beyond: float, of: str = "") -> FusionModel:
    """The model with no threshold of a combination, or of any, for FMRs below `beyond`."""
    kept = tuple(
        replace(
            one, points=tuple(p for p in one.points if p.fmr >= beyond or of not in one.combination)
        )
        for one in whole.thresholds
    )
    return replace(whole, thresholds=kept)


@pytest.mark.parametrize(("combination", "light"), WAYS)
def test_a_measured_threshold_of_this_fmr_or_the_next_stricter_is_taken(
    combination: str, light: "None"
) -> None:
    measured = MODEL.threshold(combination.split("+"), light)
    exact = threshold_for(MODEL, combination, light, 0.01, 10)  # FMR 0.001
    assert exact.kind == "measured" and exact.llr == measured.at(1e-3).llr
    assert exact.fmr_needed == pytest.approx(1e-3) and "made up" in exact.source
    between = threshold_for(MODEL, combination, light, 0.05, 10)  # FMR 0.005
    assert between.llr == measured.at(1e-3).llr
    assert threshold_for(MODEL, combination, light, 0.1, 10).llr == measured.at(1e-2).llr
    assert threshold_for(MODEL, combination, light, 0.9, 1).llr == measured.at(1e-1).llr
    assert "FMR 0.001 (measured)" in str(exact)


def test_beyond_what_was_measured_one_modality_has_the_bound_of_likelihood_ratios() -> None:
    found = threshold_for(MODEL, "face", None, 0.01, 20)  # FMR 0.0005, measured to 0.001
    assert found.kind == "bound"
    assert found.llr == pytest.approx(math.log(20 / 0.01))
    assert "made up" in found.source and "no FMR below" in found.source


def test_a_bound_is_never_below_the_strictest_measured_threshold() -> None:
    strict = replace(MODEL.thresholds[0], points=(replace(MODEL.thresholds[0].at(1e-3), llr=7.7),))
    odd = replace(MODEL, thresholds=(strict, *MODEL.thresholds[1:]))
    assert threshold_for(odd, "face", None, 0.01, 11).llr == 7.7


def test_the_bound_of_a_sum_is_lower_and_holds_for_independent_ratios() -> None:
    few = without_points(MODEL, 1e-2, "face+iris")
    rng = np.random.default_rng(5)
    face, iris = MODEL.calibrations
    total = face.llr(rng.normal(size=2_000_000)) + iris.llr(rng.normal(size=2_000_000))
    gained = []
    for fmr in (3e-3, 1e-3, 1e-4, 1e-5):
        found = threshold_for(few, "face+iris", "nir", fmr, 1)
        assert found.kind == "bound"
        gained.append(-math.log(fmr) - found.llr)
        assert (total >= found.llr).mean() <= fmr
    assert min(gained) >= 0 and max(gained) > 1


def test_both_eyes_reach_further_than_one() -> None:
    one, two = (highest_ratio(MODEL, "iris", "nir", eyes=eyes) for eyes in (1, 2))
    assert two == pytest.approx(2 * one)
    size = largest_gallery(MODEL, "iris", "nir", 0.01)
    assert size is not None
    with pytest.raises(OptionError, match="give both eyes, named left and right"):
        threshold_for(MODEL, "iris", "nir", 0.01, 3 * size)
    assert threshold_for(MODEL, "iris", "nir", 0.01, 3 * size, eyes=2).llr > one


def test_what_a_combination_cannot_say_is_refused_with_what_can_be_done() -> None:
    with pytest.raises(OptionError) as refused:
        threshold_for(MODEL, "face", None, 0.01, 1_000)
    told = str(refused.value)
    size = largest_gallery(MODEL, "face", None, 0.01)
    assert size is not None
    assert told.startswith("face: FPIR 0.01 among 1,000 subjects needs")
    assert f"Search among {size} subjects at most" in told
    assert "or give the iris too" in told
    rate = float(told.split("ask for an FPIR of ")[1].split()[0])
    assert threshold_for(MODEL, "face", None, rate, 1_000).kind == "bound"
    assert threshold_for(MODEL, "face", None, 0.01, size).llr <= highest_ratio(MODEL, "face", None)
    alone = FusionModel(MODEL.calibrations[:1], thresholds=MODEL.thresholds[:1])
    with pytest.raises(OptionError) as refused:
        threshold_for(alone, "face", None, 1e-6, 1_000_000)
    assert "iris" not in str(refused.value) and "twofold calibrate" in str(refused.value)


@settings(max_examples=40, deadline=None)
@given(
    way=st.sampled_from(WAYS),
    fpir=st.floats(1e-4, 0.5),
    size=st.integers(1, 10**6),
    eyes=st.sampled_from([1, 2]),
)
def test_thresholds_rise_with_the_number_until_the_largest(
    way: tuple[str, "None"], fpir: float, size: int, eyes: int
) -> None:
    most = largest_gallery(MODEL, *way, fpir, eyes=eyes)
    assert most is not None
    if size > most:
        with pytest.raises(OptionError):
            threshold_for(MODEL, *way, fpir, size, eyes=eyes)
        return
    here = threshold_for(MODEL, *way, fpir, size, eyes=eyes)
    assert here.llr <= highest_ratio(MODEL, *way, eyes=eyes) * (1 + 1e-6)
    assert here.fmr_needed * size == pytest.approx(fpir)
    assert here.llr >= threshold_for(MODEL, *way, fpir, max(1, size // 2), eyes=eyes).llr


def test_under_a_trained_rule_the_plain_bound_holds_and_no_size_is_refused() -> None:
    weights = {"face": (1.0,), "iris": (1.0,), "face+iris": (0.9, 1.1)}
    rule = LogisticRule(weights, dict.fromkeys(weights, 0.0))
    other = replace(model(rule), rule=rule)
    assert highest_ratio(other, "face+iris", "nir") == math.inf
    assert largest_gallery(other, "face+iris", "nir", 0.01) is None
    found = threshold_for(other, "face+iris", "nir", 0.01, 10**6)
    assert found.llr == pytest.approx(math.log(10**8))


def test_no_point_at_all_leaves_the_bound() -> None:
    none = without_points(MODEL, 1.0)
    found = threshold_for(none, "iris", "nir", 0.1, 10)
    assert found.kind == "bound" and found.llr == pytest.approx(math.log(100))
    alone = replace(none, thresholds=none.thresholds[2:])  # of both together only
    assert threshold_for(alone, "face+iris", "nir", 0.1, 10).llr <= math.log(100) + 0.01


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"fpir": 0.0}, "FPIR 0"), ({"fpir": 1.0}, "FPIR 1"), ({"fpir": math.nan}, "FPIR nan"),
        ({"references": 0}, "0 references"), ({"eyes": 3}, "eyes 3"),
        ({"combination": "voice"}, "expected face, iris or face+iris"),
        ({"combination": "face+face"}, "expected face, iris or face+iris"),
        ({"combination": "iris", "light": "visible"}, "no threshold was measured"),
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(change: dict[str, object], word: str) -> None:
    right = {"combination": "face", "light": None, "fpir": 0.01, "references": 10, "eyes": 1}
    asked = right | change
    with pytest.raises(OptionError, match=re.escape(word)):
        threshold_for(
            MODEL, asked["combination"], asked["light"], asked["fpir"], asked["references"],
            eyes=asked["eyes"],
        )  # fmt: skip


def test_the_shipped_model_carries_what_the_guide_says() -> None:
    from pathlib import Path

    import twofold
    from twofold.fusion.model import load

    shipped = load(Path(twofold.__file__).parent / "fusion" / "default.json")
    assert threshold_for(shipped, "face", None, 0.01, 1_000).kind == "measured"
    with pytest.raises(OptionError, match="give the iris too"):
        threshold_for(shipped, "face", None, 0.01, 10_000)
    fused = threshold_for(shipped, "face+iris", "visible", 0.001, 100_000)
    assert fused.kind == "bound" and fused.llr < math.log(1e8)
