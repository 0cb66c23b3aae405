"""Chaff: set bits that give the mask of every iris code the same number of them.

Scrambling hides all of a code but how many bits its mask has set, and that number alone links two
templates (D_sys 0.32 to 0.38 on real eyes, docs/protection.md). There are places, though, where
Twofold's encoder as good as never lets anything be compared, since lashes or the limbus spoil them
(`twofold.iris.trust`): a third of the code. In a protected reference as many of them are set as it
takes; in the rotations of a probe they are cleared, so that none of them is ever compared, and the
counts stay what they were. (Where a mask does reach the last band, those few bits are lost.)
Chaffing hides true values among false ones: R. Rivest, "Chaffing and winnowing", CryptoBytes 4(1),
1998.

Other layouts than that of Twofold's encoder have no such places that are known: their masks keep
their number of bits.
"""

import hashlib

import numpy as np

from twofold.gallery.protection import keystream
from twofold.iris.code import CodeLayout, IrisCode, Words, pack, unpack

LAYOUT = CodeLayout(angles=128, bands=16, planes=2)
WEIGHT = 1916
"""Bits set in the mask of every reference. The encoder masks three tenths of the 2,736 places that
are left as fragile, so no mask has more; chaff suffices for those of 556 bits and more."""


def unused(layout: CodeLayout) -> Words:
    """Packed places that are never compared, uint64 (words,): beside pupil and limbus, and below
    the upper lid. None where the layout is not the encoder's."""
    places = np.zeros((layout.angles, layout.planes, layout.bands), np.bool_)
    if layout == LAYOUT:
        places[:, :, [0, -1]] = True
        places[78:115, :, 5] = True
        places[75:118, :, 6:] = True
    return pack(places)


def chaffed(code: IrisCode, places: Words, key: bytes) -> Words:
    """The mask of a code without, and then with as many set bits among `places` as it takes.

    Which are set follows from the key and the code, so that a code's mask is always the same.

    Args:
        code: of any layout.
        places: as `unused` gives them for it.
        key: 32 bytes.
    """
    mask = code.mask & ~places
    free = np.flatnonzero(unpack(places, code.layout))
    wanted = min(WEIGHT - int(np.bitwise_count(mask).sum()), len(free))
    if wanted <= 0:
        return mask
    bound_to = hashlib.sha256(code.bits.astype("<u8").tobytes() + mask.astype("<u8").tobytes())
    order = keystream.permutation(keystream.derived(key, "code", bound_to.digest()), len(free))
    chosen = np.zeros(code.layout.bits, np.bool_)
    chosen[free[order[:wanted]]] = True
    return mask | pack(chosen)
