"""Do stated log-likelihood ratios mean what they say?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.pools import Pool, System
from twofold.fusion.cost import cllr, min_cllr

_LOWEST, _HIGHEST, _STEP = -16.0, 26.0, 1.0
_FEWEST = 5  # comparisons of either kind in a bin, below which its ratio is noise


@dataclass(frozen=True)
class Reliability:
    """Stated and observed ratios of one system.

    Attributes:
        stated: (b,) mean ratio of the comparisons in a bin.
        observed: (b,) log of the share of mated comparisons that fall into it over that of
            non-mated ones.
        number: (b,) comparisons in it.
        cllr, min_cllr: cost in bits, and the least that any monotone calibration would cost.
    """

    stated: NDArray[np.float64]
    observed: NDArray[np.float64]
    number: NDArray[np.int64]
    cllr: float
    min_cllr: float


def reliability(pool: Pool, system: System) -> Reliability:
    """Compare ratios with what they turned out to be, over all pairings.

    The ratios come from other people's comparisons (the other half's).
    """
    llr = pool.llr[system].astype(np.float64)
    there = ~np.isnan(llr)
    llr, mated = llr[there], pool.mated[there]
    edges = np.arange(_LOWEST, _HIGHEST + _STEP, _STEP)
    place = np.clip(np.digitize(llr, edges), 0, len(edges))
    sizes = [np.bincount(place[kind], minlength=len(edges) + 1) for kind in (mated, ~mated)]
    both = np.minimum(*sizes) >= _FEWEST
    sums = np.bincount(place, weights=llr, minlength=len(edges) + 1)
    number = sizes[0] + sizes[1]
    share = [size[both] / max(size.sum(), 1) for size in sizes]
    return Reliability(
        sums[both] / number[both],
        np.log(share[0] / share[1]),
        number[both],
        cllr(llr, mated),
        min_cllr(llr, mated),
    )
