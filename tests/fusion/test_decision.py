"""Decisions, contradictions, and what is said about them."""

import numpy as np
import pytest

from tests.fusion import made_up
from twofold.errors import OptionError
from twofold.fusion.decision import Evidence, Policy
from twofold.fusion.model import FusionModel
from twofold.fusion.wording import STRONG_MATCH, STRONG_NON_MATCH, contradicts, one_in

MODEL = made_up.model()


def seen(model: FusionModel, face: float | None, iris: float | None) -> list[Evidence]:
    found = []
    if face is not None:
        found.append(model.evidence("face", face))
    if iris is not None:
        found.append(model.evidence("iris", iris, light="nir"))
    return found


@pytest.mark.parametrize(
    ("face", "iris", "combination"),
    [(4.0, None, "face"), (None, 4.0, "iris"), (4.0, 4.0, "face+iris")],
)
def test_each_combination_has_its_own_threshold(
    face: float | None, iris: float | None, combination: str
) -> None:
    told = MODEL.decide(seen(MODEL, face, iris), Policy(1e-2))
    assert told.match and told.combination == combination and not told.contradiction
    measured = next(one for one in MODEL.thresholds if one.combination == combination)
    assert told.threshold == measured.at(1e-2).llr and told.fnmr == measured.at(1e-2).fnmr
    assert told.threshold_source == str(measured)
    assert told.words.startswith("Match.") and "reaches the threshold" in told.words
    refused = [None if score is None else score - 5 for score in (face, iris)]
    away = MODEL.decide(seen(MODEL, *refused), Policy(1e-2))
    assert not away.match and away.words.startswith("No match.")


def test_the_fused_ratio_is_the_sum_of_those_of_the_modalities() -> None:
    both = seen(MODEL, 2.0, 3.0)
    assert MODEL.decide(both, Policy(1e-2)).llr == pytest.approx(sum(one.llr for one in both))
    assert MODEL.decide(both[::-1], Policy(1e-2)).llr == pytest.approx(
        MODEL.decide(both, Policy(1e-2)).llr
    )


def test_a_threshold_itself_is_a_match() -> None:
    limit = MODEL.thresholds[0].at(1e-2).llr
    at = Evidence("face", 0.0, limit)
    below = Evidence("face", 0.0, float(np.nextafter(limit, -np.inf)))
    assert MODEL.decide([at], Policy(1e-2)).match
    assert not MODEL.decide([below], Policy(1e-2)).match


def test_a_stolen_modality_is_flagged_and_refused() -> None:
    stolen = seen(MODEL, 9.0, -2.0)
    assert stolen[0].llr >= STRONG_MATCH and stolen[1].llr <= STRONG_NON_MATCH
    refused = MODEL.decide(stolen, Policy(1e-1))
    assert refused.contradiction and not refused.match
    assert refused.llr >= refused.threshold, "the sum alone would have let it in"
    assert "CONTRADICTION: the face strongly matches and the iris strongly" in refused.words
    assert "stolen face" in refused.words and "refuses such a match" in refused.words
    flagged = MODEL.decide(stolen, Policy(1e-1, contradiction="flag"))
    assert flagged.contradiction and flagged.match and "CONTRADICTION" in flagged.words
    assert "refuses" not in flagged.words
    other = MODEL.decide(seen(MODEL, -2.0, 9.0), Policy(1e-1))
    assert other.contradiction and "stolen iris" in other.words


@pytest.mark.parametrize(("face", "iris"), [(9.0, 9.0), (-2.0, -2.0), (9.0, 2.0), (9.0, None)])
def test_agreeing_or_weak_evidence_contradicts_nothing(face: float, iris: float | None) -> None:
    told = MODEL.decide(seen(MODEL, face, iris), Policy(1e-2))
    assert not told.contradiction and "CONTRADICTION" not in told.words
    assert not contradicts([])


def test_an_fmr_that_was_not_measured_is_refused() -> None:
    for fmr in (5e-3, 1e-6):
        with pytest.raises(OptionError, match=f"FMR {fmr:g}: no threshold of face"):
            MODEL.decide(seen(MODEL, 4.0, None), Policy(fmr))


@pytest.mark.parametrize("fmr", [0.0, 1.0, -1.0, float("nan"), 7.0])
def test_a_policy_needs_a_rate(fmr: float) -> None:
    with pytest.raises(OptionError, match="FMR"):
        Policy(fmr)


def test_a_policy_knows_two_ways_with_contradictions() -> None:
    with pytest.raises(OptionError, match="flag or refuse"):
        Policy(1e-3, contradiction="ignore")  # type: ignore[arg-type]


def test_one_of_each_modality_is_decided_on() -> None:
    with pytest.raises(OptionError, match="no modality"):
        MODEL.decide([], Policy(1e-2))
    with pytest.raises(OptionError, match="face, face"):
        MODEL.decide(seen(MODEL, 4.0, None) * 2, Policy(1e-2))


def test_evidence_needs_a_calibration_and_a_score() -> None:
    with pytest.raises(OptionError, match=r"iris \(visible light\): there is no calibration"):
        MODEL.evidence("iris", 4.0, light="visible")
    with pytest.raises(OptionError, match="iris: there is no calibration"):
        MODEL.evidence("iris", 4.0)
    with pytest.raises(OptionError, match="not a number"):
        MODEL.evidence("face", float("nan"))


def test_a_calibration_for_any_light_holds_where_there_is_no_other() -> None:
    anywhere = made_up.calibration("iris", None, seed=3)
    model = FusionModel((*MODEL.calibrations, anywhere))
    assert model.calibration("iris", "visible") is anywhere
    assert model.calibration("iris") is anywhere
    assert model.calibration("iris", "nir").light == "nir"
    with pytest.raises(OptionError, match="iris: no threshold was measured"):
        model.decide([model.evidence("iris", 4.0, light="visible")], Policy(1e-2))


def test_words_say_no_more_than_the_comparisons_support() -> None:
    far = MODEL.evidence("iris", 40.0, light="nir")
    assert far.words == (
        "The irises agree far more than different eyes do "
        "(fewer than 1 in 2,700 non-mated comparisons are as alike)."
    )
    assert far.non_mated_share == pytest.approx(3 / 8000)
    near = MODEL.evidence("face", 1.9)
    assert near.words.startswith("The faces say little either way (1 in ")
    away = MODEL.evidence("face", 0.0)
    assert (
        away.words
        == (
            "The faces agree no more than different people's do "
            "(1 in 200 mated comparisons is as unlike)."
        )
        or "mated comparisons" in away.words
    )
    assert away.mated_share is not None and away.mated_share < 0.02


def test_poor_quality_is_said_where_it_matters() -> None:
    scores, mated = made_up.normal(0)
    quality = np.random.default_rng(0).uniform(0, 100, len(scores))
    hidden = mated & (quality < 50) & (np.arange(len(scores)) % 3 == 0)
    from twofold.fusion.calibration import calibrate

    fitted = calibrate(
        np.where(hidden, scores - 4, scores), mated, modality="face", contract="c", quality=quality
    )
    model = FusionModel((fitted,))
    bad, good = (model.evidence("face", 0.0, quality=at) for at in (12.0, 90.0))
    assert bad.words.endswith("quality is 12 of 100, so a non-match weighs less.")
    assert "quality" not in good.words and bad.llr > good.llr
    assert "quality" not in MODEL.evidence("face", 0.0, quality=12.0).words, "fitted without"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.4, "1 in 2.5"), (0.5, "1 in 2"), (0.01, "1 in 100"), (1 / 2667, "1 in 2,700"),
     (2.5e-5, "1 in 40,000"), (1 / 191833, "1 in 190,000")],
)  # fmt: skip
def test_shares_have_two_digits(share: float, words: str) -> None:
    assert one_in(share) == words
