"""Inner loops of the exact search, in machine code, without the GIL.

Both take a part of the references in order and keep for every probe its best k so far. A product is
computed fast first, in float32 or int32; only where it may be among the best, by more than its
rounding, is it computed again in float64, which decides. So what is found does not depend on how
the work was split.
"""

import numpy as np

from twofold.lanes import (
    SINGLES,
    above,
    compiled,
    load,
    multiply_add,
    reordered,
    spread_single,
    store,
    zero_singles,
)

ROWS = 6  # with 16 probes as many sums as AVX2 has registers for


@reordered
def dot(left, right):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for place in range(len(left)):
        total += left[place] * right[place]
    return total


@compiled
def _dot_int8(left, right):  # type: ignore[no-untyped-def]
    total = np.int32(0)
    for place in range(len(left)):
        product = np.int32(left[place]) * np.int32(right[place])  # int64 to Numba
        total = np.int32(total + product)
    return total


@reordered
def _dot_float64(left, right):  # type: ignore[no-untyped-def]
    total = 0.0
    for place in range(len(left)):
        total += np.float64(left[place]) * np.float64(right[place])
    return total


@compiled
def _offer(  # type: ignore[no-untyped-def]
    vectors, scales, probes, reference, probe, slack, scores, indices, bars
):
    """Insert a reference among the best of a probe, behind those that score the same."""
    score = _dot_float64(vectors[reference], probes[probe])
    if len(scales):
        score *= scales[reference]
    place = scores.shape[1]
    if not score > scores[probe, place - 1]:
        return
    while place > 0 and score > scores[probe, place - 1]:
        place -= 1
    for later in range(scores.shape[1] - 1, place, -1):
        scores[probe, later] = scores[probe, later - 1]
        indices[probe, later] = indices[probe, later - 1]
    scores[probe, place] = score
    indices[probe, place] = reference
    bars[probe] = np.float32(scores[probe, -1] - slack)


@compiled
def few_float32(  # type: ignore[no-untyped-def]
    vectors, scales, probes, slack, start, stop, scores, indices, bars
):
    """One product after the other: best for few probes, where reading the vectors is the limit.

    Args:
        vectors: float32 array (N, dim), contiguous.
        scales: float32 array (0,) or (N,), factors of the products.
        probes: array (P, dim) of the type of the vectors.
        slack: more than the error of a product in float32.
        start: first reference of the part.
        stop: behind the last one.
        scores: float64 array (P, k), filled with minus infinity; becomes the best, descending.
        indices: int64 array (P, k).
        bars: float32 array (at least P,), filled with minus infinity; what a product must exceed.
    """
    for reference in range(start, stop):
        for probe in range(len(probes)):
            if dot(vectors[reference], probes[probe]) > bars[probe]:
                _offer(
                    vectors, scales, probes, reference, probe, slack, scores, indices, bars
                )  # fmt: skip


@compiled
def few_int8(  # type: ignore[no-untyped-def]
    vectors, scales, probes, slack, start, stop, scores, indices, bars
):
    """As `few_float32`, of int8 vectors with int32 sums."""
    for reference in range(start, stop):
        for probe in range(len(probes)):
            product = np.float32(_dot_int8(vectors[reference], probes[probe]))
            if product * scales[reference] > bars[probe]:
                _offer(
                    vectors, scales, probes, reference, probe, slack, scores, indices, bars
                )  # fmt: skip


@compiled
def many(  # type: ignore[no-untyped-def]
    vectors, scales, probes, slack, start, stop, scores, indices, bars, table
):
    """Six references meet sixteen probes at a time: best for many, where arithmetic is the limit.

    As `few_float32`; int8 vectors are exact in float32 sums below 2 ** 24, that is to 1,040
    dimensions. In addition:

    Args:
        table: float32 array (groups, dim, 16), the probes side by side, zeros in empty places.
    """
    groups, dim = table.shape[:2]
    rows = np.zeros((ROWS, dim), np.float32)
    products = np.zeros(ROWS * SINGLES, np.float32)
    for first in range(start, stop, ROWS):
        count = min(ROWS, stop - first)
        for row in range(count):
            for place in range(dim):
                rows[row, place] = np.float32(vectors[first + row, place])
        for group in range(groups):
            _products(rows, table, group, products)
            bar = load(bars, group * SINGLES)
            for row in range(count):
                line = load(products, row * SINGLES)
                if len(scales):
                    scale = spread_single(scales[first + row])
                    line = multiply_add(line, scale, zero_singles())
                hits = above(line, bar)
                lane = 0
                while hits:
                    if hits & 1 and group * SINGLES + lane < len(probes):
                        _offer(
                            vectors, scales, probes, first + row, group * SINGLES + lane, slack,
                            scores, indices, bars,
                        )  # fmt: skip
                    hits >>= 1
                    lane += 1


@compiled
def _products(rows, table, group, products):  # type: ignore[no-untyped-def]
    dim = table.shape[1]
    a, b, c = zero_singles(), zero_singles(), zero_singles()
    d, e, f = zero_singles(), zero_singles(), zero_singles()
    start = group * dim * SINGLES
    for place in range(dim):
        probes = load(table, start + place * SINGLES)
        a = multiply_add(probes, spread_single(rows[0, place]), a)
        b = multiply_add(probes, spread_single(rows[1, place]), b)
        c = multiply_add(probes, spread_single(rows[2, place]), c)
        d = multiply_add(probes, spread_single(rows[3, place]), d)
        e = multiply_add(probes, spread_single(rows[4, place]), e)
        f = multiply_add(probes, spread_single(rows[5, place]), f)
    store(products, 0, a)
    store(products, SINGLES, b)
    store(products, 2 * SINGLES, c)
    store(products, 3 * SINGLES, d)
    store(products, 4 * SINGLES, e)
    store(products, 5 * SINGLES, f)
