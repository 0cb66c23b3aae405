"""Fingerprints of a few synthetic pictures, by which another machine can tell that it draws alike.

    python -m tests.data.fingerprints

writes them anew beside this file; do so only after a change that was meant to alter the pictures.
"""

import json
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from twofold.data.synthetic import Light, draw_iris, draw_pair, make_person
from twofold.images import Pixels

FILE = Path(__file__).with_name("fingerprints.json")
SEED = 11
BLOCKS = 8  # blocks along each side of a picture


def pictures() -> dict[str, Pixels]:
    """Irises of three people in both lights, and a face that is drawn, by name."""
    people = [make_person(SEED, subject) for subject in range(3)]
    drawn = {
        f"iris {subject} {light}": draw_iris(
            person, SEED, subject, subject, side="right", size=(240, 320), light=light
        )[0]
        for subject, person in enumerate(people)
        for light in get_args(Light)
    }
    return drawn | {"face 0": draw_pair(people[0], SEED, 0, 0)[0]}


def fingerprint(pixels: Pixels) -> NDArray[np.float64]:
    """Mean grey values of `BLOCKS` x `BLOCKS` blocks: (BLOCKS, BLOCKS)."""
    grey = pixels.astype(np.float64).reshape(*pixels.shape[:2], -1).mean(axis=2)
    rows = np.array_split(grey, BLOCKS, axis=0)
    return np.array([[b.mean() for b in np.array_split(row, BLOCKS, axis=1)] for row in rows])


def stored() -> dict[str, NDArray[np.float64]]:
    """What the pictures had when the file was written, to a tenth of a grey value."""
    return {name: np.array(rows) for name, rows in json.loads(FILE.read_text("utf-8")).items()}


if __name__ == "__main__":
    lines = [
        f"{json.dumps(name)}: {json.dumps(fingerprint(pixels).round(1).tolist())}"
        for name, pixels in pictures().items()
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
