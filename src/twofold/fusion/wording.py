"""Evidence and decisions in plain sentences: no more than the development data support."""

from collections.abc import Sequence

from twofold.fusion.calibration import Calibration
from twofold.fusion.curves import LogisticCurve
from twofold.fusion.decision import Evidence, Policy
from twofold.fusion.operating import OperatingPoint
from twofold.template import Light

STRONG_MATCH = 4.6  # log 100: at least a hundred times likelier for one person
# log 1/10: at least ten times likelier for two people. Ratios of bad samples do not fall so low, so
# that a bad picture contradicts nothing.
STRONG_NON_MATCH = -2.3
_WEAK = 1.1  # log 3
_POOR = 40.0  # quality below which it is said that a non-match weighs less
_THINGS = {"face": ("The faces", "different people's"), "iris": ("The irises", "different eyes")}


def evidence(
    calibration: Calibration, score: float, llr: float, quality: float | None, light: Light | None
) -> Evidence:
    """A score with its ratio and words."""
    non_mated, non_mated_bound = calibration.non_mated.at(score)
    mated, mated_bound = calibration.mated.at(score)
    return Evidence(
        modality=calibration.modality,
        score=score,
        llr=llr,
        quality=quality,
        light=light,
        words=_evidence_words(calibration, llr, (non_mated, non_mated_bound), (mated, mated_bound))
        + _quality_words(calibration, quality),
        non_mated_share=non_mated,
        mated_share=mated,
    )


def _evidence_words(
    calibration: Calibration, llr: float, non_mated: tuple[float, bool], mated: tuple[float, bool]
) -> str:
    things, others = _THINGS[calibration.modality]
    if llr >= STRONG_MATCH:
        said = f"{things} agree far more than {others} do"
    elif llr >= _WEAK:
        said = f"{things} agree more than {others} mostly do"
    elif llr > -_WEAK:
        said = f"{things} say little either way"
    elif llr > STRONG_NON_MATCH:
        said = f"{things} agree less than one person's mostly do"
    else:
        said = f"{things} agree no more than {others} do"
    share, bound = non_mated if llr > 0 else mated
    kind = "non-mated" if llr > 0 else "mated"
    how = "alike" if llr > 0 else "unlike"
    if share >= 1.0:
        return f"{said}."
    if bound:
        return f"{said} (fewer than {one_in(share)} {kind} comparisons are as {how})."
    return f"{said} ({one_in(share)} {kind} comparisons is as {how})."


def _quality_words(calibration: Calibration, quality: float | None) -> str:
    curve = calibration.curve
    if quality is None or quality >= _POOR or not isinstance(curve, LogisticCurve):
        return ""
    if curve.missed[1] <= curve.missed[0]:  # fitted without qualities
        return ""
    return f" The poorer picture's quality is {quality:.0f} of 100, so a non-match weighs less."


def one_in(share: float) -> str:
    """Such as "1 in 40,000": two significant digits, no more than counts support."""
    number = 1.0 / share
    if number < 10:
        return f"1 in {number:.1f}".removesuffix(".0")
    digits = len(str(round(number))) - 2
    return f"1 in {round(round(number), -digits):,}"


def contradicts(evidences: Sequence[Evidence]) -> bool:
    """Whether one modality strongly matches while another strongly does not."""
    ratios = [one.llr for one in evidences]
    return bool(ratios) and max(ratios) >= STRONG_MATCH and min(ratios) <= STRONG_NON_MATCH


def decision(
    evidences: Sequence[Evidence],
    match: bool,
    fused: float,
    point: OperatingPoint,
    contradiction: bool,
    policy: Policy,
) -> str:
    """The decision and its reasons."""
    sentences = ["Match." if match else "No match."]
    sentences += [one.words for one in evidences]
    if contradiction:
        strong = max(evidences, key=lambda one: one.llr).modality
        weak = min(evidences, key=lambda one: one.llr).modality
        sentences.append(
            f"CONTRADICTION: the {strong} strongly matches and the {weak} strongly does not, as "
            f"when someone presents a stolen {strong}. Take both again, or check by hand."
        )
        if policy.contradiction == "refuse" and fused >= point.llr:
            sentences.append("The policy refuses such a match.")
    relation = "reaches" if fused >= point.llr else "is below"
    sentences.append(
        f"The evidence of {fused:.1f} {relation} the threshold of {point.llr:.1f} for FMR "
        f"{point.fmr:g}."
    )
    return " ".join(sentences)
