"""Exact search of face vectors: the k most alike of N, for one probe or many.

Every reference is compared; nothing is approximated beyond how vectors are stored, which is as
float32 or as int8 (a quarter of the memory, and of the time where reading is the limit). Scores are
cosines in [-1, 1], higher is more alike. References are ranked by products summed in float64, and
of equal ones the lower index comes first, whatever the number of threads or probes.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError

Vectors = NDArray[np.float32]
_FEW = 7  # probes up to which one product after the other is faster
_AT_ONCE = 256  # probes whose table stays in the cache
_MOST_EXACT = (1 << 24) // 127**2  # dimensions whose int8 products add up exactly in float32
_WORTH_A_THREAD = 1 << 22  # products of two numbers in more time than starting a thread takes
_BLOCK = 1 << 16


@dataclass(frozen=True)
class QuantisedVectors:
    """Unit vectors as int8.

    A vector is divided by its largest absolute component, multiplied by 127 and rounded. What is
    compared is the direction of the result, so that a vector has the cosine 1 with itself.

    Attributes:
        values: int8 array (N, dim) in [-127, 127].
        inverse_lengths: float32 array (N,), 1 over the Euclidean length of each row of `values`;
            0 for a row of zeros.
    """

    values: NDArray[np.int8]
    inverse_lengths: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Found:
    """The most alike references of each of P probes, best first.

    Attributes:
        indices: int64 array (P, k).
        scores: float32 array (P, k), cosines.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float32]


def quantise(vectors: Vectors) -> QuantisedVectors:
    """Store float32 vectors (N, dim) as int8; their lengths are lost."""
    values = np.empty(vectors.shape, np.int8)
    inverse = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        rows = slice(start, start + _BLOCK)
        largest = np.abs(vectors[rows]).max(axis=1, initial=0, keepdims=True)
        scaled = vectors[rows] * (127 / np.where(largest > 0, largest, 1)).astype(np.float32)
        values[rows] = np.clip(np.rint(scaled), -127, 127)
        squares = np.square(values[rows], dtype=np.int32).sum(axis=1)
        inverse[rows] = np.where(squares > 0, 1 / np.sqrt(np.maximum(squares, 1)), 0)
    return QuantisedVectors(values, inverse)


def search(
    references: Vectors | QuantisedVectors, probes: Vectors, k: int, threads: int | None = None
) -> Found:
    """Find the k references that are most alike to each probe.

    Args:
        references: float32 unit vectors (N, dim), or the same quantised; then probes are too.
        probes: float32 unit vectors (P, dim), or one (dim,).
        k: how many to find; all N where there are fewer.
        threads: None uses all processors that this process may run on.

    Raises:
        OptionError: k is below 1, or probes do not fit the references or are not finite.
    """
    quantised = isinstance(references, QuantisedVectors)
    stored = references.values if isinstance(references, QuantisedVectors) else references
    probes = np.atleast_2d(np.asarray(probes, np.float32))
    _check(stored, probes, k)
    k = min(k, len(stored))
    indices = np.zeros((len(probes), k), np.int64)
    scores = np.zeros((len(probes), k), np.float32)
    if k == 0 or len(probes) == 0:
        return Found(indices, scores)
    if isinstance(references, QuantisedVectors):
        scales = np.ascontiguousarray(references.inverse_lengths)
        small = quantise(probes)
        wanted: NDArray[np.generic] = small.values
        factors = small.inverse_lengths.astype(np.float64)
    else:
        scales = np.empty(0, np.float32)
        wanted, factors = np.ascontiguousarray(probes), np.ones(len(probes))
    for start in range(0, len(probes), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        best, at = _search(
            np.ascontiguousarray(stored), scales, wanted[rows], k, threads, quantised
        )
        indices[rows] = at
        scores[rows] = np.clip(best * factors[rows, None], -1, 1)
    return Found(indices, scores)


def _check(stored: NDArray[np.generic], probes: Vectors, k: int) -> None:
    if k < 1:
        raise OptionError(f"k is {k}: ask for at least 1 reference")
    if stored.ndim != 2 or stored.dtype not in (np.float32, np.int8):
        raise OptionError(
            f"references of the shape {stored.shape} and type {stored.dtype} given: they must be"
            " float32 (N, dim), or quantised"
        )
    if probes.ndim != 2 or probes.shape[1] != stored.shape[1]:
        raise OptionError(
            f"probes of the shape {probes.shape} cannot be compared with references of"
            f" {stored.shape[1]} dimensions: extract both with the same model"
        )
    if not np.isfinite(probes).all():
        raise OptionError("a probe has components that are not finite: extract it again")


def _search(
    stored: NDArray[np.generic],
    scales: NDArray[np.float32],
    probes: NDArray[np.generic],
    k: int,
    threads: int | None,
    quantised: bool,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores and indices (P, k) of up to a table of probes, part by part."""
    from twofold.face import compiled_search  # Numba takes its time
    from twofold.lanes import SINGLES

    dim = stored.shape[1]
    lengths = np.linalg.norm(probes.astype(np.float64), axis=1)
    slack = float(lengths.max()) * dim * 2.0**-22  # sums of dim float32 round to less
    table: tuple[NDArray[np.float32], ...] = ()
    if len(probes) <= _FEW or (quantised and dim > _MOST_EXACT):
        scan = compiled_search.few_int8 if quantised else compiled_search.few_float32
    else:
        scan = compiled_search.many
        table = (_side_by_side(probes, SINGLES),)

    def run(part: slice) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        scores = np.full((len(probes), k), -np.inf)
        indices = np.zeros((len(probes), k), np.int64)
        bars = np.full(len(probes) + SINGLES, -np.inf, np.float32)
        scan(
            stored, scales, probes, slack, part.start, part.stop, scores, indices, bars, *table
        )  # fmt: skip
        return scores, indices

    workers = _processors() if threads is None else threads
    parts = _parts(len(stored), len(probes) * dim, workers)
    if len(parts) == 1:
        return run(parts[0])
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(run, parts))
    scores = np.concatenate([best for best, _ in found], axis=1)
    indices = np.concatenate([at for _, at in found], axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(indices, order, 1)


def _side_by_side(probes: NDArray[np.generic], width: int) -> NDArray[np.float32]:
    """Float32 array (groups, dim, width): component by component of `width` probes at a time."""
    groups = -(-len(probes) // width)
    filled = np.zeros((groups * width, probes.shape[1]), np.float32)
    filled[: len(probes)] = probes
    room = np.empty(filled.size + width, np.float32)
    start = -(room.ctypes.data // 4) % width  # on a cache line, or half of the loads cross two
    table = room[start : start + filled.size].reshape(groups, probes.shape[1], width)
    table[:] = filled.reshape(groups, width, -1).transpose(0, 2, 1)
    return table


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _parts(references: int, products_each: int, workers: int) -> list[slice]:
    """Parts of the references for the threads to take; one where a second would not pay."""
    worth = references * products_each // _WORTH_A_THREAD
    count = min(4 * workers if worth > 64 * workers else workers, worth, references)
    if workers < 2 or count < 2:
        return [slice(0, references)]
    bounds = [references * number // count for number in range(count + 1)]
    return [slice(start, stop) for start, stop in pairwise(bounds)]
