"""Comparing face vectors: the cosine of the angle between them.

Scores run from -1 to 1, higher for more alike; they are no probabilities, and only vectors of one
contract (`FaceExtractor.contract`) may be compared.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.face.cards import NonMated
from twofold.face.embedding import Vector


def compare(a: Vector, b: Vector) -> float:
    """Comparison score of two vectors of unit length, -1 to 1.

    Args:
        a, b: float32 (dimension,).

    Raises:
        OptionError: their lengths differ: they come from different models.
    """
    if a.shape != b.shape:
        raise OptionError(
            f"face vectors of {a.size} and {b.size} numbers come from different models. "
            "Extract both with one."
        )
    return float(np.clip(np.dot(a, b), -1.0, 1.0))


def compare_all(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Comparison scores of all pairs.

    Args:
        vectors: float32 (N, dimension), unit length.

    Returns:
        float32 (N, N), symmetric, -1 to 1.
    """
    scores: NDArray[np.float32] = np.clip(vectors @ vectors.T, -1.0, 1.0).astype(np.float32)
    return scores


def fuse(
    scores: Sequence[NDArray[np.floating[Any]] | float], spreads: Sequence[NonMated]
) -> NDArray[np.float64]:
    """One score from those of several models for the same pictures: the mean of their z-scores.

    Jain, Nandakumar, Ross: Score normalization in multimodal biometric systems. Pattern Recognition
    38 (2005): z-score normalisation by the non-mated scores, then the sum rule.

    Args:
        scores: one array (or number) a model, all of one shape.
        spreads: of each model's non-mated scores, in the same order; see a card's [non_mated].

    Returns:
        float64 of that shape: standard deviations above the mean non-mated score.

    Raises:
        OptionError: not one spread a model, or no model at all.
    """
    if not scores or len(scores) != len(spreads):
        raise OptionError(
            f"{len(scores)} models' scores with {len(spreads)} spreads. Give one spread a model."
        )
    normalised = [
        (np.asarray(score, np.float64) - spread.mean) / spread.deviation
        for score, spread in zip(scores, spreads, strict=True)
    ]
    fused: NDArray[np.float64] = np.mean(normalised, axis=0)
    return fused
