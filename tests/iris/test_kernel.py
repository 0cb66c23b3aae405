"""The kernel's two engines against a slow reference that works on bits, one at a time."""

import itertools
import math
import sys
import threading
import time
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.iris import kernel
from twofold.iris.code import CodeLayout, pack, unpack
from twofold.iris.kernel import Matches, PackedCodes, match, normalise, roll

ENGINES: list[kernel.Engine] = ["compiled", "numpy"]
LAYOUTS = [CodeLayout(16, 2, 2), CodeLayout(64, 1, 1), CodeLayout(32, 6, 1), CodeLayout(24, 8, 2)]
FIELDS = ("scores", "differing", "compared", "shifts")


def random_codes(
    layout: CodeLayout, count: int, seed: int, unmasked: float = 0.8, ones: float = 0.5
) -> PackedCodes:
    """Codes with independent bits."""
    rng = np.random.default_rng(seed)
    shape = (count, layout.angles, layout.planes, layout.bands)
    bits, masks = rng.random(shape) < ones, rng.random(shape) < unmasked
    return PackedCodes(
        layout,
        np.array([pack(code) for code in bits], np.uint64).reshape(count, layout.words),
        np.array([pack(mask) for mask in masks], np.uint64).reshape(count, layout.words),
    )


def slow_match(
    probes: PackedCodes,
    references: PackedCodes,
    shifts: Sequence[int],
    reference_bits: float,
    minimum_bits: int,
) -> dict[str, NDArray[np.generic]]:
    """Every rotation rolled as a picture, ranked by exact fractions."""
    layout = probes.layout
    found = np.zeros((3, len(probes), len(references)), np.int32)
    scores = np.zeros(found.shape[1:])
    for row in range(len(probes)):
        for column in range(len(references)):
            best: tuple[Fraction, int, int] | None = None
            for shift in shifts:
                bits = np.roll(unpack(probes.bits[row], layout), shift, axis=0)
                mask = np.roll(unpack(probes.masks[row], layout), shift, axis=0)
                seen = mask & unpack(references.masks[column], layout)
                compared = int(seen.sum())
                if compared < minimum_bits:
                    continue
                differing = int(((bits ^ unpack(references.bits[column], layout)) & seen).sum())
                margin = compared - 2 * differing
                candidate = (Fraction(margin * abs(margin), compared), -abs(shift), -shift)
                if best is None or candidate > best:
                    best = candidate
                    found[:, row, column] = differing, compared, shift
                    distance = differing / compared
                    scale = math.sqrt(compared / reference_bits)
                    scores[row, column] = 1 - min(1, max(0, 0.5 - (0.5 - distance) * scale))
    return {"scores": scores, "differing": found[0], "compared": found[1], "shifts": found[2]}


def assert_same(left: Matches, right: Matches) -> None:
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(left, field), getattr(right, field), field)


@settings(max_examples=40, deadline=None)
@given(
    layout=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 2**32 - 1),
    probes=st.integers(1, 3),
    references=st.integers(0, 5),
    unmasked=st.sampled_from([0.0, 0.02, 0.3, 0.9, 1.0]),
    ones=st.sampled_from([0.1, 0.5]),
    shifts=st.sets(st.integers(-40, 40), min_size=1, max_size=35),
    minimum_bits=st.sampled_from([1, 10, 60]),
    reference_bits=st.sampled_from([20.0, 57.5, 911.0]),
    threads=st.integers(1, 3),
)
def test_both_engines_find_what_the_slow_reference_finds(
    layout: CodeLayout,
    seed: int,
    probes: int,
    references: int,
    unmasked: float,
    ones: float,
    shifts: set[int],
    minimum_bits: int,
    reference_bits: float,
    threads: int,
) -> None:
    left = random_codes(layout, probes, seed, unmasked, ones)
    right = random_codes(layout, references, seed + 1, 0.9, ones)
    expected = slow_match(left, right, sorted(shifts), reference_bits, minimum_bits)
    results = [
        match(left, right, list(shifts), reference_bits, minimum_bits, threads, engine)
        for engine in ENGINES
    ]
    assert_same(*results)
    for field in FIELDS[1:]:
        np.testing.assert_array_equal(getattr(results[0], field), expected[field], field)
    np.testing.assert_allclose(results[0].scores, expected["scores"], atol=1e-7)


@settings(deadline=None)
@given(
    st.sampled_from(LAYOUTS), st.integers(0, 2**32 - 1), st.lists(st.integers(-99, 99), min_size=1)
)
def test_rolling_words_is_rolling_angles(layout: CodeLayout, seed: int, shifts: list[int]) -> None:
    codes = random_codes(layout, 2, seed)
    rolled = roll(codes.bits, [shift * layout.planes * layout.bands for shift in shifts])
    for row, code in enumerate(codes.bits):
        for column, shift in enumerate(shifts):
            expected = np.roll(unpack(code, layout), shift, axis=0)
            assert (unpack(rolled[row, column], layout) == expected).all()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(LAYOUTS), st.integers(0, 2**32 - 1), st.integers(-7, 7))
def test_a_turned_copy_is_found_at_its_angle(layout: CodeLayout, seed: int, shift: int) -> None:
    codes = random_codes(layout, 3, seed)
    step = -shift * layout.planes * layout.bands
    turned = PackedCodes(layout, roll(codes.bits, [step])[:, 0], roll(codes.masks, [step])[:, 0])
    for engine in ENGINES:
        found = match(turned, codes, range(-7, 8), 64.0, engine=engine)
        assert (found.differing.diagonal() == 0).all()
        assert (found.shifts.diagonal() == shift).all()
        unmasked = [int(unpack(mask, layout).sum()) for mask in codes.masks]
        assert found.compared.diagonal().tolist() == unmasked


@pytest.mark.parametrize("engine", ENGINES)
def test_identical_codes_score_one_and_opposite_codes_zero(engine: kernel.Engine) -> None:
    layout = CodeLayout(32, 8, 2)
    codes = random_codes(layout, 4, 3, unmasked=1.0)
    opposite = PackedCodes(layout, ~codes.bits, codes.masks)
    same = match(codes, codes, range(-5, 6), 228.0, engine=engine)
    assert (same.scores.diagonal() == 1).all()
    assert (same.shifts.diagonal() == 0).all()
    unlike = match(codes, opposite, [0], 228.0, engine=engine)
    assert (unlike.scores.diagonal() == 0).all()
    assert (unlike.differing.diagonal() == layout.bits).all()
    assert (unlike.compared.diagonal() == layout.bits).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_masked_bits_do_not_count(engine: kernel.Engine) -> None:
    layout = CodeLayout(32, 8, 2)
    codes, others = random_codes(layout, 3, 4), random_codes(layout, 3, 5)
    changed = PackedCodes(layout, codes.bits ^ (others.bits & ~codes.masks), codes.masks)
    assert (changed.bits != codes.bits).any()
    shifts = range(-3, 4)
    assert_same(
        match(codes, others, shifts, 228.0, engine=engine),
        match(changed, others, shifts, 228.0, engine=engine),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_to_compare_scores_zero(engine: kernel.Engine) -> None:
    layout = CodeLayout(32, 8, 2)
    codes = random_codes(layout, 3, 6)
    blind = PackedCodes(layout, codes.bits, np.zeros_like(codes.masks))
    for left, right in ((codes, blind), (blind, codes), (blind, blind)):
        found = match(left, right, range(-3, 4), 228.0, engine=engine)
        for field in FIELDS:
            assert (getattr(found, field) == 0).all()
    none_suffices = match(codes, codes, [0], 228.0, minimum_bits=layout.bits + 1, engine=engine)
    assert (none_suffices.scores == 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_of_equal_rotations_the_smallest_wins_then_the_negative(engine: kernel.Engine) -> None:
    layout = CodeLayout(32, 2, 1)
    same_at_each_angle = np.zeros((32, 1, 2), np.bool_)
    alternating = same_at_each_angle.copy()
    alternating[::2] = True
    full = pack(np.ones_like(alternating))[None]
    even = PackedCodes(layout, pack(same_at_each_angle)[None], full)
    odd = PackedCodes(layout, pack(alternating)[None], full)
    turned = PackedCodes(layout, pack(np.roll(alternating, 1, axis=0))[None], full)

    def best(left: PackedCodes, right: PackedCodes, shifts: Sequence[int]) -> int:
        return int(match(left, right, shifts, 64.0, engine=engine).shifts[0, 0])

    assert best(even, even, range(-9, 10)) == 0
    assert best(even, even, [5, 2, -4]) == 2
    assert best(odd, turned, range(-9, 10)) == -1
    assert best(odd, turned, [9, 8, 3]) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_any_number_of_threads_finds_the_same(
    engine: kernel.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_WORTH_A_THREAD", 1)
    monkeypatch.setattr(kernel, "_MOST_AT_ONCE", 100)
    layout = CodeLayout(32, 8, 2)
    probes, references = random_codes(layout, 3, 7), random_codes(layout, 701, 8)
    single = match(probes, references, range(-5, 6), 228.0, threads=1, engine=engine)
    for threads in (2, 3, 8, None):
        several = match(probes, references, range(-5, 6), 228.0, threads=threads, engine=engine)
        assert_same(single, several)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 4000))
def test_parts_cover_the_gallery_once(references: int, workers: int, words_each: int) -> None:
    parts = kernel._parts(references, words_each, workers)
    assert [n for part in parts for n in range(part.start, part.stop)] == list(range(references))


def test_ranking_is_exact_for_the_longest_codes() -> None:
    """Neighbouring fractions of the largest counts stay apart as floats, and equal ones equal."""
    most = kernel._MOST_BITS
    keys: dict[Fraction, float] = {}
    for compared in range(most - 40, most + 1):
        for differing in range(40):
            margin = compared - 2 * differing
            exact = Fraction(margin * abs(margin), compared)
            key = float(margin) * abs(float(margin)) / float(compared)
            assert keys.setdefault(exact, key) == key
    ranked = [keys[exact] for exact in sorted(keys)]
    assert all(low < high for low, high in itertools.pairwise(ranked))


def test_normalised_score_follows_the_formula() -> None:
    differing, compared = np.array([[100, 0, 911]]), np.array([[400, 0, 911]])
    scores = normalise(differing.astype(np.int32), compared.astype(np.int32), 911.0)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [[0.5 + 0.25 * math.sqrt(400 / 911), 0.0, 0.0]], rtol=1e-6)


def test_other_threads_run_meanwhile() -> None:
    layout = CodeLayout(128, 8, 2)
    probes, references = random_codes(layout, 8, 9), random_codes(layout, 500, 10)
    references = PackedCodes(
        layout, np.tile(references.bits, (100, 1)), np.tile(references.masks, (100, 1))
    )
    match(probes, probes, range(-15, 16), 911.0)  # compiles
    worker = threading.Thread(
        target=match, args=(probes, references, range(-15, 16), 911.0, 1, 1, "compiled")
    )
    ticks = 0
    worker.start()
    while worker.is_alive():
        time.sleep(0.001)
        ticks += 1
    assert ticks > 5  # one at most if the GIL were kept for the 400,000 comparisons


def test_compiled_code_counts_bits_with_vectors_where_the_processor_can() -> None:
    from llvmlite import binding
    from numba import config, njit

    from twofold.iris import compiled_kernel

    if config.CPU_NAME:
        pytest.skip("compiled for another processor than this one")
    fresh = njit(compiled_kernel._count.py_func)  # what comes from disk cannot be looked into
    rotations, words = np.zeros((1, 1, 4, 4, 8), np.uint64), np.zeros((2, 4), np.uint64)
    fresh(rotations, words, words, 0, 0, 0, 1, np.zeros(64, np.int64))
    assembly = "".join(fresh.inspect_asm().values())
    if binding.get_host_cpu_features().get("avx512vpopcntdq"):
        assert "vpopcntq\t%zmm" in assembly
    elif binding.get_host_cpu_features().get("avx2"):
        assert "vpshufb" in assembly


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"shifts": []}, "at least one shift"),
        ({"minimum_bits": 0}, "minimum_bits"),
        ({"reference_bits": 0.0}, "reference_bits"),
        ({"reference_bits": math.nan}, "reference_bits"),
    ],
)
def test_options_out_of_range(options: dict[str, object], complaint: str) -> None:
    codes = random_codes(CodeLayout(16, 2, 2), 2, 12)
    given = {"shifts": [0], "reference_bits": 64.0} | options
    with pytest.raises(OptionError, match=complaint):
        match(codes, codes, **given)  # type: ignore[arg-type]


def test_codes_that_cannot_be_compared() -> None:
    codes = random_codes(CodeLayout(16, 2, 2), 2, 13)
    with pytest.raises(OptionError, match="layouts"):
        match(codes, random_codes(CodeLayout(32, 2, 1), 2, 13), [0], 64.0)
    long = random_codes(CodeLayout(1024, 32, 4), 1, 13)
    with pytest.raises(OptionError, match="too long"):
        match(long, long, [0], 64.0)
    with pytest.raises(OptionError, match="uint64"):
        match(PackedCodes(codes.layout, codes.bits[:, :1], codes.masks[:, :0]), codes, [0], 64.0)


def test_without_a_compiler_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = random_codes(CodeLayout(16, 2, 2), 5, 14)
    expected = match(codes, codes, range(-2, 3), 64.0)
    monkeypatch.setitem(sys.modules, "twofold.iris.compiled_kernel", None)
    assert_same(match(codes, codes, range(-2, 3), 64.0), expected)
    with pytest.raises(ImportError):
        match(codes, codes, range(-2, 3), 64.0, engine="compiled")
