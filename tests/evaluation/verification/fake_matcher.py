"""A recogniser of random patterns, quick and with people that are easy to make."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from twofold import images
from twofold.errors import AcquisitionError

SIDE = 16


class PatternMatcher:
    """Correlates grey pictures; black ones give no template, white ones hit a defect."""

    modality = "iris"
    name = "patterns"
    contract = "c0ffee"
    score_range = (-1.0, 1.0)

    def extract(self, source: images.Source) -> Any:
        grey = images.read(source, colour="grey", size=(SIDE, SIDE)).astype(np.float64)
        if not grey.any():
            raise AcquisitionError("all is black. Take the cap off.", "black")
        if grey.min() == 255:
            raise ZeroDivisionError("white")
        centred = grey - grey.mean()
        return centred / np.linalg.norm(centred)

    def compare_all(self, templates: Sequence[Any]) -> Any:
        flat = np.stack(templates).reshape(len(templates), -1)
        return (flat @ flat.T).astype(np.float32)

    def draw(self, source: images.Source) -> images.Pixels:
        drawn = np.array(images.read(source, colour="rgb"))
        drawn[0] = (255, 0, 0)
        return drawn


def draw_people(
    root: Path, subjects: int = 6, samples: int = 4, eyes: bool = False, noise: float = 40
) -> Path:
    """Folders of patterns: every subject (and eye) has one, every sample its own noise."""
    rng = np.random.default_rng(4)
    for subject in range(subjects):
        for eye in ("left", "right") if eyes else ("",):
            folder = root / f"p{subject}" / eye
            folder.mkdir(parents=True)
            pattern = rng.integers(40, 216, (SIDE, SIDE))
            for sample in range(samples):
                grey = pattern + rng.normal(0, noise, pattern.shape)
                write(folder / f"{sample}.png", np.clip(grey, 1, 254).astype(np.uint8))
    return root


def write(path: Path, pixels: Any) -> Path:
    Image.fromarray(pixels).save(path)
    return path
