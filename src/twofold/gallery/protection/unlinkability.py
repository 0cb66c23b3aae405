"""How well templates under two keys can be linked.

M. Gomez-Barrero, J. Galbally, C. Rathgeb, C. Busch, "General framework to evaluate unlinkability in
biometric template protection systems", IEEE Trans. Information Forensics and Security 13(6), 2018.
Someone holds two protected templates of different keys and gives the pair a score by any means that
he likes. Mated pairs are of one person, non-mated ones of two.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twofold.errors import OptionError

Floats = NDArray[np.float64]
_MOST_BINS = 100
_SCORES_A_BIN = 10  # mated; as in the authors' own program


@dataclass(frozen=True)
class Linkability:
    """What scores of pairs say.

    Attributes:
        score: (bins,) middles of the bins.
        mated, non_mated: (bins,) share of the pairs in each, sum 1.
        local: (bins,) D<->(s) from 0 (the score says nothing of mated) to 1 (mated for certain).
        overall: D_sys, the mean of D<-> over mated pairs: 0 unlinkable, 1 linked for certain. Noise
            adds to it: see `chance`.
        chance: D_sys of as many pairs with the labels shuffled, which is what noise alone makes.
    """

    score: Floats
    mated: Floats
    non_mated: Floats
    local: Floats
    overall: float
    chance: float


def linkability(
    mated: ArrayLike, non_mated: ArrayLike, omega: float = 1.0, seed: int = 0
) -> Linkability:
    """Measure scores of mated and non-mated pairs; higher need not mean more alike.

    Args:
        mated, non_mated: finite scores, 10 of each at least.
        omega: how many times likelier than not a pair is mated before its score is known; 1 is the
            choice of the framework.
        seed: of the shuffling.

    Raises:
        OptionError: too few scores, or one that is no number.
    """
    one, other = np.asarray(mated, np.float64).ravel(), np.asarray(non_mated, np.float64).ravel()
    both = np.concatenate([one, other])
    if min(len(one), len(other)) < _SCORES_A_BIN or not np.isfinite(both).all():
        raise OptionError(
            f"unlinkability of {len(one)} mated and {len(other)} non-mated scores: at least "
            f"{_SCORES_A_BIN} of each are needed, all of them finite."
        )
    bins = min(_MOST_BINS, len(one) // _SCORES_A_BIN)
    low, high = float(both.min()), float(both.max())
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    share_mated, share_non_mated = _shares(both, len(one), edges)
    np.random.default_rng(seed).shuffle(both)
    noise_mated, noise_non_mated = _shares(both, len(one), edges)
    local = _local(share_mated, share_non_mated, omega)
    return Linkability(
        (edges[1:] + edges[:-1]) / 2,
        share_mated,
        share_non_mated,
        local,
        float(local @ share_mated),
        float(_local(noise_mated, noise_non_mated, omega) @ noise_mated),
    )


def _shares(scores: Floats, mated: int, edges: Floats) -> tuple[Floats, Floats]:
    """Share of the first `mated` scores in each bin, and of the rest."""
    one, other = np.split(scores, [mated])
    return np.histogram(one, edges)[0] / len(one), np.histogram(other, edges)[0] / len(other)


def _local(mated: Floats, non_mated: Floats, omega: float) -> Floats:
    """D<->: P(mated | s) - P(non-mated | s) where that is above 0."""
    weighed = omega * mated
    total = weighed + non_mated
    return np.maximum(weighed - non_mated, 0.0) / np.where(total > 0, total, 1.0)
