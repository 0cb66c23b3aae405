"""Run folders with made-up figures, shaped like those that training leaves behind."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from twofold.data.dataset import Dataset, Pair
from twofold.network.run import Predictions

COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
SHARE_WRONG = {"face": 0.12, "iris": 0.06, "fused": 0.02}


def make_dataset(root: Path, labels: Sequence[str], pairs_each: int = 4) -> Dataset:
    """A labelled dataset with pictures of flat grey, one shade a subject."""
    root.mkdir(parents=True)
    pairs = []
    for s, label in enumerate(labels):
        for k in range(pairs_each):
            face, iris = root / f"{s}_{k}.BMP", root / f"{s}_{k}.png"
            Image.new("L", (46, 56), 40 + s % 200).save(face)
            Image.new("RGB", (80, 60), (s % 200, 90, 160)).save(iris)
            pairs.append(Pair(f"{s}_{k}", face, iris, label))
    return Dataset(root, "flat", "stem", tuple(pairs))


def make_predictions(
    dataset: Dataset,
    labels: Sequence[str],
    chosen: Sequence[int],
    seed: int = 0,
    wrong: dict[str, float] | None = None,
) -> Predictions:
    """Softmax-like outputs for the chosen pairs, with about the given shares of wrong answers."""
    rng = np.random.default_rng(seed)
    subjects = [dataset.pairs[i].subject for i in chosen]
    truth = np.array([labels.index(s) if s in labels else -1 for s in subjects], dtype=np.int64)
    outputs = {}
    for branch, share in (wrong or SHARE_WRONG).items():
        answer = np.maximum(truth, 0)
        missed = rng.random(len(truth)) < share
        answer = np.where(missed, (answer + rng.integers(1, 4, len(truth))) % len(labels), answer)
        scores = rng.normal(0, 1, (len(truth), len(labels)))
        scores[np.arange(len(truth)), answer] = scores.max(axis=1) + rng.uniform(0.5, 5, len(truth))
        exponent = np.exp(scores - scores.max(axis=1, keepdims=True))
        outputs[branch] = (exponent / exponent.sum(axis=1, keepdims=True)).astype(np.float32)
    names = tuple(dataset.pairs[i].name for i in chosen)
    return Predictions(names, truth, tuple(labels), **outputs)


def make_run(
    root: Path,
    dataset: Dataset,
    *,
    protocol: str = "kfold",
    preset: str = "compact",
    folds: int = 4,
    wrong: dict[str, float] | None = None,
    seed: int = 0,
    digest: str = "0" * 64,
    synthetic: bool = False,
    epochs: int = 30,
) -> Path:
    """A finished run on `dataset`, with everything but the networks themselves."""
    labels = dataset.subjects
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(dataset.pairs))
    held_out = order[: len(order) // 4] if protocol != "kfold" else order[:0]
    rest = order[len(held_out) :]
    root.mkdir(parents=True)
    for number, part in enumerate(np.array_split(rest, folds), start=1):
        said = make_predictions(dataset, labels, part, seed + number, wrong)
        _training(root / "folds" / str(number), said, len(rest) - len(part), epochs, rng)
    said = make_predictions(dataset, labels, held_out, seed, wrong) if len(held_out) else None
    _training(root / "final", said, len(rest), epochs, rng)
    leaky = protocol == "report"
    _write(root / "config.json", {
        "preset": preset, "protocol": protocol, "folds": folds, "holdout": 0.25, "seed": seed,
        "batch_size": 32, "epochs": None, "face_backbone": None, "logs": True,
    })  # fmt: skip
    _write(root / "environment.json", {
        "python": "3.11.2", "platform": "Linux-x86_64", "cores": 2, "backend": "tensorflow",
        "packages": {"twofold": "0.1.0", "keras": "3.10.0", "numpy": "2.1.0"},
    })  # fmt: skip
    _write(root / "data.json", {
        "root": str(dataset.root), "layout": dataset.layout, "pairing": dataset.pairing,
        "pairs": len(dataset.pairs), "subjects": len(labels), "digest": digest,
        "synthetic": synthetic, "left_out": [{"file": "9_9.png", "reason": "truncated"}],
        "leaked_images": 2 * len(held_out) - 2 if leaky else None,
        "test_images": 2 * len(held_out) if leaky else None,
    })  # fmt: skip
    _write(root / "labels.json", list(labels))
    _write(root / "split.json", {})
    _write(root / "model.json", {
        "format": 1, "preset": preset, "backbones": {"face": "compact", "iris": "compact"},
        "inputs": {"face": {"height": 56, "width": 46, "channels": 1}}, "onnx_sha256": "1" * 64,
    })  # fmt: skip
    return root


def _training(
    folder: Path,
    predictions: Predictions | None,
    train_pairs: int,
    epochs: int,
    rng: np.random.Generator,
) -> None:
    folder.mkdir(parents=True)
    if predictions is not None:
        predictions.save(folder / "predictions.npz")
    epochs -= int(rng.integers(0, 4)) if epochs > 8 else 0
    with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for epoch in range(1, epochs + 1):
            left = np.exp(-5 * epoch / epochs)
            noise = rng.normal(0, 0.02, 4)
            row = {
                "epoch": epoch, "learning_rate": 1e-3, "seconds": 1.2,
                "loss": 4.2 * left + abs(noise[0]), "accuracy": min(1, 1 - left + noise[1] / 4),
            }  # fmt: skip
            if predictions is not None:
                row["val_loss"] = 4.2 * left + 0.15 + abs(noise[2])
                row["val_accuracy"] = max(0, min(1, 0.97 - left + noise[3]))
            writer.writerow(row)
    _write(folder / "done.json", {
        "seconds": 31.4, "cpu_seconds": 58.9, "epochs": epochs, "train_pairs": train_pairs,
        "test_pairs": len(predictions) if predictions is not None else 0,
    })  # fmt: skip


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
