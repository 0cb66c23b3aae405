"""Thresholds for identification: how strong evidence must be among N candidates.

A probe whose subject is not enrolled meets N references, and each comparison may go wrong: the
false positive identification rate (FPIR) is about 1 - (1 - FMR)^N, and N FMR at most, however the
comparisons depend on each other (Bonferroni). So FMR = FPIR / N is what a single comparison is
allowed.

Where the fusion model has a threshold measured at this FMR or a stricter one, that one is taken.
Beyond, two bounds hold, and the lower one of them is taken:

- Likelihood ratios bound themselves. They have an expectation of 1 at most among non-mated
  comparisons, so that by Markov's inequality P(LLR >= t | non-mated) <= exp(-t) (V. Vovk and
  R. Wang, E-values: calibration, combination and applications, Annals of Statistics 49, 2021), and
  t = log(N / FPIR) is enough.
- Of a sum of independent ratios more is known. Each of them exceeds its measured thresholds no more
  often than at their FMR, exp(-t) above these and what its calibration can reach at most never; the
  sum exceeds t no more often than a sum of independent numbers of just these distributions does.

This holds as far as calibrations do, and, for several modalities, as far as these are independent,
which the measured fused thresholds assume as well; docs/identifying.md has what was found on real
people. Calibrations saturate where their data end, so a modality alone carries galleries of a
limited size only, and larger ones are refused.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import CombinationThresholds, OperatingPoint
from twofold.fusion.rules import SumRule
from twofold.template import Light, Modality

Kind = Literal["measured", "bound"]
_MODALITIES: tuple[Modality, ...] = get_args(Modality)
_STEP = 0.01  # of ratios, in which sums of independent ones are bounded; rounded up
_PERFECT = 1e6  # beyond any score
_ROUNDING = 1e-9  # FPIR / N that was meant to equal a measured FMR may differ in its last digits


@dataclass(frozen=True)
class IdentificationThreshold:
    """What the best candidate must reach.

    Attributes:
        llr: fused log-likelihood ratios of this or more are hits.
        fmr_needed: FPIR / N, the false match rate that a single comparison may have.
        source: on what it was measured, or what bounds it, in words.
        kind: "measured" on development comparisons, or "bound" beyond what these carry.
        combination: the modalities compared: "face", "iris" or "face+iris".
        light: of the irises; None for any, or none.
    """

    llr: float
    fmr_needed: float
    source: str
    kind: Kind
    combination: str
    light: Light | None = None

    def __str__(self) -> str:
        return f"{self.llr:.1f} for FMR {self.fmr_needed:.1g} ({self.kind}): {self.source}"


def threshold_for(
    model: FusionModel,
    combination: str,
    light: Light | None,
    fpir: float,
    references: int,
    *,
    eyes: int = 1,
) -> IdentificationThreshold:
    """The threshold of one combination of modalities for a gallery of a size.

    Args:
        model: calibrations and measured thresholds.
        combination: what is compared: "face", "iris" or "face+iris".
        light: of the irises; None for unknown, or where there are none.
        fpir: wanted share of searches for people who are not enrolled that find anybody, above 0
            and below 1.
        references: enrolled subjects that a probe is compared with, 1 or more. Several samples of
            a subject count once: their score is corrected for their number (docs/recognizing.md).
        eyes: of a subject that are compared apart, 1 or 2; two can say more than one.

    Raises:
        OptionError: such a threshold is beyond what this combination can ever say, with what would
            be possible instead; or an argument is out of range; or nothing was measured.
    """
    if not 0 < fpir < 1:
        raise OptionError(f"FPIR {fpir:g}: expected a rate such as 0.01, between 0 and 1.")
    if references < 1:
        raise OptionError(f"{references} references: expected at least 1. Enrol somebody first.")
    if eyes not in (1, 2):
        raise OptionError(f"eyes {eyes}: expected 1 or 2.")
    names = _names(combination)
    measured = model.threshold(names, light)
    needed = fpir / references
    point = _measured(measured, needed)
    if point is not None:
        return IdentificationThreshold(
            point.llr, needed, f"set for FMR {point.fmr:g} on {measured}", "measured",
            measured.combination, measured.light,
        )  # fmt: skip
    strictest = max((one.llr for one in measured.points), default=-math.inf)
    exceeding = _Exceeding.of(model, names, light, eyes)
    llr = max(exceeding.least(needed), strictest)
    reach = highest_ratio(model, combination, light, eyes=eyes)
    if llr > reach * (1 + _ROUNDING):
        raise OptionError(_refusal(model, measured, light, fpir, references, eyes, llr, reach))
    source = (
        f"a bound: non-mated likelihood ratios exceed a number no more often than once in as many, "
        f"and modalities are independent; measured was no FMR below {measured.lowest_fmr:.1g} "
        f"({measured.source})"
    )
    return IdentificationThreshold(
        llr, needed, source, "bound", measured.combination, measured.light
    )


def highest_ratio(
    model: FusionModel, combination: str, light: Light | None, *, eyes: int = 1
) -> float:
    """The most that a combination can say for one person, where its calibrations saturate.

    Infinite under a trained rule, of which no most is known.

    Args:
        model, combination, light, eyes: as for `threshold_for`.

    Raises:
        OptionError: a modality has no calibration, or there is no such modality.
    """
    most: dict[str, float] = {
        name: float(model.calibration(name, light if name == "iris" else None).llr(_PERFECT, 100.0))
        for name in _names(combination)
    }
    if not isinstance(model.rule, SumRule):
        return math.inf
    if "iris" in most:
        most["iris"] *= eyes
    return model.fuse(most)


def largest_gallery(
    model: FusionModel, combination: str, light: Light | None, fpir: float, *, eyes: int = 1
) -> int | None:
    """Most subjects among which `threshold_for` gives a threshold; None where it always does.

    Args:
        model, combination, light, fpir, eyes: as for `threshold_for`.

    Raises:
        OptionError: as for `threshold_for`, except about the size.
    """
    if not 0 < fpir < 1:
        raise OptionError(f"FPIR {fpir:g}: expected a rate such as 0.01, between 0 and 1.")
    names = _names(combination)
    measured = model.threshold(names, light)
    reach = highest_ratio(model, combination, light, eyes=eyes)
    if math.isinf(reach):
        return None
    least = _least_fmr(measured, _Exceeding.of(model, names, light, eyes), reach)
    return math.floor(fpir / least * (1 + _ROUNDING))


def _names(combination: str) -> list[Modality]:
    names = [name for name in _MODALITIES if name in combination.split("+")]
    if "+".join(sorted(names)) != "+".join(sorted(combination.split("+"))):
        raise OptionError(f"combination {combination!r}: expected face, iris or face+iris.")
    return names


def _measured(measured: CombinationThresholds, fmr: float) -> OperatingPoint | None:
    """The point of the largest FMR that is allowed; None where all are larger."""
    fit = [one for one in measured.points if one.fmr <= fmr * (1 + _ROUNDING)]
    return max(fit, key=lambda one: one.fmr, default=None)


@dataclass(frozen=True)
class _Exceeding:
    """How often non-mated fused ratios reach t at most: exp(-t), and `share` at `llr`.

    Attributes:
        llr: rising, (n,); may be empty.
        share: falling, (n,).
    """

    llr: NDArray[np.float64]
    share: NDArray[np.float64]

    @classmethod
    def of(
        cls, model: FusionModel, names: list[Modality], light: Light | None, eyes: int
    ) -> "_Exceeding":
        """Of a sum of independent ratios; of another rule exp(-t) alone."""
        parts: list[tuple[int, NDArray[np.float64]]] = []
        for name in names if isinstance(model.rule, SumRule) else ():
            part = _distribution(model, name, light if name == "iris" else None)
            parts += [part] * (eyes if name == "iris" else 1)
        if len(parts) < 2:
            return cls(np.empty(0), np.empty(0))
        start, mass = parts[0]
        for other, further in parts[1:]:
            start, mass = start + other, np.convolve(mass, further)
        share: NDArray[np.float64] = np.cumsum(mass[::-1])[::-1]
        return cls(np.arange(start, start + len(share), dtype=np.float64) * _STEP, share)

    def at(self, llr: float) -> float:
        """The most that reach a ratio."""
        place = int(np.searchsorted(self.llr, llr, side="right")) - 1
        known = float(self.share[place]) if 0 <= place < len(self.share) else 1.0
        return min(known, math.exp(-llr), 1.0)

    def least(self, fmr: float) -> float:
        """The lowest ratio that no more than `fmr` reach."""
        enough = self.llr[self.share <= fmr * (1 + _ROUNDING)]
        return min(float(enough[0]) if len(enough) else math.inf, -math.log(fmr))


def _distribution(
    model: FusionModel, name: Modality, light: Light | None
) -> tuple[int, NDArray[np.float64]]:
    """Masses (n,) at multiples of the step from `start` on, at or above a modality's ratios."""
    try:
        points = model.threshold([name], light).points
    except OptionError:
        points = ()
    reach = highest_ratio(model, name, light)
    start = math.floor(min([0.0, *(one.llr for one in points)]) / _STEP) - 1
    ratios = np.arange(start, math.floor(reach / _STEP) + 2) * _STEP
    share: NDArray[np.float64] = np.minimum(1.0, np.exp(-ratios))
    for one in points:
        share[ratios >= one.llr] = np.minimum(share[ratios >= one.llr], one.fmr)
    share[ratios > reach] = 0.0
    # What lies between two multiples counts as the upper one.
    return start + 1, share[:-1] - share[1:]


def _least_fmr(measured: CombinationThresholds, exceeding: _Exceeding, reach: float) -> float:
    """The strictest FMR that there is a threshold for, measured or by the bound."""
    rates = [one.fmr for one in measured.points]
    if all(one.llr <= reach for one in measured.points):
        rates.append(exceeding.at(reach))
    return min(rates, default=1.0)


def _refusal(
    model: FusionModel, measured: CombinationThresholds, light: Light | None, fpir: float,
    references: int, eyes: int, llr: float, reach: float,
) -> str:  # fmt: skip
    named = measured.combination
    whole = (
        f"{named}: FPIR {fpir:g} among {references:,} subjects needs a log-likelihood ratio of "
        f"{llr:.1f}, and {named} reaches {reach:.1f} at most."
    )
    least = _least_fmr(measured, _Exceeding.of(model, _names(named), light, eyes), reach)
    ways = []
    if (most := math.floor(fpir / least)) >= 1:
        ways.append(f"search among {most:,} subjects at most")
    if (rate := references * least) < 0.5:
        ways.append(f"ask for an FPIR of {_rounded_up(rate):g} or more")
    if named != (both := "face+iris"):
        lights = {light, *(one.light for one in model.thresholds if one.combination == both)}
        if any(_gives(model, both, one, eyes, fpir, references) for one in lights):
            ways.append(f"give the {'iris' if named == 'face' else 'face'} too")
    one_eye = "iris" in named and eyes == 1
    if one_eye and _gives(model, named, light, 2, fpir, references):
        ways.append("give both eyes, named left and right")
    told = ", or ".join(ways) or "fit a model on more people with `twofold calibrate`"
    return f"{whole} {told[0].upper()}{told[1:]}."


def _gives(
    model: FusionModel, combination: str, light: Light | None, eyes: int, fpir: float, size: int
) -> bool:
    try:
        most = largest_gallery(model, combination, light, fpir, eyes=eyes)
    except OptionError:
        return False
    return most is None or most >= size


def _rounded_up(rate: float) -> float:
    """To one significant digit, so that what a message proposes is accepted."""
    scale = 10.0 ** math.floor(math.log10(rate))
    return math.ceil(rate / scale * (1 + _ROUNDING)) * scale
