"""Does the trained two-branch network add to the matchers, on people whom it never saw?

Faces and irises are paired by seed (chimeric). Half of the people train the compact network; the
other half are strangers to it. Among the strangers, one half fits a logistic fusion of the voices,
with and without the network's, and both are measured on the other half; then all parts change
places. The network's voice is the cosine of its 128 + 128 features (`Answerer.features`). Pairs of
which a matcher gets no template are left out for all voices alike.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from twofold.cli.datasets import LayoutName, load_checked
from twofold.cli.train import train_and_report
from twofold.data.dataset import Pair
from twofold.data.samples import Sample, read_samples
from twofold.evaluation.verification.comparisons import People, compared
from twofold.evaluation.verification.rates import error_rates
from twofold.face.comparison import compare_all as compare_faces
from twofold.fusion.cost import cllr
from twofold.fusion.trained import LogisticRule
from twofold.iris.comparison import compare_all as compare_irises
from twofold.network.answering import Answerer
from twofold.network.options import TrainingOptions
from twofold.network.run import RunFolder
from twofold.recognizer import Recognizer
from twofold.recognizer.sources import Person
from twofold.template import Template

VOICES = ("face", "iris", "network")
WAYS = (
    ("face",), ("iris",), ("network",), ("face", "iris"), ("face", "network"),
    ("iris", "network"), ("face", "iris", "network"),
)  # fmt: skip
SEEDS = (1, 2, 3)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Strangers:
    """Pairs of people whom a network never saw, and the scores of all voices.

    Attributes:
        subjects: (n,) whose each pair is.
        scores: voice to (n, n).
    """

    subjects: NDArray[np.int32]
    scores: dict[str, Floats]


def measure(faces: Path, irises: Path, folder: Path) -> dict[str, Any]:
    """EER, FNMR at FMR 0.1 % and Cllr of each way, over all turns and seeds."""
    console = Console()
    figures: dict[str, list[dict[str, float]]] = {"+".join(way): [] for way in WAYS}
    for seed in SEEDS:
        halves = paired(faces, irises, seed)
        for turn in (0, 1):
            run = folder / f"run-{seed}-{turn}"
            manifest = folder / f"people-{seed}-{turn}.csv"
            write_manifest(manifest, halves[turn])
            checked = load_checked(manifest, LayoutName.csv, False, console, labelled=True)
            options = TrainingOptions(folds=0, seed=seed, logs=False)
            train_and_report(checked, options, run, console)
            strangers = hear(Answerer(RunFolder(run)), halves[1 - turn])
            for way, found in judge(strangers, seed).items():
                figures[way] += found
            console.print({way: np.mean([f["eer"] for f in all_]) for way, all_ in figures.items()})
    return {
        "faces": faces.name,
        "irises": irises.name,
        "pairing": "chimeric",
        "seeds": list(SEEDS),
        "turns": len(figures["face"]),
        "ways": {
            way: {
                name: {
                    "mean": round(float(np.mean([one[name] for one in found])), 6),
                    "least": round(min(one[name] for one in found), 6),
                    "most": round(max(one[name] for one in found), 6),
                }
                for name in ("eer", "fnmr_at_fmr_0.001", "cllr")
            }
            for way, found in figures.items()
        },
        "with_minus_without": {
            name: [
                round(both[name] - without[name], 6)
                for both, without in zip(
                    figures["face+iris+network"], figures["face+iris"], strict=True
                )
            ]
            for name in ("eer", "fnmr_at_fmr_0.001", "cllr")
        },
    }


def paired(faces: Path, irises: Path, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Chimeric pairs of two halves of the people; a subject is a face and one iris."""
    rng = np.random.default_rng(seed)
    both = [_samples(faces, "face"), _samples(irises, "iris")]
    orders = [rng.permutation(len(found)) for found in both]
    people: list[list[Pair]] = []
    for number, (one, other) in enumerate(zip(*orders, strict=False)):
        couples = zip(both[0][one], both[1][other], strict=False)
        people.append([
            Pair(f"{number}_{k}", face.path, iris.path, str(number), iris.eye)
            for k, (face, iris) in enumerate(couples)
        ])  # fmt: skip
    middle = len(people) // 2
    first, second = people[:middle], people[middle:]
    return [p for one in first for p in one], [p for one in second for p in one]


def _samples(root: Path, modality: Any) -> list[list[Sample]]:
    found = read_samples(root, modality, min_samples=4)
    identities = sorted({sample.identity for sample in found.samples})
    return [[s for s in found.samples if s.identity == one] for one in identities]


def write_manifest(path: Path, pairs: list[Pair]) -> None:
    """Pairs as a manifest that `twofold train` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "face", "iris", "eye"])
        writer.writerows(
            [p.subject, p.face.resolve(), p.iris.resolve(), p.eye or ""] for p in pairs
        )


def hear(network: Answerer, pairs: list[Pair]) -> Strangers:
    """What every voice says of all pairs of which both matchers have a template."""
    people = [Person(face=pair.face, iris=pair.iris) for pair in pairs]
    found = Recognizer().extract_many(people)
    kept = [
        (pair, template)
        for pair, template in zip(pairs, found, strict=True)
        if isinstance(template, Template) and template.faces and template.irises
    ]
    features = network.features([pair for pair, _ in kept])
    scores = {
        "face": compare_faces(np.stack([t.faces[0].vector for _, t in kept])),
        "iris": compare_irises([t.irises[0].code for _, t in kept]),
        "network": features @ features.T,
    }
    subjects = np.unique([pair.subject or "" for pair, _ in kept], return_inverse=True)[1]
    return Strangers(
        subjects.astype(np.int32), {voice: np.float64(part) for voice, part in scores.items()}
    )


def judge(strangers: Strangers, seed: int) -> dict[str, list[dict[str, float]]]:
    """Each way fitted on half of the strangers and measured on the other, both ways round."""
    people = np.random.default_rng(seed).permutation(int(strangers.subjects.max()) + 1)
    middle = len(people) // 2
    parts = [
        np.isin(strangers.subjects, people[:middle]),
        np.isin(strangers.subjects, people[middle:]),
    ]
    found: dict[str, list[dict[str, float]]] = {}
    for way in WAYS:
        found["+".join(way)] = [_measured(strangers, way, parts[k], parts[1 - k]) for k in (0, 1)]
    return found


def _measured(
    strangers: Strangers, way: tuple[str, ...], fit: NDArray[np.bool_], test: NDArray[np.bool_]
) -> dict[str, float]:
    def cut(part: NDArray[np.bool_]) -> tuple[dict[str, Floats], NDArray[np.bool_]]:
        upper = np.triu_indices(int(part.sum()), 1)
        subjects = strangers.subjects[part]
        chosen = {voice: strangers.scores[voice][np.ix_(part, part)][upper] for voice in way}
        return chosen, subjects[upper[0]] == subjects[upper[1]]

    scores, mated = cut(fit)
    rule = LogisticRule.fit(scores, mated)
    scores, mated = cut(test)
    ratios = rule.fuse(scores)
    n = int(test.sum())
    square = np.zeros((n, n), dtype=np.float32)
    square[np.triu_indices(n, 1)] = ratios
    names, subject = np.unique(strangers.subjects[test], return_inverse=True)
    subject = subject.astype(np.int32)
    people = People(subject, subject, np.zeros(n, dtype=np.bool_), tuple(map(str, names)))
    rates = error_rates(compared(people, square), resamples=2)
    at = next(point for point in rates.points if point.wanted == 1e-3)
    return {
        "eer": float(rates.eer.value or 0.0),
        "fnmr_at_fmr_0.001": float(at.fnmr.value or 0.0),
        "cllr": cllr(ratios, mated),
    }
