"""What is decided, on what, and why: plain values without a method of their own."""

from dataclasses import dataclass
from typing import Literal

from twofold.errors import OptionError
from twofold.template import Light, Modality

OnContradiction = Literal["flag", "refuse"]


@dataclass(frozen=True)
class Policy:
    """How a decision is to be made.

    Attributes:
        fmr: false match rate that the threshold is set for, above 0 and below 1. Only rates that
            were measured can be asked for.
        contradiction: what becomes of a match whose modalities contradict each other (one a strong
            match, one a strong non-match), which is how an attack with one stolen modality looks.
            "refuse" makes it no match; "flag" lets the fused evidence decide, and then a stolen
            modality mostly passes (docs/fusion.md has the figures). Either way it is flagged.

    Raises:
        OptionError: not such a rate.
    """

    fmr: float
    contradiction: OnContradiction = "refuse"

    def __post_init__(self) -> None:
        if not 0 < self.fmr < 1:
            raise OptionError(f"FMR {self.fmr}: expected a rate such as 1e-3, between 0 and 1.")
        if self.contradiction not in ("flag", "refuse"):
            raise OptionError(f"contradiction {self.contradiction!r}: expected flag or refuse.")


@dataclass(frozen=True)
class Evidence:
    """What one modality says about two templates being of one person.

    Attributes:
        modality: "face" or "iris".
        score: comparison score, in the range of the modality; higher is more alike.
        llr: natural logarithm of how much likelier the score is for mated comparisons.
        quality: of the worse of the two samples, 0 to 100; None where it is not known.
        light: of an iris; None where it is not known.
        words: what the score says, in a sentence.
        non_mated_share: share of non-mated development comparisons that are as alike or more; an
            upper bound where the development data do not reach that far.
        mated_share: share of mated development comparisons that are as unlike or more; likewise.
    """

    modality: Modality
    score: float
    llr: float
    quality: float | None = None
    light: Light | None = None
    words: str = ""
    non_mated_share: float | None = None
    mated_share: float | None = None


@dataclass(frozen=True)
class Decision:
    """Whether two templates are taken for the same person's.

    Attributes:
        match: whether they are.
        llr: fused natural log-likelihood ratio; `threshold` or more is a match.
        fmr: false match rate that the threshold was set for.
        threshold: on the same scale as `llr`.
        threshold_source: on what it was measured.
        contradiction: whether one modality strongly matches and another strongly does not. A match
            is refused for it unless the policy only flags it.
        words: the decision and its reasons in plain sentences.
        combination: the modalities decided on: "face", "iris" or "face+iris".
        fnmr: share of mated development comparisons below the threshold; what to expect at best.
    """

    match: bool
    llr: float
    fmr: float
    threshold: float
    threshold_source: str
    contradiction: bool
    words: str
    combination: str = ""
    fnmr: float | None = None
