"""What is kept of an iris: phase bits and the mask of those that may be compared, packed.

Layout, version 1. A code is a grid of `bands` x `angles` places on the unwrapped iris; band 0 is
next to the pupil, angle 0 points to the right of the picture and angles run clockwise as seen on
it (y down). At each place there are `planes` bits (for a complex filter: sign of the real part,
then sign of the imaginary part).

The order of bits is angle-major, then plane, then band: bit number of (angle, plane, band) is
`(angle * planes + plane) * bands + band`. Hence a turn of the eye by one angle rolls the whole
string by `planes * bands` bits. The number of bits is a multiple of 64. Bit k of the string is bit
`k % 64` (least significant first) of word `k // 64`.
The mask has the same layout; a set bit may be compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LAYOUT_VERSION = 1
Words = NDArray[np.uint64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class CodeLayout:
    """Shape of a code.

    Attributes:
        angles: places around the iris.
        bands: places from pupil to limbus.
        planes: bits at each place.
    """

    angles: int
    bands: int
    planes: int

    @property
    def bits(self) -> int:
        """Bits of a code."""
        return self.angles * self.planes * self.bands

    @property
    def words(self) -> int:
        """64-bit words of a code."""
        return self.bits // 64


@dataclass(frozen=True)
class IrisCode:
    """Bits of one iris.

    Attributes:
        layout: shape of the code.
        bits: uint64 array (words,).
        mask: uint64 array (words,); a set bit may be compared.
    """

    layout: CodeLayout
    bits: Words
    mask: Words


def pack(bits: Bits) -> Words:
    """Pack a bool array (angles, planes, bands) into a uint64 array (words,)."""
    packed = np.packbits(bits.reshape(-1), bitorder="little")
    return packed.view("<u8").astype(np.uint64)


def unpack(words: Words, layout: CodeLayout) -> Bits:
    """The bool array (angles, planes, bands) that `pack` was given."""
    flat = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    return flat.reshape(layout.angles, layout.planes, layout.bands).astype(np.bool_)
