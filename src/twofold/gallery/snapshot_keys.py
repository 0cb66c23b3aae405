"""Which snapshots of the search index there are: the key of each, and where its file was written.

A snapshot is sealed under a random key of its own, which is kept among the gallery's secrets. An
erasure deletes these keys in the transaction that erases, so that no copy of a snapshot, wherever
it lies, opens any more; the files are removed as well, where they can be reached.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from twofold.gallery.errors import TamperError
from twofold.gallery.keys.ring import Keyring, WrappedSecret
from twofold.gallery.sealing import KEY
from twofold.gallery.store import tables
from twofold.gallery.store.unit import Unit

_PREFIX = "snapshot:"
_IS_OURS = tables.secret.c.name.startswith(_PREFIX)


@dataclass(frozen=True)
class SnapshotKey:
    """One snapshot that the store knows of.

    Attributes:
        identity: 16 hexadecimal digits; the file names it.
        secret: 32 bytes that seal the file.
        path: absolute, of the file when it was written.
        host: machine that wrote it.
    """

    identity: str
    secret: bytes = field(repr=False)
    path: Path
    host: str


def add(unit: Unit, key: SnapshotKey) -> None:
    """Record a snapshot before its file is written; the older one at its place is forgotten."""
    for old in every(unit.connection, unit.keyring):
        if (old.path, old.host) == (key.path, key.host):
            named = tables.secret.c.name == _PREFIX + old.identity
            unit.connection.execute(delete(tables.secret).where(named))
    place = json.dumps([str(key.path), key.host]).encode("ascii")
    stored = unit.keyring.wrapped_secret(
        _PREFIX + key.identity, key.secret + place, unit.head.key_version
    )
    unit.connection.execute(
        insert(tables.secret),
        {"name": stored.name, "key_version": stored.key_version, "wrapped": stored.wrapped},
    )


def forget_all(unit: Unit) -> int:
    """Delete every key; how many there were."""
    return unit.connection.execute(delete(tables.secret).where(_IS_OURS)).rowcount


def every(connection: Connection, keyring: Keyring) -> list[SnapshotKey]:
    """All snapshots that may be there.

    A key that someone changed opens nothing and is passed over: it must not keep anybody from
    erasing.
    """
    found = []
    for row in connection.execute(select(tables.secret).where(_IS_OURS)):
        stored = WrappedSecret(row.name, row.key_version, bytes(row.wrapped))
        with suppress(TamperError):
            content = keyring.secret(stored)
            path, host = json.loads(content[KEY:])
            identity = stored.name.removeprefix(_PREFIX)
            found.append(SnapshotKey(identity, content[:KEY], Path(path), host))
    return found


def known(connection: Connection, keyring: Keyring, identity: str) -> SnapshotKey | None:
    """The key of an identity; None where it was destroyed."""
    return next((one for one in every(connection, keyring) if one.identity == identity), None)
