"""A training from a dataset to a run folder, resumable at any moment."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Dataset, content_digest
from twofold.data.loading import MODALITIES, PairImages
from twofold.data.split_file import split_record
from twofold.data.splits import Contents, Split
from twofold.errors import DatasetError, OutputError
from twofold.files import make_folder, replacing, write_json
from twofold.network.environment import environment
from twofold.network.export import export_onnx
from twofold.network.fit import Task, TrainingState, discard_checkpoint, fit
from twofold.network.options import TrainingOptions
from twofold.network.presets import Preset
from twofold.network.protocols import (
    Part,
    item_name,
    leak_free_parts,
    leaked,
    leaky_parts,
    leaky_record,
)
from twofold.network.run import BRANCHES, Predictions, RunFolder
from twofold.network.stream import Items, Pictures, ScoringBatches, Truth
from twofold.network.two_branch import answering_network, build_network, mean_features

_CHECKED = 32  # pairs on which the ONNX export must agree with Keras


class Watcher(Protocol):
    """Who is told how a training goes."""

    def begin(self, part: str, number: int, parts: int) -> None:
        """A part begins: its name, and which of how many it is, from 1."""

    def epoch(self, done: int, planned: int, figures: dict[str, float]) -> None:
        """An epoch of it ended."""

    def end(self, part: str, accuracy: dict[str, float] | None) -> None:
        """It ended, with the accuracy of each branch (0 to 1) where it was scored."""


@dataclass(frozen=True)
class TrainingData:
    """A dataset that is ready to be trained on.

    Attributes:
        dataset: labelled pairs.
        split: as the protocol divides it (over pairs, or over pairs and copies for "report").
        contents: digests of face and iris, by pair.
        card: what data.json records: digest, left out files, whether synthetic.
    """

    dataset: Dataset
    split: Split
    contents: Contents
    card: dict[str, Any]


def train(data: TrainingData, options: TrainingOptions, root: Path, watcher: Watcher) -> RunFolder:
    """Train every fold and the final network.

    A run that was begun with the same data and options goes on where it stopped.

    Args:
        data: what to learn from.
        options: how.
        root: the run folder; made if it is missing.
        watcher: is told of the progress.

    Returns:
        The finished run folder (without report and metrics).

    Raises:
        OptionError, DatasetError, ModelError, OutputError: see their messages.
    """
    preset = options.resolved()
    run = RunFolder(make_folder(root))
    dataset = data.dataset
    labels = dataset.subjects
    if len(labels) < 2:
        raise DatasetError(
            f"{dataset.root}: {len(labels)} subject; telling people apart needs at least two."
        )
    parts = _parts(data, options, preset)
    card = {**data.card, **_leak(options, parts)}
    if not run.config.exists():
        build_network(preset, len(labels))  # what cannot be built leaves no run begun
        keras.utils.clear_session()
    _record(run, options, card, labels, data, parts)
    place = {label: number for number, label in enumerate(labels)}
    subjects = np.array([place[pair.subject or ""] for pair in dataset.pairs], dtype=np.int64)
    truth = Truth(subjects, len(labels))
    pictures = Pictures(PairImages(dataset.pairs, preset.sizes), options.seed)
    for number, part in enumerate(parts, start=1):
        _train_part(run, part, number, len(parts), options, preset, pictures, truth, watcher)
        keras.utils.clear_session()
    return run


def _parts(data: TrainingData, options: TrainingOptions, preset: Preset) -> list[Part]:
    if options.protocol == "report":
        return leaky_parts(data.split, len(data.dataset.pairs), preset.copies)
    return leak_free_parts(data.split, preset)


def _leak(options: TrainingOptions, parts: Sequence[Part]) -> dict[str, int | None]:
    """How much of the report protocol's test part was seen in training; a pair is two images."""
    final = parts[-1]
    if options.protocol != "report" or final.test is None:
        return {"leaked_images": None, "test_images": None}
    return {"leaked_images": 2 * leaked(final), "test_images": 2 * len(final.test)}


def _record(
    run: RunFolder,
    options: TrainingOptions,
    card: dict[str, Any],
    labels: Sequence[str],
    data: TrainingData,
    parts: Sequence[Part],
) -> None:
    """Write down what the run is; for a run that goes on, check that it is the same one."""
    config = asdict(options)
    names = [pair.name for pair in data.dataset.pairs]
    if options.protocol == "report":
        split = leaky_record(parts, names)
    else:
        split = split_record(data.split, names, data.contents)
    if run.config.exists():
        begun = run.read_json(run.config)
        changed = sorted(name for name in config if begun.get(name) != config[name])
        if changed:
            told = ", ".join(f"{n} was {begun.get(n)!r}, now {config[n]!r}" for n in changed)
            raise OutputError(f"{run.root}: begun with other options ({told}). Repeat those.")
        if run.read_json(run.data).get("digest") != card["digest"]:
            raise OutputError(f"{run.root}: begun with other data. Give the same dataset.")
        if run.read_json(run.split) != split:
            raise OutputError(f"{run.root}: begun with another split. Give {run.split} back.")
        return
    write_json(run.environment, environment(keras.config.backend()))
    write_json(run.data, card)
    write_json(run.labels, list(labels))
    write_json(run.split, split)
    write_json(run.config, config)  # last: a folder without it was never begun


def _train_part(
    run: RunFolder,
    part: Part,
    number: int,
    parts: int,
    options: TrainingOptions,
    preset: Preset,
    pictures: Pictures,
    truth: Truth,
    watcher: Watcher,
) -> None:
    folder = run.root / part.name
    final = part.name == "final"
    watcher.begin(part.name, number, parts)
    done = run.model_card if final else folder / "done.json"
    if done.exists():
        discard_checkpoint(folder)
        watcher.end(part.name, _accuracy(run, part))
        return
    logs = run.tensorboard / part.name if options.logs else None
    task = Task(folder, part.train, part.test, truth, _seed(options.seed, number))
    network, state = fit(task, preset, pictures, logs, watcher.epoch)
    originals = Items.of(np.unique(part.train.pairs))
    means = _means(network, preset, pictures, originals)
    answers = answering_network(network, preset, means)
    if part.test is not None:
        names = [pair.name for pair in pictures.images.pairs]
        said = _predict(answers, pictures, part.test, names, truth, run.read_labels())
        said.save(folder / "predictions.npz")
    write_json(folder / "done.json", _done(state, part, preset))
    if final:
        some = originals[np.arange(min(_CHECKED, len(originals)))]
        _keep(run, answers, preset, pictures.batch(some))
    discard_checkpoint(folder)
    watcher.end(part.name, _accuracy(run, part))


def _seed(seed: int, part: int) -> int:
    """Its own seed for every part, so that no two start from the same weights."""
    return int(np.random.SeedSequence((seed, part)).generate_state(1)[0])


def _means(
    network: keras.Model, preset: Preset, pictures: Pictures, items: Items
) -> dict[str, NDArray[np.float32]] | None:
    if preset.join != "dense":
        return None
    return mean_features(network, ScoringBatches(pictures, items))


def _predict(
    answers: keras.Model,
    pictures: Pictures,
    items: Items,
    names: Sequence[str],
    truth: Truth,
    labels: tuple[str, ...],
) -> Predictions:
    said = answers.predict(ScoringBatches(pictures, items), verbose=0)
    return Predictions(
        names=tuple(item_name(items, place, names) for place in range(len(items))),
        truth=truth.subjects[items.pairs],
        labels=labels,
        **{b: np.asarray(said[f"{b}_probabilities"], dtype=np.float32) for b in BRANCHES},
    )


def _accuracy(run: RunFolder, part: Part) -> dict[str, float] | None:
    if part.test is None:
        return None
    said = Predictions.load(run.root / part.name / "predictions.npz", run.read_labels())
    return {
        branch: float((getattr(said, branch).argmax(axis=1) == said.truth).mean())
        for branch in BRANCHES
    }


def _done(state: TrainingState, part: Part, preset: Preset) -> dict[str, float]:
    return {
        "batch_size": preset.batch_size,
        "seconds": state.seconds,
        "cpu_seconds": state.cpu_seconds,
        "epochs": state.epochs,
        "train_pairs": len(part.train),
        "test_pairs": 0 if part.test is None else len(part.test),
    }


def _keep(
    run: RunFolder, answers: keras.Model, preset: Preset, pictures: dict[str, NDArray[np.float32]]
) -> None:
    """Write the final network in both forms, and last the card that says it is whole."""
    with replacing(run.keras_model) as temporary:
        answers.save(temporary)
    difference = export_onnx(answers, run.onnx_model, pictures)
    card = {
        "format": 1,
        "preset": preset.name,
        "backbones": preset.backbones,
        "inputs": {modality: asdict(preset.sizes[modality]) for modality in MODALITIES},
        "pixels": "0 to 255, upright, resized with an antialiased bilinear filter",
        "outputs": {
            **{
                f"{branch}_probabilities": "of each subject, 0 to 1, in the order of labels.json"
                for branch in BRANCHES
            },
            "face_features": "128 features",
            "iris_features": "128 features",
        },
        "labels_sha256": content_digest(run.labels),
        "onnx_sha256": content_digest(run.onnx_model),
        "largest_difference_from_keras": difference,
    }
    write_json(run.model_card, card)
