"""Ready-made lists of comparisons: rates as of the full table, and as of copies written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verification_rates import crossing, gaussian

from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Listed, count, listed, unlabelled
from twofold.evaluation.verification.intervals import (
    bounds,
    clopper_pearson,
    draw_comparisons,
    rate,
    wilson,
)
from twofold.evaluation.verification.rates import apply_threshold, error_rates
from twofold.evaluation.verification.subgroup_columns import spread_out


def test_a_list_of_all_pairs_is_measured_as_the_table_is() -> None:
    table = gaussian(25, 3, apart=2, eyes=2, failing=0.1)
    made, _, _ = spread_out(table)
    assert count(made) == count(table)
    ours, theirs = error_rates(made), error_rates(table)
    assert ours.eer.value == pytest.approx(theirs.eer.value, abs=1e-12)
    assert (ours.eer.low, ours.eer.high) == pytest.approx((theirs.eer.low, theirs.eer.high))
    for one, other in zip(ours.points, theirs.points, strict=True):
        assert one.threshold == other.threshold
        assert one.false_matches == other.false_matches
        if one.fnmr.value is not None:
            assert one.fnmr.low == pytest.approx(other.fnmr.low)
            assert one.fnmr.high == pytest.approx(other.fnmr.high)
    assert np.allclose(ours.det.high, theirs.det.high)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    subjects=st.integers(2, 5),
    number=st.integers(2, 30),
    coarse=st.booleans(),
)
def test_walking_a_list_equals_writing_out_every_copy(
    seed: int, subjects: int, number: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=number)
    score = np.round(score) if coarse else score
    score[rng.random(number) < 0.1] = np.nan
    first, second = rng.integers(0, subjects, (2, number)).astype(np.int32)
    mated = (first == second) & (rng.random(number) < 0.7)  # two eyes: one subject, not mated
    made = Listed(tuple("abcde"[:subjects]), first, second, score, mated)
    weights = rng.integers(0, 3, (6, subjects)).astype(np.float64)
    fmr = np.array([0.05, 0.3])
    eer, fnmr = walk.eer_and_fnmr(walk.sort(made), weights, fmr)
    for r, weight in enumerate(weights.astype(int)):
        times = np.where(first == second, weight[first], weight[first] * weight[second])
        copies = np.repeat(np.arange(number), times)
        known = np.where(np.isnan(score), -np.inf, score)[copies]
        of_mated, of_other = known[mated[copies]], known[~mated[copies]]
        if not of_mated.size or not of_other.size:
            assert np.isnan(eer[r])
            continue
        points = [
            ((of_other >= t).mean(), (of_mated < t).mean())
            for t in sorted({*of_mated, *of_other} - {-np.inf}, reverse=True)
        ]
        assert eer[r] == pytest.approx(crossing(points))
        for g, wanted in enumerate(fmr):
            allowed = [missed for false, missed in points if false <= wanted + 1e-12]
            assert fnmr[r, g] == pytest.approx(min(allowed, default=1.0))


def test_without_labels_comparisons_are_resampled_each_kind_apart() -> None:
    rng = np.random.default_rng(1)
    score = np.concatenate([rng.normal(2, 1, 400), rng.normal(0, 1, 3_000)])
    made = unlabelled(score, np.arange(3_400) < 400)
    blocks = list(draw_comparisons(made, 50, 3))
    drawn = np.concatenate(blocks)
    assert drawn.shape == (50, 3_400)
    assert (drawn[:, :400].sum(axis=1) == 400).all()
    assert (drawn[:, 400:].sum(axis=1) == 3_000).all()
    again = np.concatenate(list(draw_comparisons(made, 50, 3)))
    assert np.array_equal(drawn, again)
    rates = error_rates(made)
    assert rates.subjects == 0
    assert rates.eer.low < 0.1587 < rates.eer.high  # that of two normals 2 apart
    # Independent comparisons: near Wilson's interval for 400 trials, a bit wider for the threshold.
    low, high = wilson(rates.points[0].fnmr.value, 400, 1.96)
    point = rates.points[0].fnmr
    assert point.low == pytest.approx(low, abs=0.01) and point.high == pytest.approx(high, abs=0.02)


def test_no_error_still_has_an_upper_bound() -> None:
    rates = error_rates(gaussian(30, 3, apart=30))
    assert rates.eer.value == 0 and rates.eer.low == 0
    bound = 1 - 0.025 ** (1 / 30)  # one trial a subject
    assert rates.eer.high == pytest.approx(bound)
    assert rates.points[0].fnmr.high == pytest.approx(bound)
    assert rates.failure.value == 0 and rates.failure.high == pytest.approx(bound)


def test_a_laxer_threshold_is_bounded_by_a_stricter_one() -> None:
    made = gaussian(40, 5, apart=5, seed=3)
    rates = error_rates(made)
    strict, lax = rates.points[2].fnmr, rates.points[0].fnmr
    assert strict.value > 0 and lax.value == 0
    assert 0 < lax.high <= strict.high  # and not 3.7 / 40


def test_no_false_match_leans_on_a_lower_threshold() -> None:
    made = gaussian(60, 3, apart=4)
    point = error_rates(made).points[0]
    above = float(made.score[~made.mated].max()) + 1
    far = type(point)(1e-6, point.fnmr, threshold=above)
    applied = apply_threshold(made, far)
    assert applied is not None and applied.fmr.value == 0 and applied.fmr.low == 0
    trials = count(made).non_mated
    assert 3 / trials < applied.fmr.high < 1e-2  # wider than independent, far below 3.7 / 60


def test_wilson_and_clopper_pearson_are_the_textbooks() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
    assert wilson(81 / 263, 263, 1.959964) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert clopper_pearson(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert clopper_pearson(0, 20) == pytest.approx((0, 0.1684), abs=5e-5)
    assert clopper_pearson(20, 20) == pytest.approx((0.8316, 1), abs=5e-5)


def test_bounds_hold_the_value_and_need_two_subjects() -> None:
    rng = np.random.default_rng(0)
    drawn = np.clip(rng.normal(0.2, 0.05, (500, 1)), 0, 1)
    low, high = bounds(np.array([0.2]), drawn, 40)
    assert 0 < low[0] < 0.2 < high[0] < 1
    few, many = bounds(np.array([0.2]), drawn, 5), (low, high)
    assert few[0][0] < many[0][0] and few[1][0] > many[1][0]  # Student's quantile
    assert np.isnan(bounds(np.array([0.2]), drawn, 1)[0][0])
    assert rate(0.2, drawn[:0, 0], 40).low is None
    drawn[:5] = np.nan
    assert rate(0.2, drawn[:, 0], 40).low == pytest.approx(low[0], abs=0.01)


def test_names_make_numbers_and_parts_keep_their_people() -> None:
    made = listed(["b", "a", "b"], ["b", "b", "c"], np.array([1, 2, 3]), np.array([1, 0, 0]))
    assert made.subjects == ("b", "a", "c")
    part = made.chosen(np.array([False, True, False]))
    assert (
        part.subjects == ("b", "a") and part.first.tolist() == [1] and part.second.tolist() == [0]
    )
