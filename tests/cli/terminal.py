"""Typing `twofold ...`, in this process or in one of its own."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from twofold.cli.main import run

SOURCE = Path(__file__).resolve().parents[2] / "src"
START = "from twofold.cli.main import run; run()"


class Told(NamedTuple):
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


def twofold(*arguments: object) -> Told:
    """Run a command line in this process, from the entry point on."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.object(sys, "argv", ["twofold", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            run()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Told(code, out.getvalue(), err.getvalue())


def start(*arguments: object, before: str = "", **more: object) -> "subprocess.Popen[str]":
    """Start a command line in a process of its own; `before` is Python that runs first there."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{START}", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(SOURCE), **{k: str(v) for k, v in more.items()}},
        # A shell that runs the tests in the background makes its children deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: "subprocess.Popen[str]") -> Told:
    """Wait for a process that was started."""
    out, err = process.communicate(timeout=300)
    return Told(process.returncode, out, err)


def until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait until something is true, at most as long as the process lives."""
    while not true():
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"ended too early: {process.communicate()}")


def refused(told: Told, *words: str) -> None:
    """Check that a command ended with exit code 1 and one clear line that holds the words."""
    assert told.code == 1, told
    assert told.err.startswith("twofold: "), told
    assert told.err.count("\n") == 1, told.err
    assert "Traceback" not in told.out + told.err
    for word in words:
        assert word in told.err, (word, told.err)


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder, which need not exist."""
    return [path for path in folder.rglob("*") if path.is_file()]
