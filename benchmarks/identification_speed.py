"""Milliseconds to find one probe among many subjects by face and iris together, beside peers.

    python -m benchmarks.identification_speed --subjects 1000 10000 100000 1000000

Templates are synthetic: real shapes (128 float32 numbers; 4,096 bits and mask, 31 rotations), and
scores spread as docs/performance.md measured them on real pictures. Each size is saved as a
snapshot by one process and searched by another one, whose memory is given: templates that were
never in it are read from the mapped file. Peers run after it, each on what it can do: vectors alone
(FAISS, flat; a loop over a list in Python, as DeepFace's `find` does it, timed on a part and
extrapolated), irises alone (open-iris, extrapolated from the comparisons a second measured in
docs/performance.md). The limit is reading the templates once, and counting bits in the first cache.
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from twofold.fusion.model import FusionModel, shipped
from twofold.gallery.search import Index
from twofold.gallery.search.segments import Rows, Shape
from twofold.iris.code import CodeLayout, IrisCode
from twofold.iris.kernel import roll
from twofold.template import FaceFeature, IrisFeature, Template

DIMENSION, LAYOUT = 128, CodeLayout(angles=128, bands=16, planes=2)
K = 10
OPEN_IRIS = (480.0, 970.0)  # comparisons a second and core, docs/performance.md, 2026-11-24
LEFT_NIR = 4  # kind of every iris
_CHUNK = 25_000
_LOOPED = 20_000
_RUNS = np.array([sum(0xFFFF << 16 * k for k in range(4) if n >> k & 1) for n in range(16)], "u8")


def model() -> FusionModel:
    """The model that ships."""
    from importlib.resources import files

    content = json.loads((files("twofold") / "fusion" / "default.json").read_text("utf-8"))
    contracts = {one["modality"]: one["contract"] for one in content["calibrations"]}
    found = shipped(contracts["face"], contracts["iris"])
    assert found is not None
    return found


def shape(of: FusionModel) -> Shape:
    """Of templates that the model holds for."""
    contracts = {one.modality: one.contract for one in of.calibrations}
    return Shape(DIMENSION, LAYOUT, contracts["face"], contracts["iris"])


def people(count: int, seed: int) -> Rows:
    """One face and one iris each."""
    vectors = np.empty((count, DIMENSION), np.float32)
    codes = np.empty((count, 2, LAYOUT.words), np.uint64)
    for start in range(0, count, _CHUNK):
        rows = slice(start, min(start + _CHUNK, count))
        rng = np.random.Generator(np.random.SFC64([seed, start]))
        vectors[rows] = _vectors(rng, rows.stop - start)
        codes[rows, 0] = _bits(rng, rows.stop - start)
        codes[rows, 1] = _masks(rng, rows.stop - start)
    rng = np.random.default_rng(seed)
    return Rows(
        np.arange(count, dtype=np.int64),
        np.arange(count + 1, dtype=np.int64),
        vectors,
        _qualities(rng, count, 51, 12),
        np.arange(count + 1, dtype=np.int64),
        codes,
        _qualities(rng, count, 76, 8),
        np.full(count, LEFT_NIR, np.uint8),
    )


def _vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Cosines of about 0.09 on average, 0.08 apart."""
    common = np.random.default_rng(0).standard_normal(DIMENSION)
    vectors = math.sqrt(0.91) * rng.standard_normal((count, DIMENSION), np.float32)
    vectors += (0.3 * math.sqrt(DIMENSION) * common / np.linalg.norm(common)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _words(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, 2**64, (count, LAYOUT.words), np.uint64)


def _bits(rng: np.random.Generator, count: int) -> np.ndarray:
    """The bands of an angle agree but for one bit in 32, as neighbours do in an iris."""
    noise = _words(rng, count)
    for _ in range(4):
        noise &= _words(rng, count)
    return _RUNS[rng.integers(0, 16, (count, LAYOUT.words), np.uint8)] ^ noise


def _masks(rng: np.random.Generator, count: int) -> np.ndarray:
    """Six bits of ten where the iris is seen, one of eight where the upper lid hides it."""
    a, b, c = (_words(rng, count) for _ in range(3))
    seen, hidden = a | (b & c & (_words(rng, count) | _words(rng, count))), a & b & c
    begin = rng.normal(37, 2, (count, 1))
    end = begin + np.clip(rng.normal(21, 4, (count, 1)), 0, 40)
    place = np.arange(LAYOUT.words)
    return np.where((place >= begin) & (place < end), hidden, seen)


def _qualities(rng: np.random.Generator, count: int, mean: float, spread: float) -> np.ndarray:
    return (100 * np.clip(rng.normal(mean, spread, count), 5, 100)).astype(np.uint16)


def probes(rows: Rows, count: int, mated: bool, of: Shape, seed: int) -> list[tuple[int, Template]]:
    """Templates of people who are in the rows, with their number, or of others (-1)."""
    rng = np.random.default_rng(seed)
    others = people(count, 10_000 + seed)
    found = []
    for number in range(count):
        if not mated:
            found.append((-1, others.template(number, of)))
            continue
        person = int(rng.integers(len(rows)))
        cosine = min(rng.normal(0.74, 0.09), 0.98)
        vector = rows.vectors[person].astype(np.float64)
        aside = rng.standard_normal(DIMENSION)
        aside -= vector * (aside @ vector) / (vector @ vector)
        vector = cosine * vector / np.linalg.norm(vector)
        vector += math.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)
        flipped = rng.random(LAYOUT.bits) < np.clip(rng.normal(0.11, 0.06), 0.01, 0.35)
        kept = rng.random(LAYOUT.bits) < 0.8
        turn = [int(rng.integers(-6, 7)) * LAYOUT.bands * LAYOUT.planes]
        bits, mask = rows.codes[person]
        bits = roll((bits ^ _packed(flipped))[None], turn)[0, 0]
        mask = roll((mask & _packed(kept))[None], turn)[0, 0]
        iris = IrisFeature(IrisCode(LAYOUT, bits, mask), _quality(rng, 76, 8), "left", "nir")
        face = FaceFeature(vector.astype(np.float32), _quality(rng, 51, 12))
        found.append((person, Template((face,), (iris,), of.face_contract, of.iris_contract)))
    return found


def _quality(rng: np.random.Generator, mean: float, spread: float) -> float:
    return float(np.clip(rng.normal(mean, spread), 5, 100))


def _packed(bits: np.ndarray) -> np.ndarray:
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def _build(size: int, path: Path) -> dict[str, Any]:
    of = model()
    started = time.perf_counter()
    index = Index.of_rows(of, people(size, 1), shape(of))
    made = time.perf_counter()
    index.save(path, 1)
    return {"synthesis_s": round(made - started, 2), "save_s": round(time.perf_counter() - made, 2)}


def _search(size: int, path: Path, count: int, verify: bool) -> dict[str, Any]:
    of = model()
    started = time.perf_counter()
    index = Index.load(path, of, verify=verify)
    loaded = time.perf_counter()
    rows = index._state.views[0].rows
    sets = {
        kind: probes(rows, count, kind == "mated", shape(of), 7) for kind in ("mated", "unmated")
    }
    began = time.perf_counter()
    index.search(sets["unmated"][0][1])  # loads the compiled loops, and reads every page once
    first = time.perf_counter() - began
    results: dict[str, Any] = {
        "snapshot_start_s": round(loaded - started, 3),
        "digests_checked": verify,
        "first_search_s": round(first, 3),
        "snapshot_bytes": path.stat().st_size,
    }
    settings: dict[str, tuple[int, float | None]] = {
        f"top {K}": (K, None),
        "top 1": (1, None),
        f"top {K} of at least log(N)": (K, math.log(size)),
    }
    for kind, given in sets.items():
        for name, (k, least) in settings.items():
            times, busy, right, ratios = [], [], 0, []
            for person, probe in given:
                began, spent = time.perf_counter(), time.process_time()
                answer = index.search(probe, k, least)
                times.append(1e3 * (time.perf_counter() - began))
                busy.append(1e3 * (time.process_time() - spent))
                right += bool(answer) and answer[0].subject == person
                ratios += [one.llr for one in answer[:1]]
            results[f"{kind}, {name}"] = {
                "median_ms": round(statistics.median(times), 2),
                "p95_ms": round(float(np.percentile(times, 95)), 2),
                "most_ms": round(max(times), 2),
                "least_ms": round(min(times), 2),
                "cpu_median_ms": round(statistics.median(busy), 2),  # of all threads together
                "probes": len(times),
                "own_subject_first": right if kind == "mated" else None,
                "best_llr_median": round(statistics.median(ratios), 2) if ratios else None,
            }
    results["load_average"] = os.getloadavg()[0]  # above 2: others held the processors up
    results["resident_mib"] = _resident()
    results["peak_resident_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if size <= 10_000:
        slow = Index.of_rows(of, rows, shape(of), engine="numpy")
        results["engines_agree"] = all(
            slow.search(probe) == index.search(probe) for _, probe in sets["mated"][:3]
        )
    return results


def _resident() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024


def _peers(size: int, path: Path) -> dict[str, Any]:
    of = model()
    rows = Index.load(path, of, verify=False)._state.views[0].rows
    vectors = np.array(rows.vectors)
    given = [one.faces[0].vector for _, one in probes(rows, 10, False, shape(of), 7)]
    listed = list(vectors[:_LOOPED])

    def loop(probe: np.ndarray) -> None:
        distances = []
        for vector in listed:
            product = np.matmul(probe, vector)
            lengths = np.sqrt(np.sum(probe * probe)) * np.sqrt(np.sum(vector * vector))
            distances.append(1 - product / lengths)
        np.argsort(distances)[:K]

    looped = _median_ms(loop, given[:3]) * size / len(listed)
    return {
        "faiss flat, vectors alone": _faiss(vectors, given),
        "loop over a list in Python, as DeepFace's find, vectors alone": {
            "median_ms": round(looped, 1),
            "extrapolated": size > len(listed),
            "measured_on": len(listed),
        },
        "open-iris simple matcher, irises alone, 1 core": {
            "seconds": [round(size / rate, 1) for rate in reversed(OPEN_IRIS)],
            "extrapolated": True,
            "from_comparisons_per_s": OPEN_IRIS,
        },
        "limit": _limit(size),
    }


def _faiss(vectors: np.ndarray, given: list[np.ndarray]) -> Any:
    try:
        import faiss
    except ImportError:
        return "not measured, faiss is missing: pip install twofold[peers]"
    threads = len(os.sched_getaffinity(0))
    faiss.omp_set_num_threads(threads)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors)
    median = _median_ms(lambda probe: flat.search(probe[None], K), given)
    return {"median_ms": round(median, 2), "threads": threads, "version": faiss.__version__}


def _median_ms(run: Any, given: list[np.ndarray]) -> float:
    run(given[0])
    times = []
    for probe in given:
        began = time.perf_counter()
        run(probe)
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)


def _limit(size: int) -> dict[str, Any]:
    """Milliseconds if nothing but reading all templates, or counting all bits, took time."""
    from benchmarks.iris_matching import _limit as measured

    words = np.random.default_rng(0).integers(0, 2**64, (200_000, 32), np.uint64)
    threads = len(os.sched_getaffinity(0))
    found = measured(words, threads)
    rotations = 31
    bytes_each = 4 * DIMENSION + 16 * LAYOUT.words
    counted = 2 * LAYOUT.words * rotations
    return {
        "threads": threads,
        "reading_ms": round(1e3 * size * bytes_each / found["bytes_read_per_s"], 2),
        "counting_ms": round(1e3 * size * counted / found["words_counted_per_s"], 2),
    }


def measure(
    sizes: list[int],
    scratch: Path,
    count: int = 21,
    verify: bool = True,
    peers: bool = True,
    beyond: int = 0,
) -> dict[str, Any]:
    """Each size in processes of its own; `beyond` them by proportion, and marked so."""
    results: dict[str, Any] = {"k": K, "synthetic": True, "rotations": 31, "bits": LAYOUT.bits}
    for size in sizes:
        path = scratch / f"{size}.index"
        told = _child("build", size, path, count, verify)
        told |= _child("search", size, path, count, verify)
        if peers:
            told["peers"] = _child("peers", size, path, count, verify)
        path.unlink()
        results[f"{size} subjects"] = told
        print(json.dumps({f"{size} subjects": told}), file=sys.stderr, flush=True)
    if beyond:
        size, told = max(sizes), results[f"{max(sizes)} subjects"]
        results[f"{beyond} subjects"] = {
            "extrapolated": True,
            "from": size,
            "snapshot_bytes": told["snapshot_bytes"] * beyond // size,
        } | {
            name: {"median_ms": round(one["median_ms"] * beyond / size, 1)}
            for name, one in told.items()
            if "median_ms" in (one if isinstance(one, dict) else ())
        }
    return results


def _child(part: str, size: int, path: Path, count: int, verify: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.identification_speed", "--part", part]
    command += ["--subjects", str(size), "--scratch", str(path), "--probes", str(count)]
    command += [] if verify else ["--no-verify"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--probes", type=int, default=21, help="of either kind")
    parser.add_argument("--scratch", type=Path, help="folder for snapshots; default temporary")
    parser.add_argument("--beyond", type=int, default=0, help="subjects to extrapolate to")
    parser.add_argument("--no-verify", action="store_true", help="start without the digests")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--part", choices=["build", "search", "peers"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        size, path = given.subjects[0], given.scratch
        told = {
            "build": lambda: _build(size, path),
            "search": lambda: _search(size, path, given.probes, not given.no_verify),
            "peers": lambda: _peers(size, path),
        }[given.part]()
        print(json.dumps(told))
        return
    with TemporaryDirectory() as folder:
        results = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": platform.platform(),
            "processors": len(os.sched_getaffinity(0)),
        } | measure(
            given.subjects, given.scratch or Path(folder), given.probes, not given.no_verify,
            not given.no_peers, given.beyond,
        )  # fmt: skip
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
