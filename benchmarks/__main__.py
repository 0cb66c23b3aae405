"""`python -m benchmarks`: every benchmark on synthetic people or numbers, results as JSON."""

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twofold.data.synthetic import TRAINING, synthesise


def main() -> None:
    """Run the benchmarks and write benchmarks.json."""
    parts: dict[str, Callable[[argparse.Namespace, Path], Any]] = {
        "training_time": _training_time,
        "memory": _memory,
        "iris_matching": _iris_matching,
        "face_search": _face_search,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="labelled pairs; default synthetic people")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    parser.add_argument("--only", choices=list(parts))
    parser.add_argument("--pairs", type=int, nargs="+", default=[256, 25_600])
    parser.add_argument("--open-iris", type=Path, help="Python of an environment with open-iris")
    parser.add_argument("--references", type=int, nargs="+", default=[10_000, 1_000_000])
    given = parser.parse_args()
    results: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "processor": _processor(),
        "synthetic": given.data is None,
    }
    with TemporaryDirectory() as folder:
        for name, measure in parts.items():
            if given.only in (None, name):
                results[name] = measure(given, Path(folder))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


def _labelled_pairs(given: argparse.Namespace, folder: Path) -> Path:
    if given.data is not None:
        data: Path = given.data
        return data
    if not (folder / "people").exists():
        synthesise(folder / "people")
    return folder / "people" / TRAINING


def _training_time(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import training_time  # needs Keras

    return training_time.measure(_labelled_pairs(given, folder))


def _memory(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import memory

    return memory.measure(_labelled_pairs(given, folder), given.pairs, folder)


def _iris_matching(given: argparse.Namespace, _: Path) -> Any:
    from benchmarks import iris_matching

    return iris_matching.measure(open_iris=given.open_iris)


def _face_search(given: argparse.Namespace, _: Path) -> Any:
    try:
        from benchmarks import face_search
    except ImportError as error:
        return f"not measured, {error.name} is missing: pip install twofold[peers]"
    return face_search.measure(given.references)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    main()
