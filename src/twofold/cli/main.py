"""`twofold`: the commands, and how errors reach the terminal."""

import io
import sys
from typing import Annotated

import typer

import twofold
from twofold.cli.benchmark import benchmark_command
from twofold.cli.benchmark_fused import benchmark_fused_command
from twofold.cli.calibrate import calibrate_command
from twofold.cli.compare import compare_command
from twofold.cli.delete import delete_command
from twofold.cli.demo import demo_command
from twofold.cli.enroll import enroll_command
from twofold.cli.evaluate import evaluate_command
from twofold.cli.evaluate_scores import evaluate_scores_command
from twofold.cli.explain import explain_command
from twofold.cli.gallery import gallery_app
from twofold.cli.identify import identify_command
from twofold.cli.inspect import inspect_command
from twofold.cli.models import models_app
from twofold.cli.predict import predict_command
from twofold.cli.subjects import subjects_command
from twofold.cli.synth import synth_command
from twofold.cli.train import train_command
from twofold.cli.verify import verify_command
from twofold.errors import TwofoldError

_INTERRUPTED = 130

app = typer.Typer(
    name="twofold",
    help="Recognise people by face and iris together.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("inspect")(inspect_command)
app.command("train")(train_command)
app.command("evaluate")(evaluate_command)
app.command("predict")(predict_command)
app.command("benchmark")(benchmark_command)
app.command("benchmark-fused")(benchmark_fused_command)
app.command("calibrate")(calibrate_command)
app.command("evaluate-scores")(evaluate_scores_command)
app.command("compare")(compare_command)
app.command("explain")(explain_command)
app.command("enroll")(enroll_command)
app.command("verify")(verify_command)
app.command("identify")(identify_command)
app.command("subjects")(subjects_command)
app.command("delete")(delete_command)
app.command("synth")(synth_command)
app.command("demo")(demo_command)
app.add_typer(models_app)
app.add_typer(gallery_app)


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
