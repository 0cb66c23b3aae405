"""Durable enrolment of templates into a gallery on SQLite, beside two limits of the same disk.

Synthetic templates of the real shapes (one face of 128 numbers, one iris of 4,096 bits), made
before the clock starts. Every figure is the median of several runs, each into a new file:

- `batches`: `enroll_many` in batches of 500; results count when they are durable.
- `single`: `enroll`, one after another; each returns when it is durable.
- `with_deduplication`: the same in batches, everybody searched for among all before.
- Limits: writes of 4 KiB with fsync, one after another (no durable store can acknowledge more often
  one by one); and `sqlite3` alone with the same bytes in the same tables' shape, unsealed, without
  indexes but the keys, in batches of 500 (what durability itself costs).
"""

import os
import platform
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from twofold.errors import TwofoldError
from twofold.fusion.model import load
from twofold.gallery import Gallery, KeySource, NewSubject
from twofold.iris.code import CodeLayout, IrisCode
from twofold.recognizer import Recognizer
from twofold.template import FaceFeature, IrisFeature, Template

BATCH = 500
_DIMENSION = 128


def templates(count: int, seed: int = 1) -> list[Template]:
    """Templates of nobody, of the shapes and contracts of the models that come with Twofold."""
    from importlib.resources import files

    model = load(Path(str(files("twofold") / "fusion" / "default.json")))
    contracts = {one.modality: one.contract for one in model.calibrations}
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, _DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    layout = CodeLayout(angles=128, bands=16, planes=2)
    words = rng.integers(0, 1 << 63, (count, 2, layout.words), dtype=np.uint64)
    return [
        Template(
            (FaceFeature(vector, 80.0),),
            (IrisFeature(IrisCode(layout, bits, mask), 70.0, "left", "nir"),),
            contracts["face"],
            contracts["iris"],
        )
        for vector, (bits, mask) in zip(vectors, words, strict=True)
    ]


def measure(
    people: int = 20_000, singles: int = 500, searched: int = 2_000, runs: int = 5
) -> dict[str, Any]:
    """Rates per second: medians, and the slowest and fastest run.

    Args:
        people: enrolled in batches in one run.
        singles: enrolled one by one in one run.
        searched: enrolled with de-duplication in one run, into an empty gallery.
        runs: of each.
    """
    made = templates(max(people, searched))
    size = sum(len(one.to_bytes()) for one in made[:people]) / people
    found: dict[str, Any] = {
        "machine": platform.platform(),
        "synthetic": True,
        "sqlite": sqlite3.sqlite_version,
        "template_bytes": round(size),
        "people": people,
        "singles": singles,
        "searched": searched,
        "runs": runs,
    }
    with TemporaryDirectory(dir=Path.cwd()) as folder:  # a disk, not a file system in memory
        place = Path(folder)
        parts: dict[str, Callable[[Path], float]] = {
            "limit_fsyncs": lambda path: _fsyncs(path, singles),
            "limit_sqlite3_batches": lambda path: _plain(path, made[:people], BATCH),
            "limit_sqlite3_single": lambda path: _plain(path, made[:singles], 1),
            "batches": lambda path: _batches(path, made[:people], "allow"),
            "single": lambda path: _single(path, made[:singles]),
            "with_deduplication": lambda path: _batches(path, made[:searched], "warn"),
        }
        rates: dict[str, list[float]] = {name: [] for name in parts}
        for run in range(runs):  # in turns, so that a slow spell of the machine hits all alike
            for name, part in parts.items():
                rates[name].append(part(place / f"{name}-{run}"))
    for name, measured in rates.items():
        found[name] = {
            "per_second": round(median(measured), 1),
            "slowest": round(min(measured), 1),
            "fastest": round(max(measured), 1),
        }
    return found


def _opened(path: Path) -> Gallery:
    return Gallery.open(path, key=KeySource.from_bytes(os.urandom(32)), recognizer=Recognizer())


def _batches(path: Path, made: Sequence[Template], duplicates: Any) -> float:
    with _opened(path) as gallery:
        people = [NewSubject(f"subject {number}", one) for number, one in enumerate(made)]
        if duplicates != "allow":  # compiled before the clock starts
            next(gallery.enroll_many([NewSubject("first", made[0])], duplicates="allow"))
            gallery.identify(made[0])
            people = people[1:]
        start = time.perf_counter()
        results = list(gallery.enroll_many(people, duplicates=duplicates, batch=BATCH))
        seconds = time.perf_counter() - start
        errors = [one for one in results if isinstance(one, TwofoldError)]
        if errors:
            raise errors[0]
    return len(people) / seconds


def _single(path: Path, made: Sequence[Template]) -> float:
    with _opened(path) as gallery:
        start = time.perf_counter()
        for number, one in enumerate(made):
            gallery.enroll(f"subject {number}", one, duplicates="allow")
        return len(made) / (time.perf_counter() - start)


def _fsyncs(path: Path, count: int) -> float:
    block = os.urandom(4096)
    with path.open("wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(count):
            file.write(block)
            os.fsync(file.fileno())
        return count / (time.perf_counter() - start)


def _plain(path: Path, made: Sequence[Template], batch: int) -> float:
    """Rows of as many bytes as a gallery's, already made, straight into sqlite3."""
    rows = [one.to_bytes() + bytes(28) for one in made]
    profile, event = os.urandom(300), "x" * 420
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for table in ("subject", "reference", "event"):
        connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, content BLOB)")
    start = time.perf_counter()
    for first in range(0, len(rows), batch):
        some = range(first, min(first + batch, len(rows)))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO subject VALUES (?, ?)", [(i, profile) for i in some])
        connection.executemany("INSERT INTO reference VALUES (?, ?)", [(i, rows[i]) for i in some])
        connection.executemany("INSERT INTO event VALUES (?, ?)", [(i, event) for i in some])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return len(rows) / seconds


def main() -> None:
    """Print all measurements."""
    import argparse
    import json

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--singles", type=int, default=500)
    parser.add_argument("--searched", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    results = measure(given.people, given.singles, given.searched, given.runs)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
