"""Measures against cases worked out by hand and against scikit-learn."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, top_k_accuracy_score

from twofold.errors import DatasetError
from twofold.evaluation.classification import classify, mean_with_interval
from twofold.evaluation.scores import score
from twofold.network.run import Predictions

LABELS = ("ann", "bo", "cy")


def outputs(answers, k=3, sure=0.8):
    """Probabilities whose highest column is the given answer."""
    rows = np.full((len(answers), k), (1 - sure) / (k - 1), dtype=np.float32)
    rows[np.arange(len(answers)), answers] = sure
    return rows


def classified(truth, answers, **options):
    return classify(np.array(truth, dtype=np.int64), outputs(answers), LABELS, **options)


def test_a_small_case_by_hand():
    result = classified([0, 0, 1, 1, 2, 2], [0, 1, 1, 0, 2, 0], names=list("abcdef"))
    assert (result.pairs, result.correct, result.unknown) == (6, 3, 0)
    assert result.accuracy.value == 0.5
    assert result.confusion.tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 1]]
    ann, bo, cy = result.per_label
    assert (ann.precision, ann.recall, ann.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert (bo.precision, bo.recall, bo.support, bo.predicted) == (0.5, 0.5, 2, 2)
    assert (cy.precision, cy.recall, cy.f1) == pytest.approx((1, 1 / 2, 2 / 3))
    assert result.macro.precision == pytest.approx((1 / 3 + 1 / 2 + 1) / 3)
    assert result.weighted.recall == pytest.approx(0.5)
    # Both directions between two people count as one confusion.
    first, second = result.confused
    assert (first.first, first.second, first.count) == ("ann", "bo", 2)
    assert {error.name for error in first.errors} == {"b", "d"}
    assert (second.first, second.second, second.count) == ("ann", "cy", 1)
    assert second.errors[0].truth == "cy"
    assert second.errors[0].output == pytest.approx(0.8)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 12, 80)
    truth[:12] = np.arange(12)
    raw = rng.random((80, 12)) + 2 * np.eye(12)[truth] * rng.random((80, 1))
    given_out = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    result = classify(truth, given_out, [str(i) for i in range(12)], resamples=50)
    answer = given_out.argmax(axis=1)
    assert result.accuracy.value == pytest.approx(accuracy_score(truth, answer))
    assert (result.confusion == confusion_matrix(truth, answer, labels=range(12))).all()
    for k in (3, 5, 10):
        expected = top_k_accuracy_score(truth, given_out, k=k, labels=range(12))
        assert result.top_k[k] == pytest.approx(expected)
    exact = given_out.astype(np.float64) / given_out.sum(axis=1, keepdims=True, dtype=np.float64)
    assert result.log_loss == pytest.approx(log_loss(truth, exact, labels=range(12)), rel=1e-4)
    assert result.top_k[1] == result.accuracy.value


def test_all_right_has_an_interval_without_width():
    result = classified([0, 1, 2, 0], [0, 1, 2, 0])
    accuracy = result.accuracy
    assert (accuracy.value, accuracy.low, accuracy.high) == (1, 1, 1)
    assert (accuracy.subjects, accuracy.pairs) == (3, 4)
    assert result.errors == result.confused == ()
    assert result.macro.f1 == result.weighted.f1 == 1


def test_all_wrong():
    result = classified([0, 1, 2], [1, 2, 0])
    assert (result.accuracy.value, result.accuracy.low, result.accuracy.high) == (0, 0, 0)
    assert result.macro.f1 == 0
    assert sum(pair.count for pair in result.confused) == 3


def test_one_subject_has_no_interval():
    result = classify(np.zeros(3, dtype=np.int64), np.ones((3, 1), dtype=np.float32), ["ann"])
    assert result.accuracy.value == 1
    assert result.accuracy.low is result.accuracy.high is None
    assert result.top_k == {1: 1.0}


def test_unknown_subjects_are_counted_apart():
    result = classified([-1, 0, 1, -1], [0, 0, 2, 2], names=list("abcd"))
    assert (result.pairs, result.unknown, result.correct) == (2, 2, 1)
    assert [error.name for error in result.errors] == ["c"]
    assert [score.label for score in result.per_label] == ["ann", "bo", "cy"]
    with pytest.raises(DatasetError, match="nothing to score"):
        classified([-1, -1], [0, 1])


def test_equal_outputs_answer_the_first_column_and_rank_alike():
    even = np.full((3, 3), 1 / 3, dtype=np.float32)
    result = classify(np.array([0, 1, 2]), even, LABELS)
    assert result.correct == 1
    assert result.top_k[1] == pytest.approx(1 / 3)


def test_a_zero_for_the_truth_keeps_the_log_loss_finite():
    result = classify(np.array([0, 1]), np.array([[0, 1], [0, 1]], dtype=np.float32), ["a", "b"])
    assert math.isfinite(result.log_loss)


def test_whole_subjects_are_resampled():
    # Ten subjects, five all right and five all wrong: pairs of one subject tell nothing new.
    subjects = np.repeat(np.arange(10), 40)
    values = (subjects < 5).astype(np.float64)
    by_subject = mean_with_interval(values, subjects)
    by_pair = mean_with_interval(values, np.arange(400))
    assert by_subject.value == by_pair.value == 0.5
    assert by_subject.high - by_subject.low > 3 * (by_pair.high - by_pair.low)


def test_the_interval_is_the_same_each_time_and_in_any_block_size(monkeypatch):
    rng = np.random.default_rng(5)
    subjects, values = np.repeat(np.arange(30), 4), rng.random(120)
    once = mean_with_interval(values, subjects)
    assert mean_with_interval(values, subjects) == once
    monkeypatch.setattr("twofold.evaluation.classification._BLOCK", 100)
    again = mean_with_interval(values, subjects)
    assert (again.low, again.high) == pytest.approx((once.low, once.high), abs=1e-12)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # Subjects differ (beta-distributed accuracy 0.8 on average), pairs of one subject are alike.
    rng = np.random.default_rng(11)
    subjects = np.repeat(np.arange(60), 4)
    covered = 0
    for _ in range(200):
        own = rng.beta(4, 1, 60)
        values = (rng.random(240) < own[subjects]).astype(np.float64)
        estimate = mean_with_interval(values, subjects, resamples=400)
        covered += estimate.low <= 0.8 <= estimate.high
    # A share of 0.94 of 200 is known to within 0.05 or so.
    assert 0.88 <= covered / 200 <= 0.99


def test_scores_compare_the_branches_on_the_same_pairs():
    truth = np.repeat(np.arange(3), 4)
    wrong = truth.copy()
    wrong[::4] = (wrong[::4] + 1) % 3
    predictions = Predictions(
        tuple(f"p{i}" for i in range(12)), truth, LABELS, outputs(wrong), outputs(truth),
        outputs(truth),
    )  # fmt: skip
    scores = score(predictions)
    assert scores.over_face.value == pytest.approx(0.25)
    # One of four pairs a subject, for every subject: no resample can differ.
    assert scores.over_face.low == pytest.approx(scores.over_face.high)
    assert scores.over_iris.value == 0
    kept = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert kept["face"]["accuracy"]["value"] == 0.75
    assert [error["name"] for error in kept["face"]["errors"]] == ["p0", "p4", "p8"]
    assert set(kept) == {"face", "iris", "fused", "fused_minus_face", "fused_minus_iris"}
