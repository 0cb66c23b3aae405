"""Codes of strips: waves give the bits that theory says, turns roll, covered places are masked."""

import time

import numpy as np
import pytest

from tests.iris.drawing import true_eye
from twofold.iris.code import IrisCode, pack, unpack
from twofold.iris.comparison import compare
from twofold.iris.encoding import DEFAULT, Encoding, Wave, encode, respond
from twofold.iris.trust import without_islands
from twofold.iris.unwrapping import Strip, unwrap

ALL = np.ones((64, 512), np.bool_)


def texture(seed: int) -> np.ndarray:
    """Smooth noise that closes in a ring, float32 (64, 512)."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.fft2(rng.normal(size=(64, 512)))
    radial, angular = np.fft.fftfreq(64)[:, None], np.fft.fftfreq(512)[None, :]
    smooth = np.fft.ifft2(spectrum * np.exp(-((radial / 0.06) ** 2) - (angular / 0.05) ** 2)).real
    return (100 + 20 * smooth / smooth.std()).astype(np.float32)


def test_layout() -> None:
    code = encode(Strip(texture(1), ALL))
    assert code.layout == DEFAULT.layout
    assert code.bits.shape == code.mask.shape == (code.layout.words,)
    assert code.layout.bits % 64 == 0
    assert code.layout.bits <= 16384


def test_bits_are_the_quarters_of_a_waves_phase() -> None:
    """cos(k angle) gives cos and sin of the same: real part first, then the imaginary part."""
    cycles = 16
    angle = np.arange(512) * 2 * np.pi / 512
    strip = Strip((100 + 10 * np.cos(cycles * angle) * np.ones((64, 1))).astype(np.float32), ALL)
    encoding = Encoding(waves=(Wave(1 / cycles),), fragile=0.0)
    bits = unpack(encode(strip, encoding).bits, encoding.layout)
    places = np.arange(encoding.angles) * 2 * np.pi / encoding.angles
    for plane, part in enumerate((np.cos(cycles * places), np.sin(cycles * places))):
        sure = np.abs(part) > 0.2
        sure[encoding.angles // 2 :] = False  # part of the other half is never encoded
        for band in range(2, encoding.bands - 2):
            np.testing.assert_array_equal(bits[sure, plane, band], part[sure] > 0)


def test_a_wave_answers_loudest_to_its_own_length() -> None:
    angle = np.arange(512) * 2 * np.pi / 512
    wave = Wave(1 / 20)
    loud = {
        cycles: np.abs(
            respond((np.cos(cycles * angle) * np.ones((64, 1))).astype(np.float32), wave, DEFAULT)
        ).mean()
        for cycles in (2, 10, 20, 40, 200)
    }
    assert max(loud, key=lambda cycles: loud[cycles]) == 20
    assert loud[2] < 0.3 * loud[20]
    assert loud[200] < 0.3 * loud[20]


@pytest.mark.parametrize("places", [1, -5, 40])
def test_a_turned_eye_rolls_the_code(places: int) -> None:
    strip = Strip(texture(2), np.random.default_rng(0).random((64, 512)) < 0.999)
    step = 512 // DEFAULT.angles
    turned = Strip(
        np.roll(strip.pixels, places * step, axis=1), np.roll(strip.mask, places * step, axis=1)
    )
    one, other = encode(strip), encode(turned)
    expected = np.roll(unpack(one.mask, one.layout), places, axis=0)
    known = expected & unpack(other.mask, other.layout)
    assert known.sum() > 0.6 * expected.sum()  # what lies below the upper lid stays up
    same = np.roll(unpack(one.bits, one.layout), places, axis=0) == unpack(other.bits, other.layout)
    assert same[known].mean() > 0.98


def test_covered_places_are_masked() -> None:
    mask = ALL.copy()
    mask[:, 100:200] = False
    code = encode(Strip(texture(3), mask))
    known = unpack(code.mask, code.layout)
    step = 512 // code.layout.angles
    assert not known[-(-100 // step) : 200 // step].any()
    assert known[220 // step : 290 // step].mean() > 0.4
    assert known[470 // step :].mean() > 0.4
    nothing = encode(Strip(texture(3), np.zeros_like(ALL)))
    assert not nothing.mask.any()


def test_lashes_below_the_upper_lid_are_never_encoded() -> None:
    known = unpack(encode(Strip(texture(3), ALL)).mask, DEFAULT.layout)
    up = DEFAULT.angles * 3 // 4
    assert not known[up - 10 : up + 10, :, DEFAULT.bands // 2 :].any()
    assert known[up - 10 : up + 10, :, : DEFAULT.bands // 4].any()


def test_gaps_between_lashes_are_not_trusted() -> None:
    mask = ALL.copy()
    mask[20:, 100:200:12] = False  # lashes reaching in
    assert not without_islands(mask)[40:, 110:190].any()
    assert without_islands(mask)[:, 300:].all()
    assert not (without_islands(mask) & ~mask).any()
    wrapped = np.roll(mask, 360, axis=1)  # the same across the seam
    np.testing.assert_array_equal(
        without_islands(wrapped), np.roll(without_islands(mask), 360, axis=1)
    )


def test_the_fragile_share_is_masked_and_it_is_the_fragile_one() -> None:
    rng = np.random.default_rng(4)
    plain = texture(4)
    firm, every = Encoding(fragile=0.3), Encoding(fragile=0.0)
    codes = [encode(Strip(plain, ALL), encoding) for encoding in (firm, every)]
    known, reachable = (unpack(code.mask, code.layout) for code in codes)
    assert known.sum() / reachable.sum() == pytest.approx(0.7, abs=0.01)
    noisy = encode(Strip(plain + rng.normal(0, 12, plain.shape).astype(np.float32), ALL), every)
    flipped = unpack(noisy.bits, every.layout) != unpack(codes[1].bits, every.layout)
    assert flipped[known].mean() < 0.5 * flipped[reachable & ~known].mean()


def test_bits_are_balanced_and_unrelated_strips_disagree_on_half() -> None:
    codes = [encode(Strip(texture(seed), ALL)) for seed in range(8)]
    layout = codes[0].layout
    bits = np.array([unpack(code.bits, layout) for code in codes])
    assert 0.45 < bits.mean() < 0.55
    distances = [np.mean(bits[a] != bits[b]) for a in range(len(bits)) for b in range(a)]
    assert 0.45 < np.mean(distances) < 0.55


def test_eyes_are_told_apart_by_true_outlines() -> None:
    """Synthetic eyes: what the code loses is then the encoder's fault alone."""

    def code(subject: int, sample: int) -> IrisCode:
        grey, found = true_eye(subject, sample)
        return encode(unwrap(grey, found))

    codes = {(subject, sample): code(subject, sample) for subject in range(6) for sample in (0, 1)}
    mated = [compare(codes[s, 0], codes[s, 1]).score for s in range(6)]
    others = [compare(codes[a, 0], codes[b, 1]).score for a in range(6) for b in range(6) if a != b]
    assert min(mated) > max(others)


def test_encoding_is_quick() -> None:
    strip = Strip(texture(5), ALL)
    encode(strip)
    used = []
    for _ in range(5):
        start = time.thread_time()
        encode(strip)
        used.append(time.thread_time() - start)
    assert min(used) < 0.05  # 2 ms where nothing else runs


def test_pack_keeps_the_order_that_the_layout_describes() -> None:
    layout = DEFAULT.layout
    bits = np.zeros((layout.angles, layout.planes, layout.bands), np.bool_)
    bits[3, 1, 2] = True
    number = (3 * layout.planes + 1) * layout.bands + 2
    assert pack(bits)[number // 64] == np.uint64(1) << np.uint64(number % 64)
