"""Comparison scores and their fusion."""

import numpy as np
import pytest

from twofold.errors import OptionError
from twofold.face.cards import NonMated
from twofold.face.comparison import compare, compare_all, fuse


def _units(count: int, dimension: int = 16) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_all_pairs_are_the_single_comparisons() -> None:
    vectors = _units(5)
    scores = compare_all(vectors)
    assert scores.dtype == np.float32 and scores.shape == (5, 5)
    for i in range(5):
        for j in range(5):
            assert scores[i, j] == pytest.approx(compare(vectors[i], vectors[j]), abs=1e-6)
    assert np.allclose(np.diag(scores), 1) and np.all(np.abs(scores) <= 1)


def test_vectors_of_different_models_are_refused() -> None:
    with pytest.raises(OptionError, match="different models"):
        compare(_units(1, 16)[0], _units(1, 8)[0])


def test_fusion_weighs_models_by_the_spread_of_their_non_mated_scores() -> None:
    spreads = [
        NonMated(mean=0.1, deviation=0.1, measured_on="here"),
        NonMated(mean=0.8, deviation=0.02, measured_on="here"),
    ]
    fused = fuse([np.array([0.3, 0.1]), np.array([0.84, 0.8])], spreads)
    assert np.allclose(fused, [2.0, 0.0])
    assert float(fuse([0.3, 0.84], spreads)) == pytest.approx(2.0)


def test_fusing_needs_a_spread_for_each_model() -> None:
    for scores in ([], [0.1]):
        with pytest.raises(OptionError, match="one spread a model"):
            fuse(scores, [] if scores else [NonMated(mean=0, deviation=1, measured_on="x")])
