"""Hamming distances of many iris codes over all rotations: the inner loop of comparing irises.

For every probe, reference and shift s the probe is rolled by s angles and two numbers are counted:
the compared bits b = |probe mask AND reference mask| and the differing bits d among them. The best
shift is the one of the largest normalised score (`normalise`), which for any number of reference
bits is the largest (b - 2d) / sqrt(b). Of equals the smallest |s| wins, then the negative one.

Shifts are ranked by (b - 2d) |b - 2d| / b, which ranks alike. Two such fractions that differ do so
by more than a float64 rounds off, as b is at most 2 ** 16, and equal ones round alike: the choice
is exact, and the same in machine code and in NumPy.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.iris.code import CodeLayout, Words

Engine = Literal["auto", "compiled", "numpy"]
Counts = NDArray[np.int32]
Scores = NDArray[np.float32]
_MOST_BITS = 1 << 16
_WORTH_A_THREAD = 1 << 19  # words compared in about the time that it takes to start a thread
_MOST_AT_ONCE = 8192  # references whose results stay in the cache
_WORTH_COMPILING = 8  # comparisons
_PROBES = 128  # whose rotations stay in the cache
_AT_ONCE = 1 << 14  # words compared whose counts stay in the cache


class RotationTransform(Protocol):
    """A change of the rotations of probes, for references that were changed alike."""

    def __call__(self, layout: CodeLayout, rolled: Words) -> Words:
        """Uint64 array (P, S, 2, words), bits and masks at each shift, to one of that shape."""


@dataclass(frozen=True)
class PackedCodes:
    """Iris codes of one layout, a row each.

    Attributes:
        layout: shape of every code.
        bits: uint64 array (N, words).
        masks: uint64 array (N, words); a set bit may be compared.
    """

    layout: CodeLayout
    bits: Words
    masks: Words

    def __len__(self) -> int:
        return len(self.bits)


@dataclass(frozen=True)
class Matches:
    """The best rotation of each of P probes to each of N references.

    Attributes:
        scores: float32 array (P, N) in [0, 1], higher is more alike; see `normalise`.
        differing: int32 array (P, N), bits that differ among those compared.
        compared: int32 array (P, N), bits unmasked in both; 0 where no shift had enough of them.
        shifts: int32 array (P, N), angles by which the probe is rolled, clockwise as seen.
    """

    scores: Scores
    differing: Counts
    compared: Counts
    shifts: Counts


def normalise(differing: Counts, compared: Counts, reference_bits: float) -> Scores:
    """Scores in [0, 1], higher is more alike; about 0.5 for unrelated bits, 0 where none compared.

    1 - HDnorm with HDnorm = 0.5 - (0.5 - d / b) sqrt(b / reference_bits): Daugman, "New methods in
    iris recognition", IEEE Trans. SMC-B 37(5), 2007.
    """
    known = np.maximum(compared, 1).astype(np.float64)
    scores = differing.astype(np.float64)
    scores /= known
    np.subtract(0.5, scores, out=scores)
    known /= reference_bits
    np.sqrt(known, out=known)
    scores *= known
    scores += 0.5
    np.clip(scores, 0.0, 1.0, out=scores)
    scores *= compared > 0
    return scores.astype(np.float32)


def roll(words: Words, bits: Sequence[int] | Counts) -> Words:
    """Packed strings (P, words) with bit k at k + r, around the end, for each r: (P, R, words)."""
    count = words.shape[-1]
    whole, part = np.divmod(np.asarray(bits, np.int64) % (64 * count), 64)
    source = np.arange(count) - whole[:, None]
    up = part.astype(np.uint64)[:, None]
    # two steps, as a word cannot be shifted by 64
    carried = (words[:, (source - 1) % count] >> np.uint64(1)) >> (np.uint64(63) - up)
    rolled: Words = (words[:, source % count] << up) | carried
    return rolled


def match(
    probes: PackedCodes,
    references: PackedCodes,
    shifts: Sequence[int],
    reference_bits: float,
    minimum_bits: int = 1,
    threads: int | None = None,
    engine: Engine = "auto",
    transform: RotationTransform | None = None,
) -> Matches:
    """Compare every probe with every reference at every shift; keep the best.

    Args:
        shifts: angles by which probes are rolled.
        reference_bits: number of compared bits to which scores are normalised.
        minimum_bits: a shift with fewer compared bits does not count; at least 1.
        threads: None uses all processors that this process may run on.
        engine: "compiled" (Numba), "numpy" (no compiler, the same result, slower), or "auto":
            compiled where Numba works and there is more to do than loading it would take.
        transform: applied to every rotation of the probes; the references are taken as they are.

    Raises:
        OptionError: layouts differ or are too large, or an option is out of range.
    """
    _check(probes, references, shifts, reference_bits, minimum_bits)
    ordered = np.array(sorted(set(shifts), key=lambda shift: (abs(shift), shift)), np.int32)
    bits, masks = np.ascontiguousarray(references.bits), np.ascontiguousarray(references.masks)
    shape = (len(probes), len(references))
    found = Matches(np.empty(shape, np.float32), *(np.zeros(shape, np.int32) for _ in range(3)))
    if engine == "auto" and len(probes) * len(references) < _WORTH_COMPILING:
        engine = "numpy"
    workers = _processors() if threads is None else threads
    for start in range(0, len(probes), _PROBES):
        rows = slice(start, start + _PROBES)
        rotations, fill = _engine(engine, _rotations(probes, rows, ordered, transform))
        some = Matches(*(array[rows] for array in vars(found).values()))
        counts = (some.differing, some.compared, some.shifts)
        search = partial(fill, rotations, ordered, bits, masks, minimum_bits, *counts)
        _share(search, some, reference_bits, len(ordered) * probes.layout.words, workers)
    return found


def _share(
    search: Callable[[slice], None],
    found: Matches,
    reference_bits: float,
    words_each: int,
    workers: int,
) -> None:
    """Search and normalise the gallery part by part, on several threads where that pays."""

    def run(part: slice) -> None:
        search(part)
        differing, compared = found.differing[:, part], found.compared[:, part]
        found.scores[:, part] = normalise(differing, compared, reference_bits)

    probes, references = found.scores.shape
    parts = _parts(references, probes * words_each, workers)
    if workers < 2 or len(parts) < 2:
        for part in parts:
            run(part)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, parts))


def _rotations(
    probes: PackedCodes,
    rows: slice,
    shifts: Counts,
    transform: RotationTransform | None = None,
) -> Words:
    """Uint64 array (P, S, 2, words): bits and masks of some probes at each shift."""
    steps = shifts * (probes.layout.planes * probes.layout.bands)
    rolled = np.stack([roll(probes.bits[rows], steps), roll(probes.masks[rows], steps)], axis=2)
    return rolled if transform is None else transform(probes.layout, rolled)


def _check(
    probes: PackedCodes,
    references: PackedCodes,
    shifts: Sequence[int],
    reference_bits: float,
    minimum_bits: int,
) -> None:
    if probes.layout != references.layout:
        raise OptionError(
            f"iris codes of the layouts {probes.layout} and {references.layout} cannot be compared:"
            " extract both with the same settings"
        )
    if probes.layout.bits > _MOST_BITS:
        raise OptionError(
            f"iris codes of {probes.layout.bits} bits are too long: at most {_MOST_BITS} bits"
        )
    for codes in (probes, references):
        shape = (len(codes), codes.layout.words)
        for words in (codes.bits, codes.masks):
            if words.shape != shape or words.dtype != np.uint64:
                raise OptionError(
                    f"packed iris codes of the shape {words.shape} and type {words.dtype} given:"
                    f" bits and masks must be uint64 arrays of the shape {shape}"
                )
    if len(shifts) == 0 or minimum_bits < 1 or not reference_bits > 0:
        raise OptionError(
            "comparing iris codes needs at least one shift, minimum_bits of at least 1 and"
            " reference_bits above 0"
        )


def _engine(engine: Engine, rolled: Words) -> tuple[Words, Callable[..., None]]:
    """Rotations as the engine reads them, and its function."""
    if engine != "numpy":
        try:
            from twofold.iris.compiled_kernel import arrange, fill
        except ImportError:
            if engine == "compiled":
                raise
        else:
            return arrange(rolled), fill
    return rolled, _fill_numpy


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _parts(references: int, words_each: int, workers: int) -> list[slice]:
    """Parts of the gallery for the threads to take; one where a second thread would not pay."""
    size = _MOST_AT_ONCE
    if workers > 1:
        share = references // (8 * workers) // 2 * 2  # the kernel takes references in twos
        size = min(size, max(_WORTH_A_THREAD // words_each, share, 2))
    return [slice(start, min(start + size, references)) for start in range(0, references, size)]


def _fill_numpy(
    rotations: Words,
    shifts: Counts,
    bits: Words,
    masks: Words,
    minimum: int,
    differing: Counts,
    compared: Counts,
    best: Counts,
    part: slice,
) -> None:
    """As `twofold.iris.compiled_kernel.fill`, of rotations (P, S, 2, words)."""
    for rows in blocks(rotations.shape[1], bits, part):
        own = np.arange(rows.stop - rows.start)
        for probe, turned in enumerate(rotations):
            b, d, keys = advantages(turned, bits[rows], masks[rows], minimum)
            first = keys.argmax(axis=1)
            there = keys[own, first] > -np.inf
            values = (differing, d[own, first]), (compared, b[own, first]), (best, shifts[first])
            for found, chosen in values:
                np.copyto(found[probe, rows], chosen, where=there)


def blocks(rotations: int, bits: Words, part: slice) -> Iterator[slice]:
    """Some rows of a part at a time, so many that their counts at all rotations stay in the cache.

    Args:
        rotations: of the probe.
        bits: (n, words), of the references.
        part: rows, from where to where.
    """
    size = max(1, _AT_ONCE // (rotations * bits.shape[-1]))
    for start in range(part.start, part.stop, size):
        yield slice(start, min(start + size, part.stop))


def advantages(
    rotations: Words, bits: Words, masks: Words, minimum: int
) -> tuple[Counts, Counts, NDArray[np.float64]]:
    """Counts and ranks of a probe at every rotation beside some references.

    Args:
        rotations: uint64 (S, 2, words), bits and masks of the probe.
        bits, masks: uint64 (n, words), of the references.
        minimum: at least 1.

    Returns:
        (n, S) each: compared bits b, differing bits d, and (b - 2d) |b - 2d| / b, which is minus
        infinity where b is below the minimum.
    """
    seen = masks[:, None] & rotations[:, 1]
    b = np.bitwise_count(seen).sum(axis=-1, dtype=np.int32)
    d = np.bitwise_count((bits[:, None] ^ rotations[:, 0]) & seen).sum(axis=-1, dtype=np.int32)
    margin = (b - 2 * d).astype(np.float64)
    keys = np.where(b < minimum, -np.inf, margin * np.abs(margin) / np.maximum(b, 1))
    return b, d, keys
