"""The file that a gallery is exported to: frames, sealed under a passphrase, or plain when asked.

Layout, all numbers little-endian:

    magic "TWFG", version u16 (1), cipher u16 (0 plain, 1 AES-256-GCM)
    scrypt: log2 N u8, r u8, p u8, 0 u8, salt 16 bytes     (zeros when plain)
    frames: length u32 of what follows, kind u8, content

Sealed, a frame is AES-256-GCM of kind and content: nonce = number of the frame, associated data =
the 28 bytes before the frames; so none can be changed, left out, moved or cut off. The last frame
is of kind "end" and holds the number of subjects and the SHA-256 of everything before it (frames
in clear), which protects a plain file from damage, not from forgery. docs/gallery.md has the
contents.
"""

import hashlib
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from twofold.errors import ModelError, OptionError

MAGIC = b"TWFG"
VERSION = 1
ABOUT, SUBJECT, END = 1, 2, 3  # kinds of frames
SHORTEST_PASSPHRASE = 12
_LOG_N, _R, _P = 17, 8, 1  # 128 MiB, about half a second
_MOST_LOG_N = 20
_HEAD = 28
_TAG = 16
_LONGEST = 64 << 20


class Writer:
    """Writes frames.

    Args:
        target: to write to.
        passphrase: None for a plain file.

    Raises:
        OptionError: the passphrase is too short.
    """

    def __init__(self, target: BinaryIO, passphrase: str | None) -> None:
        self._target = target
        self._number, self._sum = 0, hashlib.sha256()
        if passphrase is None:
            self._head = MAGIC + VERSION.to_bytes(2, "little") + bytes(_HEAD - 6)
            self._cipher = None
        else:
            require_passphrase(passphrase)
            salt = secrets.token_bytes(16)
            self._head = (
                MAGIC + VERSION.to_bytes(2, "little") + b"\1\0" + bytes((_LOG_N, _R, _P, 0)) + salt
            )
            self._cipher = AESGCM(_key(passphrase, salt, _LOG_N, _R, _P))
        self._sum.update(self._head)
        target.write(self._head)

    def frame(self, kind: int, content: bytes) -> None:
        """Write one frame."""
        clear = bytes((kind,)) + content
        self._sum.update(len(clear).to_bytes(4, "little") + clear)
        if self._cipher is not None:
            clear = self._cipher.encrypt(_nonce(self._number), clear, self._head)
        self._number += 1
        self._target.write(len(clear).to_bytes(4, "little") + clear)

    def end(self, subjects: int) -> None:
        """Write the last frame."""
        self.frame(END, subjects.to_bytes(8, "little") + self._sum.digest())


def require_passphrase(passphrase: str) -> None:
    """Refuse one that is too short to keep templates.

    Raises:
        OptionError: it is.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise OptionError(
            f"a passphrase of {len(passphrase)} characters: use {SHORTEST_PASSPHRASE} or more, "
            "such as five random words."
        )


def frames(source: BinaryIO, passphrase: str | None, named: str) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each frame, the last one left out; ends only where the file is whole.

    Args:
        source: to read from.
        passphrase: that it was sealed under.
        named: for messages.

    Raises:
        ModelError: no bundle, of a newer version, damaged, or another passphrase.
        OptionError: a passphrase is needed, or given for a plain file.
    """
    head = source.read(_HEAD)
    cipher = _opened(head, passphrase, named)
    number, total, subjects = 0, hashlib.sha256(head), 0
    while True:
        clear = _frame(source, cipher, head, number, named)
        number += 1
        kind, content = clear[0], clear[1:]
        if kind == END:
            if content != subjects.to_bytes(8, "little") + total.digest() or source.read(1):
                raise ModelError(f"{named}: damaged. Use another copy.")
            return
        total.update(len(clear).to_bytes(4, "little") + clear)
        subjects += kind == SUBJECT
        yield kind, content


def _opened(head: bytes, passphrase: str | None, named: str) -> AESGCM | None:
    if len(head) < _HEAD or head[:4] != MAGIC:
        raise ModelError(f"{named}: not an exported gallery. Check the path.")
    version, sealed = (int.from_bytes(head[at : at + 2], "little") for at in (4, 6))
    if version != VERSION:
        raise ModelError(
            f"{named}: an export of version {version}, and this Twofold reads {VERSION}. Update "
            "Twofold."
        )
    if sealed not in (0, 1):
        raise ModelError(f"{named}: damaged (cipher {sealed}). Use another copy.")
    if not sealed:
        if passphrase is not None:
            raise OptionError(f"{named}: is a plain export; leave the passphrase out.")
        return None
    if passphrase is None:
        raise OptionError(f"{named}: is sealed under a passphrase. Give it.")
    log_n, r, p = head[8:11]
    if not (14 <= log_n <= _MOST_LOG_N and r == _R and p == _P):
        raise ModelError(f"{named}: damaged (cost of the passphrase). Use another copy.")
    return AESGCM(_key(passphrase, head[12:28], log_n, r, p))


def _frame(source: BinaryIO, cipher: AESGCM | None, head: bytes, number: int, named: str) -> bytes:
    told = source.read(4)
    length = int.from_bytes(told, "little")
    if len(told) < 4 or not 1 <= length <= _LONGEST:
        raise ModelError(f"{named}: cut off or damaged. Use another copy.")
    content = source.read(length)
    if len(content) < length:
        raise ModelError(f"{named}: cut off. Use another copy.")
    if cipher is None:
        return content
    try:
        clear = cipher.decrypt(_nonce(number), content, head)
    except InvalidTag:
        reason = "another passphrase, or damaged" if number == 0 else "damaged"
        raise ModelError(f"{named}: {reason}. Check the passphrase, or use another copy.") from None
    if not clear:
        raise ModelError(f"{named}: damaged. Use another copy.")
    return clear


def _key(passphrase: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    """Scrypt (RFC 7914) of the passphrase."""
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase.encode())


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")  # the key is the file's own
