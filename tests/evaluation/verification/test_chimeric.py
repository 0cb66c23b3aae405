"""Pairings: who is given to whom, and who meets whom."""

import numpy as np
import pytest
from tests.evaluation.verification.made_up_sides import side

from twofold.errors import DatasetError
from twofold.evaluation.verification.chimeric import as_labelled, pair_up, trials


def test_people_of_the_halves_are_apart_and_nobody_is_given_twice() -> None:
    face, iris = side("face", 12, 5), side("iris", 15, 4, eyes=2)
    for number in range(6):
        made = pair_up(face, iris, number, seed=1)
        assert len(made.half) == 12 and len(set(made.unit_face.tolist())) == 12
        assert len(set(made.unit_iris.tolist())) == 12
        for half in (0, 1):
            of_half = made.half[made.unit] == half
            assert set(made.face_half[face.person[made.face[of_half]]]) == {half}
            assert set(made.iris_half[iris.person[made.iris[of_half]]]) == {half}
        assert np.array_equal(np.bincount(made.unit), np.full(12, 4))
        for unit in range(12):
            mine = made.unit == unit
            assert len(set(made.face[mine].tolist())) == 4
            assert len(set(iris.identity[made.iris[mine]].tolist())) == 1


def test_the_seed_and_the_number_settle_a_pairing() -> None:
    face, iris = side("face", 10, 3), side("iris", 10, 3)
    one, same, other, seeded = (
        pair_up(face, iris, number, seed=seed, share=0.5)
        for number, seed in ((0, 1), (0, 1), (1, 1), (0, 2))
    )
    assert np.array_equal(one.iris, same.iris) and np.array_equal(one.bad, same.bad)
    assert not np.array_equal(one.unit_iris, other.unit_iris)
    assert not np.array_equal(one.unit_iris, seeded.unit_iris)
    assert one.bad.sum() == 15


def test_both_eyes_of_a_person_are_given_only_in_need_and_never_meet() -> None:
    face, iris = side("face", 12, 2), side("iris", 8, 2, eyes=2)
    made = pair_up(face, iris, 0, seed=3)
    assert len(made.half) == 12 and len(set(made.unit_iris.tolist())) == 8
    for half in (0, 1):
        met = trials(made, half, ordered=False)
        first, second = made.unit[met.probe], made.unit[met.reference]
        others = ~met.mated
        assert (made.unit_iris[first[others]] != made.unit_iris[second[others]]).all()
        assert met.mated.sum() == (made.half == half).sum()


def test_ordered_trials_are_the_unordered_ones_both_ways() -> None:
    made = pair_up(side("face", 6, 3), side("iris", 6, 3), 0, seed=1)
    once, both = (trials(made, 0, ordered=ordered) for ordered in (False, True))
    assert len(both.mated) == 2 * len(once.mated)
    there = set(zip(both.probe.tolist(), both.reference.tolist(), strict=True))
    for one, other in zip(once.probe.tolist(), once.reference.tolist(), strict=True):
        assert {(one, other), (other, one)} <= there
    assert (made.half[made.unit[once.probe]] == 0).all()


def test_labelled_pairs_stay_together() -> None:
    face, iris = side("face", 6, 3), side("iris", 6, 3)
    made = as_labelled(face, iris, 2, seed=1)
    assert not made.chimeric
    assert np.array_equal(made.face, made.iris) and np.array_equal(made.unit, face.person)
    assert sorted(np.bincount(made.half).tolist()) == [3, 3]


def test_too_few_people_are_refused() -> None:
    with pytest.raises(DatasetError, match="too few people"):
        pair_up(side("face", 3, 2), side("iris", 9, 2), 0, seed=1)
    with pytest.raises(DatasetError, match="too few people"):
        pair_up(side("face", 8, 1), side("iris", 9, 2), 0, seed=1)
