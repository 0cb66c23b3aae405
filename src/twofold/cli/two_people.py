"""Comparing two people by all that there is of them: the evidence as a table, and one decision."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from twofold.cli.evidence import evidence_table
from twofold.cli.inspect import say
from twofold.errors import AcquisitionError, OptionError
from twofold.fusion.decision import Policy
from twofold.fusion.model import load
from twofold.recognizer import Comparison, Recognizer
from twofold.template import Eye, Light, Template

_Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Pairs:
    """Two pictures of each kind, the first of person A and the second of person B."""

    face: _Pair | None
    iris: _Pair | None
    left: _Pair | None
    right: _Pair | None
    light: Light | None


def compare_people(
    console: Console, pairs: Pairs, policy: Policy, model: str | None, fusion_file: Path | None
) -> None:
    """Compare them and print the evidence and the decision.

    Raises:
        AcquisitionError: a person has no picture that yields anything.
        OptionError: `light` without an iris, or an FMR without a threshold.
        ModelError: no calibration for the models.
    """
    fusion = None if fusion_file is None else load(fusion_file)
    recognizer = Recognizer(model or "sface", fusion=fusion)
    a, b = (_extract(console, recognizer, pairs, place) for place in (0, 1))
    comparison = recognizer.compare(b, a, policy)
    console.print(evidence_table(comparison))
    _verdict(console, comparison)


def _extract(console: Console, recognizer: Recognizer, pairs: Pairs, place: int) -> Template:
    letter = "AB"[place]
    named: tuple[tuple[_Pair | None, Eye | None], ...] = (
        (pairs.iris, None),
        (pairs.left, "left"),
        (pairs.right, "right"),
    )
    eyes = [(pair[place], eye) for pair, eye in named if pair]
    if pairs.light and not eyes:
        raise OptionError("--light: not to be given without --iris, --left or --right.")
    try:
        template = recognizer.extract(
            face=pairs.face[place] if pairs.face else None,
            iris=[path for path, _ in eyes] or None,
            eye=[eye for _, eye in eyes],
            light=pairs.light,
        )
    except AcquisitionError as error:
        raise AcquisitionError(f"{letter}: {error}", error.code) from error
    for failure in template.failures:
        say(console, f"{letter}: no {failure.modality}: {failure.message}")
    for note in template.notes:
        say(console, f"{letter}: {note}")
    return template


def _verdict(console: Console, comparison: Comparison) -> None:
    made = comparison.decision
    say(console, made.words)
    missed = ""
    if made.fnmr is not None:
        missed = (
            f" (at this threshold {100 * made.fnmr:.2g} % of mated comparisons missed on the set "
            "below)"
        )
    doubt = ", AND THE EVIDENCE CONTRADICTS ITSELF" if made.contradiction else ""
    say(console, f"At FMR {made.fmr:g}: {'MATCH' if made.match else 'NO MATCH'}{doubt}{missed}")
    say(console, f"Threshold measured on {made.threshold_source}")
