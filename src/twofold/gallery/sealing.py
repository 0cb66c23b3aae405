"""Authenticated encryption of records, each bound to its place.

A record is sealed with AES-256-GCM (NIST SP 800-38D) under a random nonce of 96 bits; what it
belongs to (gallery, subject, reference, version) is associated data, so that a sealed record opens
in its own place only. Keys are derived with HKDF-SHA-256 (RFC 5869).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from twofold.gallery.errors import TamperError

KEY = 32  # bytes
_NONCE = 12
_OVERHEAD = _NONCE + 16
_FORMAT = b"twofold gallery record 1"

Part = str | int | bytes


def new_key() -> bytes:
    """32 random bytes of the operating system."""
    return os.urandom(KEY)


def place(*parts: Part) -> bytes:
    """Associated data: the parts, each with its kind and length, so that no two lists are alike."""
    told = [_FORMAT]
    for part in parts:
        if isinstance(part, int):
            told.append(b"i" + part.to_bytes(8, "little", signed=True))
            continue
        text = part.encode() if isinstance(part, str) else part
        told.append((b"s" if isinstance(part, str) else b"b") + len(text).to_bytes(4, "little"))
        told.append(text)
    return b"".join(told)


def seal(key: bytes, content: bytes, *parts: Part) -> bytes:
    """Nonce, ciphertext and tag.

    Args:
        key: 32 bytes.
        content: what is to be kept.
        parts: where it belongs.
    """
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, place(*parts))


def unseal(key: bytes, sealed: bytes, *parts: Part, named: str) -> bytes:
    """The content.

    Args:
        key, parts: as it was sealed with.
        sealed: nonce, ciphertext and tag.
        named: what it is, for the message.

    Raises:
        TamperError: it was changed, or does not belong there.
    """
    try:
        if len(sealed) < _OVERHEAD:
            raise InvalidTag
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place(*parts))
    except InvalidTag:
        raise TamperError(
            f"{named}: changed, damaged or moved from its place since it was written. Restore the "
            "gallery from a backup, and look for who could write to it."
        ) from None


def derived(key: bytes, purpose: str, *parts: Part) -> bytes:
    """Another key of 32 bytes for one purpose."""
    info = place(purpose, *parts)
    return HKDF(algorithm=SHA256(), length=KEY, salt=None, info=info).derive(key)
