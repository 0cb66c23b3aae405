"""Calibration of one modality: a comparison score to a log-likelihood ratio.

A ratio says how much likelier a score is for mated than for non-mated comparisons. It is monotone
in the score, comparable between modalities, and adds up over independent ones. docs/fusion.md tells
how the forms were chosen.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twofold.errors import OptionError
from twofold.fusion import fitting
from twofold.fusion.cost import Flags, Floats, cllr, min_cllr
from twofold.fusion.curves import Curve
from twofold.fusion.tails import Tail, tail
from twofold.template import Light, Modality
from twofold.thresholds import ThresholdSource

Method = Literal["logistic", "isotonic"]
PRIOR = 0.5


@dataclass(frozen=True)
class CalibrationCard:
    """On what a calibration was fitted and how far it can be trusted.

    Attributes:
        sources: the development sets: name, digest, counts, date, command.
        synthetic: whether their people are made up; such a calibration says nothing of real ones.
        prior: share of mated comparisons that the fit assumed; 0.5 whatever their number.
        mated, non_mated: comparisons fitted on.
        cllr, min_cllr: cost of the ratios on these very comparisons, and its least, in bits.
        lowest_fmr: 3 / non-mated comparisons: no rate below it can be trusted.
        note: what else a reader should know.
    """

    sources: tuple[ThresholdSource, ...] = ()
    synthetic: bool = False
    prior: float = PRIOR
    mated: int = 0
    non_mated: int = 0
    cllr: float = float("nan")
    min_cllr: float = float("nan")
    lowest_fmr: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Calibration:
    """From scores of one modality and light to log-likelihood ratios.

    Attributes:
        modality: "face" or "iris".
        light: of irises; None holds for any.
        contract: of the templates whose scores these are.
        method: "logistic" or "isotonic".
        curve: the fitted function.
        non_mated, mated: ends of the distributions of scores, for words.
        card: on what it was fitted.
    """

    modality: Modality
    light: Light | None
    contract: str
    method: Method
    curve: Curve
    non_mated: Tail
    mated: Tail
    card: CalibrationCard

    def llr(self, score: ArrayLike, quality: ArrayLike | None = None) -> NDArray[np.float64]:
        """Natural log-likelihood ratios of scores.

        Args:
            score: any shape; higher is more alike; NaN (no comparison) gives NaN.
            quality: of the worse of the two samples, 0 to 100, broadcast to the scores; NaN or None
                takes the typical one of the development data.

        Returns:
            float64 of the scores' shape, rising with the score at any one quality.
        """
        scores = np.asarray(score, dtype=np.float64)
        given = np.nan if quality is None else np.asarray(quality, dtype=np.float64)
        return self.curve.llr(scores, np.broadcast_to(given, scores.shape))


def calibrate(
    scores: ArrayLike,
    mated: ArrayLike,
    *,
    modality: Modality,
    light: Light | None = None,
    contract: str,
    method: Method = "logistic",
    quality: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    repeats: int = 1,
    card: CalibrationCard | None = None,
) -> Calibration:
    """Fit a calibration.

    Args:
        scores: (m,) comparison scores, higher is more alike; NaN is left out.
        mated: bool (m,).
        modality: that the scores are of.
        light: of irises; None for any.
        contract: of the templates that were compared.
        method: "logistic" (smooth, three numbers, four with quality) or "isotonic" (steps; takes no
            notice of the quality, and wants many comparisons).
        quality: (m,) of the worse of the two samples, 0 to 100; None where it is not known.
        weights: (m,) how much each comparison counts within its class, above 0; None counts all
            the same.
        repeats: how often each comparison is among these, where pictures were also degraded on
            purpose: what the data carry is that of one time.
        card: what is known of the data; counts and costs are filled in.

    Raises:
        OptionError: nothing mated or non-mated, shapes differ, infinite scores, or no such method.
    """
    if method not in ("logistic", "isotonic"):
        raise OptionError(f"method {method!r}: expected logistic or isotonic.")
    score_list, labels, there = _usable(scores, mated)
    qualities = _beside(quality, there, "qualities")
    weighing = _beside(weights, there, "weights")
    counts = int(labels.sum()) // repeats, int((~labels).sum()) // repeats
    least, most = fitting.supported(*counts)
    if method == "logistic":
        curve: Curve = fitting.fit_logistic(score_list, labels, weighing, qualities, least, most)
    else:
        curve = fitting.fit_isotonic(score_list, labels, weighing, least, most)
    unknown = np.full(len(score_list), np.nan)
    ratios = curve.llr(score_list, unknown if qualities is None else qualities)
    told = replace(
        card or CalibrationCard(),
        mated=counts[0],
        non_mated=counts[1],
        cllr=cllr(ratios, labels),
        min_cllr=min_cllr(ratios, labels),
        lowest_fmr=min(1.0, fitting.RULE_OF_THREE / max(counts[1], 1)),
    )
    return Calibration(
        modality,
        light,
        contract,
        method,
        curve,
        tail(score_list[~labels], upper=True),
        tail(score_list[labels], upper=False),
        told,
    )


def _usable(scores: ArrayLike, mated: ArrayLike) -> tuple[Floats, Flags, Flags]:
    from twofold.fusion.cost import usable

    given = np.asarray(scores, dtype=np.float64)
    kept, labels = usable(given, mated)
    if np.isinf(kept).any():
        raise OptionError("infinite scores: a comparison that failed is NaN. Correct the scores.")
    return kept, labels, ~np.isnan(given)


def _beside(values: ArrayLike | None, there: Flags, named: str) -> Floats | None:
    if values is None:
        return None
    given = np.asarray(values, dtype=np.float64)
    if given.shape != there.shape:
        raise OptionError(f"{named} {given.shape}: give one for each of {there.size} scores.")
    return given[there]
