"""Pairs without files, whose pictures are filled with the number of the pair."""

from pathlib import Path

import numpy as np

from twofold.data.dataset import Modality, Pair
from twofold.data.loading import InputSize, PairImages
from twofold.images import Pixels

SIZES: dict[Modality, InputSize] = {"face": InputSize(9, 8, 1), "iris": InputSize(8, 10, 3)}


class _Numbered(PairImages):
    def one(self, modality: Modality, index: int) -> Pixels:
        return np.full(self.sizes[modality].shape, index, dtype=np.uint8)


def numbered(pairs: int) -> PairImages:
    """That many pairs, at most 255."""
    nowhere = [Pair(str(k), Path("face"), Path("iris"), str(k)) for k in range(pairs)]
    return _Numbered(nowhere, SIZES)
