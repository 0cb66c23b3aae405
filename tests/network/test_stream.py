"""Batches are a pure function of the seed and their number."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.network.numbered import numbered
from twofold.network.stream import Items, Pictures, ScoringBatches, TrainingStream, Truth


def stream(
    items: Items,
    batch_size: int = 4,
    first: int = 0,
    seed: int = 3,
    continuous: bool = False,
    subjects: list[int] | None = None,
) -> TrainingStream:
    pairs = int(items.pairs.max()) + 1
    truth = Truth(np.array(subjects or range(pairs), dtype=np.int64), pairs)
    pictures = Pictures(numbered(pairs), seed=7)
    return TrainingStream(
        pictures, items, truth, ("face", "fused"), batch_size, seed, continuous, first
    )


def drawn(batch: Any) -> NDArray[np.int64]:
    """Which pairs a batch of unaltered numbered pictures holds."""
    return np.asarray(batch[0]["face"][:, 0, 0, 0], dtype=np.int64)


@given(st.integers(1, 9), st.integers(1, 25), st.integers(0, 5), st.integers(0, 2**32))
def test_every_pass_holds_every_item_once(
    pairs: int, batch_size: int, first: int, seed: int
) -> None:
    batches = stream(Items.of(range(pairs)), batch_size, first, seed)
    count = 3 * pairs // batch_size + 2
    order = np.concatenate([drawn(batches[k]) for k in range(count)])
    assert len(order) == count * batch_size
    begun = -(first * batch_size) % pairs  # where the next whole pass begins
    for start in range(begun, len(order) - pairs + 1, pairs):
        assert sorted(order[start : start + pairs]) == list(range(pairs))


def test_both_modalities_and_the_target_are_of_one_pair() -> None:
    items = Items.of([4, 1, 2])
    pictures, targets = stream(items, 3)[0]
    assert pictures["face"].shape == (3, 9, 8, 1)
    assert pictures["iris"].shape == (3, 8, 10, 3)
    assert {x.dtype for x in pictures.values()} == {np.dtype(np.float32)}
    assert (pictures["face"][:, 0, 0, 0] == pictures["iris"][:, 0, 0, 0]).all()
    assert set(targets) == {"face", "fused"}
    for target in targets.values():
        assert (target.argmax(axis=1) == pictures["face"][:, 0, 0, 0]).all()
        assert (target.sum(axis=1) == 1).all()
    assert set(drawn((pictures,))) == {1, 2, 4}


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("copies", [0, 2])
def test_a_batch_depends_on_seed_and_number_alone(continuous: bool, copies: int) -> None:
    items = Items.of(range(5), copies)
    one, other = (stream(items, continuous=continuous) for _ in range(2))
    later = stream(items, continuous=continuous, first=3)
    for k in (9, 2, 0):
        other[k]
    for k in (4, 9, 3):
        for modality in ("face", "iris"):
            expected = one[k][0][modality]
            assert (other[k][0][modality] == expected).all()
            assert (later[k - 3][0][modality] == expected).all()
    unlike = stream(items, continuous=continuous, seed=4)
    assert any((drawn(unlike[k]) != drawn(one[k])).any() for k in range(4))


def test_passes_have_different_orders_and_alterations() -> None:
    plain = stream(Items.of(range(8)), 8)
    assert (drawn(plain[0]) != drawn(plain[1])).any()
    altered = stream(Items.of([1]), 1, continuous=True)
    assert (altered[0][0]["iris"] != altered[1][0]["iris"]).any()


def test_copies_are_the_same_in_every_pass() -> None:
    pictures = Pictures(numbered(3), seed=1)
    assert (pictures.one("face", 2, 0) == 2).all()
    assert (pictures.one("face", 2, 1) == pictures.one("face", 2, 1)).all()
    many = {int(pictures.one("face", 2, copy)[0, 0, 0]) for copy in range(1, 30)}
    assert many == {2, 3}  # 0 or 1 added
    batch = pictures.batch(Items.of([2, 0], 1))
    assert batch["iris"].shape == (4, 8, 10, 3)
    assert batch["iris"][0, 0, 0, 0] == 2
    assert batch["iris"][2, 0, 0, 0] == 0


def test_unequal_subjects_are_weighted_in_the_batch() -> None:
    batches = stream(Items.of(range(3)), 3, subjects=[0, 0, 1])
    pictures, targets, weights = batches[0]
    assert set(weights) == set(targets)
    of_pair = dict(zip(drawn((pictures,)).tolist(), weights["fused"].tolist(), strict=True))
    assert of_pair == {0: 0.75, 1: 0.75, 2: 1.5}


def test_scoring_keeps_the_order_and_the_last_short_batch() -> None:
    items = Items.of([3, 1, 0, 2, 4])
    truth = Truth(np.arange(5), 5)
    batches = ScoringBatches(Pictures(numbered(5), 1), items, truth, ("fused",), batch_size=2)
    assert len(batches) == 3
    assert np.concatenate([drawn(batches[k]) for k in range(3)]).tolist() == [3, 1, 0, 2, 4]
    assert batches[2][1]["fused"].argmax(axis=1).tolist() == [4]
    assert len(ScoringBatches(Pictures(numbered(5), 1), items)[0]) == 1


def test_items() -> None:
    items = Items.of([7, 2], 2)
    assert items.pairs.tolist() == [7, 7, 7, 2, 2, 2]
    assert items.copies.tolist() == [0, 1, 2, 0, 1, 2]
    assert len(items) == 6
    some = items[np.array([5, 0])]
    assert (some.pairs.tolist(), some.copies.tolist()) == ([2, 7], [2, 0])
