"""How far a modality's pictures of one subject agree, before anything is learned.

The two trained branches cannot tell which of them to trust: both are right about nearly everything
that they were trained on. The raw training pictures can.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.data.loading import MODALITIES, PairImages
from twofold.network.stream import Items

_SIDE = 24
_AT_ONCE = 64
_MOST = 4096  # pictures compared with one another; more would cost memory by the square


def reliability(
    images: PairImages, items: Items, subjects: NDArray[np.int64]
) -> dict[Modality, float]:
    """Square root of the leave-one-out accuracy of the nearest neighbour among small pictures.

    Args:
        images: of the whole dataset.
        items: of the training part; copies are not looked at.
        subjects: int64, class of each pair of the dataset.

    Returns:
        For each modality a number from 1 / sqrt(pairs) to 1; higher is more reliable.
    """
    pairs = np.unique(items.pairs)
    if len(pairs) > _MOST:
        pairs = pairs[np.linspace(0, len(pairs) - 1, _MOST).astype(np.int64)]
    truth = subjects[pairs]
    return {modality: _of(modality, images, pairs, truth) for modality in MODALITIES}


def _of(
    modality: Modality, images: PairImages, pairs: NDArray[np.int64], truth: NDArray[np.int64]
) -> float:
    rows = [
        cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).ravel()
        for start in range(0, len(pairs), _AT_ONCE)
        for picture in images.many(modality, pairs[start : start + _AT_ONCE].tolist())
    ]
    small = np.stack(rows).astype(np.float32)
    small -= small.mean(axis=1, keepdims=True)
    small /= np.linalg.norm(small, axis=1, keepdims=True) + 1e-6
    likeness = small @ small.T
    np.fill_diagonal(likeness, -np.inf)
    right = float((truth[likeness.argmax(axis=1)] == truth).mean())
    return math.sqrt(max(right, 1 / len(pairs)))
