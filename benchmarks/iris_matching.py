"""Iris codes compared per second, beside what the machine could do at most, and open-iris.

A comparison is of one probe with one reference at all rotations, with random bits and masks. The
limit is the smaller of two, both measured in the same run on as many threads: how often the
processor can count the bits of two vectors (differing, compared) of words in its first cache, and
how often it can read a reference from memory. open-iris needs another OpenCV: it is asked for by
the interpreter of a virtual environment that has it (`--open-iris`), see the message without it.
"""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from twofold.iris.code import CodeLayout
from twofold.iris.kernel import Engine, PackedCodes, match
from twofold.lanes import LANES, load, plus, popcount, store, zeros

LAYOUT = CodeLayout(angles=128, bands=8, planes=2)
SHIFTS = range(-15, 16)
REFERENCE_BITS = 911.0
HOW_TO_GET = (
    "python -m venv peers && IRIS_ENV=SERVER peers/bin/pip install open-iris==1.11.2;"
    " then --open-iris peers/bin/python"
)

_PEER = """
import json, sys, time
import numpy as np
from iris.io.dataclasses import IrisTemplate
from iris.nodes.matcher.hamming_distance_matcher import HammingDistanceMatcher
from iris.nodes.matcher.simple_hamming_distance_matcher import SimpleHammingDistanceMatcher

rng = np.random.default_rng(0)
results = {}
for name, shapes in {"2048 bits": [(8, 128, 2)], "its own 16384 bits": [(16, 256, 2)] * 2}.items():
    a, b = (
        IrisTemplate(
            iris_codes=[rng.random(shape) < 0.5 for shape in shapes],
            mask_codes=[rng.random(shape) < 0.8 for shape in shapes],
            iris_code_version="v2.1",
        )
        for _ in range(2)
    )
    for matcher in (SimpleHammingDistanceMatcher(rotation_shift=15), HammingDistanceMatcher()):
        seconds = []
        for _ in range(60):
            started = time.process_time()
            matcher.run(a, b)
            seconds.append(time.process_time() - started)
        results[f"{type(matcher).__name__}, {name}"] = 1 / min(seconds)
print(json.dumps(results))
"""


@njit(nogil=True)
def _count_in_cache(words, turns, out):
    a, b, c, d = zeros(), zeros(), zeros(), zeros()
    for _ in range(turns):
        for place in range(0, len(words), 4 * LANES):
            a = plus(a, popcount(load(words, place)))
            b = plus(b, popcount(load(words, place + LANES)))
            c = plus(c, popcount(load(words, place + 2 * LANES)))
            d = plus(d, popcount(load(words, place + 3 * LANES)))
        store(words, 0, a)  # or the turns would be one
    store(out, 0, plus(plus(a, b), plus(c, d)))


@njit(nogil=True)
def _read(words, start, stop, out):
    a, b, c, d = zeros(), zeros(), zeros(), zeros()
    for place in range(start, stop, 4 * LANES):
        a = plus(a, load(words, place))
        b = plus(b, load(words, place + LANES))
        c = plus(c, load(words, place + 2 * LANES))
        d = plus(d, load(words, place + 3 * LANES))
    store(out, 0, plus(plus(a, b), plus(c, d)))


def measure(
    references: int = 200_000, open_iris: Path | None = None, threads: int | None = None
) -> dict[str, Any]:
    """All figures, per second, best of many short runs; more than one thread by the wall clock."""
    threads = threads or len(os.sched_getaffinity(0))
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, (references, LAYOUT.words), np.uint64)
    masks = bits[::-1] | np.roll(bits, 1, axis=0)  # three bits of four unmasked
    gallery = PackedCodes(LAYOUT, bits, masks)
    ours = {
        "1 probe, 1 thread": _ours(gallery, 1, 1),
        f"1 probe, {threads} threads": _ours(gallery, 1, threads),
        f"16 probes, {threads} threads": _ours(gallery, 16, threads),
        "NumPy engine, 1 thread": _ours(gallery, 1, 1, "numpy", 4000),
    }
    limits = {count: _limit(bits, count) for count in sorted({1, threads})}
    peer = _open_iris(open_iris)
    results: dict[str, Any] = {
        "bits": LAYOUT.bits,
        "rotations": len(SHIFTS),
        "references": references,
        "threads": threads,
        "twofold": ours,
        "limit": {f"{count} threads": limit for count, limit in limits.items()},
        "limit_over_twofold": {
            "by the clock": _over(limits[threads], ours[f"1 probe, {threads} threads"], "per_s"),
            "per core": _over(limits[1], ours["1 probe, 1 thread"], "per_cpu_s"),
        },
        "open_iris_per_s_and_core": peer,
    }
    if isinstance(peer, dict):
        core = ours["1 probe, 1 thread"]["per_cpu_s"]
        results["twofold_over_open_iris_per_core"] = {
            name: round(core / rate) for name, rate in peer.items()
        }
    return results


def _ours(
    gallery: PackedCodes, probes: int, threads: int, engine: Engine = "compiled", most: int = 10**9
) -> dict[str, float]:
    size = min(len(gallery), most) // probes
    part = PackedCodes(gallery.layout, gallery.bits[:size], gallery.masks[:size])
    given = PackedCodes(gallery.layout, gallery.bits[-probes:], gallery.masks[-probes:])

    def run() -> None:
        match(given, part, SHIFTS, REFERENCE_BITS, threads=threads, engine=engine)

    return _rates(run, size * probes)


def _limit(words: np.ndarray, threads: int) -> dict[str, Any]:
    """Comparisons per second if nothing but counting, or nothing but reading, took time."""
    flat, turns, size = words.reshape(-1), 2000, 2048
    to_count, to_read = 2 * LAYOUT.words * len(SHIFTS), 2 * LAYOUT.words * 8
    buffers = [_aligned(size) for _ in range(threads)]
    outs = [np.zeros(LANES, np.int64) for _ in range(threads)]
    step = len(flat) // threads // (4 * LANES) * 4 * LANES
    with ThreadPoolExecutor(threads) as pool:
        counted = _rates(
            lambda: list(
                pool.map(lambda n: _count_in_cache(buffers[n], turns, outs[n]), range(threads))
            ),
            turns * size * threads,
        )
        read = _rates(
            lambda: list(
                pool.map(lambda n: _read(flat, n * step, (n + 1) * step, outs[n]), range(threads))
            ),
            step * threads * 8,
        )
    return {
        "words_counted_per_s": counted["per_s"],
        "bytes_read_per_s": read["per_s"],
        "by_counting": {name: rate / to_count for name, rate in counted.items()},
        "by_reading": {name: rate / to_read for name, rate in read.items()},
    }


def _over(limit: dict[str, Any], ours: dict[str, float], figure: str) -> float:
    least: float = min(limit["by_counting"][figure], limit["by_reading"][figure])
    return round(least / ours[figure], 2)


def _aligned(size: int) -> np.ndarray:
    room = np.random.default_rng(1).integers(0, 2**64, size + LANES, np.uint64)
    start = -(room.ctypes.data // 8) % LANES
    return room[start : start + size]


def _rates(run: Callable[[], object], work: int, seconds: float = 3.0) -> dict[str, float]:
    """Work per second of the best and the median run, and per processor second of the best."""
    run()
    walls, cpus = [], []
    began = time.perf_counter()
    while len(walls) < 5 or time.perf_counter() - began < seconds:
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {
        "per_s": work / min(walls),
        "per_s_median": work / statistics.median(walls),
        "per_cpu_s": work / min(cpus),
    }


def _open_iris(python: Path | None) -> dict[str, float] | str:
    if python is None:
        return f"not measured: {HOW_TO_GET}"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "IRIS_ENV": "SERVER"}
    done = subprocess.run(
        [python, "-c", _PEER], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"not measured, {python} failed: {reason}"
    rates: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return rates
