"""d-prime, Cllr and minCllr: closed forms, other definitions, and their intervals."""

import numpy as np
import pytest
from test_verification_rates import gaussian

from twofold.evaluation.verification.comparisons import unlabelled
from twofold.evaluation.verification.separation import Pairs, cllr, d_prime, min_cllr
from twofold.fusion.cost import min_cllr as least_cost


def test_d_prime_of_normal_scores() -> None:
    found = d_prime(gaussian(80, 4, apart=2.5))
    assert found.value == pytest.approx(2.5, abs=0.15)
    assert found.low < 2.5 < found.high
    assert found.high - found.low < 0.5


def test_cllr_of_true_likelihood_ratios_is_near_the_least_possible() -> None:
    made = gaussian(60, 4, apart=2)
    truth = type(made)(
        made.people, made.first, made.second, (2 * made.score - 2).astype(np.float32), made.mated
    )  # natural logarithm of the ratio of two normals 2 apart
    cost, least = cllr(truth), min_cllr(truth, resamples=60)
    assert least.value <= cost.value < least.value + 0.03
    assert cost.low < cost.value < cost.high and least.low < least.value < least.high
    # A useless system costs one bit, an overconfident one more.
    assert cllr(gaussian(30, 3, apart=0)).value > 1
    none = unlabelled(np.zeros(10), np.arange(10) < 5)
    assert cllr(none, resamples=5).value == pytest.approx(1)
    assert min_cllr(none, resamples=5).value == pytest.approx(1)


def test_min_cllr_does_not_change_with_the_scale() -> None:
    made = gaussian(20, 3, apart=1)
    other = type(made)(made.people, made.first, made.second, np.exp(made.score), made.mated)
    assert min_cllr(made, resamples=2).value == pytest.approx(min_cllr(other, resamples=2).value)
    pairs = Pairs.of(made)
    weights = pairs.weights(np.ones(20))
    assert np.array_equal(weights, np.ones(len(made.score)))
    assert min_cllr(made, resamples=2).value == pytest.approx(least_cost(made.score, made.mated))


def test_weights_are_products_across_and_plain_within() -> None:
    pairs = Pairs.of(gaussian(3, 2, apart=1))
    weighting = np.array([2.0, 0.0, 3.0])
    for first, second, weight in zip(
        pairs.first, pairs.second, pairs.weights(weighting), strict=True
    ):
        expected = weighting[first] * (1 if first == second else weighting[second])
        assert weight == expected


def test_nothing_to_compare_is_refused() -> None:
    alone = unlabelled(np.array([1.0, 2.0]), np.array([True, True]))
    for function in (d_prime, cllr, min_cllr):
        assert function(alone).refused
    constant = unlabelled(np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, True, False, False]))
    assert "equal" in str(d_prime(constant).refused)
