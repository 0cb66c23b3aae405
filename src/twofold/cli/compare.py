"""`twofold compare`: how alike two pictures are, and what that means at a named FMR."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold import thresholds
from twofold.cli.inspect import say
from twofold.cli.modality import Faces, Irises, ModalityOption, extract
from twofold.errors import ModelError, OptionError


def compare_command(
    reference: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    probe: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    modality: ModalityOption = "auto",
    fmr: Annotated[
        float, typer.Option(help="False match rate that the verdict is given at, such as 1e-3.")
    ] = 1e-3,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Face model.")] = None,
    thresholds_file: Annotated[
        Path | None,
        typer.Option("--thresholds", help="Thresholds of your own, by `twofold benchmark`."),
    ] = None,
) -> None:
    """Compare two faces or two irises; say the score, and the verdict at a named FMR."""
    if not 0 < fmr < 1:
        raise OptionError(f"--fmr {fmr:g}: expected a rate between 0 and 1, such as 1e-3.")
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
