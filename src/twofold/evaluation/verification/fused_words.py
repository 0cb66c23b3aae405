"""What a fused report says in words: cautions, verdicts, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twofold.evaluation.verification.curves import percentage, told
from twofold.evaluation.verification.degradation import WORDS
from twofold.evaluation.verification.fused import FusedOutcome, Measured
from twofold.evaluation.verification.fused_figures import TITLES
from twofold.evaluation.verification.pooled_rates import Spread
from twofold.evaluation.verification.pools import SYSTEMS, Condition, System
from twofold.evaluation.verification.rates import Rate
from twofold.evaluation.verification.transfers import Transfer
from twofold.evaluation.wording import counted, readable

HEADLINE_FMR = 1e-4


@dataclass(frozen=True)
class Row:
    """A line of a table: its name and its cells; `begins` a new part; `strong` is set apart."""

    name: str
    cells: tuple[str, ...]
    begins: bool = False
    strong: bool = False


def title(outcome: FusedOutcome) -> str:
    """Which sets, and whether people are made up."""
    kind = " (synthetic)" if outcome.synthetic else ""
    if not outcome.chimeric:
        return f"Face and iris of {outcome.face.name}{kind}"
    return f"Faces of {outcome.face.name}, irises of {outcome.iris.name}{kind}"


def pairing_words(outcome: FusedOutcome) -> str:
    """How people came to have a face and an iris: to stand wherever a fused figure does."""
    count = len(outcome.pairings)
    if outcome.chimeric:
        return (
            f"Chimeric: no person here has both. {counted(count, 'random pairing')} of face "
            "subjects with iris identities (one eye of one person); figures assume that face and "
            "iris are independent."
        )
    return (
        f"Pairs as the dataset labels them, people halved in {counted(count, 'random way')}. "
        "Whether a subject's face and iris are of one real person, only the dataset's makers know."
    )


def short(outcome: FusedOutcome) -> str:
    """The same in a few words, for captions."""
    kind = "Chimeric" if outcome.chimeric else "As labelled"
    unit = "pairing" if outcome.chimeric else "division"
    return f"{kind}, {counted(len(outcome.pairings), unit)}."


def cautions(outcome: FusedOutcome) -> list[str]:
    """What a reader must know before any figure."""
    found = [pairing_words(outcome)]
    if outcome.synthetic:
        found.insert(0, "Synthetic people: these figures say nothing about real ones.")
    if outcome.source == "shipped":
        found.append(outcome.calibration)
    return found


def verdicts(outcome: FusedOutcome) -> list[tuple[bool, str]]:
    """Whether fusion ever does harm, one line for each condition: (holds, words)."""
    found = []
    for one in outcome.measured:
        name = "On clean pictures" if one.condition.how is None else f"With {_bad(one.condition)}"
        if not one.setbacks:
            found.append((
                True,
                f"{name}, both together were nowhere worse than the better modality: at none of "
                f"the {one.points} operating points shown.",
            ))  # fmt: skip
            continue
        most = max(one.setbacks, key=lambda back: back.fused - back.better)
        mated = one.rates["fused"].counts.mated
        extra = round((most.fused - most.better) * mated)
        found.append((
            False,
            f"{name}, both together were worse at {len(one.setbacks)} of the {one.points} "
            f"operating points shown (FMR {percentage(one.setbacks[0].fmr)} to "
            f"{percentage(one.setbacks[-1].fmr)}). At most: FNMR {percentage(most.fused)} against "
            f"{percentage(most.better)} by {most.modality} alone at FMR {percentage(most.fmr)}, "
            f"{extra} of {mated:,} mated comparisons.",
        ))  # fmt: skip
    return found


def _bad(condition: Condition) -> str:
    spoilt = "missing" if condition.how == "missing" else f"spoilt by {condition.how}"
    return f"the {condition.modality} {spoilt}"


def condition_words(outcome: FusedOutcome, condition: Condition) -> str:
    """What was done to which probes."""
    assert condition.how is not None
    share = percentage(outcome.share)
    return f"The {condition.modality} of {share} of the probes is {WORDS[condition.how]}."


def tiles(outcome: FusedOutcome) -> list[dict[str, Any]]:
    """Headline figures: those of both together large, of face and iris beside."""
    rates = outcome.clean.rates
    found = [_tile("EER", {system: rates[system].eer for system in SYSTEMS})]
    for k, point in enumerate(rates["fused"].points):
        if point.wanted in (1e-3, HEADLINE_FMR):
            name = f"FNMR at FMR {percentage(point.wanted)}"
            found.append(_tile(name, {system: rates[system].points[k].fnmr for system in SYSTEMS}))
    ones = {system: outcome.identified[system].rank_one for system in SYSTEMS}
    found.append(_tile("Found at rank 1", ones))
    return found


def _tile(name: str, rates: dict[System, Rate]) -> dict[str, Any]:
    fused = rates["fused"]
    detail = fused.refused or "no interval"
    if fused.value is not None and fused.low is not None and fused.high is not None:
        detail = f"95 % interval {percentage(fused.low)} to {percentage(fused.high)}"
    return {
        "name": name,
        "value": percentage(fused.value),
        "detail": detail,
        "parts": [(system, percentage(rates[system].value)) for system in ("face", "iris")],
    }


def rate_rows(measured: Measured) -> list[Row]:
    """The rates of all three, and their spread over the pairings."""
    rates = measured.rates

    def row(name: str, cells: Sequence[str], begins: bool = False, strong: bool = False) -> Row:
        return Row(name, tuple(cells), begins, strong)

    pairings = len(measured.eer_spread["fused"].values)
    found = [
        row("EER", [told(rates[system].eer) for system in SYSTEMS], strong=True),
    ]
    if pairings > 1:
        spread = [spread_words(measured.eer_spread[system]) for system in SYSTEMS]
        found.append(row("in single pairings", spread))
    for k, point in enumerate(rates["fused"].points):
        name = f"FNMR at FMR {percentage(point.wanted)}"
        found.append(row(name, [told(rates[s].points[k].fnmr) for s in SYSTEMS], True, True))
        known = [measured.fnmr_spread[system].get(point.wanted) for system in SYSTEMS]
        if pairings > 1 and any(one and one.values for one in known):
            cells = [spread_words(one) if one else "–" for one in known]
            found.append(row("in single pairings", cells))
        elif pairings > 1 and point.fnmr.refused is None:
            found.append(row("in single pairings", ["too few comparisons"] * 3))
    counts = rates["fused"].counts
    found += [
        row("Mated comparisons", [f"{rates[s].counts.mated:,}" for s in SYSTEMS], True),
        row("of them failed", [f"{rates[s].counts.mated_failed:,}" for s in SYSTEMS]),
        row("Non-mated comparisons", [f"{counts.non_mated:,}"] * 3),
        row("of them failed", [f"{rates[s].counts.non_mated_failed:,}" for s in SYSTEMS]),
    ]
    return found


def spread_words(spread: Spread) -> str:
    """Median, least and greatest."""
    if spread.low is None or spread.high is None:
        return "too few comparisons"
    return (
        f"{percentage(spread.median)} ({percentage(spread.low).removesuffix(' %')} to "
        f"{percentage(spread.high)})"
    )


def degraded_rows(outcome: FusedOutcome) -> list[Row]:
    """Every condition: EER and FNMR at 0.1 % of all three."""
    found = []
    for one in outcome.measured:
        name = (
            "clean"
            if one.condition.how is None
            else f"{one.condition.modality}: {one.condition.how}"
        )
        at = next(k for k, p in enumerate(one.rates["fused"].points) if p.wanted == 1e-3)
        cells = [percentage(one.rates[s].eer.value) for s in SYSTEMS]
        cells += [percentage(one.rates[s].points[at].fnmr.value) for s in SYSTEMS]
        cells.append("nowhere" if not one.setbacks else f"at {len(one.setbacks)} of {one.points}")
        found.append(Row(name, tuple(cells), strong=bool(one.setbacks)))
    return found


def transfer_rows(outcome: FusedOutcome) -> list[Row]:
    """Both directions of the first pairing, then all pairings, for each FMR and system."""
    found = []
    wanted = sorted({one.applied.wanted for one in outcome.transfers}, reverse=True)
    for fmr in wanted:
        for place, system in enumerate(SYSTEMS):
            of = [t for t in outcome.transfers if t.applied.wanted == fmr and t.system == system]
            if not of:
                continue
            first = [t for t in of if t.pairing == 0]
            cells = [_observed(next((t for t in first if t.half == h), None)) for h in (0, 1)]
            spread = Spread(tuple(t.applied.fmr.value or 0.0 for t in of))
            missed = Spread(tuple(t.applied.fnmr.value or 0.0 for t in of))
            held = sum(t.holds for t in of)
            cells += [spread_words(spread), f"{held} of {len(of)}", spread_words(missed)]
            name = f"FMR {percentage(fmr)}: {TITLES[system]}"
            found.append(Row(name, tuple(cells), begins=place == 0 and fmr != wanted[0]))
    return found


def _observed(one: Transfer | None) -> str:
    return "–" if one is None else told(one.applied.fmr)


def identification_rows(outcome: FusedOutcome) -> list[Row]:
    """Rank-1 rates and FNIR of all three."""
    of = outcome.identified
    found = [
        Row("Found at rank 1", tuple(told(of[s].rank_one) for s in SYSTEMS), strong=True),
        Row("in single galleries", tuple(spread_words(Spread(of[s].spread)) for s in SYSTEMS)),
    ]
    for rank in (5, 10):
        if all(len(of[s].rank) >= rank for s in SYSTEMS):
            cells = tuple(percentage(float(of[s].rank[rank - 1])) for s in SYSTEMS)
            found.append(Row(f"Found within rank {rank}", cells))
    fnir = tuple(told(of[s].fnir) for s in SYSTEMS)
    found.append(Row("FNIR at FPIR 1 %, half of the subjects enrolled", fnir, begins=True))
    return found


def method(outcome: FusedOutcome) -> list[tuple[str, str]]:
    """The method card."""
    first = outcome.pairings[0]
    samples = len(first.face)
    half = [int((first.half == k).sum()) for k in (0, 1)]
    lights = outcome.iris.light or "not told by the pictures"
    if outcome.chimeric:
        taken = (
            "Face subjects and people with irises are halved by chance; within a half each face "
            "subject gets one eye of one person, nobody twice unless faces outnumber people. "
            "The smaller number of samples of both is taken, which ones by chance, drawn by seed "
            f"{outcome.seed} and the number of the pairing."
        )
    else:
        taken = (
            "The pairs as labelled. Only the halves of the people are drawn, by seed "
            f"{outcome.seed}. Eyes that a manifest tells apart are not compared."
        )
    comparisons = (
        f"{samples:,} pairs of samples of {len(first.half):,} subjects in the first pairing "
        f"({half[0]:,} and {half[1]:,} in its halves). Every pair with every other of the same "
        "half, so that no calibration has seen the people that it judges. Degraded: every "
        "ordered pair, the probe degraded, the reference clean."
    )
    return [
        ("Pairing", taken),
        ("Comparisons", comparisons),
        ("Scores", "Face: cosine, -1 to 1. Iris: 1 - normalised Hamming distance, 0 to 1. Both: "
         "sum of natural-log likelihood ratios. Higher is more alike; a threshold or more is a "
         "match."),
        ("Calibration", outcome.calibration),
        ("Missing and failed", "A sample without a template leaves the other modality to decide "
         "at the same threshold. Nothing to compare is a non-match; it stays in the denominators."),
        ("Pooling", "Pairings repeat the same people in new combinations. An FMR is shown down to "
         "3 / n, n the least of the fused comparisons, the different face comparisons and the "
         f"different iris comparisons in all pairings: {outcome.clean.carried:,} here."),
        ("Intervals", "95 %. Face subjects and people with irises are drawn anew, each with all "
         "comparisons in all pairings; a fused comparison weighs as often as all of its people "
         "were drawn. The spread over single pairings tells how much who was given to whom "
         "matters."),
        ("Light of the irises", lights),
    ]  # fmt: skip


def data(outcome: FusedOutcome) -> list[tuple[str, tuple[str, str]]]:
    """The data card: one column for the faces, one for the irises."""
    sides = (outcome.face, outcome.iris)

    def each(function: Any) -> tuple[str, str]:
        one, two = (str(function(side)) for side in sides)
        return one, two

    return [
        ("Set", each(lambda side: readable(side.name))),
        ("Made-up people", each(lambda side: "yes" if side.synthetic else "no")),
        ("People", each(lambda side: f"{len(side.persons):,}")),
        ("Samples", each(lambda side: f"{len(side.samples):,}")),
        ("Eyes or faces", each(lambda side: f"{len(set(side.identity.tolist())):,}")),
        ("Without a template", each(lambda side: f"{int(side.failed.sum()):,}")),
        ("Digest (SHA-256)", each(lambda side: f"{side.digest[:16]}…")),
        ("Model", each(lambda side: side.matcher.name)),
        ("Contract of the model", each(lambda side: f"{side.matcher.contract[:16]}…")),
        ("Median CPU time of an extraction", each(lambda side: f"{1000 * side.seconds:.0f} ms")),
    ]
