"""The search index in memory, kept up to date with the store.

The store counts its changes (`store.tables.gallery.change`). Before each search the index takes in
what changed since, by whichever process; so a search sees every enrolment that was acknowledged
before it began, and nobody who was erased.
"""

import threading
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, select

from twofold.gallery.comparing import Comparer
from twofold.gallery.keys.ring import Keyring
from twofold.gallery.search import Index
from twofold.gallery.settings import Settings
from twofold.gallery.snapshot import Snapshot
from twofold.gallery.snapshot_keys import SnapshotKey, known
from twofold.gallery.store import tables
from twofold.gallery.store.database import Database
from twofold.gallery.store.records import Records
from twofold.gallery.store.unit import read_head
from twofold.template import Template

_AT_ONCE = 4096


class LiveIndex:
    """Search among all who are enrolled. Safe between threads.

    Args:
        database, keyring, records: that it follows.
        comparer: that makes the index.
        snapshot: file to start from, or None.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        records: Records,
        comparer: Comparer,
        snapshot: Path | None,
    ) -> None:
        self._database, self._keyring = database, keyring
        self._records, self._comparer = records, comparer
        self._snapshot = None if snapshot is None else Snapshot(snapshot, keyring.gallery)
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._contracts = _contracts(Settings())
        self._position = 0
        self._saved: tuple[int, str] | None = None  # position and key of the snapshot's file

    def current(self) -> tuple[Index, int]:
        """The index with everything acknowledged so far, and the change it stands at.

        Raises:
            OptionError: each subject has a key of its own, so that there is no index.
        """
        with self._lock, self._database.reading() as connection:
            head = read_head(connection, self._keyring)
            if self._index is None or head.change != self._position:
                settings = head.opened_settings(self._keyring)
                settings.require_searchable()
                self._comparer.follow(connection, settings)
                self._follow(connection, settings)
                self._position = head.change
            assert self._index is not None
            return self._index, self._position

    def since(self, connection: Connection, settings: Settings, position: int) -> Index:
        """An index of only those who changed later than a position, inside a write."""
        index = self._comparer.index(settings)
        index.put_many(
            (record.id, template)
            for record, template in self._records.changed(connection, position)
        )
        return index

    def wrote(
        self, change: int, settings: Settings, put: Sequence[tuple[int, Template]],
        gone: Iterable[int] = (),
    ) -> None:  # fmt: skip
        """Take in an own write at once, where nothing else came in between."""
        with self._lock:
            ours = self._position == change - 1 and self._contracts == _contracts(settings)
            if self._index is None or not ours:
                return  # the next search catches up
            self._index.put_many(put)
            for subject in gone:
                self._index.remove(subject)
            self._position = change

    def snapshot_file(self, path: Path | None) -> Snapshot | None:
        """The file at a path; None for the one that the gallery was opened with, if any."""
        return self._snapshot if path is None else Snapshot(path, self._keyring.gallery)

    def saved(self, file: Snapshot, position: int, key: SnapshotKey) -> None:
        """Take note of what was written."""
        if file is self._snapshot:
            self._saved = position, key.identity

    def unsaved(self) -> bool:
        """Whether the snapshot is to be written: there shall be one, and it is not as the index."""
        if self._snapshot is None or self._index is None:
            return False
        if self._saved is None or not self._snapshot.path.exists():
            return True
        with self._database.reading() as connection:
            change = read_head(connection, self._keyring).change
            key = known(connection, self._keyring, self._saved[1])
        return self._saved[0] != change or key is None

    def _follow(self, connection: Connection, settings: Settings) -> None:
        if self._index is not None and self._contracts != _contracts(settings):
            self._index = None  # a modality came in that it has no calibration for, or re-issued
        if self._index is None:
            self._index, self._position = self._started(connection, settings)
            self._contracts = _contracts(settings)
        for subject in self._records.gone(connection, self._position):
            self._index.remove(subject)
        changed = self._records.changed(connection, self._position)
        while some := list(islice(changed, _AT_ONCE)):  # all at once would hold every template
            self._index.put_many((record.id, template) for record, template in some)

    def _started(self, connection: Connection, settings: Settings) -> tuple[Index, int]:
        """From the snapshot, or empty."""

        def confirmed(number: int, digest: str) -> bool:
            query = select(tables.event.c.digest).where(tables.event.c.number == number)
            found = connection.execute(query).scalar()
            return found is not None and bytes(found).hex() == digest

        def key_of(identity: str) -> SnapshotKey | None:
            return known(connection, self._keyring, identity)

        if self._snapshot is not None:
            model = self._comparer.index_model(settings)
            found = self._snapshot.load(model, confirmed, key_of)
            if found is not None:
                index, position, key = found
                self._saved = position, key.identity
                return index, position
        return self._comparer.index(settings), 0


def _contracts(settings: Settings) -> tuple[str | None, str | None, int]:
    return settings.face_contract, settings.iris_contract, settings.transform
