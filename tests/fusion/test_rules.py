"""Rules that make one ratio of several."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from twofold.errors import OptionError
from twofold.fusion.cost import cllr
from twofold.fusion.rules import Rule, SumRule
from twofold.fusion.trained import GaussianMixtureRule, LogisticRule

NAN = float("nan")
RATIO = st.floats(-20, 20) | st.just(NAN)


def made_up(seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Ratios of normal scores, whose sum is right."""
    drawn = np.random.default_rng(seed)
    mated = np.arange(3000) < 1000
    ratios = {}
    for name, apart in (("face", 2.0), ("iris", 3.0)):
        scores = drawn.normal(0, 1, 3000) + apart * mated
        ratios[name] = apart * scores - apart**2 / 2
    return ratios, mated


RULES: tuple[Callable[[], Rule], ...] = (
    SumRule,
    lambda: LogisticRule.fit(*made_up()),
    lambda: GaussianMixtureRule.fit(*made_up(), components=1),
)


@given(RATIO, RATIO)
def test_the_sum_takes_what_is_there(face: float, iris: float) -> None:
    fused = float(SumRule().fuse({"face": np.array(face), "iris": np.array(iris)}))
    there = [one for one in (face, iris) if not np.isnan(one)]
    assert fused == sum(there) if there else np.isnan(fused)


@pytest.mark.parametrize("make", RULES)
def test_each_rule_answers_with_a_modality_missing(make: Callable[[], Rule]) -> None:
    rule = make()
    face = np.array([[5.0, NAN], [5.0, NAN]])
    iris = np.array([[6.0, 6.0], [NAN, NAN]])
    fused = rule.fuse({"face": face, "iris": iris})
    assert fused.shape == (2, 2)
    assert_array_equal(np.isnan(fused), [[False, False], [False, True]])
    assert fused[0, 0] > max(fused[0, 1], fused[1, 0]) > 1
    assert_allclose(rule.fuse({"face": face[:, 0]})[0], fused[1, 0])
    backwards = rule.fuse({"iris": iris, "face": face})
    assert_array_equal(backwards, fused)


@pytest.mark.parametrize("make", RULES)
def test_each_rule_is_calibrated_on_other_people(make: Callable[[], Rule]) -> None:
    ratios, mated = made_up(1)
    fused = make().fuse(ratios)
    assert cllr(fused, mated) < 1.1 * cllr(ratios["face"] + ratios["iris"], mated)
    assert cllr(fused, mated) < min(cllr(ratios["face"], mated), cllr(ratios["iris"], mated))


def test_trained_rules_find_the_sum_where_it_is_right() -> None:
    ratios, mated = made_up(2)
    logistic = LogisticRule.fit(ratios, mated)
    assert set(logistic.weights) == {"face", "iris", "face+iris"}
    assert_allclose(logistic.weights["face+iris"], [1, 1], atol=0.2)
    mixture = GaussianMixtureRule.fit(ratios, mated, components=1)
    points = {"face": np.array([0.0, 3.0]), "iris": np.array([1.0, -2.0])}
    assert_allclose(mixture.fuse(points), SumRule().fuse(points), atol=0.5)
    assert_allclose(mixture.fuse({"iris": points["iris"]}), points["iris"], atol=0.5)


def test_a_logistic_rule_learns_which_modality_to_trust() -> None:
    ratios, mated = made_up(3)
    noise = np.random.default_rng(0).normal(0, 3, len(mated))
    rule = LogisticRule.fit({"face": ratios["face"], "iris": noise}, mated)
    face, iris = rule.weights["face+iris"]
    assert face > 0.8 and abs(iris) < 0.1


@pytest.mark.parametrize("rule", [LogisticRule, GaussianMixtureRule])
def test_training_needs_both_kinds(rule: type[LogisticRule] | type[GaussianMixtureRule]) -> None:
    with pytest.raises(OptionError, match="mated"):
        rule.fit({"face": np.zeros(5), "iris": np.zeros(5)}, np.zeros(5, bool))
    with pytest.raises(OptionError, match="one label for each"):
        rule.fit({"face": np.zeros(5), "iris": np.zeros(5)}, np.zeros(4, bool))
    nothing = {"face": np.arange(6.0), "iris": np.full(6, NAN)}
    with pytest.raises(OptionError, match="iris"):
        rule.fit(nothing, np.arange(6) < 3)


@pytest.mark.parametrize("make", RULES)
def test_nothing_or_unlike_shapes_are_refused(make: Callable[[], Rule]) -> None:
    with pytest.raises(OptionError, match="no modality"):
        make().fuse({})
    with pytest.raises(OptionError, match="one shape"):
        make().fuse({"face": np.zeros(2), "iris": np.zeros(3)})


@pytest.mark.parametrize("make", RULES[1:])
def test_a_modality_that_was_not_fitted_is_refused(make: Callable[[], Rule]) -> None:
    with pytest.raises(OptionError, match="gait"):
        make().fuse({"gait": np.zeros(2)})
