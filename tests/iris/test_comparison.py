"""Scores of iris codes: pairs, several eyes, all with all."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from twofold.errors import OptionError
from twofold.iris.code import CodeLayout, IrisCode, pack, unpack
from twofold.iris.comparison import (
    Comparing,
    compare,
    compare_all,
    compare_best,
    correct_for_tries,
)

LAYOUT = CodeLayout(angles=72, bands=8, planes=2)


def random_code(seed: int, layout: CodeLayout = LAYOUT, unmasked: float = 0.8) -> IrisCode:
    rng = np.random.default_rng(seed)
    shape = (layout.angles, layout.planes, layout.bands)
    return IrisCode(layout, pack(rng.random(shape) < 0.5), pack(rng.random(shape) < unmasked))


def turned(code: IrisCode, angles: int) -> IrisCode:
    bits, mask = (
        pack(np.roll(unpack(words, code.layout), angles, axis=0))
        for words in (code.bits, code.mask)
    )
    return IrisCode(code.layout, bits, mask)


def noisy(code: IrisCode, share: float, seed: int) -> IrisCode:
    bits = unpack(code.bits, code.layout)
    flips = np.random.default_rng(seed).random(bits.shape) < share
    return IrisCode(code.layout, pack(bits ^ flips), code.mask)


def test_a_turned_eye_is_the_same_eye() -> None:
    code = random_code(1)
    found = compare(turned(code, 3), code)
    assert found.score == 1
    assert found.hamming_distance == 0
    assert found.rotation == -3 * 360 / 72
    assert found.bits == int(np.bitwise_count(code.mask).sum())
    assert (found.tries, found.probe, found.reference) == (1, 0, 0)


def test_a_turn_beyond_the_range_is_not_found() -> None:
    code = random_code(2)
    assert compare(turned(code, 8), code).score == 1
    assert compare(turned(code, 9), code).score < 0.7
    assert compare(turned(code, 9), code, Comparing(rotation=45)).score == 1


@pytest.mark.parametrize(
    ("angles", "rotation", "most"), [(256, 20, 14), (72, 20, 4), (36, 0, 0), (8, 180, 3)]
)
def test_range_of_shifts(angles: int, rotation: float, most: int) -> None:
    layout = CodeLayout(angles, 8, 1)
    assert Comparing(rotation=rotation).shifts(layout) == range(-most, most + 1)


def test_score_is_higher_for_more_alike_and_symmetric() -> None:
    code, other = random_code(3), random_code(4)
    scores = [compare(noisy(code, share, 5), code).score for share in (0.1, 0.2, 0.3, 0.4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > compare(other, code).score
    for probe in (other, noisy(turned(code, 2), 0.2, 6)):
        forth, back = compare(probe, code), compare(code, probe)
        assert forth.score == back.score
        assert (forth.bits, forth.rotation) == (back.bits, -back.rotation)


def test_score_is_normalised_to_the_reference_bits() -> None:
    code = random_code(7)
    probe = noisy(code, 0.25, 8)
    found = compare(probe, code, Comparing(rotation=0, reference_share=0.9))
    scale = math.sqrt(found.bits / (0.9 * LAYOUT.bits))
    assert found.score == pytest.approx(0.5 + (0.5 - found.hamming_distance) * scale, abs=1e-6)


def test_nothing_to_compare() -> None:
    code = random_code(9)
    blind = random_code(9, unmasked=0.0)
    found = compare(code, blind)
    assert (found.score, found.hamming_distance, found.bits, found.tries) == (0, 1, 0, 0)


def test_all_with_all_is_pair_by_pair() -> None:
    codes = [random_code(seed) for seed in range(12)] + [random_code(0, unmasked=0.0)]
    codes += [noisy(turned(codes[0], 2), 0.2, 30)]
    scores = compare_all(codes)
    assert scores.dtype == np.float32
    assert (scores == scores.T).all()
    expected = [[compare(a, b).score for b in codes] for a in codes]
    np.testing.assert_array_equal(scores, np.array(expected, np.float32))
    np.testing.assert_array_equal(scores, compare_all(codes, threads=2, engine="numpy"))


def test_all_with_all_in_strips() -> None:
    codes = [random_code(seed, CodeLayout(16, 4, 1)) for seed in range(300)]
    scores = compare_all(codes)
    assert (scores == scores.T).all()
    for a, b in [(0, 299), (299, 0), (150, 140), (127, 128), (256, 20)]:
        assert scores[a, b] == np.float32(compare(codes[a], codes[b]).score)


def test_the_matching_eye_is_found_and_named() -> None:
    left, right = random_code(10), random_code(11)
    found = compare_best([random_code(12), noisy(turned(right, 1), 0.2, 13)], [left, right])
    assert (found.probe, found.reference, found.tries) == (1, 1, 4)
    assert found.rotation == -360 / 72
    alone = compare(noisy(turned(right, 1), 0.2, 13), right)
    assert found.hamming_distance == alone.hamming_distance
    assert alone.score - 0.01 < found.score < alone.score


def test_eyes_known_to_differ_are_not_compared() -> None:
    left, right = random_code(14), random_code(15)
    lying = compare_best(
        [right], [left, right], probe_eyes=["left"], reference_eyes=["left", "right"]
    )
    assert (lying.reference, lying.tries) == (0, 1)
    assert lying.score < 0.7
    unknown = compare_best([right], [left, right], reference_eyes=["left", "right"])
    assert (unknown.reference, unknown.tries) == (1, 2)
    none = compare_best([right], [right], probe_eyes=["left"], reference_eyes=["right"])
    assert (none.score, none.tries) == (0, 0)
    with pytest.raises(OptionError, match="2 and 1 eyes"):
        compare_best([right], [right], probe_eyes=["left", "left"])


def test_codes_that_cannot_be_compared() -> None:
    other = random_code(1, CodeLayout(16, 4, 1))
    with pytest.raises(OptionError, match="layouts"):
        compare(random_code(1), other)
    with pytest.raises(OptionError, match="layouts"):
        compare_all([random_code(1), other])
    with pytest.raises(OptionError, match="at least one code"):
        compare_all([])


@settings(deadline=None)
@given(
    st.floats(0, 1),
    st.integers(1, 100),
    st.sampled_from([10.0, 249.0, 5000.0]),
)
def test_correction_lowers_a_score_and_keeps_order(
    score: float, tries: int, freedom: float
) -> None:
    corrected = correct_for_tries(score, tries, freedom)
    assert 0 <= corrected <= score
    assert correct_for_tries(score, 1, freedom) == score
    assert correct_for_tries(score, tries + 1, freedom) <= corrected
    assert correct_for_tries(min(1.0, score + 1e-3), tries, freedom) >= corrected


@pytest.mark.parametrize("score", [0.45, 0.5, 0.55, 0.62, 0.7])
@pytest.mark.parametrize("tries", [2, 4, 9])
def test_correction_is_sidaks(score: float, tries: int) -> None:
    deviation = 0.5 / math.sqrt(249)
    tail = 1 - (1 - norm.sf(score, 0.5, deviation)) ** tries
    expected = norm.isf(tail, 0.5, deviation)
    assert correct_for_tries(score, tries, 249) == pytest.approx(max(0.0, expected), abs=1e-6)


@pytest.mark.parametrize("rotations", [1, 31])
def test_corrected_best_is_distributed_like_a_single_non_mated_score(rotations: int) -> None:
    """Whatever the number of rotations that each try is already the best of."""
    rng = np.random.default_rng(16)
    draws = rng.normal(0.5, 0.5 / math.sqrt(249), (3000, 4, rotations)).max(axis=2)
    corrected = [correct_for_tries(float(best), 4, 249) for best in draws.max(axis=1)]
    single = norm(0.5, 0.5 / math.sqrt(249))
    assert kstest(corrected, lambda x: single.cdf(x) ** rotations).pvalue > 0.01
    assert kstest(draws.max(axis=1), lambda x: single.cdf(x) ** rotations).pvalue < 1e-6


def test_correction_of_overwhelming_scores_is_finite() -> None:
    assert correct_for_tries(1.0, 4, 20_000) == pytest.approx(1.0, abs=1e-3)
    assert correct_for_tries(0.0, 1000, 20_000) == 0.0
