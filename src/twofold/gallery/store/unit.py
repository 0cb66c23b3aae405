"""One write, all or nothing: the gallery's row is locked, numbers given out, events chained.

The row's numbers are sealed with a MAC, so that who writes to the database without the keys cannot
set them back, and with them cut the audit or bring back used numbers.
"""

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from twofold.gallery.audit import AuditHead, Band, Chain, Event, beginning
from twofold.gallery.errors import GalleryError, TamperError
from twofold.gallery.keys.ring import Keyring
from twofold.gallery.sealing import place, seal, unseal
from twofold.gallery.settings import Settings
from twofold.gallery.store import tables
from twofold.gallery.store.database import Database


@dataclass(frozen=True)
class Head:
    """The gallery's one row; fields as `store.tables.gallery` has them."""

    id: str
    created: str
    change: int
    next_subject: int
    next_reference: int
    key_version: int
    settings_revision: int
    settings: bytes
    events: int
    head: bytes

    def seal(self, keyring: Keyring) -> bytes:
        """The MAC of all numbers."""
        told = place(
            self.id, self.created, self.change, self.next_subject, self.next_reference,
            self.key_version, self.settings_revision, self.events, self.head,
        )  # fmt: skip
        return hmac.digest(keyring.purpose("head"), told, "sha256")

    def row(self, keyring: Keyring) -> dict[str, Any]:
        """As it is stored."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "single": 1,
            "seal": self.seal(keyring),
        }

    def sealed_settings(self, keyring: Keyring, settings: Settings) -> bytes:
        """Settings as they are kept, bound to their revision."""
        return seal(
            keyring.purpose("settings"), settings.to_bytes(), self.id, self.settings_revision
        )

    def opened_settings(self, keyring: Keyring) -> Settings:
        """The settings.

        Raises:
            TamperError: they were changed, or are older ones.
        """
        return Settings.from_bytes(
            unseal(
                keyring.purpose("settings"),
                self.settings,
                self.id,
                self.settings_revision,
                named="the gallery's settings",
            )
        )

    @property
    def audit(self) -> AuditHead:
        """The end of the audit's chain."""
        return AuditHead(self.events, self.head.hex())


def first_head(gallery: str, created: datetime) -> Head:
    """The row of a gallery that has nothing yet."""
    return Head(
        gallery, created.isoformat(timespec="seconds"), 0, 1, 1, 1, 1, b"", 0, beginning(gallery)
    )


def identity(connection: Connection) -> str | None:
    """The gallery's identity; None where its row is not there yet."""
    found = connection.execute(select(tables.gallery.c.id)).scalar()
    return None if found is None else str(found)


def read_head(connection: Connection, keyring: Keyring, lock: bool = False) -> Head:
    """The gallery's row, checked.

    Args:
        connection: inside a transaction.
        keyring: that seals it.
        lock: keep other writers of PostgreSQL out; SQLite's are, from the beginning.

    Raises:
        TamperError: it was changed.
        GalleryError: it is missing.
    """
    query = select(tables.gallery)
    found: Row[Any] | None = connection.execute(query.with_for_update() if lock else query).first()
    if found is None:
        raise GalleryError("the gallery's own row is missing. Restore it from a backup.")
    values = found._asdict()
    head = Head(**{name: values[name] for name in Head.__dataclass_fields__})
    if not hmac.compare_digest(values["seal"], head.seal(keyring)):
        raise TamperError(
            "the gallery's own row was changed since it was written (counts, audit or settings). "
            "Restore the gallery from a backup, and look for who could write to it."
        )
    return head


class Unit:
    """One write transaction; made by `writing`.

    Attributes:
        connection: inside the transaction.
        keyring: of the gallery.
        head: as it will be written.
        settings: that hold.
        actor: whom events name.
        now: of the transaction, UTC.
    """

    def __init__(self, connection: Connection, keyring: Keyring, actor: str) -> None:
        self.connection, self.keyring, self.actor = connection, keyring, actor
        self.head = read_head(connection, keyring, lock=True)
        self.settings = self.head.opened_settings(keyring)
        self.now = datetime.now(UTC)
        self._chain = Chain(keyring.purpose("audit"), self.head.events, self.head.head)
        self._events: list[dict[str, Any]] = []
        self._change: int | None = None

    def event(
        self,
        action: str,
        *,
        subject: int | None = None,
        outcome: str = "done",
        policy: Mapping[str, Any] | None = None,
        band: Band | None = None,
        contract: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event; fields as `audit.Event` has them."""
        stored = self._chain.add(
            Event(
                self._chain.events + 1,
                self.now,
                self.actor,
                action,
                subject,
                outcome,
                policy,
                band,
                contract,
                details,
            )
        )
        self._events.append(vars(stored))

    @property
    def change(self) -> int:
        """The number of this change of subjects; one for the whole transaction."""
        if self._change is None:
            self._change = self.head.change + 1
            self.head = replace(self.head, change=self._change)
        return self._change

    def new_subject(self) -> int:
        """A number that no subject had before."""
        number = self.head.next_subject
        self.head = replace(self.head, next_subject=number + 1)
        return number

    def new_reference(self) -> int:
        """A number that no reference had before."""
        number = self.head.next_reference
        self.head = replace(self.head, next_reference=number + 1)
        return number

    def use_key(self, version: int) -> None:
        """From now on writers wrap under this data key."""
        self.head = replace(self.head, key_version=version)

    def configure(self, settings: Settings) -> None:
        """Keep other settings."""
        self.head = replace(self.head, settings_revision=self.head.settings_revision + 1)
        sealed = self.head.sealed_settings(self.keyring, settings)
        self.head = replace(self.head, settings=sealed)
        self.settings = settings

    def finish(self) -> None:
        """Write events and row, last in the transaction."""
        if self._events:
            self.connection.execute(insert(tables.event), self._events)
        self.head = replace(self.head, events=self._chain.events, head=self._chain.head)
        self.connection.execute(update(tables.gallery).values(**self.head.row(self.keyring)))


@contextmanager
def writing(database: Database, keyring: Keyring, actor: str) -> Iterator[Unit]:
    """A write transaction, durable when the block has ended well.

    Raises:
        GalleryError: see `Database.writing`.
        TamperError: the gallery's row was changed.
    """
    with database.writing() as connection:
        unit = Unit(connection, keyring, actor)
        yield unit
        unit.finish()
