"""From scores to log-likelihood ratios."""

import dataclasses
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from tests.fusion import made_up
from twofold.errors import OptionError
from twofold.fusion.calibration import Calibration, calibrate
from twofold.fusion.cost import cllr, min_cllr
from twofold.fusion.curves import IsotonicCurve
from twofold.fusion.fitting import fit_logistic, supported

METHODS: tuple[Literal["logistic", "isotonic"], ...] = ("logistic", "isotonic")


def fit(scores: object, mated: object, **options: object) -> Calibration:
    return calibrate(scores, mated, modality="face", contract="c", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_normal_scores_give_their_own_ratio(method: Literal["logistic", "isotonic"]) -> None:
    apart = 2.0
    scores, mated = made_up.normal(5, apart, 20_000, 40_000)
    where = np.linspace(-0.5, 2.5, 13)
    truth = norm.logpdf(where, apart) - norm.logpdf(where)
    found = fit(scores, mated, method=method).llr(where)
    assert_allclose(found, truth, atol=0.12 if method == "logistic" else 0.4)


@pytest.mark.parametrize("method", METHODS)
def test_calibration_costs_little_on_other_people(method: Literal["logistic", "isotonic"]) -> None:
    fitted = fit(*made_up.normal(1, 3.0, missed=0.02), method=method)
    scores, mated = made_up.normal(2, 3.0, missed=0.02)
    least = min_cllr(scores, mated)
    assert least <= cllr(fitted.llr(scores), mated) < least + 0.02
    assert fitted.card.min_cllr <= fitted.card.cllr < fitted.card.min_cllr + 0.02


@settings(deadline=None)
@given(
    st.sampled_from(METHODS),
    st.integers(0, 99),
    st.floats(0, 6),
    st.floats(0, 100) | st.just(float("nan")),
    st.lists(st.floats(-50, 50), min_size=2, max_size=20),
)
def test_ratios_never_fall_with_the_score(
    method: Literal["logistic", "isotonic"],
    seed: int,
    apart: float,
    quality: float,
    where: list[float],
) -> None:
    scores, mated = made_up.normal(seed, apart, 25, 60, missed=0.1)
    qualities = np.random.default_rng(seed).uniform(0, 100, len(scores))
    fitted = fit(scores, mated, method=method, quality=qualities)
    ratios = fitted.llr(np.sort(where), quality)
    assert np.isfinite(ratios).all()
    assert (np.diff(ratios) >= -1e-9).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_ratio_claims_more_than_the_comparisons_carry(
    method: Literal["logistic", "isotonic"],
) -> None:
    scores, mated = made_up.normal(3, 30.0, 60, 600)  # nothing in between: only the counts bound it
    fitted = fit(scores, mated, method=method)
    low, high = supported(60, 600)
    assert_allclose([low, high], [-np.log(20), np.log(200)])
    extremes = fitted.llr([-1e6, 1e6])
    assert high - 0.1 <= extremes[1] <= high
    assert low - 0.01 <= extremes[0] < 0
    thrice = fit(scores, mated, method=method, repeats=3)
    assert np.log(200 / 3) - 0.3 <= thrice.llr([1e6])[0] <= np.log(200 / 3)
    assert (thrice.card.mated, thrice.card.non_mated) == (20, 200)


def test_with_hardly_a_comparison_nothing_is_claimed() -> None:
    for method in METHODS:
        fitted = fit([1.0, 0.0], [True, False], method=method)
        assert_allclose(fitted.llr([-9.0, 9.0]), 0, atol=1.0)
        assert fitted.card.lowest_fmr == 1.0


def test_a_failed_iris_bounds_what_a_non_match_says() -> None:
    scores, mated = made_up.normal(7, 8.0, 2000, 20_000, missed=0.05)
    lowest = fit(scores, mated).llr([-5.0])[0]
    assert lowest == pytest.approx(np.log(0.05), abs=0.25)
    whole, labels = made_up.normal(7, 8.0, 2000, 20_000)
    assert fit(whole, labels).llr([-5.0])[0] < lowest - 2


def test_poor_quality_takes_weight_from_a_non_match_and_little_from_a_match() -> None:
    drawn = np.random.default_rng(0)
    quality = drawn.uniform(0, 100, 8000)
    mated = np.arange(8000) < 3000
    shown = drawn.random(8000) > 1 / (1 + np.exp(0.05 * quality))
    scores = drawn.normal(0, 1, 8000) + 8.0 * (mated & shown)
    fitted = fit(scores, mated, quality=quality)
    bad, good = fitted.llr([-2.0, -2.0], [5.0, 95.0])
    assert good < bad - 2 and bad > -1.5
    match = fitted.llr([9.0, 9.0], [5.0, 95.0])
    assert abs(match[0] - match[1]) < 1.5
    unknown = fitted.llr([-2.0, -2.0], [np.nan, fitted.curve.quality])  # type: ignore[union-attr]
    assert unknown[0] == unknown[1] == fitted.llr([-2.0])[0]


def test_without_qualities_none_matters() -> None:
    fitted = fit(*made_up.normal(1))
    assert_array_equal(fitted.llr([1.0, 1.0], [0.0, 100.0]), fitted.llr([1.0, 1.0]))


@pytest.mark.parametrize("method", METHODS)
def test_shapes_and_missing_scores_come_back(method: Literal["logistic", "isotonic"]) -> None:
    fitted = fit(*made_up.normal(1), method=method)
    assert fitted.llr(2.0).shape == ()
    grid = np.array([[0.0, np.nan], [4.0, 5.0]])
    ratios = fitted.llr(grid, [50.0, 60.0])
    assert ratios.shape == grid.shape and ratios.dtype == np.float64
    assert_array_equal(np.isnan(ratios), np.isnan(grid))


@pytest.mark.parametrize("method", METHODS)
def test_missing_scores_do_not_count(method: Literal["logistic", "isotonic"]) -> None:
    scores, mated = made_up.normal(4)
    holes = np.append(scores, [np.nan] * 9)
    with_holes = fit(holes, np.append(mated, [True] * 9), method=method)
    assert with_holes == fit(scores, mated, method=method)


def test_weights_are_as_good_as_copies() -> None:
    scores, mated = made_up.normal(4, 2.0, 50, 90)
    weights = np.where(np.arange(140) % 2, 2.0, 1.0)
    twice = np.repeat(np.arange(140), weights.astype(int))
    weighed = fit_logistic(scores, mated, weights, None, -3.0, 3.0)
    copied = fit_logistic(scores[twice], mated[twice], None, None, -3.0, 3.0)
    where, nothing = np.array([-1.0, 1.0, 3.0]), np.full(3, np.nan)
    assert_allclose(weighed.llr(where, nothing), copied.llr(where, nothing), atol=0.02)


def test_the_gradient_is_that_of_the_cost() -> None:
    """Were it not, the fit would end early: a nearby curve would cost less."""
    scores, mated = made_up.normal(9, 2.0, 300, 900, missed=0.05)
    quality = np.random.default_rng(1).uniform(0, 100, 1200)
    curve = fit_logistic(scores, mated, None, quality, -9.0, 5.0)
    least = cllr(curve.llr(scores, quality), mated)
    for other in (
        dataclasses.replace(curve, slope=curve.slope * 1.03),
        dataclasses.replace(curve, slope=curve.slope / 1.03),
        dataclasses.replace(curve, intercept=curve.intercept + 0.05),
        dataclasses.replace(curve, missed=(curve.missed[0] + 0.1, curve.missed[1])),
        dataclasses.replace(curve, missed=(curve.missed[0], curve.missed[1] - 0.1)),
    ):
        assert cllr(other.llr(scores, quality), mated) > least - 1e-5


def test_isotonic_steps_are_level_beyond_the_scores_seen() -> None:
    curve = fit(*made_up.normal(4), method="isotonic").curve
    assert isinstance(curve, IsotonicCurve)
    assert list(curve.score) == sorted(set(curve.score))
    ends = curve.llr(np.array([-1e9, curve.score[0], curve.score[-1], 1e9]), np.full(4, np.nan))
    assert ends[0] == ends[1] and ends[2] == ends[3]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"method": "beta"}, "method 'beta'"),
        ({"quality": [1.0]}, r"qualities \(1,\)"),
        ({"weights": [1.0]}, r"weights \(1,\)"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], wrong: str) -> None:
    with pytest.raises(OptionError, match=wrong):
        fit([1.0, 2.0, 3.0], [True, False, False], **options)


def test_infinite_scores_are_refused() -> None:
    with pytest.raises(OptionError, match="infinite"):
        fit([np.inf, 0.0], [True, False])


def test_the_tails_say_how_common_a_score_is() -> None:
    fitted = fit(*made_up.normal(3, 6.0, 900, 30_000))
    share, bound = fitted.non_mated.at(float(norm.isf(1e-3)))
    assert share == pytest.approx(1e-3, rel=0.25) and not bound
    share, bound = fitted.non_mated.at(50.0)
    assert share == pytest.approx(3 / 30_000) and bound
    assert fitted.non_mated.at(-5.0) == (1.0, True)
    share, bound = fitted.mated.at(-50.0)
    assert share == pytest.approx(3 / 900) and bound
