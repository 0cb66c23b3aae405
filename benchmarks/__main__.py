"""`python -m benchmarks`: every benchmark on synthetic people, results as JSON."""

import argparse
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import memory, training_time
from twofold.data.synthetic import TRAINING, synthesise


def main() -> None:
    """Run the benchmarks and write benchmarks.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="labelled pairs; default synthetic people")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    parser.add_argument("--only", choices=["memory", "training_time"])
    parser.add_argument("--pairs", type=int, nargs="+", default=[256, 25_600])
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        data = given.data
        if data is None:
            synthesise(Path(folder) / "people")
            data = Path(folder) / "people" / TRAINING
        results = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": platform.platform(),
            "synthetic": given.data is None,
        }
        if given.only != "memory":
            results["training_time"] = training_time.measure(data)
        if given.only != "training_time":
            results["memory"] = memory.measure(data, given.pairs, Path(folder))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
