"""From labelled pairs to a run that answers by matchers: extract, cross-validate, keep."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Dataset, Pair, content_digest
from twofold.data.split_file import split_record
from twofold.data.splits import Contents, Split
from twofold.errors import AcquisitionError, DatasetError, OutputError, TwofoldError
from twofold.files import make_folder, write_json
from twofold.matchers import references
from twofold.matchers.identification import predictions, ratios
from twofold.matchers.options import METHOD, MatcherOptions
from twofold.matchers.references import Enrolled
from twofold.network.environment import environment
from twofold.network.run import RunFolder
from twofold.recognizer import Recognizer
from twofold.recognizer.sources import Person
from twofold.template import Eye, Template

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how many of how many are."""

_CHUNK = 64  # pairs that an interrupted run may have to extract again


@dataclass(frozen=True)
class MatcherData:
    """Labelled pairs and how they are divided; `card` is what data.json records."""

    dataset: Dataset
    split: Split
    contents: Contents
    card: dict[str, Any]


def enrol_pairs(
    data: MatcherData,
    options: MatcherOptions,
    root: Path,
    recognizer: Recognizer,
    progress: Progress = lambda stage, done, total: None,
) -> RunFolder:
    """Enrol every labelled pair; score each fold against the references of the others.

    A run that was begun with the same data and options goes on where it stopped.

    Returns:
        The finished run folder (without report and metrics).

    Raises:
        DatasetError: one subject only, or no pair that gives a template.
        OutputError: the folder holds a run of other data or options, or cannot be written to.
    """
    run = RunFolder(make_folder(root))
    pairs, labels = data.dataset.pairs, data.dataset.subjects
    if len(labels) < 2:
        raise DatasetError(
            f"{data.dataset.root}: {len(labels)} subject; telling people apart needs at least two."
        )
    _record(run, data, options)
    if run.model_card.exists():
        return run
    began, cpu = time.perf_counter(), time.process_time()
    enrolled = _extract(run, pairs, recognizer, progress)
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    if all(one.template is None for one in enrolled):
        raise DatasetError(
            f"{data.dataset.root}: no pair gave a template; the first: {pairs[0].name}. "
            "See why with `twofold explain PICTURE`."
        )
    place = {label: number for number, label in enumerate(labels)}
    truth = np.array([place[pair.subject or ""] for pair in pairs], dtype=np.int64)
    for number, fold in enumerate(data.split.folds, start=1):
        part = _Part(f"Fold {number}", run.fold(number), fold.train, fold.test)
        _score(part, enrolled, truth, labels, recognizer, progress)
    known = [enrolled[k] for k in data.split.train]
    references.save(run.references, known)
    if len(data.split.test):
        part = _Part("Held-out part", run.final, data.split.train, data.split.test)
        _score(part, enrolled, truth, labels, recognizer, progress)
    make_folder(run.final)
    scored = run.read_json(run.final / "done.json") if len(data.split.test) else {}
    whole = {name: value + scored.get(name, 0.0) for name, value in took.items()}
    write_json(run.final / "done.json", whole | _counts(data.split.train, data.split.test))
    write_json(run.model_card, _card(run, recognizer, known))
    for file in run.root.glob("extracted-*.zip"):
        file.unlink()
    return run


def merged(enrolled: Sequence[Enrolled], labels: Sequence[str]) -> list[Template | None]:
    """The references of each subject as one template; None for a subject without any."""
    of: defaultdict[str, list[Template]] = defaultdict(list)
    for one in enrolled:
        if one.template is not None:
            of[one.subject].append(one.template)
    whole: list[Template | None] = []
    for label in labels:
        template: Template | None = None
        for part in of.get(label, []):
            template = part if template is None else template.merged(part)
        whole.append(template)
    return whole


def extract_pairs(recognizer: Recognizer, pairs: Sequence[Pair]) -> Iterator[Template | None]:
    """The template of each pair; of one modality where the other gives none, None without either.

    The quality asked for is that of a probe, for references too: in a closed set of given pictures
    there is no better one to ask for.

    Raises:
        ImageError: a picture cannot be read.
    """
    people = (Person(face=pair.face, iris=pair.iris, eye=known_eye(pair)) for pair in pairs)
    for found in recognizer.extract_each(people):
        if isinstance(found, AcquisitionError):
            yield None
        elif isinstance(found, TwofoldError):
            raise found
        else:
            yield found


def known_eye(pair: Pair) -> Eye | None:
    """The eye of a pair, where its manifest tells one of the two."""
    return "left" if pair.eye == "left" else "right" if pair.eye == "right" else None


def _record(run: RunFolder, data: MatcherData, options: MatcherOptions) -> None:
    names = [pair.name for pair in data.dataset.pairs]
    split = split_record(data.split, names, data.contents)
    if run.config.exists():
        if run.read_json(run.config) != options.record():
            raise OutputError(f"{run.root}: begun with other options. Repeat those of config.json.")
        if run.read_json(run.data).get("digest") != data.card["digest"]:
            raise OutputError(f"{run.root}: begun with other data. Give the same dataset.")
        if run.read_json(run.split) != split:
            raise OutputError(f"{run.root}: begun with another split. Give {run.split} back.")
        return
    write_json(run.environment, environment(None))
    write_json(run.data, {**data.card, "leaked_images": None, "test_images": None})
    write_json(run.labels, list(data.dataset.subjects))
    write_json(run.split, split)
    write_json(run.config, options.record())  # last: a folder without it was never begun


def _extract(
    run: RunFolder, pairs: Sequence[Pair], recognizer: Recognizer, progress: Progress
) -> list[Enrolled]:
    done: list[Enrolled] = []
    for start in range(0, len(pairs), _CHUNK):
        part = run.root / f"extracted-{start // _CHUNK:06}.zip"
        if part.exists():
            done += references.load(part)
        else:
            chunk: list[Enrolled] = []
            asked = pairs[start : start + _CHUNK]
            for pair, template in zip(asked, extract_pairs(recognizer, asked), strict=True):
                chunk.append(Enrolled(pair.name, pair.subject or "", template))
                progress("Extracting", start + len(chunk), len(pairs))
            references.save(part, chunk)
            done += chunk
        progress("Extracting", len(done), len(pairs))
    return done


@dataclass(frozen=True)
class _Part:
    """One scoring: its name, its folder, and the pairs that are references and probes."""

    name: str
    folder: Path
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def _score(
    part: _Part,
    enrolled: Sequence[Enrolled],
    truth: NDArray[np.int64],
    labels: Sequence[str],
    recognizer: Recognizer,
    progress: Progress,
) -> None:
    """Answer the probes of a part by its references, and keep what was said."""
    make_folder(part.folder)
    began, cpu = time.perf_counter(), time.process_time()
    probes = [enrolled[k] for k in part.test]
    subjects = merged([enrolled[k] for k in part.train], labels)
    found = ratios(
        recognizer,
        [one.template for one in probes],
        subjects,
        lambda done, total: progress(part.name, done, total),
    )
    said = predictions(found, [one.name for one in probes], truth[part.test], labels)
    said.save(part.folder / "predictions.npz")
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    write_json(part.folder / "done.json", took | _counts(part.train, part.test))


def _counts(train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, int]:
    return {"train_pairs": len(train), "test_pairs": len(test)}


def _card(run: RunFolder, recognizer: Recognizer, known: Sequence[Enrolled]) -> dict[str, Any]:
    templates = [one.template for one in known if one.template is not None]
    return {
        "format": 1,
        "method": METHOD,
        "face_contract": next((t.face_contract for t in templates if t.faces), None),
        "iris_contract": next((t.iris_contract for t in templates if t.irises), None),
        "references": len(templates),
        "without_template": [one.name for one in known if one.template is None],
        "without_face": [one.name for one in known if one.template and not one.template.faces],
        "without_iris": [one.name for one in known if one.template and not one.template.irises],
        "labels_sha256": content_digest(run.labels),
        "references_sha256": content_digest(run.references),
    }
