"""Rates against closed forms, against a slow reference, and what may not be claimed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from twofold.data.samples import Sample
from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import (
    Comparisons,
    compared,
    count,
    of_subjects,
    people_of,
)
from twofold.evaluation.verification.rates import apply_threshold, draw, error_rates


def make_samples(subjects: int, samples: int, eyes: int = 1) -> list[Sample]:
    return [
        Sample(Path("x"), f"{s}/{e}/{k}", str(s), ("left", "right")[e] if eyes > 1 else None)
        for s in range(subjects)
        for e in range(eyes)
        for k in range(samples)
    ]


def gaussian(
    subjects: int, samples: int, apart: float, seed: int = 0, eyes: int = 1, failing: float = 0
) -> Comparisons:
    """Non-mated scores are normal around 0, mated ones around `apart`, both of deviation 1."""
    rng = np.random.default_rng(seed)
    listed = make_samples(subjects, samples, eyes)
    people = people_of(listed, rng.random(len(listed)) < failing)
    identity = people.identity[~people.failed]
    scores = rng.normal(size=(len(identity), len(identity)))
    scores += apart * (identity[:, None] == identity[None])
    return compared(people, scores.astype(np.float32))


def test_rates_of_normal_scores_are_those_of_the_closed_form() -> None:
    rates = error_rates(gaussian(200, 5, apart=3))
    exact = {f: norm.cdf(norm.isf(f) - 3) for f in (1e-2, 1e-3)}
    assert rates.eer.value == pytest.approx(norm.cdf(-1.5), abs=0.006)
    assert rates.eer_threshold == pytest.approx(1.5, abs=0.05)
    for point in rates.points[1:3]:
        assert point.fnmr.value == pytest.approx(exact[point.wanted], abs=0.03)
        assert point.threshold == pytest.approx(norm.isf(point.wanted), abs=0.05)
    assert rates.eer.low < norm.cdf(-1.5) < rates.eer.high
    assert rates.counts.mated == 200 * 10
    assert rates.counts.non_mated == 1000 * 999 // 2 - 2000


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    truth, held = norm.cdf(-1.0), 0
    for seed in range(60):
        rates = error_rates(gaussian(30, 4, apart=2, seed=seed), resamples=300, seed=seed)
        held += rates.eer.low <= truth <= rates.eer.high
    assert 50 <= held <= 60  # 95 % of 60 is 57; independent scores make the bootstrap a bit wide


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    subjects=st.integers(2, 6),
    samples=st.integers(2, 4),
    eyes=st.integers(1, 2),
    failing=st.sampled_from([0.0, 0.2]),
    coarse=st.booleans(),
)
def test_walking_equals_a_slow_reference_that_copies_subjects(
    seed: int, subjects: int, samples: int, eyes: int, failing: float, coarse: bool
) -> None:
    """Draw subjects with replacement, write out every comparison, and look at every threshold."""
    made = gaussian(subjects, samples, 1.5, seed, eyes, failing)
    if coarse:  # equal scores, also of mated and non-mated comparisons
        score = np.round(made.score)
        made = Comparisons(made.people, made.first, made.second, score, made.mated)
    weights = np.random.default_rng(seed).integers(0, 3, (5, subjects)).astype(np.float64)
    fmr = np.array([0.01, 0.05, 0.2, 0.4])
    eer, fnmr = walk.eer_and_fnmr(walk.sort(made), weights, fmr)
    for r, weight in enumerate(weights):
        mated, non_mated = written_out(made, weight.astype(int))
        if not mated.size or not non_mated.size:
            assert np.isnan(eer[r])
            continue
        points = [
            ((non_mated >= t).mean(), (mated < t).mean())
            for t in sorted({*mated, *non_mated} - {-np.inf}, reverse=True)
        ]
        for g, wanted in enumerate(fmr):
            allowed = [missed for false, missed in points if false <= wanted + 1e-12]
            assert fnmr[r, g] == pytest.approx(min(allowed, default=1.0))
        assert eer[r] == pytest.approx(crossing(points))


def written_out(made: Comparisons, weight: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    people, found = made.people, {}
    for a, b, score in zip(made.first, made.second, made.score, strict=True):
        found[int(a), int(b)] = float(score)
    mated, non_mated = [], []
    for a in range(len(people.subject)):
        for b in range(a + 1, len(people.subject)):
            s, t = people.subject[a], people.subject[b]
            times = weight[s] if s == t else weight[s] * weight[t]
            same = people.identity[a] == people.identity[b]
            (mated if same else non_mated).extend([found.get((a, b), -np.inf)] * times)
    return np.array(mated), np.array(non_mated)


def crossing(points: list[tuple[float, float]]) -> float:
    before = (0.0, 1.0)
    for false, missed in points:
        if false >= missed:
            gap, over = before[1] - before[0], false - missed
            return before[0] + (false - before[0]) * (gap / (gap + over) if gap + over else 1.0)
        before = (false, missed)
    return before[1]


def test_failures_are_false_non_matches_and_never_false_matches() -> None:
    listed = make_samples(3, 2)
    people = people_of(listed, [True, False, False, False, False, False])
    scores = np.where(np.eye(5), 1, 0.1).astype(np.float32)
    scores[1, 2] = scores[2, 1] = scores[3, 4] = scores[4, 3] = 0.9
    counts = count(compared(people, scores))
    assert (counts.mated, counts.mated_failed) == (3, 1)
    assert (counts.non_mated, counts.non_mated_failed) == (12, 4)
    rates = error_rates(compared(people, scores))
    assert rates.failed == 1
    assert rates.failure.value == pytest.approx(1 / 6)
    applied = apply_threshold(
        compared(people, scores), error_rates(gaussian(40, 4, 1, seed=2)).points[1]
    )
    assert applied is not None  # every score lies below that threshold
    assert applied.fnmr.value == 1 and applied.fmr.value == 0
    assert rates.det.fnmr.min() == pytest.approx(1 / 3)  # no threshold brings the failure back


def test_an_fmr_that_the_data_cannot_support_is_refused() -> None:
    few = error_rates(gaussian(8, 2, apart=9))  # 112 non-mated comparisons
    assert [point.fnmr.value for point in few.points] == [0, None, None, None]
    assert "112 completed non-mated comparisons" in str(few.points[1].fnmr.refused)
    assert few.points[1].threshold is None
    more = error_rates(gaussian(30, 3, apart=9))  # 3,915
    assert [point.fnmr.value for point in more.points] == [0, 0, 0, None]
    many = error_rates(gaussian(220, 4, apart=9), resamples=10)  # 385,440: 1e-5 is added
    assert [point.wanted for point in many.points] == [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]
    assert many.points[-1].false_matches == 3


def test_both_eyes_of_a_person_are_drawn_together_and_are_not_mated() -> None:
    made = gaussian(10, 3, apart=4, eyes=2)
    rates = error_rates(made)
    assert (rates.subjects, rates.identities) == (10, 20)
    assert rates.counts.mated == 20 * 3
    drawn = draw(10, 50, seed=1)
    assert (drawn.sum(axis=1) == 10).all()
    mated, non_mated = walk.sort(made).totals(np.ones((1, 10)))
    assert (mated[0], non_mated[0]) == (60, 60 * 59 // 2 - 60)


def test_the_seed_fixes_the_intervals() -> None:
    made = gaussian(20, 3, apart=2)
    assert error_rates(made, seed=3).eer == error_rates(made, seed=3).eer
    assert error_rates(made, seed=3).eer != error_rates(made, seed=4).eer


def test_the_threshold_reproduces_the_errors_that_it_was_set_for() -> None:
    made = gaussian(60, 4, apart=2.5)
    for point in error_rates(made).points[:3]:
        applied = apply_threshold(made, point)
        assert applied is not None
        assert applied.fnmr.value == pytest.approx(point.fnmr.value)
        assert applied.fmr.value == pytest.approx(point.fmr)
        assert point.fmr <= point.wanted
        assert point.false_matches == (~made.mated & (made.score >= point.threshold)).sum()
        assert point.false_non_matches == (made.mated & (made.score < point.threshold)).sum()


def test_a_part_of_the_subjects_is_measured_as_if_it_were_alone() -> None:
    made = gaussian(9, 3, apart=1, eyes=2, failing=0.1)
    part = of_subjects(made, [1, 4, 8])
    kept = np.isin(made.people.subject, [1, 4, 8])
    alive = kept[~made.people.failed]
    full = np.zeros((alive.size, alive.size), dtype=np.float32)
    order = np.cumsum(~made.people.failed) - 1
    full[order[made.first], order[made.second]] = made.score
    listed = [s for s, wanted in zip(make_samples(9, 3, 2), kept, strict=True) if wanted]
    alone = compared(people_of(listed, made.people.failed[kept]), full[np.ix_(alive, alive)])
    assert part.people.names == ("1", "4", "8")
    assert np.array_equal(part.score, alone.score)
    assert error_rates(part).eer == error_rates(alone).eer
    assert count(part) == count(alone)


def test_one_subject_has_no_interval() -> None:
    made = of_subjects(gaussian(3, 2, apart=1, eyes=2), [0])
    rates = error_rates(made)
    assert rates.eer.value is not None
    assert (rates.eer.low, rates.eer.high) == (None, None)
