"""Pictures shown to the network, kept in files: prepared once, by any number of processes.

Each file holds `SHARE` pictures as uint8 (SHARE, ROWS, COLUMNS, 5): grey, then the truth in the
order of `randomise.TARGETS`, 255 for a full share. What picture k of file n shows depends on the
seed, n and k alone.
"""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tools.iris_segmentation.eyes import Drawn
from tools.iris_segmentation.randomise import COLUMNS, ROWS, TARGETS, show

from twofold.files import replacing
from twofold.images import Pixels

SHARE = 1600


def prepare(drawn: Drawn, number: int, seed: int, count: int = SHARE) -> Pixels:
    """The pictures of file `number`."""
    pictures = np.empty((count, ROWS, COLUMNS, 1 + len(TARGETS)), np.uint8)
    for k in range(count):
        grey, targets = show(drawn, np.random.default_rng([seed, number, k]))
        pictures[k, ..., :1] = grey * 255 + 0.5
        pictures[k, ..., 1:] = targets * 255 + 0.5
    return pictures


def path_of(folder: Path, number: int) -> Path:
    """Where file `number` lies."""
    return folder / f"shown-{number:04d}.npy"


def write(folder: Path, drawn: Drawn, number: int, seed: int) -> None:
    """Prepare file `number`, unless it is there."""
    if not path_of(folder, number).exists():
        with replacing(path_of(folder, number)) as temporary:
            np.save(temporary, prepare(drawn, number, seed))


def load(folder: Path, number: int) -> Pixels:
    """Read file `number`, once another process has prepared it."""
    while not path_of(folder, number).exists():
        time.sleep(1)
    pictures: Pixels = np.load(path_of(folder, number), mmap_mode="r", allow_pickle=False)
    return pictures


def as_floats(pictures: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grey (n, ROWS, COLUMNS, 1) and truth (n, ROWS, COLUMNS, 4), 0 to 1."""
    floats = pictures.astype(np.float32) * np.float32(1 / 255)
    return floats[..., :1], floats[..., 1:]
