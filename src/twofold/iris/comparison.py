"""Comparison of iris codes: masked Hamming distance over rotations, normalised.

Scores lie in [0, 1], higher is more alike. A single rotation of unrelated irises gives 0.5 on
average; the best of all rotations about 0.55 to 0.6. Codes without a bit to compare give 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from twofold.errors import OptionError
from twofold.iris.code import CodeLayout, IrisCode
from twofold.iris.kernel import Engine, PackedCodes, RotationTransform, match

Eye = str | None
_ROWS = 128


@dataclass(frozen=True)
class Comparing:
    """How codes are compared.

    Attributes:
        rotation: largest turn of an eye that is tried, to each side, in degrees. Heads in `mmu1`
            lean by up to 35 degrees from picture to picture.
        reference_share: bits to which scores are normalised, over the bits of a code. Fragile bits
            are masked, so more than half is hardly ever compared and scores do not clip at 1.
        minimum_bits: a rotation at which fewer bits can be compared does not count.
        freedom: degrees of freedom of non-mated scores at one rotation, as of coin tosses: their
            standard deviation is 0.5 / sqrt(freedom). Daugman's 249 by default.
    """

    rotation: float = 42.5
    reference_share: float = 0.5
    minimum_bits: int = 1
    freedom: float = 249.0

    def shifts(self, layout: CodeLayout) -> range:
        """Shifts in angles from one side to the other; their number is odd."""
        most = min(math.floor(self.rotation / 360 * layout.angles), (layout.angles - 1) // 2)
        return range(-most, most + 1)

    def reference_bits(self, layout: CodeLayout) -> float:
        """Bits to which scores of codes of this layout are normalised."""
        return self.reference_share * layout.bits


DEFAULT = Comparing()


@dataclass(frozen=True)
class IrisComparison:
    """What the comparison of two irises found.

    Attributes:
        score: in [0, 1], higher is more alike; corrected for `tries`.
        hamming_distance: differing bits over compared bits at the best rotation; 1.0 where no
            bit could be compared.
        bits: compared bits at the best rotation.
        rotation: degrees by which the probe is turned, clockwise as seen, to fit the reference.
        tries: comparisons of which this is the best.
        probe: which probe it is of.
        reference: which reference it is of.
    """

    score: float
    hamming_distance: float
    bits: int
    rotation: float
    tries: int = 1
    probe: int = 0
    reference: int = 0


def pack_codes(codes: Sequence[IrisCode]) -> PackedCodes:
    """Codes of one layout as arrays.

    Raises:
        OptionError: there is none, or their layouts differ.
    """
    layouts = {code.layout for code in codes}
    if len(layouts) != 1:
        raise OptionError(
            f"iris codes of {len(layouts)} layouts given, which cannot be compared: give at least"
            " one code, all extracted with the same settings"
        )
    bits = np.stack([code.bits for code in codes])
    return PackedCodes(layouts.pop(), bits, np.stack([code.mask for code in codes]))


def compare(a: IrisCode, b: IrisCode, parameters: Comparing = DEFAULT) -> IrisComparison:
    """Compare probe `a` with reference `b`; the score is the same the other way round.

    Raises:
        OptionError: their layouts differ.
    """
    return compare_best([a], [b], parameters)


def compare_best(
    probes: Sequence[IrisCode],
    references: Sequence[IrisCode],
    parameters: Comparing = DEFAULT,
    probe_eyes: Sequence[Eye] | None = None,
    reference_eyes: Sequence[Eye] | None = None,
    transform: RotationTransform | None = None,
) -> IrisComparison:
    """The best comparison of any probe with any reference of one subject, corrected for the tries.

    A comparison is legitimate unless both eyes are known ("left", "right") and differ. Of equals
    the first wins. Where no comparison is legitimate the score is 0. `transform` changes every
    rotation of the probes, for references that were changed alike.

    Raises:
        OptionError: no code on a side, or their layouts differ.
    """
    left, right = pack_codes(probes), pack_codes(references)
    layout = left.layout
    found = match(
        left,
        right,
        parameters.shifts(layout),
        parameters.reference_bits(layout),
        parameters.minimum_bits,
        threads=1,
        transform=transform,
    )
    scores = found.scores
    tried = _legitimate(probe_eyes, reference_eyes, scores.shape) & (found.compared > 0)
    if not tried.any():
        return IrisComparison(0.0, 1.0, 0, 0.0, tries=0)
    place = int(np.where(tried, scores, -1.0).argmax())
    probe, reference = divmod(place, scores.shape[1])
    bits, tries = int(found.compared[probe, reference]), int(tried.sum())
    return IrisComparison(
        correct_for_tries(float(scores[probe, reference]), tries, parameters.freedom),
        int(found.differing[probe, reference]) / bits,
        bits,
        int(found.shifts[probe, reference]) * 360 / layout.angles,
        tries,
        probe,
        reference,
    )


def compare_all(
    codes: Sequence[IrisCode],
    parameters: Comparing = DEFAULT,
    threads: int | None = None,
    engine: Engine = "auto",
) -> NDArray[np.float32]:
    """Scores (N, N) of every code with every code, symmetric; one try each.

    Raises:
        OptionError: no code, or their layouts differ.
    """
    packed = pack_codes(codes)
    layout = packed.layout
    shifts, reference_bits = parameters.shifts(layout), parameters.reference_bits(layout)
    scores = np.empty((len(codes), len(codes)), np.float32)
    for start in range(0, len(codes), _ROWS):  # the upper triangle in strips, then mirrored
        rows = slice(start, start + _ROWS)
        strip = match(
            PackedCodes(layout, packed.bits[rows], packed.masks[rows]),
            PackedCodes(layout, packed.bits[start:], packed.masks[start:]),
            shifts,
            reference_bits,
            parameters.minimum_bits,
            threads,
            engine,
        ).scores
        scores[rows, start:] = strip
        scores[start:, rows] = strip.T
    return scores


def correct_for_tries(score: float, tries: int, freedom: float) -> float:
    """The score of one comparison that is as unlikely for a non-mated one as this best of `tries`.

    With F the distribution of non-mated scores, the best of n independent ones has F ** n (first
    order statistic from above; for small tails this is Sidak's correction p' = 1 - (1 - p) ** n).
    The corrected score s' has F(s') = F(s) ** n. F is the k-th power of a normal distribution of
    mean 0.5 and standard deviation 0.5 / sqrt(freedom), for k rotations; k cancels out.

    Args:
        score: in [0, 1]; the result is in [0, score].
        tries: at least 1; 1 changes nothing.
    """
    if tries == 1:
        return score
    deviation = 0.5 / math.sqrt(freedom)
    z = (score - 0.5) / deviation
    log_below = tries * float(log_ndtr(z))
    if z < 0:
        corrected = float(ndtri_exp(log_below))
    elif log_below > -1e-290:  # the tail is below the smallest float: p' = n p
        corrected = -float(ndtri_exp(math.log(tries) + float(log_ndtr(-z))))
    else:
        corrected = -float(ndtri_exp(math.log(-math.expm1(log_below))))
    return min(score, max(0.0, 0.5 + deviation * corrected))


def _legitimate(
    probes: Sequence[Eye] | None, references: Sequence[Eye] | None, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Bool array (P, N): not known to be of different eyes."""
    left = probes if probes is not None else [None] * shape[0]
    right = references if references is not None else [None] * shape[1]
    if (len(left), len(right)) != shape:
        raise OptionError(
            f"{len(left)} and {len(right)} eyes named for {shape[0]} probes and {shape[1]}"
            " references: name one eye (or None) for each"
        )
    return np.array([[not (a and b) or a == b for b in right] for a in left], np.bool_)
