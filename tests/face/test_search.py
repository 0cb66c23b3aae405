"""Exact search against a slow one in float64 and in whole numbers."""

import math
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import OptionError
from twofold.face import search as module
from twofold.face.search import Found, QuantisedVectors, Vectors, quantise, search


def unit_vectors(count: int, dim: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def slow(references: Vectors | QuantisedVectors, probes: Vectors, k: int) -> tuple[list, list]:
    """Indices and scores by sorting all exact products."""
    if isinstance(references, QuantisedVectors):
        stored, wanted = references.values.tolist(), quantise(probes).values.tolist()
    else:
        stored, wanted = references.tolist(), probes.tolist()
    all_indices, all_scores = [], []
    for probe in wanted:
        scores = []
        for row, vector in enumerate(stored):
            product = math.fsum(a * b for a, b in zip(vector, probe, strict=True))
            if isinstance(references, QuantisedVectors):
                # as stored: the lengths are float32
                ranked = product * float(references.inverse_lengths[row])
            else:
                ranked = product
            scores.append((-ranked, row))
        best = sorted(scores)[:k]
        all_indices.append([row for _, row in best])
        length = 1.0
        if isinstance(references, QuantisedVectors):
            length = math.sqrt(sum(value * value for value in probe)) or 1.0
        all_scores.append([-score / length for score, _ in best])
    return all_indices, all_scores


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 60),
    probes=st.sampled_from([1, 3, 8, 17, 33]),
    dim=st.sampled_from([1, 7, 32, 128]),
    k=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    threads=st.integers(1, 3),
    quantised=st.booleans(),
)
def test_finds_what_the_slow_search_finds(
    count: int, probes: int, dim: int, k: int, seed: int, threads: int, quantised: bool
) -> None:
    vectors, wanted = unit_vectors(count, dim, seed), unit_vectors(probes, dim, seed + 1)
    references = quantise(vectors) if quantised else vectors
    found = search(references, wanted, k, threads)
    indices, scores = slow(references, wanted, k)
    assert found.indices.dtype == np.int64
    assert found.scores.dtype == np.float32
    assert found.indices.tolist() == indices
    np.testing.assert_allclose(found.scores, np.clip(scores, -1, 1), atol=2e-7)


@pytest.mark.parametrize("quantised", [False, True])
def test_threads_and_company_do_not_change_what_is_found(
    quantised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WORTH_A_THREAD", 1)
    vectors, probes = unit_vectors(5003, 128, 1), unit_vectors(300, 128, 2)
    references = quantise(vectors) if quantised else vectors
    together = search(references, probes, 10, threads=1)
    for threads in (2, 5, None):
        assert_same(search(references, probes, 10, threads), together)
    for number in (0, 7, 299):
        alone = search(references, probes[number], 10)
        assert alone.indices.tolist() == [together.indices[number].tolist()]
        assert alone.scores.tolist() == [together.scores[number].tolist()]


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("probes", [1, 20])
def test_of_equal_references_the_lower_index_comes_first(
    quantised: bool, probes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WORTH_A_THREAD", 1)
    one, other = unit_vectors(2, 128, 3)
    vectors = np.tile(other, (500, 1))
    vectors[[3, 77, 200, 201, 499]] = one
    found = search(quantise(vectors) if quantised else vectors, np.tile(one, (probes, 1)), 8, 3)
    assert (found.indices == [3, 77, 200, 201, 499, 0, 1, 2]).all()
    np.testing.assert_allclose(found.scores[:, :5], 1, atol=1e-6)


def test_references_closer_than_float32_products_resolve_are_ranked_rightly() -> None:
    """Products differ by 1e-8, which sums of float32 confuse."""
    probe = unit_vectors(1, 512, 4)[0]
    rng = np.random.default_rng(5)
    vectors = np.tile(probe, (2000, 1))
    places = rng.integers(0, 512, 2000)
    vectors[np.arange(2000), places] = np.nextafter(vectors[np.arange(2000), places], 0)
    for count in (1, 16):
        found = search(vectors, np.tile(probe, (count, 1)), 50, threads=2)
        products = vectors.astype(np.float64) @ probe.astype(np.float64)
        assert len(np.unique(products)) > 100
        np.testing.assert_allclose(
            products[found.indices[0]], np.sort(products)[::-1][:50], rtol=0, atol=1e-15
        )


@settings(deadline=None)
@given(st.integers(1, 40), st.sampled_from([1, 5, 128]), st.integers(0, 2**32 - 1))
def test_quantised_vectors_keep_their_direction(count: int, dim: int, seed: int) -> None:
    vectors = unit_vectors(count, dim, seed)
    stored = quantise(vectors)
    assert stored.values.dtype == np.int8
    assert np.abs(stored.values.astype(int)).max(axis=1).tolist() == [127] * count
    restored = stored.values * stored.inverse_lengths[:, None]
    np.testing.assert_allclose(np.linalg.norm(restored, axis=1), 1, rtol=1e-6)
    assert ((restored * vectors).sum(axis=1) > 0.9998).all()


def test_quantised_scores_are_close_to_the_others() -> None:
    vectors, probes = unit_vectors(2000, 128, 6), unit_vectors(50, 128, 7)
    probes[:25] = vectors[:25] + 0.3 * probes[:25]
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    full, small = search(vectors, probes, 1), search(quantise(vectors), probes, 1)
    assert (small.indices[:25, 0] == np.arange(25)).all()
    assert np.abs(full.scores - small.scores).max() < 0.005


def test_zero_vectors_are_allowed() -> None:
    vectors = np.zeros((3, 16), np.float32)
    vectors[1, 0] = 1
    for references in (vectors, quantise(vectors)):
        found = search(references, vectors[1], 3)
        assert found.indices.tolist() == [[1, 0, 2]]
        assert found.scores.tolist() == [[1, 0, 0]]
        assert search(references, np.zeros(16, np.float32), 2).scores.tolist() == [[0, 0]]


def test_more_dimensions_than_float32_sums_hold() -> None:
    dim = module._MOST_EXACT + 100
    vectors = unit_vectors(40, dim, 8)
    probes = unit_vectors(20, dim, 9)
    found = search(quantise(vectors), probes, 5)
    assert found.indices.tolist() == slow(quantise(vectors), probes, 5)[0]


def test_memory_may_be_in_any_order_and_read_only() -> None:
    vectors, probes = unit_vectors(50, 128, 10), unit_vectors(20, 128, 11)
    expected = search(vectors, probes, 5)
    frozen = vectors.copy()
    frozen.setflags(write=False)
    assert_same(search(frozen, probes, 5), expected)
    assert_same(search(np.asfortranarray(vectors), np.asfortranarray(probes), 5), expected)
    assert_same(search(vectors[::-1][::-1], np.repeat(probes, 2, axis=0)[::2], 5), expected)


def test_no_references_and_no_probes() -> None:
    nothing = np.empty((0, 8), np.float32)
    assert search(nothing, unit_vectors(2, 8, 12), 3).indices.shape == (2, 0)
    assert search(quantise(nothing), unit_vectors(2, 8, 12), 3).indices.shape == (2, 0)
    assert search(unit_vectors(5, 8, 12), nothing, 3).indices.shape == (0, 3)


@pytest.mark.parametrize(
    ("probes", "k", "complaint"),
    [
        (np.zeros((1, 8), np.float32), 0, "at least 1"),
        (np.zeros((1, 9), np.float32), 1, "8 dimensions"),
        (np.full((1, 8), np.nan, np.float32), 1, "not finite"),
        (np.zeros((1, 1, 8), np.float32), 1, "shape"),
    ],
)
def test_refusals(probes: Vectors, k: int, complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint):
        search(unit_vectors(4, 8, 13), probes, k)


def test_references_of_another_type_are_refused() -> None:
    with pytest.raises(OptionError, match="float64"):
        search(np.zeros((4, 8)), np.zeros(8, np.float32), 1)  # type: ignore[arg-type]


def test_other_threads_run_meanwhile() -> None:
    vectors = np.tile(unit_vectors(1000, 128, 14), (100, 1))
    probes = unit_vectors(128, 128, 15)
    search(vectors[:100], probes, 1)  # compiles
    worker = threading.Thread(target=search, args=(vectors, probes, 5, 1))
    ticks = 0
    worker.start()
    while worker.is_alive():
        time.sleep(0.001)
        ticks += 1
    assert ticks > 5  # one at most if the GIL were kept for 13 million products


def test_products_are_vectors_where_the_processor_can() -> None:
    from llvmlite import binding
    from numba import config, njit

    from twofold.face import compiled_search

    if config.CPU_NAME:
        pytest.skip("compiled for another processor than this one")
    whole = njit(compiled_search._dot_int8.py_func)
    whole(np.zeros(128, np.int8), np.zeros(128, np.int8))
    fused = njit(compiled_search._products.py_func)
    rows, table = np.zeros((6, 128), np.float32), np.zeros((1, 128, 16), np.float32)
    fused(rows, table, 0, np.zeros(96, np.float32))
    features = binding.get_host_cpu_features()
    if features.get("avx2") and features.get("fma"):
        assert "vpmaddwd" in "".join(whole.inspect_asm().values())
        assert "vfmadd231ps" in "".join(fused.inspect_asm().values())


def assert_same(left: Found, right: Found) -> None:
    np.testing.assert_array_equal(left.indices, right.indices)
    np.testing.assert_array_equal(left.scores, right.scores)
