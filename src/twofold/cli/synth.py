"""`twofold synth`: a dataset of people who do not exist."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import progress_bar
from twofold.cli.inspect import say
from twofold.data.rendered_faces import RENDERED_SAMPLES, RENDERED_SUBJECTS
from twofold.data.synthetic import Eyes, Light, synthesise
from twofold.errors import OptionError


class LightName(StrEnum):
    """Lights as `--light` takes them."""

    visible = "visible"
    nir = "nir"


class EyesName(StrEnum):
    """Eyes as `--eyes` takes them."""

    left = "left"
    both = "both"


def synth_command(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    subjects: Annotated[int, typer.Option(help="Number of people.")] = 64,
    samples: Annotated[int, typer.Option(help="Labelled pairs of each.")] = 4,
    tests: Annotated[
        int | None,
        typer.Option(
            help="Unlabelled pairs of each; 1, or none with --samples 5, which takes every "
            "rendered face.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    light: Annotated[
        LightName, typer.Option(help="Of the irises: white light or near infrared.")
    ] = LightName.visible,
    eyes: Annotated[
        EyesName, typer.Option(help="Left eyes only, or both: left, left, right, right.")
    ] = EyesName.left,
    iris_size: Annotated[
        str, typer.Option(help="Of the irises, in pixels.", metavar="WIDTHxHEIGHT")
    ] = "200x150",
    truth: Annotated[
        bool, typer.Option("--truth", help="Write outlines and masks of the irises to OUT/truth.")
    ] = False,
) -> None:
    """Draw synthetic faces and irises, in the layout of the original report."""
    console = Console()
    if tests is None:
        tests = int(samples != RENDERED_SAMPLES)
    draw_people(
        out,
        subjects,
        samples,
        tests,
        seed,
        console,
        iris_size=_size(iris_size),
        light=light.value,
        eyes=eyes.value,
        truth=truth,
    )
    if subjects > RENDERED_SUBJECTS or samples + tests > RENDERED_SAMPLES:
        say(
            console,
            f"Faces are plainer where the rendered ones run out ({RENDERED_SUBJECTS} people with "
            f"{RENDERED_SAMPLES} pairs each, unlabelled ones included).",
        )
    say(console, f"{subjects} synthetic people: {out}")


def _size(text: str) -> tuple[int, int]:
    """(height, width) from "640x480"."""
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if found is None:
        raise OptionError(f"--iris-size {text!r} is not a size. Give width x height, as 640x480.")
    return int(found[2]), int(found[1])


def draw_people(
    out: Path,
    subjects: int,
    samples: int,
    tests: int,
    seed: int,
    console: Console,
    *,
    iris_size: tuple[int, int] = (150, 200),
    light: Light = "visible",
    eyes: Eyes = "left",
    truth: bool = False,
) -> None:
    """Draw a dataset with a progress bar."""
    with progress_bar(console) as bar:
        task = bar.add_task("Drawing synthetic people", total=None)
        synthesise(
            out,
            subjects=subjects,
            samples=samples,
            tests=tests,
            seed=seed,
            iris_size=iris_size,
            light=light,
            eyes=eyes,
            truth=truth,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
