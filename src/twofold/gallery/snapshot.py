"""A snapshot of the search index on disk, sealed: for a start in seconds instead of minutes.

The index writes and reads a clear file that it can map into memory. That file lives in memory only
(Linux: /dev/shm to write, memfd to read); what reaches the disk is sealed in chunks with
AES-256-GCM under a random key of its own, which the store keeps and an erasure destroys
(`snapshot_keys`). Chunks are numbered and the last one is marked, so that none can be swapped, left
out or cut off. A snapshot names the end of the audit's chain at its time, and is used only where
that event is still in the chain: after a restored backup it is not.
"""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from twofold.errors import OptionError
from twofold.files import replacing
from twofold.fusion.model import FusionModel
from twofold.gallery.audit import AuditHead
from twofold.gallery.sealing import place
from twofold.gallery.search import Index
from twofold.gallery.snapshot_keys import SnapshotKey

MAGIC = b"TWGS\x02\x00"
CHUNK = 4 << 20
_TAG = 16
_LONGEST_HEADER = 4096
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of memory, used with a private one in it


@dataclass(frozen=True)
class Header:
    """What is told in clear at the beginning of a snapshot, and sealed into every chunk.

    Attributes:
        gallery: whose it is.
        position: change that the index stands at.
        events, digest: end of the audit's chain at that time.
        key: identity of the file's key.
    """

    gallery: str
    position: int
    events: int
    digest: str
    key: str


class Snapshot:
    """One file.

    Args:
        path: of the sealed file.
        gallery: whose it is.

    Raises:
        OptionError: this system has no files in memory, which a snapshot needs.
    """

    def __init__(self, path: Path, gallery: str) -> None:
        if not hasattr(os, "memfd_create") or not _MEMORY.is_dir():
            raise OptionError(
                "snapshot: needs files in memory (Linux's memfd and /dev/shm), so that templates "
                "never reach the disk in clear. Open the gallery without a snapshot."
            )
        self.path, self._gallery = path, gallery

    def save(self, index: Index, position: int, head: AuditHead, key: SnapshotKey) -> None:
        """Write the index, all or nothing, mode 0600.

        Raises:
            OutputError: it cannot be written.
        """
        header = Header(self._gallery, position, head.events, head.digest, key.identity)
        with tempfile.TemporaryDirectory(prefix="twofold-", dir=_MEMORY) as folder:  # mode 0700
            clear = Path(folder) / "index"
            index.save(clear, position)
            with clear.open("rb") as source, replacing(self.path) as temporary:
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as target:
                    _seal(header, key, source, target)

    def load(
        self,
        model: FusionModel,
        confirmed: Callable[[int, str], bool],
        key_of: Callable[[str], SnapshotKey | None],
    ) -> tuple[Index, int, SnapshotKey] | None:
        """The index, its position and the file's key; None where there is no usable snapshot.

        A damaged or foreign snapshot is no error: the index is made from the store instead.

        Args:
            model: of the index.
            confirmed: whether the audit's event of a number has a digest.
            key_of: the key of an identity; None where it was destroyed.
        """
        try:
            with self.path.open("rb") as source:
                told = _header(source)
                if told is None:
                    return None
                header, raw = told
                if header.gallery != self._gallery:
                    return None
                key = key_of(header.key)
                if key is None:
                    return None
                if header.events and not confirmed(header.events, header.digest):
                    return None
                handle = os.memfd_create("twofold-index", os.MFD_CLOEXEC)
                with os.fdopen(handle, "wb") as clear:
                    _unseal(key, raw, source, clear)
                    clear.flush()
                    index = Index.load(Path(f"/proc/self/fd/{handle}"), model)
        except (OSError, InvalidTag):
            return None
        return index, header.position, key


def belongs_to(path: Path, gallery: str) -> bool:
    """Whether a file may be a snapshot of a gallery; what cannot be read may."""
    try:
        with path.open("rb") as source:
            told = _header(source)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return told is not None and told[0].gallery == gallery


def _seal(header: Header, key: SnapshotKey, source: BinaryIO, target: BinaryIO) -> None:
    raw = json.dumps(asdict(header)).encode()
    target.write(MAGIC + len(raw).to_bytes(4, "little") + raw)
    cipher = AESGCM(key.secret)
    number, chunk = 0, source.read(CHUNK)
    while True:
        following = source.read(CHUNK)
        target.write(cipher.encrypt(_nonce(number), chunk, _of(raw, number, not following)))
        if not following:
            return
        number, chunk = number + 1, following


def _unseal(key: SnapshotKey, raw: bytes, source: BinaryIO, target: BinaryIO) -> None:
    cipher = AESGCM(key.secret)
    number, chunk = 0, source.read(CHUNK + _TAG)
    while True:
        following = source.read(CHUNK + _TAG)
        target.write(cipher.decrypt(_nonce(number), chunk, _of(raw, number, not following)))
        if not following:
            return
        number, chunk = number + 1, following


def _header(source: BinaryIO) -> tuple[Header, bytes] | None:
    if source.read(len(MAGIC)) != MAGIC:
        return None
    length = int.from_bytes(source.read(4), "little")
    if length > _LONGEST_HEADER:
        return None
    raw = source.read(length)
    with suppress(ValueError, TypeError):
        return Header(**json.loads(raw)), raw
    return None


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")  # the key is the file's own


def _of(header: bytes, number: int, last: bool) -> bytes:
    return place("snapshot", header, number, int(last))
