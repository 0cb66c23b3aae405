"""Second bounds in machine code, without the GIL: irises compared where they may matter.

What is computed here decides only which subjects are passed over; see `scan`. It is the inner loop
of `twofold.iris.compiled_kernel` in another order. Rotations of one tile stay in the first cache
while many references pass, and words that are mostly masked in the probe come last, so that a
reference is left as soon as the words to come cannot lift any rotation to what is needed.
"""

import numpy as np

from twofold.lanes import (
    LANES,
    advantage,
    as_floats,
    both,
    compiled,
    exceeds,
    fetch,
    larger,
    largest,
    load,
    plus,
    popcount,
    spread,
    unlike,
    zeros,
)

ROWS = 256  # irises whose codes stay in the second cache
NOTHING = -np.inf  # no bit to compare
LEFT = -1e300  # cannot reach what is needed
_MOST_EACH = 256  # more than a subject has
_SLACK = 2e-6
_AHEAD = 8  # irises whose codes are on the way from memory meanwhile
_LINE = 8  # words of a cache line


@compiled
def _best(d_a, b_a, d_b, b_b):  # type: ignore[no-untyped-def]
    return largest(
        larger(
            advantage(as_floats(d_a), as_floats(b_a), 1.0),
            advantage(as_floats(d_b), as_floats(b_b), 1.0),
        )
    )


@compiled
def _tile(  # type: ignore[no-untyped-def]
    rotations, codes, probe, tile, listed, at, limits, count, order, stops, rests, leaves, keys
):
    """Raise the best advantage of listed references by the rotations of a tile, two at a time."""
    order, leaves = order[probe, tile], leaves[probe, tile]
    tiles, words = rotations.shape[1:3]
    last = len(stops) - 1
    flat = codes.reshape(codes.size)
    half = np.uint64(words)  # indices without a sign need no check for a negative one
    for pair in range(0, count, 2):
        other = min(pair + 1, count - 1)
        one = np.uint64(listed[pair]) * np.uint64(2) * half
        two = np.uint64(listed[other]) * np.uint64(2) * half
        if tile == 0:  # later the codes are in the second cache
            for ahead in range(min(pair + _AHEAD, count), min(pair + _AHEAD + 2, count)):
                start = listed[ahead] * 2 * words
                for line in range(start, start + 2 * words, _LINE):
                    fetch(codes, line)
        limit_one, limit_two = limits[pair], limits[other]
        limit = min(limit_one, limit_two)
        d_a1, b_a1, d_b1, b_b1 = zeros(), zeros(), zeros(), zeros()
        d_a2, b_a2, d_b2, b_b2 = zeros(), zeros(), zeros(), zeros()
        place = (probe * tiles + tile) * words * 4 * LANES
        begin, stop, hope = 0, 0, 1
        while stop < last and leaves[stop] >= limit:
            stop += 1
        while stop <= last:
            for number in range(begin, stops[stop]):
                word = np.uint64(order[number])
                bits_a, mask_a = load(rotations, place), load(rotations, place + LANES)
                bits_b = load(rotations, place + 2 * LANES)
                mask_b = load(rotations, place + 3 * LANES)
                place += 4 * LANES
                code, mask = spread(flat[one + word]), spread(flat[one + half + word])
                seen = both(mask, mask_a)
                b_a1 = plus(b_a1, popcount(seen))
                d_a1 = plus(d_a1, popcount(both(seen, unlike(code, bits_a))))
                seen = both(mask, mask_b)
                b_b1 = plus(b_b1, popcount(seen))
                d_b1 = plus(d_b1, popcount(both(seen, unlike(code, bits_b))))
                code, mask = spread(flat[two + word]), spread(flat[two + half + word])
                seen = both(mask, mask_a)
                b_a2 = plus(b_a2, popcount(seen))
                d_a2 = plus(d_a2, popcount(both(seen, unlike(code, bits_a))))
                seen = both(mask, mask_b)
                b_b2 = plus(b_b2, popcount(seen))
                d_b2 = plus(d_b2, popcount(both(seen, unlike(code, bits_b))))
            if stop == last:
                break
            # at best all bits to come are compared and agree
            rest = ((probe * len(stops) + stop) * tiles + tile) * 2 * LANES
            rest_a, rest_b = load(rests, rest), load(rests, rest + LANES)
            hope = exceeds(as_floats(d_a1), as_floats(plus(b_a1, rest_a)), limit_one)
            hope |= exceeds(as_floats(d_b1), as_floats(plus(b_b1, rest_b)), limit_one)
            hope |= exceeds(as_floats(d_a2), as_floats(plus(b_a2, rest_a)), limit_two)
            hope |= exceeds(as_floats(d_b2), as_floats(plus(b_b2, rest_b)), limit_two)
            if hope == 0:
                break
            begin = stops[stop]
            stop += 1
        if hope == 0:
            keys[at[pair]] = max(keys[at[pair]], LEFT)
            keys[at[other]] = max(keys[at[other]], LEFT)
        else:
            keys[at[pair]] = max(keys[at[pair]], _best(d_a1, b_a1, d_b1, b_b1))
            keys[at[other]] = max(keys[at[other]], _best(d_a2, b_a2, d_b2, b_b2))


@compiled
def _score(key, reference_bits):  # type: ignore[no-untyped-def]
    size = np.sqrt(abs(key) / reference_bits) * 0.5
    return 0.5 + (size if key > 0 else -size)


@compiled
def _combined(  # type: ignore[no-untyped-def]
    keys, position, first, last, kinds, qualities, probe_kinds, probe_qualities, pairs, tables,
    named, reference_bits, face,
):  # fmt: skip
    """Bound of the fused ratio of a subject whose irises have been compared."""
    cells = tables.shape[2]
    apart, conflict = named, False
    for row in range(first, last):
        apart = apart and kinds[row] >= 3
    unknown, left, right = -np.inf, -np.inf, -np.inf
    any_unknown, any_left, any_right = False, False, False
    for row in range(first, last):
        eye = kinds[row] // 3
        for probe in range(len(probe_kinds)):
            table = pairs[probe, kinds[row] % 3]
            if table < 0:
                conflict = True
                continue
            other = probe_kinds[probe] // 3
            key = keys[probe, position + row - first]
            if (eye > 0 and other > 0 and eye != other) or key == NOTHING:
                continue
            bound = -np.inf
            if key > LEFT:
                score = _score(key, reference_bits) + _SLACK
                cell = min(max(int(score * cells), 0), cells - 1)
                quality = min(np.int64(qualities[row]), probe_qualities[probe])
                bound = np.float64(tables[table, quality // 100, cell])
            if apart and eye == 1:
                left, any_left = max(left, bound), True
            elif apart:
                right, any_right = max(right, bound), True
            else:
                unknown, any_unknown = max(unknown, bound), True
    total, found = 0.0, face > -np.inf
    if found:
        total = face
    for there, bound in ((any_unknown, unknown), (any_left, left), (any_right, right)):
        if there:  # in mixed lights only some pairs count, perhaps none
            total += max(bound, 0.0) if conflict else bound
            found = True
    return total if found else -np.inf


@compiled
def iris_bounds(  # type: ignore[no-untyped-def]
    codes, kinds, qualities, starts, slots, faces, bar, rotations, order, stops, rests, leaves,
    probe_kinds, probe_qualities, pairs, tables, reach, need_scale, caps, named, reference_bits,
    out,
):  # fmt: skip
    """Bounds of the fused ratios of some slots, iris codes compared.

    Args:
        codes, kinds, qualities, starts: see `Rows`.
        slots: int64 (n,).
        faces: float32 (S,), from `first_bounds`.
        bar: ratios below need no good bound.
        rotations: uint64 (Q, tiles, words, 4, 8), words in `order`; see `iris.compiled_kernel`.
        order: int64 (Q, tiles, words).
        stops: int64, numbers of words after which to look, the last all.
        rests: int64 (Q, stops, tiles, 16), bits of each rotation's mask in the words to come.
        leaves: float64 (Q, tiles, stops), limits above which a look is worth its time.
        probe_kinds: uint8 (Q,); probe_qualities: int64 (Q,), hundredths.
        pairs: int64 (Q, 3), see `pair_lights`.
        tables, reach, need_scale: see `Bounds`.
        caps, named: as for `first_bounds`.
        out: float32 (n,); below `bar` it may be lower than the bound.
    """
    probes, tiles = rotations.shape[:2]
    keys = np.empty((probes, ROWS + _MOST_EACH))
    listed = np.empty(ROWS + _MOST_EACH, np.int64)
    at = np.empty(ROWS + _MOST_EACH, np.int64)
    limits = np.empty(ROWS + _MOST_EACH)
    begin = 0
    while begin < len(slots):
        end, rows = begin, 0
        while end < len(slots) and rows < ROWS:
            rows += starts[slots[end] + 1] - starts[slots[end]]
            end += 1
        keys[:, :rows] = NOTHING
        for probe in range(probes):
            count, position = 0, 0
            for number in range(begin, end):
                slot = slots[number]
                first, last = starts[slot], starts[slot + 1]
                face = np.float64(faces[slot])
                for row in range(first, last):
                    table = pairs[probe, kinds[row] % 3]
                    eye, other = kinds[row] // 3, probe_kinds[probe] // 3
                    if table >= 0 and (eye == 0 or other == 0 or eye == other):
                        others = 0.0
                        if named and eye > 0:  # the other eye may add what it can at most
                            for rest in range(first, last):
                                if kinds[rest] >= 3 and kinds[rest] // 3 != eye:
                                    cap = caps[kinds[rest], qualities[rest] // 100]
                                    others = max(others, np.float64(cap))
                        need = bar - others - (face if face > -np.inf else 0.0)
                        limit = -np.inf
                        if need > 1e-6 and need < np.inf:
                            quality = min(np.int64(qualities[row]), probe_qualities[probe])
                            entry = min(int(need * need_scale), reach.shape[2] - 1)
                            limit = np.float64(reach[table, quality // 100, entry])
                        listed[count], at[count], limits[count] = row, position, limit
                        count += 1
                    position += 1
            for tile in range(tiles):
                _tile(
                    rotations, codes, probe, tile, listed, at, limits, count, order, stops, rests,
                    leaves, keys[probe],
                )  # fmt: skip
        position = 0
        for number in range(begin, end):
            slot = slots[number]
            first, last = starts[slot], starts[slot + 1]
            out[number] = _combined(
                keys, position, first, last, kinds, qualities, probe_kinds, probe_qualities,
                pairs, tables, named, reference_bits, np.float64(faces[slot]),
            )  # fmt: skip
            position += last - first
        begin = end
