"""Evidence and decisions of the gallery as tables; a ratio is evidence, never a probability."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.evidence import evidence_table
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.gallery.values import Candidate, Identification, Verification


def say_verification(console: Console, found: Verification) -> None:
    """The evidence of each modality, and the decision."""
    comparison = found.comparison
    console.print(evidence_table(comparison))
    made = comparison.decision
    say(console, made.words)
    doubt = ", AND THE EVIDENCE CONTRADICTS ITSELF" if made.contradiction else ""
    verdict = "MATCH" if made.match else "NO MATCH"
    say(console, f"{found.subject}, at FMR {made.fmr:g}: {verdict}{doubt}")
    say(console, f"Threshold measured on {made.threshold_source}")


def say_identification(console: Console, found: Identification) -> None:
    """The candidates with the evidence of each modality, and who it is."""
    if not found.candidates:
        why = "nobody is enrolled" if not found.references else "nothing could be compared"
        say(console, f"Nobody: {why}.")
        return
    table = Table()
    for title in ("Candidate", "Face", "Iris", "Fused", "Threshold", ""):
        table.add_column(title, justify="left" if title in ("Candidate", "") else "right")
    for one in found.candidates:
        table.add_row(
            Text(printable(one.subject)),
            ratio(one, "face"),
            ratio(one, "iris"),
            f"{one.llr:+.1f}",
            "" if one.threshold is None else f"{one.threshold:+.1f}",
            _verdict(one, found),
        )
    console.print(table)
    say(console, "Face, iris and fused are log-likelihood ratios: evidence for one person.")
    among = f"among {found.references:,} subject{'' if found.references == 1 else 's'}"
    if found.fpir is None:
        say(console, f"Most alike {among}: {found.candidates[0].subject}. Nothing was decided.")
        return
    best = found.best
    if best is None:
        say(console, f"NOBODY {among}, at FPIR {found.fpir:g}.")
    else:
        say(console, f"MATCH: {best.subject}, {among}, at FPIR {found.fpir:g}.")
    for source in dict.fromkeys(one.threshold_source for one in found.candidates):
        say(console, f"Threshold {source}")


def ratio(candidate: Candidate, modality: str) -> str:
    """The log-likelihood ratio of a modality, or nothing."""
    told = [one.llr for one in candidate.evidence if one.modality == modality]
    return f"{told[0]:+.1f}" if told else ""


def _verdict(one: Candidate, found: Identification) -> str:
    if found.fpir is None:
        return ""
    odd = " (evidence contradicts itself)" if one.contradiction else ""
    return f"{'match' if one.match else 'no match'}{odd}"


def answer_row(name: str, found: Identification, top_k: int) -> Sequence[str]:
    """A row of the table of answers, as `ANSWER_COLUMNS` and candidates say."""
    best = found.best
    outcome = "nobody" if best is None else "match" if found.fpir is not None else "ranked"
    row = [name, "" if best is None else best.subject, outcome]
    for one in (*found.candidates, *[None] * (top_k - len(found.candidates))):
        if one is None:
            row += [""] * len(CANDIDATE_COLUMNS)
            continue
        threshold = "" if one.threshold is None else f"{one.threshold:.3f}"
        row += [
            one.subject, f"{one.llr:.3f}", threshold, ratio(one, "face"), ratio(one, "iris"),
            "yes" if one.contradiction else "",
        ]  # fmt: skip
    return [*row, ""]


CANDIDATE_COLUMNS = ("Candidate", "Fused", "Threshold", "Face", "Iris", "Contradiction")


def answer_columns(top_k: int) -> list[str]:
    """The header of the table of answers."""
    numbers = ["", *(f" {rank}" for rank in range(2, top_k + 1))]
    return [
        "Image", "Answer", "Outcome",
        *(f"{title}{number}" for number in numbers for title in CANDIDATE_COLUMNS),
        "Message",
    ]  # fmt: skip
