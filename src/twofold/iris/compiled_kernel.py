"""The kernel in machine code: sixteen rotations of a probe against two references at a time.

Eight rotations of the same word of a probe lie side by side, so that one word of a reference meets
them all with one instruction each, and no sum crosses lanes before the end of a code. It is
compiled for the processor at hand when first called, kept on disk, and runs without the GIL.
"""

import numpy as np
from numpy.typing import NDArray

from twofold.iris.code import Words
from twofold.lanes import (
    LANES,
    advantage,
    as_floats,
    both,
    compiled,
    first_equal,
    larger,
    largest,
    load,
    plus,
    popcount,
    spread,
    store,
    unlike,
    zeros,
)

TILE = 2 * LANES
_LINE = 8  # words in a cache line; a load across two of them costs twice
_BLOCK = 256  # references that stay in the cache while the probes pass


def _aligned(shape: tuple[int, ...]) -> Words:
    size = int(np.prod(shape))
    room = np.zeros(size + _LINE, np.uint64)
    start = -(room.ctypes.data // 8) % _LINE
    return room[start : start + size].reshape(shape)


def arrange(rolled: Words) -> Words:
    """Rotations in the order in which they are read, filled up with empty masks.

    Args:
        rolled: uint64 array (P, S, 2, words), bits and mask of each rotation.

    Returns:
        uint64 array (P, tiles, words, 4, 8): of a word the bits of eight rotations, their masks,
        the bits of the next eight, their masks.
    """
    probes, rotations, _, words = rolled.shape
    tiles = -(-rotations // TILE)
    filled = np.zeros((probes, tiles * TILE, 2, words), np.uint64)
    filled[:, :rotations] = rolled
    arranged = _aligned((probes, tiles, words, 4, LANES))
    split = filled.reshape(probes, tiles, 2, LANES, 2, words).transpose(0, 1, 5, 2, 4, 3)
    arranged[:] = split.reshape(arranged.shape)
    return arranged


def fill(
    rotations: Words,
    shifts: NDArray[np.int32],
    bits: Words,
    masks: Words,
    minimum: int,
    differing: NDArray[np.int32],
    compared: NDArray[np.int32],
    best: NDArray[np.int32],
    part: slice,
) -> None:
    """Find the best rotation of each probe to the references of a part.

    Args:
        rotations: as `arrange` returns it.
        shifts: int32 array (S,), by how many angles each rotation is rolled.
        bits: uint64 array (N, words) of the references, contiguous, and so are
        masks: uint64 array (N, words).
        minimum: a rotation with fewer compared bits does not count.
        differing: int32 array (P, N), written where a rotation counts, and so are
        compared: int32 array (P, N), and
        best: int32 array (P, N), the shift.
        part: from which reference to which.
    """
    tiles = rotations.shape[1]
    counts = _aligned((2 * 4 * tiles * LANES,)).view(np.int64)
    keys = _aligned((2 * tiles * LANES,)).view(np.float64)
    _fill(
        rotations, shifts, bits, masks, float(minimum), part.start, part.stop, counts, keys,
        differing, compared, best,
    )  # fmt: skip


@compiled
def _fill(  # type: ignore[no-untyped-def]
    rotations, shifts, bits, masks, minimum, start, stop, counts, keys, differing, compared, best
):
    probes, tiles = rotations.shape[:2]
    for block in range(start, stop, _BLOCK):
        end = min(block + _BLOCK, stop)
        for probe in range(probes):
            for one in range(block, end, 2):
                two = min(one + 1, end - 1)
                for tile in range(tiles):
                    _count(rotations, bits, masks, probe, tile, one, two, counts)
                for number in range(2):
                    reference = two if number else one
                    base = number * 4 * tiles * LANES
                    rotation = _choose(counts, base, 2 * tiles, minimum, keys)
                    if rotation >= 0:
                        lane = base + rotation // LANES * 2 * LANES + rotation % LANES
                        differing[probe, reference] = counts[lane]
                        compared[probe, reference] = counts[lane + LANES]
                        best[probe, reference] = shifts[rotation]


@compiled
def _count(  # type: ignore[no-untyped-def]
    rotations, bits, masks, probe, tile, one, two, counts
):
    """Count differing and compared bits of two references at the rotations of a tile.

    Counts are, for either reference, groups of eight: d of eight rotations, then b of the same.
    """
    tiles, words = rotations.shape[1:3]
    d_a1, b_a1, d_b1, b_b1 = zeros(), zeros(), zeros(), zeros()
    d_a2, b_a2, d_b2, b_b2 = zeros(), zeros(), zeros(), zeros()
    place = (probe * tiles + tile) * words * 4 * LANES
    for word in range(words):
        bits_a, mask_a = load(rotations, place), load(rotations, place + LANES)
        bits_b = load(rotations, place + 2 * LANES)
        mask_b = load(rotations, place + 3 * LANES)
        place += 4 * LANES
        code, mask = spread(bits[one, word]), spread(masks[one, word])
        seen = both(mask, mask_a)
        b_a1, d_a1 = (
            plus(b_a1, popcount(seen)),
            plus(d_a1, popcount(both(seen, unlike(code, bits_a)))),
        )
        seen = both(mask, mask_b)
        b_b1, d_b1 = (
            plus(b_b1, popcount(seen)),
            plus(d_b1, popcount(both(seen, unlike(code, bits_b)))),
        )
        code, mask = spread(bits[two, word]), spread(masks[two, word])
        seen = both(mask, mask_a)
        b_a2, d_a2 = (
            plus(b_a2, popcount(seen)),
            plus(d_a2, popcount(both(seen, unlike(code, bits_a)))),
        )
        seen = both(mask, mask_b)
        b_b2, d_b2 = (
            plus(b_b2, popcount(seen)),
            plus(d_b2, popcount(both(seen, unlike(code, bits_b)))),
        )
    first = tile * 4 * LANES
    second = first + tiles * 4 * LANES
    store(counts, first, d_a1)
    store(counts, first + LANES, b_a1)
    store(counts, first + 2 * LANES, d_b1)
    store(counts, first + 3 * LANES, b_b1)
    store(counts, second, d_a2)
    store(counts, second + LANES, b_a2)
    store(counts, second + 2 * LANES, d_b2)
    store(counts, second + 3 * LANES, b_b2)


@compiled
def _choose(counts, base, groups, minimum, keys):  # type: ignore[no-untyped-def]
    """The first rotation of the largest advantage; -1 where none has enough bits.

    Branches on data would be mispredicted every other time, hence none but the last.
    """
    top = load(keys, 0)
    for group in range(groups):
        place = base + group * 2 * LANES
        d, b = as_floats(load(counts, place)), as_floats(load(counts, place + LANES))
        key = advantage(d, b, minimum)
        store(keys, group * LANES, key)
        top = key if group == 0 else larger(top, key)
    highest = largest(top)
    rotation = 0
    for back in range(groups):
        group = groups - 1 - back
        lane = first_equal(load(keys, group * LANES), highest)
        rotation = group * LANES + lane if lane < LANES else rotation
    return rotation if highest > -np.inf else -1
