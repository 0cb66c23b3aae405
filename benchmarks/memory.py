"""Peak memory of a whole `twofold train` as the dataset grows.

The larger datasets hold the same files again and again (symbolic links under new names), so that
nothing but the number of pairs changes.
"""

import os
import re
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any


def measure(data: Path, sizes: list[int], scratch: Path) -> list[dict[str, Any]]:
    """Train one pass over each number of pairs; peak resident memory of each in MiB."""
    results = []
    for pairs in sizes:
        repeated = scratch / f"pairs-{pairs}"
        _repeat(data, pairs, repeated)
        options = ["--folds", "0", "--epochs", "1", "--no-logs"]
        command = [sys.executable, "-c", "from twofold.cli.main import run; run()"]
        command += ["train", str(repeated), "--out", str(scratch / f"run-{pairs}"), *options]
        started = time.perf_counter()
        process = Popen(command, stdout=DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"training on {pairs} pairs failed")
        results.append(
            {
                "pairs": pairs,
                "peak_mib": round(usage.ru_maxrss / 1024),
                "seconds": round(time.perf_counter() - started, 1),
            }
        )
    return results


def _repeat(data: Path, pairs: int, out: Path) -> None:
    """Link the labelled pairs of a flat dataset until there are as many as asked for."""
    out.mkdir()
    faces = sorted(path for path in data.iterdir() if path.suffix == ".BMP")
    for number in range(pairs):
        turn, place = divmod(number, len(faces))
        face = faces[place].resolve()
        label = re.match("[0-9]+", face.stem)[0]
        stem = out / f"{label}_{turn * len(faces) + place}"
        stem.with_suffix(".BMP").symlink_to(face)
        stem.with_suffix(".png").symlink_to(face.with_suffix(".png"))
