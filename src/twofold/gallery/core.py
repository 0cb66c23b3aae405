"""What the gallery's verbs share: the database, keys, records, the index, and who acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, select

from twofold.gallery.comparing import Comparer
from twofold.gallery.errors import GalleryError, UnknownSubjectError
from twofold.gallery.keys.ring import Keyring, WrappedKey, WrappedSecret
from twofold.gallery.live_index import LiveIndex
from twofold.gallery.settings import Settings
from twofold.gallery.store import tables
from twofold.gallery.store.database import Database
from twofold.gallery.store.records import Record, Records
from twofold.gallery.store.unit import Unit, read_head, writing


@dataclass
class Core:
    """An open gallery; see `open_core`."""

    database: Database
    keyring: Keyring
    records: Records
    comparer: Comparer
    index: LiveIndex
    actor: str

    @contextmanager
    def writing(self, actor: str | None = None) -> Iterator[Unit]:
        """A write transaction in the name of somebody."""
        with writing(self.database, self.keyring, actor or self.actor) as unit:
            self.comparer.follow(unit.connection, unit.settings)
            yield unit

    def settings(self) -> Settings:
        """As they are now."""
        with self.database.reading() as connection:
            settings = read_head(connection, self.keyring).opened_settings(self.keyring)
            self.comparer.follow(connection, settings)
        return settings

    def require(self, connection: Connection, name: str) -> Record:
        """The record of a subject.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
        """
        found = self.records.find(connection, name)
        if found is None:
            raise UnknownSubjectError(f"nobody is enrolled as {name!r}. Check the name.")
        return found


def expired(record: Record, now: float) -> bool:
    """Whether a subject may not be compared any more, at a time in seconds since 1970."""
    own = record.profile.expires
    return own is not None and own <= now


def stored_keys(connection: Connection) -> list[WrappedKey]:
    """All data keys as they are stored."""
    return [
        WrappedKey(row.version, row.master, bytes(row.wrapped))
        for row in connection.execute(select(tables.data_key).order_by(tables.data_key.c.version))
    ]


def stored_secret(connection: Connection, name: str) -> WrappedSecret:
    """A secret as it is stored.

    Raises:
        GalleryError: it is missing.
    """
    row = connection.execute(select(tables.secret).where(tables.secret.c.name == name)).first()
    if row is None:
        raise GalleryError(f"the gallery's {name} secret is missing. Restore it from a backup.")
    return WrappedSecret(row.name, row.key_version, bytes(row.wrapped))
