"""Changing keys while the gallery is in use.

A new master key wraps the data keys anew, in one short write. A new data key is made beside the old
one; from then on writers use it, and subjects' keys are wrapped anew in batches, between which
everybody else reads and writes. Each row says which data key it needs, and a process that meets a
new one fetches it, reading the master key's source again if need be. When nothing needs the old
data key any more it is deleted. A rotation that broke off is finished by the next one.
"""

from collections.abc import Callable

from sqlalchemy import delete, insert, select, update

from twofold.gallery.core import Core, stored_keys
from twofold.gallery.keys.ring import WrappedKey, WrappedSecret
from twofold.gallery.keys.source import KeySource
from twofold.gallery.snapshots import shred
from twofold.gallery.store import tables
from twofold.gallery.store.rewriting import resealed, rewrapped
from twofold.gallery.store.statements import update_rows
from twofold.gallery.store.unit import Unit

_AT_ONCE = 1000


def rotate_master_key(core: Core, source: KeySource, actor: str | None) -> None:
    """Wrap all data keys under another master key, which is used from now on."""
    master = source.read()
    with core.writing(actor) as unit:
        before = sorted({one.master for one in stored_keys(unit.connection)})
        for one in stored_keys(unit.connection):
            wrapped = core.keyring.wrapped(one.version, master)
            unit.connection.execute(
                update(tables.data_key)
                .where(tables.data_key.c.version == one.version)
                .values(master=wrapped.master, wrapped=wrapped.wrapped)
            )
        unit.event(
            "key",
            outcome="master key changed",
            details={"from": before, "to": master.identity},
        )
    core.keyring.source = source
    core.database.scrub()


def rotate_data_key(
    core: Core, reseal: bool, actor: str | None, watch: Callable[[int], None] | None
) -> int:
    """Make a new data key and bring everything under it.

    Args:
        core: of the gallery.
        reseal: also give each subject a new key and seal its records anew, so that subjects' keys
            that someone took together with the old data key open nothing any more.
        actor: in whose name.
        watch: told after each batch how many subjects are done.

    Returns:
        Subjects whose keys were changed.
    """
    with core.writing(actor) as unit:
        version = 1 + max(one.version for one in stored_keys(unit.connection))
        _insert(unit, core.keyring.new_data_key(version))
        unit.use_key(version)
        for stored in _secrets(unit):
            moved = core.keyring.wrapped_secret(stored.name, core.keyring.secret(stored), version)
            unit.connection.execute(
                update(tables.secret)
                .where(tables.secret.c.name == moved.name)
                .values(key_version=version, wrapped=moved.wrapped)
            )
        unit.event("key", outcome="data key added", details={"version": version})
    done = 0
    while True:
        with core.writing(actor) as unit:
            moved_now = _move(core, unit, version, reseal)
            if moved_now == 0:
                if reseal:
                    shred(core, unit)  # whoever took the data key could open them
                _finish(core, unit, version, done, reseal)
                break
        done += moved_now
        if watch is not None:
            watch(done)
    core.database.scrub()
    return done


def _move(core: Core, unit: Unit, version: int, reseal: bool) -> int:
    """One batch of subjects that are under an older data key."""
    table = tables.subject
    # From the oldest on: newer rotations start while an older one runs only by another process,
    # whose key is newer still and is left alone.
    query = select(table.c.id).where(table.c.key_version < version).order_by(table.c.id)
    ids = list(unit.connection.execute(query.limit(_AT_ONCE)).scalars())
    if not ids:
        return 0
    if reseal:
        rows, references = resealed(core.records, unit.connection, ids, version)
        update_rows(unit.connection, tables.reference, references)
    else:
        rows = rewrapped(core.records, unit.connection, ids, version)
    update_rows(unit.connection, table, rows)
    return len(ids)


def _finish(core: Core, unit: Unit, version: int, done: int, reseal: bool) -> None:
    """Delete the older data keys: nothing is wrapped under them any more."""
    older = [one.version for one in stored_keys(unit.connection) if one.version < version]
    unit.connection.execute(delete(tables.data_key).where(tables.data_key.c.version.in_(older)))
    for one in older:
        core.keyring.forget(one)
    unit.event(
        "key",
        outcome="data key changed",
        details={"version": version, "subjects": done, "resealed": reseal, "deleted": older},
    )


def _secrets(unit: Unit) -> list[WrappedSecret]:
    return [
        WrappedSecret(row.name, row.key_version, bytes(row.wrapped))
        for row in unit.connection.execute(select(tables.secret))
    ]


def _insert(unit: Unit, key: WrappedKey) -> None:
    unit.connection.execute(
        insert(tables.data_key),
        {
            "version": key.version,
            "master": key.master,
            "wrapped": key.wrapped,
            "created": unit.now.isoformat(timespec="seconds"),
        },
    )
