"""Thresholds on the scale of log-likelihood ratios, for each combination of modalities.

Only rates that the development data carry have one: with n non-mated comparisons none below 3 / n
(the rule of three).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.template import Light

RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it did to the development comparisons.

    Attributes:
        fmr: false match rate that it was set for.
        llr: fused log-likelihood ratios of this or more are matches.
        observed_fmr: at the threshold, `fmr` or less.
        fnmr: share of mated comparisons below it.
    """

    fmr: float
    llr: float
    observed_fmr: float
    fnmr: float


@dataclass(frozen=True)
class CombinationThresholds:
    """Thresholds of one combination of modalities, falling by FMR.

    Attributes:
        combination: "face", "iris" or "face+iris".
        light: of the irises; None for any, or none.
        points: of the rates that the data carry.
        lowest_fmr: 3 / non-mated comparisons.
        mated, non_mated: comparisons measured on, those without a template left out; of one pairing
            where pairings were repeated.
        source: on what, in words.
        synthetic: whether these people are made up.
    """

    combination: str
    light: Light | None
    points: tuple[OperatingPoint, ...]
    lowest_fmr: float
    mated: int
    non_mated: int
    source: str
    synthetic: bool = False

    def __str__(self) -> str:
        kind = "SYNTHETIC people, " if self.synthetic else ""
        return (
            f"{kind}{self.source} ({self.mated:,} mated and {self.non_mated:,} non-mated "
            f"comparisons; no FMR below {self.lowest_fmr:.1g})"
        )

    def at(self, fmr: float) -> OperatingPoint:
        """The threshold set for an FMR.

        Raises:
            OptionError: none was measured for it.
        """
        for one in self.points:
            if abs(one.fmr - fmr) <= 1e-9 * one.fmr:
                return one
        there = ", ".join(f"{one.fmr:g}" for one in self.points) or "none"
        raise OptionError(
            f"FMR {fmr:g}: no threshold of {self.combination} was measured for it; there are "
            f"{there}. Choose one of these; {self.non_mated:,} non-mated comparisons carry none "
            f"below {self.lowest_fmr:.1g}."
        )


def measure(
    llr: NDArray[np.float64],
    mated: NDArray[np.bool_],
    *,
    combination: str,
    light: Light | None,
    source: str,
    pairings: int = 1,
    synthetic: bool = False,
) -> CombinationThresholds:
    """Set a threshold for every rate that the comparisons carry.

    Args:
        llr: (m,) fused ratios; NaN (nothing could be compared) is left out.
        mated: (m,).
        combination, light, source, synthetic: as `CombinationThresholds` has them.
        pairings: how often the same samples were paired anew to give these comparisons; what they
            carry is that of one pairing.

    Raises:
        OptionError: nothing mated or non-mated.
    """
    from twofold.fusion.cost import usable

    ratios, labels = usable(llr, mated)
    non_mated = np.sort(ratios[~labels])[::-1]
    genuine = np.sort(ratios[labels])
    carried = max(1, len(non_mated) // pairings)
    lowest = min(1.0, 3.0 / carried)
    points = []
    for fmr in RATES:
        if fmr < lowest:
            continue
        llr_at = _threshold(non_mated, fmr)
        points.append(
            OperatingPoint(
                fmr,
                llr_at,
                float((non_mated >= llr_at).mean()),
                float(np.searchsorted(genuine, llr_at, side="left") / len(genuine)),
            )
        )
    return CombinationThresholds(
        combination,
        light,
        tuple(points),
        lowest,
        len(genuine) // pairings,
        carried,
        source,
        synthetic,
    )


def _threshold(falling: NDArray[np.float64], fmr: float) -> float:
    """The lowest threshold at which no more than `fmr` of the ratios reach it."""
    allowed = int(np.floor(fmr * len(falling) + 1e-9))
    if allowed >= len(falling):
        return float(falling[-1])
    # Between the last one let through and the next one, nearer to the latter: ties stay out.
    first_out = falling[allowed]
    above = falling[:allowed][falling[:allowed] > first_out]
    return (
        float((above[-1] + first_out) / 2) if len(above) else float(np.nextafter(first_out, np.inf))
    )
