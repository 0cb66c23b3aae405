"""Iris codes with their bits in a keyed order and combined with a keyed string (exclusive or).

Bits of code and mask go to new places together, and the bits of the code are flipped where the
keyed string is set. So Hamming distances between scrambled codes stay what they were, to the bit.
An eye that is turned rolls its code, and no rolling fits a scrambled one: the probe is rolled
first, and each of its rotations scrambled.

Where no other code is scrambled with the same key, every order and every string are equally likely:
what is left of an iris is the number of bits set in its mask, which is made the same for everyone
(`chaff`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.protection import chaff, keystream
from twofold.iris.code import CodeLayout, IrisCode, Words


@dataclass(frozen=True)
class Scrambling:
    """How codes of one layout are changed with one key.

    Attributes:
        order: int64 array (bits,): the old place of each bit.
        back: int64 array (bits,): the new place of each bit.
        flips: uint64 array (words,), by which scrambled bits are flipped.
        unused: uint64 array (words,): places, before scrambling, that are never compared.
        chaff_key: 32 bytes; which of them are set in a reference follows from it.
    """

    order: NDArray[np.int64]
    back: NDArray[np.int64]
    flips: Words
    unused: Words
    chaff_key: bytes

    def reference(self, code: IrisCode) -> IrisCode:
        """The code of a reference, to be stored."""
        mask = chaff.chaffed(code, self.unused, self.chaff_key)
        bits, mask = _moved(np.stack([code.bits, mask]), self.order)
        return IrisCode(code.layout, bits ^ self.flips, mask)

    def undone(self, code: IrisCode) -> IrisCode:
        """The code that `reference` was given, without the mask's bits in unused places."""
        bits, mask = _moved(np.stack([code.bits ^ self.flips, code.mask]), self.back)
        return IrisCode(code.layout, bits, mask & ~self.unused)

    def probe(self, rolled: Words) -> Words:
        """Rotations of probes scrambled: uint64 array (..., 2, words) of bits and masks."""
        kept = rolled.copy()
        kept[..., 1, :] &= ~self.unused
        moved = _moved(kept, self.order)
        moved[..., 0, :] ^= self.flips
        return moved


def scrambling(key: bytes, layout: CodeLayout) -> Scrambling:
    """What a key says for a layout."""
    order_key, flips_key, chaff_key = (
        keystream.derived(key, purpose) for purpose in ("order", "flips", "chaff")
    )
    order = keystream.permutation(order_key, layout.bits)
    return Scrambling(
        order,
        np.argsort(order),
        keystream.words(flips_key, layout.words),
        chaff.unused(layout),
        chaff_key,
    )


def _moved(words: Words, order: NDArray[np.int64]) -> Words:
    """Packed strings (..., words) with the bit of place order[k] at k."""
    flat = np.unpackbits(
        np.ascontiguousarray(words, "<u8").view(np.uint8), axis=-1, bitorder="little"
    )
    packed = np.packbits(np.take(flat, order, axis=-1), axis=-1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64)
