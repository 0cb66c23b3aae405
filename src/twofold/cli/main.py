"""`twofold`: the commands, and how errors reach the terminal."""

import io
import sys
from typing import Annotated

import typer

import twofold
from twofold.cli.lazy import LazyGroup
from twofold.errors import TwofoldError

_INTERRUPTED = 130

# Each with the first sentences of its own help.
_COMMANDS = {
    "inspect": "Count, decode and check every picture of DATASET; exit code 1 when "
    "there are errors.",
    "train": "Train on labelled pairs, cross-validate, and write a run folder with a report.",
    "evaluate": "Score a run on labelled pairs that it was not made from.",
    "predict": "Answer who each pair shows, among the subjects that the run was trained on.",
    "benchmark": "Compare every sample of DATASET with every other; report error rates "
    "with intervals.",
    "benchmark-fused": "Measure face, iris and both together on FACES and IRISES "
    "paired at random, or on --pairs.",
    "calibrate": "Fit calibrations (score to log-likelihood ratio) and thresholds on score files.",
    "evaluate-scores": "Measure systems on their scores and put them on one DET, with "
    "95 % intervals.",
    "compare": "Compare two pictures A and B; or two people, by --face, --iris, --left "
    "and --right.",
    "explain": "Draw every step: what was found in a picture, and what two pictures "
    "have in common.",
    "enroll": "Enrol SUBJECT from pictures, or many people by --manifest. No picture is kept.",
    "verify": "Compare pictures with the references of SUBJECT and decide.",
    "identify": "Search for pictures among all subjects; nobody is an answer.",
    "subjects": "List who is enrolled, in order of enrolment, without templates.",
    "delete": "Erase subjects: records, keys, index and snapshot. This cannot be undone.",
    "serve": "Serve the API at /v1 and the console at /console, until interrupted.",
    "synth": "Draw synthetic faces and irises, in the layout of the original report.",
    "demo": "Make synthetic people, train and cross-validate on them, enrol and "
    "identify them, report.",
    "models": "List the face models, or bring another one. Nothing is ever downloaded.",
    "gallery": "Make a gallery of subjects and look after it: keys, audit, export, retention.",
    "keys": "API keys of those who call the service.",
}


class _Commands(LazyGroup):
    helps = _COMMANDS


app = typer.Typer(
    cls=_Commands,
    name="twofold",
    help="Recognise people by face and iris together.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twofold {twofold.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="And exit.")
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run the command line; an error is one line on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # any path can be printed on any terminal
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except TwofoldError as error:
        _fail(str(error))
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # Typer has turned the interrupt into this
            print("twofold: interrupted.", file=sys.stderr)
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}. Check the disk's space and permissions.")
    except MemoryError:
        _fail("out of memory. Use a smaller --batch-size or fewer --jobs, or close other programs.")


def _fail(message: str) -> None:
    print(f"twofold: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(1)
