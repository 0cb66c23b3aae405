"""`twofold compare`: how alike two pictures or people are, and what that means at a named FMR."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold import thresholds
from twofold.cli.inspect import say
from twofold.cli.modality import Faces, Irises, ModalityOption, extract
from twofold.errors import ModelError, OptionError
from twofold.fusion.decision import OnContradiction, Policy
from twofold.template import Light

_Pair = tuple[Path, Path]
_PAIR = "A B"


def compare_command(
    reference: Annotated[
        Path | None, typer.Argument(metavar="A", help="A picture.", show_default=False)
    ] = None,
    probe: Annotated[
        Path | None, typer.Argument(metavar="B", help="Another.", show_default=False)
    ] = None,
    face: Annotated[
        _Pair | None, typer.Option(metavar=_PAIR, help="Faces of two people, to be fused.")
    ] = None,
    iris: Annotated[
        _Pair | None, typer.Option(metavar=_PAIR, help="An iris of each; eyes not known.")
    ] = None,
    left: Annotated[
        _Pair | None, typer.Option("--left", metavar=_PAIR, help="The left iris of each.")
    ] = None,
    right: Annotated[
        _Pair | None, typer.Option("--right", metavar=_PAIR, help="The right iris of each.")
    ] = None,
    light: Annotated[
        Light | None, typer.Option(help="That the irises were taken in; grey ones do not tell.")
    ] = None,
    modality: ModalityOption = "auto",
    fmr: Annotated[
        float, typer.Option(help="False match rate that the verdict is given at, such as 1e-3.")
    ] = 1e-3,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Face model.")] = None,
    thresholds_file: Annotated[
        Path | None,
        typer.Option("--thresholds", help="Thresholds of your own, by `twofold benchmark`."),
    ] = None,
    fusion_file: Annotated[
        Path | None,
        typer.Option("--fusion", help="Calibrations of your own, by `twofold calibrate`."),
    ] = None,
    contradiction: Annotated[
        OnContradiction,
        typer.Option(help="A match of two people whose modalities contradict each other."),
    ] = "refuse",
) -> None:
    """Compare two pictures A and B; or two people, by --face, --iris, --left and --right.

    Two pictures get a score and the verdict at a named FMR. Two people get the evidence of each
    modality as log-likelihood ratios, and one decision.
    """
    if not 0 < fmr < 1:
        raise OptionError(f"--fmr {fmr:g}: expected a rate between 0 and 1, such as 1e-3.")
    if face or iris or left or right:
        from twofold.cli.two_people import Pairs, compare_people  # the fusion's fitting takes time

        _only_with(
            reference is None and probe is None,
            "pictures A B",
            "beside --face, --iris, --left or --right",
        )
        _only_with(
            thresholds_file is None, "--thresholds", "here: it holds for one modality. Use --fusion"
        )
        _only_with(modality == "auto", "--modality", "here: it is for pictures A B")
        pairs = Pairs(face, iris, left, right, light)
        compare_people(Console(), pairs, Policy(fmr, contradiction), model, fusion_file)
        return
    _only_with(fusion_file is None, "--fusion", "without --face, --iris, --left or --right")
    _only_with(light is None, "--light", "without --iris, --left or --right")
    if reference is None or probe is None:
        raise OptionError(
            "two pictures are needed: `twofold compare A B`, or `twofold compare --face A B "
            "--iris A B` for both modalities."
        )
    own = None if thresholds_file is None else thresholds.load(thresholds_file)
    console = Console()
    found = extract([reference, probe], modality, model)
    if isinstance(found, Faces):
        score, kind, named = compare_faces(console, found), "face", found.extractor.model
    else:
        score, kind, named = compare_irises(console, found), "iris", "iris"
    contract = found.extractor.contract
    if own is None:
        entry = thresholds.shipped(kind, named, contract)
    else:
        entry = thresholds.find(own, named, contract)
        if entry is None:
            raise ModelError(
                f"{thresholds_file}: holds no threshold of {named} with contract {contract[:16]}. "
                "Measure one with `twofold benchmark --thresholds`."
            )
    if entry is None:
        say(
            console,
            f"No verdict: no threshold was measured for {named} with contract {contract[:16]}. "
            "Measure one with `twofold benchmark --thresholds FILE`, and give it here.",
        )
        return
    _verdict(console, score, entry, fmr)


def _only_with(fits: bool, what: str, where: str) -> None:
    if not fits:
        raise OptionError(f"{what}: not to be given {where}.")


def compare_faces(console: Console, found: Faces) -> float:
    """Compare two faces and print how alike they are; returns the score."""
    from twofold.face.comparison import compare

    first, second = found.samples
    score = compare(first.vector, second.vector)
    say(console, f"Faces: score {score:.4f} (cosine, -1 to 1; higher is more alike)")
    for name, sample in zip("AB", found.samples, strict=True):
        for note in sample.notes:
            say(console, f"{name}: {note}")
    return score


def compare_irises(console: Console, found: Irises) -> float:
    """Compare two irises and print score, bits and rotation; returns the score."""
    from twofold.iris.comparison import compare

    reference, probe = (sample.code for sample in found.samples)
    result = compare(probe, reference)
    say(
        console,
        f"Irises: score {result.score:.4f} (0 to 1; higher is more alike, different eyes score "
        "about 0.55 to 0.6)",
    )
    bits = reference.layout.bits
    say(
        console,
        f"{result.bits:,} of {bits:,} bits compared, {100 * result.hamming_distance:.1f} % of them "
        f"differ; B turned by {result.rotation:+.1f} degrees (clockwise) to fit A",
    )
    return result.score


def _verdict(console: Console, score: float, entry: thresholds.Thresholds, fmr: float) -> None:
    threshold = entry.at(fmr)
    match = score >= threshold.score
    say(
        console,
        f"At FMR {fmr:g}: {'MATCH' if match else 'NO MATCH'} "
        f"(score {'≥' if match else '<'} threshold {threshold.score:.4f}; at this threshold "
        f"{100 * threshold.fnmr:.2g} % of mated comparisons missed on the set below)",
    )
    say(console, f"Threshold measured on {entry.source}")
