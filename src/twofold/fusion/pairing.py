"""Chimeric comparisons: those of faces joined by chance with those of irises.

Where no set holds both modalities of one person, a fused threshold is measured on people put
together by seed. That takes the modalities to be independent, which is near the truth for faces and
irises but is an assumption, to be stated wherever such a figure is shown.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twofold.fusion.cost import Flags, Floats, usable

PAIRINGS = 20


def pair_comparisons(
    face: tuple[Floats, Flags], iris: tuple[Floats, Flags], pairings: int = PAIRINGS
) -> Iterator[tuple[dict[str, Floats], NDArray[np.bool_]]]:
    """Join mated comparisons with mated ones and non-mated with non-mated, drawn by seed.

    Args:
        face, iris: ratios (m,) and whether they are mated (m,); NaN is left out. Every comparison
            of the modality that has fewer is taken once in each pairing.
        pairings: how often; their seeds are 0, 1, 2 and so on.

    Yields:
        Ratios by modality and whether they are mated, as rules take them.

    Raises:
        OptionError: a modality without mated or non-mated comparisons.
    """
    parts = {"face": usable(*face), "iris": usable(*iris)}
    for seed in range(pairings):
        drawn = np.random.default_rng(seed)
        ratios: dict[str, list[Floats]] = {"face": [], "iris": []}
        kinds = []
        for kind in (True, False):
            several = {name: llr[mated == kind] for name, (llr, mated) in parts.items()}
            count = min(len(one) for one in several.values())
            kinds.append(np.full(count, kind))
            for name, one in several.items():
                ratios[name].append(drawn.permutation(one)[:count])
        yield {name: np.concatenate(one) for name, one in ratios.items()}, np.concatenate(kinds)
