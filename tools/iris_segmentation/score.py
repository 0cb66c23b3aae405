"""Scores of the network's maps against the truth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.iris_segmentation.randomise import TARGETS

Maps = NDArray[np.floating[Any]]


def score(shares: Maps, truth: Maps) -> dict[str, float]:
    """Intersection over union of each target, maps cut at one half.

    Args:
        shares, truth: (n, rows, columns, targets), 0 to 1.

    Returns:
        Mean over the pictures that show the target, and the 5th percentile; and how often a
        picture without an eye is given an iris of more than 20 pixels.
    """
    found, real = shares >= 0.5, truth >= 0.5
    result = {}
    for k, name in enumerate(TARGETS):
        shown = real[..., k].sum(axis=(1, 2)) > 20
        both = (found & real)[shown, ..., k].sum(axis=(1, 2))
        either = (found | real)[shown, ..., k].sum(axis=(1, 2))
        ratio = both / either
        result[f"iou_{name}"] = round(float(ratio.mean()), 4)
        result[f"iou_{name}_p05"] = round(float(np.percentile(ratio, 5)), 4)
    empty = ~truth[..., 1].any(axis=(1, 2))
    if empty.any():
        result["false_irises"] = round(
            float((found[empty, ..., 1].sum(axis=(1, 2)) > 20).mean()), 4
        )
    return result
