"""From comparison scores to weighed evidence and a decision."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.special import logsumexp

from twofold.errors import ModelError, OptionError
from twofold.fusion.calibration import Calibration
from twofold.fusion.decision import Decision, Evidence, Policy
from twofold.fusion.model import FusionModel
from twofold.fusion.wording import contradicts
from twofold.recognizer.scoring import Scored
from twofold.template import Template


@dataclass(frozen=True)
class Part:
    """What was compared and what it says alone.

    Attributes:
        scored: the face, or one eye.
        evidence: of all its pairs of samples together; its score is that of one comparison that
            would say as much.
    """

    scored: Scored
    evidence: Evidence


@dataclass(frozen=True)
class Comparison:
    """What the comparison of two templates found.

    Attributes:
        evidence: one of each modality that both have, with score, log-likelihood ratio and words.
            Where left and right eye were compared apart, their score is the mean, their ratio the
            sum.
        llr: fused natural-log likelihood ratio: above 0 speaks for one person.
        decision: at the policy asked for.
        parts: what the evidence is made of: one of the face, one of each eye.
    """

    evidence: tuple[Evidence, ...]
    llr: float
    decision: Decision
    parts: tuple[Part, ...]

    @property
    def match(self) -> bool:
        """Whether the decision is a match."""
        return self.decision.match

    def __str__(self) -> str:
        return self.decision.words


def conclude(model: FusionModel, scores: Sequence[Scored], policy: Policy) -> Comparison:
    """Weigh the scores, of which there is at least one, and decide.

    Raises:
        ModelError: a modality has no calibration.
        OptionError: no threshold was measured for the policy's FMR.
    """
    parts, evidence = weigh(model, scores)
    eyes = [part for part in parts if part.scored.modality == "iris"]
    decision = _with_eyes(model.decide(evidence, policy), eyes, policy)
    return Comparison(evidence, decision.llr, decision, parts)


def weigh(
    model: FusionModel, scores: Sequence[Scored]
) -> tuple[tuple[Part, ...], tuple[Evidence, ...]]:
    """What each score says, and what each modality says: both eyes are one evidence.

    Raises:
        ModelError: a modality has no calibration.
    """
    parts = tuple(Part(one, _weighed(model, one)) for one in scores)
    faces = tuple(part.evidence for part in parts if part.scored.modality == "face")
    eyes = [part for part in parts if part.scored.modality == "iris"]
    return parts, (*faces, _joined(eyes)) if eyes else faces


def nothing_in_common(probe: Template, reference: Template) -> OptionError:
    """The error for templates without a modality (or eye, or light) in common."""
    return OptionError(
        f"nothing can be compared: the probe has {_holdings(probe)}, the reference "
        f"{_holdings(reference)}. Both need a sample of one modality, and irises of one eye "
        "and light."
    )


def _weighed(model: FusionModel, one: Scored) -> Evidence:
    """The evidence of all pairs of samples: the mean of their likelihood ratios.

    Whatever the pairs have in common, the mean of ratios exceeds a bound among non-mated no more
    often than one may (each has the expectation 1 there, and so has their mean: V. Vovk and R.
    Wang, E-values: calibration, combination and applications, Annals of Statistics 49, 2021); and
    a sample that says little takes little away.
    """
    try:
        calibration = model.calibration(one.modality, one.light)
    except OptionError as error:
        raise ModelError(str(error)) from error
    ratios = calibration.llr(one.scores, one.qualities)
    best = int(ratios.argmax())
    score, quality = one.scores[best], one.qualities[best]
    if len(ratios) > 1:
        mean = float(logsumexp(ratios)) - math.log(len(ratios))
        score = _worth(calibration, mean, min(one.scores), score, quality)
        evidence = model.evidence(one.modality, score, quality=quality, light=one.light)
        return replace(evidence, llr=mean)
    return model.evidence(one.modality, score, quality=quality, light=one.light)


def _worth(calibration: Calibration, llr: float, low: float, high: float, quality: float) -> float:
    """The score of one comparison that says as much, from `low` to `high`."""
    from scipy.optimize import brentq  # slow to load, and seldom needed

    def beyond(score: float) -> float:
        return float(calibration.llr(score, quality)) - llr

    return (
        float(brentq(beyond, low, high, xtol=1e-6))
        if beyond(low) < 0 < beyond(high)
        else (low if beyond(low) >= 0 else high)
    )


def _joined(eyes: Sequence[Part]) -> Evidence:
    """The evidence of one eye as it is, of both as one: they are independent."""
    both = [part.evidence for part in eyes]
    if len(both) == 1:
        return both[0]
    lights = {one.light for one in both}
    return replace(
        both[0],
        score=sum(one.score for one in both) / len(both),
        llr=sum(one.llr for one in both),
        quality=min((one.quality for one in both if one.quality is not None), default=None),
        light=lights.pop() if len(lights) == 1 else None,
        words=" ".join(
            f"{str(part.scored.eye).capitalize()} eye: {part.evidence.words}" for part in eyes
        ),
        non_mated_share=None,  # of one comparison; two together are rarer
        mated_share=None,
    )


def _with_eyes(decision: Decision, eyes: Sequence[Part], policy: Policy) -> Decision:
    """The decision, flagged where one eye strongly matches and the other strongly does not."""
    if not contradicts([part.evidence for part in eyes]):
        return decision
    best = max(eyes, key=lambda part: part.evidence.llr).scored.eye
    refused = decision.match and policy.contradiction == "refuse"
    said = (
        f"CONTRADICTION: the {best} iris strongly matches and the other strongly does not; check "
        f"by hand.{' The policy refuses such a match.' if refused else ''}"
    )
    words = decision.words
    if refused:
        words = f"No match.{words.removeprefix('Match.')}"
    return replace(
        decision,
        match=decision.match and not refused,
        contradiction=True,
        words=f"{words} {said}",
    )


def _holdings(template: Template) -> str:
    parts = []
    if template.faces:
        parts.append(f"{len(template.faces)} face(s)")
    if template.irises:
        kinds = sorted(
            {
                f"eye {iris.eye or 'unknown'}, light {iris.light or 'unknown'}"
                for iris in template.irises
            }
        )
        parts.append(f"{len(template.irises)} iris(es) ({'; '.join(kinds)})")
    return " and ".join(parts)
