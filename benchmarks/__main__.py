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
        "face_peers": _face_peers,
        "face_speed": _face_speed,
        "iris_segmentation": _iris_segmentation,
        "iris_parameters": _iris_parameters,
        "third_voice": _third_voice,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="labelled pairs, or faces; default synthetic people"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    parser.add_argument("--only", choices=list(parts))
    parser.add_argument("--pairs", type=int, nargs="+", default=[256, 25_600])
    parser.add_argument("--open-iris", type=Path, help="Python of an environment with open-iris")
    parser.add_argument("--references", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--irises", type=Path, help="irises beside the faces of --data")
    parser.add_argument("--min-samples", type=int, default=1, help="a subject, of face_peers")
    parser.add_argument("--resize", metavar="WxH", help="pictures of face_peers, such as 46x56")
    parser.add_argument(
        "--sets",
        nargs="+",
        default=[],
        metavar="PATH[=EYES]",
        help="real sets of iris_segmentation and iris_parameters, such as mmu1 seed16=LLRR",
    )
    given = parser.parse_args()
    results: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "processor": _processor(),
        "synthetic": given.data is None and not given.sets,
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


def _face_peers(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import face_peers

    size = None
    if given.resize:
        width, height = (int(side) for side in given.resize.lower().split("x"))
        size = height, width
    return face_peers.measure(_labelled_pairs(given, folder), given.min_samples, size)


def _face_speed(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import face_speed

    return face_speed.measure(_labelled_pairs(given, folder))


def _third_voice(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import third_voice

    if given.data is None or given.irises is None:
        synthesise(folder / "voices", subjects=32, samples=4, tests=1, seed=3)
        return third_voice.measure(
            folder / "voices" / TRAINING, folder / "voices" / TRAINING, folder
        )
    return third_voice.measure(given.data, given.irises, folder)


def _sets(given: argparse.Namespace) -> list[tuple[Path, str | None]]:
    parts = [one.partition("=") for one in given.sets]
    return [(Path(path), eyes or None) for path, _, eyes in parts]


def _iris_segmentation(given: argparse.Namespace, _: Path) -> Any:
    from benchmarks import iris_segmentation

    return iris_segmentation.measure(_sets(given))


def _iris_parameters(given: argparse.Namespace, folder: Path) -> Any:
    from benchmarks import iris_parameters

    return iris_parameters.measure(_sets(given) or iris_parameters.synthetic(folder))


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    main()
