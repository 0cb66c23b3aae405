"""Trains the network that segments eyes, in two steps that may run side by side.

python -m tools.iris_segmentation prepare WORK     draws eyes and shows them in many ways
python -m tools.iris_segmentation train WORK OUT   trains on them as they come, and exports
python -m tools.iris_segmentation export WORK OUT  exports the weights that train has kept last

OUT gets iris_segmentation.onnx and its card, iris_segmentation.json. Needs the extra `train`. The
prepared pictures take 164 MB a file. Everything depends on the seed; sums of many floats, and so
the last digits of the weights, also on the number of threads and the processor.
"""

import argparse
import datetime
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.files import make_folder, write_json

NAME = "iris_segmentation"
_BATCH = 16
_RATE = 2e-3
_WARM = 150  # steps
_KEPT = "unfinished.weights.h5"
_HELD = 300, 640  # eyes that are never trained on, and pictures of them to score on


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools.iris_segmentation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", choices=["prepare", "train", "export"])
    parser.add_argument("work", type=Path, help="folder of the prepared pictures")
    parser.add_argument("out", type=Path, nargs="?", help="folder of the result")
    parser.add_argument("--eyes", type=int, default=4200, help="pictures drawn")
    parser.add_argument("--files", type=int, default=25, help="of 1600 ways to show them each")
    parser.add_argument("--steps", type=int, default=5000, help="batches of 16")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Prepare, or train and export."""
    options = _arguments()
    make_folder(options.work)
    if options.step == "prepare":
        _prepare(options)
    elif options.out is None:
        raise SystemExit(f"{options.step} needs the folder OUT")
    else:
        _train(options)


def _prepare(options: argparse.Namespace) -> None:
    import cv2
    from tools.iris_segmentation.shown import write

    cv2.setNumThreads(1)
    eyes = _drawn(options.eyes, options.seed, options.work)
    for number in range(options.files):
        write(options.work, eyes, number, options.seed)
        print(f"{number + 1} of {options.files} files", flush=True)


def _train(options: argparse.Namespace) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(options.threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import keras
    from tools.iris_segmentation import model, shown

    keras.utils.set_random_seed(options.seed)
    make_folder(options.out)
    started = time.monotonic()

    def batch(step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """One file after the other, again and again; every other batch mirrored."""
        turn, part = divmod(step, shown.SHARE // _BATCH)
        order = np.random.default_rng([options.seed, turn]).permutation(shown.SHARE)
        chosen = np.sort(order[part * _BATCH : (part + 1) * _BATCH])
        pictures = shown.load(options.work, turn % options.files)[chosen]
        mirrored = (step + turn // options.files) % 2
        return shown.as_floats(pictures[:, :, ::-1] if mirrored else pictures)

    network = model.build()
    kept = options.out / _KEPT
    if options.step == "export":
        network.load_weights(kept)
        _export(network, options)
        return
    rate = keras.optimizers.schedules.CosineDecay(
        _RATE / 20, options.steps - _WARM, warmup_target=_RATE, warmup_steps=_WARM
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4, clipnorm=1.0)
    # TensorFlow's own kernels train this network twice as fast as XLA's on a processor.
    network.compile(optimizer, model.loss, jit_compile=False)

    losses = []
    for step in range(options.steps):
        losses.append(float(network.train_on_batch(*batch(step))))
        if (step + 1) % 100 == 0:
            minutes = (time.monotonic() - started) / 60
            print(f"{step + 1} steps, {minutes:.1f} min, loss {np.mean(losses):.4f}", flush=True)
            losses.clear()
        if (step + 1) % 400 == 0 or step + 1 == options.steps:
            network.save_weights(kept, overwrite=True)
            network.reset_metrics()
    _export(network, options)


def _export(network: Any, options: argparse.Namespace) -> None:
    """Write the network as ONNX, and its card."""
    import keras
    from tools.iris_segmentation import model, shown
    from tools.iris_segmentation.randomise import COLUMNS, ROWS, TARGETS
    from tools.iris_segmentation.score import score

    from twofold.network.export import export_onnx

    held = _drawn(_HELD[0], options.seed + 1, options.work)
    pictures, truth = shown.as_floats(shown.prepare(held, 0, options.seed + 1, _HELD[1]))
    answering = model.answering(network)
    path = options.out / f"{NAME}.onnx"
    difference = export_onnx(answering, path, {"picture": pictures[:32]})
    maps = answering.predict(pictures, batch_size=32, verbose=0)["shares"]
    names = " ".join(f"--{name} {getattr(options, name)}" for name in _REPEATABLE)
    card = {
        "name": NAME,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": network.count_params(),
        "input": f"float32 (n, {ROWS}, {COLUMNS}, 1) grey, 0 to 1",
        "output": f"float32 (n, {ROWS}, {COLUMNS}, {len(TARGETS)}), 0 to 1: {', '.join(TARGETS)}",
        "trained_on": (
            f"{options.eyes} drawn eyes of people who do not exist (twofold.data.synthetic), shown "
            f"in {options.files * shown.SHARE} random ways; no real picture"
        ),
        "commands": [
            f"python -m tools.iris_segmentation prepare WORK {names}",
            f"python -m tools.iris_segmentation train WORK OUT {names}",
        ],
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "keras": f"{keras.__version__} on {keras.backend.backend()}",
        "onnx_differs_by": difference,
        "licence": "Apache-2.0",
        "synthetic_scores": {
            "of": f"{_HELD[1]} views of {_HELD[0]} other drawn eyes, seed {options.seed + 1}",
            **score(maps, truth),
        },
    }
    write_json(options.out / f"{NAME}.json", card)
    print(card["synthetic_scores"])


_REPEATABLE = ("eyes", "files", "steps", "seed", "threads")


def _drawn(count: int, seed: int, work: Path) -> Any:
    """The drawn eyes, which `work` keeps."""
    from tools.iris_segmentation.eyes import Drawn, draw_eyes

    path = work / f"eyes-{seed}-{count}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return Drawn(kept["planes"], kept["place"], kept["means"])
    drawn = draw_eyes(count, seed)
    np.savez(path, planes=drawn.planes, place=drawn.place, means=drawn.means)
    return drawn


if __name__ == "__main__":
    main()
