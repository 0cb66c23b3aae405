"""What the network sees, batch by batch, as a pure function of the seed and the update's number.

That makes a training repeatable and resumable at any update: nothing depends on what was drawn
before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from twofold.data.augmentation import CONTINUOUS, report_copy
from twofold.data.dataset import Modality
from twofold.data.loading import MODALITIES, PairImages
from twofold.images import Pixels


@dataclass(frozen=True)
class Items:
    """What is trained on or scored: pairs, or altered copies of them.

    Attributes:
        pairs: int64 (n,), positions in the dataset.
        copies: int64 (n,), 0 for the pair itself, 1 and up for its altered copies.
    """

    pairs: NDArray[np.int64]
    copies: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Sequence[int] | NDArray[np.int64], copies: int = 0) -> "Items":
        """The pairs themselves and `copies` altered copies of each, a pair's own side by side."""
        return cls(
            np.repeat(np.asarray(pairs, dtype=np.int64), copies + 1),
            np.tile(np.arange(copies + 1, dtype=np.int64), len(pairs)),
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, which: NDArray[np.int64]) -> "Items":
        return Items(self.pairs[which], self.copies[which])


class Pictures:
    """Pictures of items: those of the pairs, with each copy's alteration applied."""

    def __init__(self, images: PairImages, seed: int) -> None:
        self.images = images
        self.seed = seed

    def one(self, modality: Modality, pair: int, copy: int) -> Pixels:
        """uint8 (height, width, channels); the same for the same seed, pair and copy."""
        pixels = self.images.one(modality, pair)
        if copy == 0:
            return pixels
        return report_copy(pixels, _rng(self.seed, modality, pair, copy))

    def batch(self, items: Items) -> dict[str, NDArray[np.float32]]:
        """Float32 (n, height, width, channels) per modality, 0 to 255."""
        return {
            modality: np.stack(
                [
                    self.one(modality, int(pair), int(copy))
                    for pair, copy in zip(items.pairs, items.copies, strict=True)
                ]
            ).astype(np.float32)
            for modality in MODALITIES
        }


@dataclass(frozen=True)
class Truth:
    """Who is on which pair.

    Attributes:
        subjects: int64, class of each pair of the dataset.
        classes: number of subjects.
    """

    subjects: NDArray[np.int64]
    classes: int

    def one_hot(self, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32 (n, classes)."""
        rows = np.zeros((len(pairs), self.classes), dtype=np.float32)
        rows[np.arange(len(pairs)), self.subjects[pairs]] = 1
        return rows

    def weights(self, items: Items) -> NDArray[np.float32] | None:
        """Weights that let every class count the same: float32 (classes,); None if they do."""
        counts = np.bincount(self.subjects[items.pairs], minlength=self.classes)
        present = counts > 0
        if len(set(counts[present].tolist())) <= 1:
            return None
        weights = np.zeros(self.classes, dtype=np.float32)
        weights[present] = counts.sum() / (present.sum() * counts[present])
        return weights


class ScoringBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Items in their order, a batch at a time, so that memory does not grow with their number.

    Args:
        pictures: where they come from.
        items: what to score.
        truth, outputs: who is on which pair, and the outputs that are compared with it; without
            `truth` the batches hold pictures alone.
        batch_size: items a batch.
    """

    def __init__(
        self,
        pictures: Pictures,
        items: Items,
        truth: Truth | None = None,
        outputs: Sequence[str] = (),
        batch_size: int = 32,
    ) -> None:
        super().__init__(workers=1)
        self.pictures = pictures
        self.items = items
        self.truth = truth
        self.outputs = outputs
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.items) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        start = index * self.batch_size
        chosen = self.items[np.arange(start, min(start + self.batch_size, len(self.items)))]
        pictures = self.pictures.batch(chosen)
        if self.truth is None:
            return (pictures,)
        return pictures, dict.fromkeys(self.outputs, self.truth.one_hot(chosen.pairs))


class TrainingStream(keras.utils.PyDataset):  # type: ignore[misc]
    """Endless batches of items in an order shuffled anew in every pass.

    Args:
        pictures: where they come from.
        items: what to draw from.
        truth: who is on which pair.
        outputs: names of the network's outputs, all of which get the same target.
        batch_size: items a batch; the last ones of a pass share a batch with the next pass.
        seed: of order and alteration.
        continuous: alter every picture anew each time it is drawn.
        first: number of the first batch, for a training that goes on.
    """

    def __init__(
        self,
        pictures: Pictures,
        items: Items,
        truth: Truth,
        outputs: Sequence[str],
        batch_size: int,
        seed: int,
        continuous: bool,
        first: int = 0,
    ) -> None:
        super().__init__(workers=1)
        self.pictures = pictures
        self.items = items
        self.truth = truth
        self.weights = truth.weights(items)
        self.outputs = outputs
        self.batch_size = batch_size
        self.seed = seed
        self.continuous = continuous
        self.first = first
        self._order = lru_cache(maxsize=2)(self._shuffled)

    @property
    def num_batches(self) -> None:
        """None: it never ends."""
        return

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        start = (self.first + index) * self.batch_size
        drawn = []
        for position in range(start, start + self.batch_size):
            turn, place = divmod(position, len(self.items))
            drawn.append((turn, int(self._order(turn)[place])))
        faces_and_irises = {
            modality: np.stack([self._draw(modality, turn, item) for turn, item in drawn])
            for modality in MODALITIES
        }
        pairs = self.items.pairs[[item for _, item in drawn]]
        targets = dict.fromkeys(self.outputs, self.truth.one_hot(pairs))
        if self.weights is None:
            return faces_and_irises, targets
        weight = self.weights[self.truth.subjects[pairs]]
        return faces_and_irises, targets, dict.fromkeys(self.outputs, weight)

    def _draw(self, modality: Modality, turn: int, item: int) -> NDArray[np.float32]:
        pair, copy = int(self.items.pairs[item]), int(self.items.copies[item])
        pixels = self.pictures.one(modality, pair, copy)
        if not self.continuous:
            return pixels.astype(np.float32)
        rng = _rng(self.seed, modality, pair, copy, turn + 1)
        return CONTINUOUS[modality](pixels, rng)

    def _shuffled(self, turn: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, turn)).permutation(len(self.items))


def _rng(seed: int, modality: Modality, *numbers: int) -> np.random.Generator:
    return np.random.default_rng((seed, MODALITIES.index(modality), *numbers))
