"""Thresholds of combinations, and people put together by chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fusion import made_up
from twofold.errors import OptionError
from twofold.fusion.operating import CombinationThresholds, measure
from twofold.fusion.pairing import pair_comparisons


def of(llr: np.ndarray, mated: np.ndarray, pairings: int = 1) -> CombinationThresholds:
    return measure(llr, mated, combination="face", light=None, source="made up", pairings=pairings)


@given(st.integers(0, 50), st.booleans())
def test_no_threshold_lets_more_through_than_it_says(seed: int, coarse: bool) -> None:
    llr, mated = made_up.normal(seed, 3.0, 200, 4000)
    if coarse:
        llr = np.round(llr)  # ties at every threshold
    found = of(llr, mated)
    assert [point.fmr for point in found.points] == [1e-1, 1e-2, 1e-3]
    for point in found.points:
        assert (llr[~mated] >= point.llr).mean() == point.observed_fmr <= point.fmr
        assert (llr[mated] < point.llr).mean() == pytest.approx(point.fnmr)
        if not coarse:
            assert point.observed_fmr == pytest.approx(point.fmr), "nor fewer than need be"


def test_rates_that_the_comparisons_do_not_carry_have_none() -> None:
    llr, mated = made_up.normal(0, mated=20, non_mated=299)
    found = of(llr, mated)
    assert found.lowest_fmr == pytest.approx(3 / 299)
    with pytest.raises(OptionError, match=r"FMR 0\.01: no threshold.*there are 0\.1\b"):
        found.at(1e-2)
    assert found.at(0.1).fmr == 0.1


def test_pairing_the_same_people_anew_carries_no_more() -> None:
    llr, mated = made_up.normal(0, mated=200, non_mated=8000)
    found = of(llr, mated, pairings=20)
    assert (found.mated, found.non_mated) == (10, 400)
    assert [point.fmr for point in found.points] == [1e-1, 1e-2]


def test_failed_comparisons_are_left_out() -> None:
    llr, mated = made_up.normal(0)
    holes = np.append(llr, [np.nan, np.nan])
    assert of(holes, np.append(mated, [True, False])) == of(llr, mated)


def test_the_source_says_what_it_was_measured_on() -> None:
    llr, mated = made_up.normal(0, mated=800, non_mated=8000)
    told = str(measure(llr, mated, combination="iris", light="nir", source="Somewhere"))
    assert "Somewhere (800 mated and 8,000 non-mated comparisons; no FMR below 0.0004)" in told
    told = str(measure(llr, mated, combination="iris", light="nir", source="S", synthetic=True))
    assert "SYNTHETIC" in told


def test_comparisons_are_paired_by_kind_and_by_seed() -> None:
    face = np.array([1.0, 2, 3, -1, -2, np.nan]), np.array([1, 1, 1, 0, 0, 0], bool)
    iris = np.array([10.0, 20, -10, -20, -30]), np.array([1, 1, 0, 0, 0], bool)
    pairs = list(pair_comparisons(face, iris, 30))
    assert len(pairs) == 30
    for both, mated in pairs:
        assert mated.tolist() == [True, True, False, False]
        assert (both["face"][mated] > 0).all() and (both["face"][~mated] < 0).all()
        assert sorted(both["iris"][mated]) == [10, 20]
        assert len(set(both["iris"][~mated])) == 2
    assert len({both["iris"].tobytes() for both, _ in pairs}) > 1, "another seed, other pairs"
    again = next(iter(pair_comparisons(face, iris, 1)))
    assert np.array_equal(again[0]["face"], pairs[0][0]["face"])
    with pytest.raises(OptionError, match="mated"):
        list(pair_comparisons(face, (np.zeros(3), np.zeros(3, bool))))
