"""The evidence of a comparison as a table; a ratio is evidence, never a probability."""

from rich.table import Table

from twofold.recognizer import Comparison, Part


def evidence_table(comparison: Comparison) -> Table:
    """Score, quality and log-likelihood ratio of each part, and the fused ratio."""
    table = Table()
    for title in ("Evidence", "Score", "Quality", "Log-likelihood ratio"):
        table.add_column(title, justify="left" if title == "Evidence" else "right")
    for part in comparison.parts:
        one = part.evidence
        quality = "" if one.quality is None else f"{one.quality:.0f}"
        table.add_row(_named(part), f"{one.score:.4f}", quality, f"{one.llr:+.1f}")
    if len(comparison.parts) > 1:
        table.add_section()
        table.add_row("fused", "", "", f"{comparison.llr:+.1f}")
    return table


def _named(part: Part) -> str:
    eye = part.scored.eye
    return f"{eye} iris" if eye and part.scored.modality == "iris" else part.scored.modality
