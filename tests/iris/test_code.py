"""Layout of a code, bit by bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.iris.code import CodeLayout, pack, unpack

LAYOUTS = [CodeLayout(32, 4, 2), CodeLayout(64, 3, 1), CodeLayout(128, 8, 2), CodeLayout(16, 5, 4)]


def test_sizes() -> None:
    layout = CodeLayout(angles=128, bands=8, planes=2)
    assert (layout.bits, layout.words) == (2048, 32)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_each_bit_is_where_the_layout_says(layout: CodeLayout) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        angle, plane, band = (
            int(rng.integers(n)) for n in (layout.angles, layout.planes, layout.bands)
        )
        bits = np.zeros((layout.angles, layout.planes, layout.bands), np.bool_)
        bits[angle, plane, band] = True
        words = pack(bits)
        number = (angle * layout.planes + plane) * layout.bands + band
        assert words.dtype == np.uint64
        assert words.shape == (layout.words,)
        assert [int(word) for word in words] == [
            1 << (number % 64) if place == number // 64 else 0 for place in range(layout.words)
        ]


@settings(deadline=None)
@given(st.sampled_from(LAYOUTS), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_unpacking_undoes_packing(layout: CodeLayout, seed: int, share: float) -> None:
    shape = (layout.angles, layout.planes, layout.bands)
    bits = np.random.default_rng(seed).random(shape) < share
    assert (unpack(pack(bits), layout) == bits).all()
