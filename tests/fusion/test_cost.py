"""Cllr and minCllr."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.fusion.made_up import normal
from twofold.errors import OptionError
from twofold.fusion.cost import cllr, min_cllr

MATED = np.array([True, True, False, False])


def test_perfect_ratios_cost_nothing_and_silent_ones_a_bit() -> None:
    assert cllr([np.inf, np.inf, -np.inf, -np.inf], MATED) == 0.0
    assert cllr(np.zeros(4), MATED) == pytest.approx(1.0)
    assert cllr([-9, -9, 9, 9], MATED) > 10, "worse than saying nothing"


def test_the_formula_of_bruemmer_and_du_preez() -> None:
    llr, mated = np.array([2.0, -1.0, 0.5, -3.0, -0.2]), np.array([1, 1, 0, 0, 0], bool)
    same = np.log2(1 + np.exp(-llr[mated])).mean()
    other = np.log2(1 + np.exp(llr[~mated])).mean()
    assert cllr(llr, mated) == pytest.approx((same + other) / 2)


def test_the_numbers_of_either_class_do_not_matter() -> None:
    llr = np.array([1.0, -1.0, -2.0])
    mated = np.array([True, False, False])
    often = np.concatenate([np.repeat(llr[:1], 50), llr[1:]])
    assert cllr(often, np.arange(52) < 50) == pytest.approx(cllr(llr, mated))


def test_min_cllr_of_separated_scores_is_zero_and_of_constant_ones_a_bit() -> None:
    assert min_cllr([5, 4, 3, 2], MATED) == 0.0
    assert min_cllr([7, 7, 7, 7], MATED) == pytest.approx(1.0)
    assert min_cllr([1, 2, 3, 4], MATED) == pytest.approx(1.0), "the wrong way round says nothing"


@settings(deadline=None)
@given(st.integers(0, 999), st.floats(0.2, 5), st.floats(-3, 3), st.floats(0.0, 4))
def test_min_cllr_is_the_least(seed: int, slope: float, shift: float, apart: float) -> None:
    scores, mated = normal(seed, apart, 30, 70)
    least = min_cllr(scores, mated)
    assert 0 <= least <= cllr(slope * scores + shift, mated) + 1e-9
    # Only the order counts.
    assert_allclose(min_cllr(np.exp(scores), mated), least, atol=1e-9)


def test_missing_comparisons_are_left_out() -> None:
    llr = np.array([1.0, np.nan, -1.0, np.nan])
    assert cllr(llr, MATED) == pytest.approx(cllr([1.0, -1.0], [True, False]))
    assert min_cllr(llr, MATED) == 0.0


@pytest.mark.parametrize(
    ("scores", "mated"),
    [
        ([1.0, 2.0], [True, True]),
        ([1.0, np.nan], [True, False]),
        ([], []),
        ([1.0, 2.0], [True]),
        ([[1.0, 2.0]], [[True, False]]),
    ],
)
def test_what_cannot_be_judged_is_refused(scores: list[float], mated: list[bool]) -> None:
    with pytest.raises(OptionError, match=r"mated|labels"):
        cllr(scores, mated)
    with pytest.raises(OptionError):
        min_cllr(scores, mated)
