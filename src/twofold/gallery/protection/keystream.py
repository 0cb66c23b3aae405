"""Numbers that follow from a key: the same on every machine, for ever.

NumPy promises no more than that a generator's bits stay; how it makes normal numbers of them may
change from version to version, and then a gallery could not be read any more. So everything here
is made of the key stream of AES-256 in counter mode (NIST SP 800-38A), with a key of its own for
each purpose (HKDF with SHA-256: RFC 5869). The stream is indistinguishable from random bits for
whoever does not have the key.
"""

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray
from scipy.special import ndtri

KEY_BYTES = 32
_SALT = b"twofold.gallery.protection.1"


def derived(key: bytes, purpose: str, context: bytes = b"") -> bytes:
    """A key of 32 bytes for one purpose; it tells nothing of `key` or of any other one.

    Args:
        key: 32 bytes.
        purpose: without a zero byte.
        context: what else it is bound to, such as the name of a subject.
    """
    info = purpose.encode() + b"\0" + context
    return HKDF(SHA256(), KEY_BYTES, _SALT, info).derive(key)


def words(key: bytes, count: int) -> NDArray[np.uint64]:
    """Uint64 array (count,), uniform."""
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return np.frombuffer(stream.update(bytes(8 * count)), "<u8").astype(np.uint64)


def permutation(key: bytes, count: int) -> NDArray[np.int64]:
    """The numbers 0 to count - 1 in an order of which every one is equally likely.

    They are sorted by random words. Of 2 ** 16 words two are equal once in 10 ** 10 keys, and then
    the lower number goes first.
    """
    return np.argsort(words(key, count), kind="stable")


def normals(key: bytes, count: int) -> NDArray[np.float64]:
    """Float64 array (count,), standard normal: the inverse of their distribution at random places.

    The last digit is the C library's; what is made of them is rounded to float32.
    """
    places = (words(key, count) >> np.uint64(11)).astype(np.float64) + 0.5  # of 2 ** 53
    return np.asarray(ndtri(places * 2.0**-53), np.float64)
