"""Pictures of pairs, decoded when they are asked for and resized on the way.

Memory does not grow with the dataset: decoded pictures are kept only up to a fixed budget, and what
does not fit is decoded again each time.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.data.dataset import Modality, Pair

MODALITIES: tuple[Modality, ...] = get_args(Modality)


@dataclass(frozen=True)
class InputSize:
    """Shape of the pictures that a network takes: height and width in pixels, 1 or 3 channels."""

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.height, self.width, self.channels)


class PairImages:
    """The pictures of some pairs at the sizes that a network takes.

    Args:
        pairs: what to read; pictures are addressed by position in this sequence.
        sizes: input size per modality.
        cache_bytes: how much decoded data may be kept, for both modalities together.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        sizes: dict[Modality, InputSize],
        cache_bytes: int = 128 * 2**20,
    ) -> None:
        self.pairs = pairs
        self.sizes = sizes
        self._room = cache_bytes
        self._kept: dict[tuple[Modality, int], images.Pixels] = {}
        self._keeping = Lock()
        # Decoding is mostly C code that releases the GIL: two threads serve two cores.
        self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode")

    def __len__(self) -> int:
        return len(self.pairs)

    def one(self, modality: Modality, index: int) -> images.Pixels:
        """One picture: uint8 (height, width, channels), 0 to 255.

        Raises:
            ImageError: the file is not an acceptable picture.
        """
        kept = self._kept.get((modality, index))
        if kept is not None:
            return kept
        size = self.sizes[modality]
        path = getattr(self.pairs[index], modality)
        colour: images.Colour = "grey" if size.channels == 1 else "rgb"
        pixels = images.read(path, colour=colour, size=(size.height, size.width))
        pixels = pixels.reshape(size.shape)
        with self._keeping:
            if pixels.nbytes <= self._room and (modality, index) not in self._kept:
                self._room -= pixels.nbytes
                self._kept[modality, index] = pixels
        return pixels

    def many(self, modality: Modality, indices: Sequence[int]) -> list[images.Pixels]:
        """Several pictures in the order asked for; those not kept are decoded in parallel."""
        return list(self._workers.map(lambda index: self.one(modality, index), indices))

    def batch(self, indices: Sequence[int]) -> dict[str, NDArray[np.uint8]]:
        """Both modalities stacked: {"face": uint8 (n, h, w, c), "iris": uint8 (n, h, w, c)}."""
        return {modality: np.stack(self.many(modality, indices)) for modality in MODALITIES}
