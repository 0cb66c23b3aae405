"""How a gallery is opened: tables made or migrated, keys unwrapped, a new gallery begun."""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from twofold.errors import OptionError
from twofold.gallery.comparing import Comparer
from twofold.gallery.core import Core, stored_keys, stored_secret
from twofold.gallery.errors import GalleryError
from twofold.gallery.keys.ring import ROOT, TRANSFORM, Keyring, WrappedKey
from twofold.gallery.keys.source import KeySource
from twofold.gallery.live_index import LiveIndex
from twofold.gallery.sealing import new_key
from twofold.gallery.settings import Revocable, Settings
from twofold.gallery.store import schema, tables
from twofold.gallery.store.database import Database
from twofold.gallery.store.records import Records
from twofold.gallery.store.unit import Unit, first_head, identity, read_head
from twofold.recognizer import Recognizer

_KINDS = {
    False: "without revocable templates",
    True: "with revocable templates under one key",
    "subject": "with revocable templates under a key of each subject",
}


def open_core(
    url: str | PathLike[str],
    key: KeySource | None,
    recognizer: Recognizer | None,
    create: bool,
    revocable: Revocable | None,
    actor: str | None,
    snapshot: Path | None,
) -> Core:
    """Open a gallery or make one; arguments as for `Gallery.open`."""
    wanted = Settings.begun(False if revocable is None else revocable)
    source = key or KeySource.default()
    master = source.read()  # before anything is made
    database = Database(url, create)
    try:
        schema.prepare(database, create)
        with database.reading() as connection:
            gallery = identity(connection)
        if gallery is None:
            if not create:
                raise GalleryError(f"{database.name}: holds no gallery. Check the path or URL.")
            # Where another process begins it at the same time, one of the two succeeds.
            with suppress(IntegrityError):
                _begin(database, source, wanted, actor or user())
        keyring = _unlocked(database, source)

        def load(connection: Connection) -> bytes:
            return keyring.secret(stored_secret(connection, TRANSFORM))

        comparer = Comparer(recognizer or Recognizer(), load)
        with database.reading() as connection:
            settings = read_head(connection, keyring).opened_settings(keyring)
            comparer.follow(connection, settings)
        if revocable is not None and wanted.revocable != settings.revocable:
            raise OptionError(
                f"{database.name} was made {_KINDS[settings.revocable]}, which cannot be changed. "
                "Export it and import it into a new one."
            )
    except BaseException:
        database.close()
        raise
    del master
    records = Records(keyring)
    index = LiveIndex(database, keyring, records, comparer, snapshot)
    return Core(database, keyring, records, comparer, index, actor or user())


def user() -> str:
    """The operating system's name of whoever runs this, for the audit."""
    import getpass

    with suppress(OSError, KeyError, ImportError):
        return f"local:{getpass.getuser()}"
    return "local"


def _begin(database: Database, source: KeySource, settings: Settings, actor: str) -> None:
    """The first rows of a new gallery, and the event of its creation."""
    now = datetime.now(UTC)
    head = first_head(secrets.token_hex(16), now)
    keyring = Keyring(head.id, source, list)
    wrapped, root = keyring.begin()
    head = replace(head, settings=head.sealed_settings(keyring, settings))
    kept = [root]
    if settings.revocable:
        kept.append(keyring.wrapped_secret(TRANSFORM, new_key(), 1))
    with database.writing() as connection:
        connection.execute(insert(tables.gallery), head.row(keyring))
        connection.execute(
            insert(tables.data_key),
            {
                "version": wrapped.version,
                "master": wrapped.master,
                "wrapped": wrapped.wrapped,
                "created": head.created,
            },
        )
        connection.execute(
            insert(tables.secret),
            [
                {"name": one.name, "key_version": one.key_version, "wrapped": one.wrapped}
                for one in kept
            ],
        )
        unit = Unit(connection, keyring, actor)
        unit.event(
            "create",
            policy=unit.settings.told(),
            details={"data_key": 1, "master_key": wrapped.master},
        )
        unit.finish()


def _unlocked(database: Database, source: KeySource) -> Keyring:
    def fetch() -> list[WrappedKey]:
        with database.reading() as connection:
            return stored_keys(connection)

    with database.reading() as connection:
        gallery = identity(connection)
        if gallery is None:
            raise GalleryError(f"{database.name}: the gallery's own row is missing.")
        keys, root = stored_keys(connection), stored_secret(connection, ROOT)
    keyring = Keyring(gallery, source, fetch)
    keyring.unlock(keys, root)
    return keyring
