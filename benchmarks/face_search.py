"""Exact search of face vectors beside FAISS and USearch, on random unit vectors.

Ours, FAISS' flat index and USearch's exact search take turns on the same numbers, on the same
number of threads; medians and best of the runs are given, and the ratio of ours to the best of
theirs. With int8, FAISS' scalar quantiser compares float32 probes with 8-bit references, USearch
and ours int8 with int8. Needs the extra `peers`.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
from usearch.index import MetricKind
from usearch.index import search as usearch_exact

from twofold.face.search import quantise, search

DIM = 128
K = 10
PROBES = (1, 64)
_IN_A_ROW = 5  # of short calls, so that most find their data in the cache


def measure(sizes: list[int], threads: int | None = None, seconds: float = 5.0) -> dict[str, Any]:
    """Milliseconds for the best ten of each number of references, for one probe and for 64."""
    threads = threads or len(os.sched_getaffinity(0))
    faiss.omp_set_num_threads(threads)
    results: dict[str, Any] = {"dim": DIM, "k": K, "threads": threads, "synthetic": True}
    for size in sizes:
        vectors, probes = _unit(size, 0), _unit(max(PROBES), 1)
        small, small_probes = quantise(vectors), quantise(probes)
        flat = faiss.IndexFlatIP(DIM)
        flat.add(vectors)
        eight = faiss.IndexScalarQuantizer(
            DIM, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        eight.train(vectors[:100_000])
        eight.add(vectors)
        for count in PROBES:
            some, small_some = probes[:count], small_probes.values[:count]
            results[f"{size} references, {count} probes"] = {
                "float32": _turns(
                    {
                        "twofold": lambda p=some, v=vectors: search(v, p, K, threads),
                        "faiss": lambda p=some, i=flat: i.search(p, K),
                        "usearch": lambda p=some, v=vectors: usearch_exact(
                            v, p, K, MetricKind.IP, exact=True, threads=threads
                        ),
                    },
                    seconds,
                ),
                "int8": _turns(
                    {
                        "twofold": lambda p=some, v=small: search(v, p, K, threads),
                        "faiss": lambda p=some, i=eight: i.search(p, K),
                        "usearch": lambda p=small_some, v=small.values: usearch_exact(
                            v, p, K, MetricKind.Cos, exact=True, threads=threads
                        ),
                    },
                    seconds,
                ),
                "agreement_of_the_best": _agreement(vectors, small, flat, some),
            }
    return results


def _unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _turns(runs: dict[str, Callable[[], Any]], seconds: float) -> dict[str, Any]:
    """Each in turn, a few calls in a row, until the time is spent, at least five times."""
    walls: dict[str, list[float]] = {name: [] for name in runs}
    cpus: dict[str, list[float]] = {name: [] for name in runs}
    calls: dict[str, int] = {}
    for name, run in runs.items():
        run()
        wall = time.perf_counter()
        run()
        calls[name] = _IN_A_ROW if time.perf_counter() - wall < 0.02 else 1
    began = time.perf_counter()
    while len(walls["twofold"]) < 5 * calls["twofold"] or time.perf_counter() - began < seconds:
        for name, run in runs.items():
            for _ in range(calls[name]):
                wall, cpu = time.perf_counter(), time.process_time()
                run()
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(time.process_time() - cpu)
    figures: dict[str, Any] = {
        name: {
            "median_ms": round(1e3 * statistics.median(walls[name]), 3),
            "best_ms": round(1e3 * min(walls[name]), 3),
            "best_cpu_ms": round(1e3 * min(cpus[name]), 3),
        }
        for name in runs
    }
    for figure in ("median_ms", "best_ms", "best_cpu_ms"):
        theirs = min(figures[name][figure] for name in runs if name != "twofold")
        ratio = figures["twofold"][figure] / theirs if theirs else None
        figures[f"twofold_over_best_peer_{figure[:-3]}"] = ratio and round(ratio, 3)
    return figures


def _agreement(vectors: np.ndarray, small: Any, flat: Any, probes: np.ndarray) -> dict[str, float]:
    """Share of the best ten that are those of the flat index."""
    _, expected = flat.search(probes, K)
    found = {"float32": search(vectors, probes, K), "int8": search(small, probes, K)}
    return {
        name: float(
            np.mean([np.isin(a, b).mean() for a, b in zip(result.indices, expected, strict=True)])
        )
        for name, result in found.items()
    }
