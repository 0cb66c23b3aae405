"""Writing a snapshot of the search index, and destroying all of them when somebody is erased."""

import platform
import secrets
from pathlib import Path

from twofold.errors import OptionError
from twofold.gallery import snapshot_keys
from twofold.gallery.core import Core
from twofold.gallery.sealing import new_key
from twofold.gallery.snapshot import Snapshot, belongs_to
from twofold.gallery.snapshot_keys import SnapshotKey
from twofold.gallery.store.unit import Unit, read_head


def save(core: Core, path: Path | None, actor: str | None) -> Path:
    """Write a snapshot of everything acknowledged so far; see `Gallery.save_snapshot`."""
    file: Snapshot | None = core.index.snapshot_file(path)
    if file is None:
        raise OptionError("snapshot: name a file; the gallery was opened without one.")
    core.settings().require_searchable()  # before a key is made
    key = SnapshotKey(secrets.token_hex(8), new_key(), file.path.absolute(), platform.node())
    # The key first, then the index: whoever is erased in between takes the key along, and whoever
    # was erased before is not in the index.
    with core.writing(actor) as unit:
        snapshot_keys.add(unit, key)
        unit.event("snapshot", outcome="written")
    index, position = core.index.current()
    with core.database.reading() as connection:
        head = read_head(connection, core.keyring)
    file.save(index, position, head.audit, key)
    with core.database.reading() as connection:
        kept = snapshot_keys.known(connection, core.keyring, key.identity)
    if kept is None:  # somebody was erased meanwhile: what was written cannot be read
        file.path.unlink(missing_ok=True)
    core.index.saved(file, position, key)
    return file.path


def save_if_changed(core: Core) -> None:
    """Write the snapshot that the gallery was opened with, where the index has gone on since."""
    if core.index.unsaved():
        save(core, None, None)


def shred(core: Core, unit: Unit) -> tuple[str, ...]:
    """Make every snapshot unreadable with this write, and remove the files.

    Returns:
        Files that could not be removed, or may be on another machine. What they hold is lost.
    """
    known = snapshot_keys.every(unit.connection, unit.keyring)
    keys = snapshot_keys.forget_all(unit)
    places = {(one.path, one.host) for one in known}
    own = core.index.snapshot_file(None)
    if own is not None and own.path.exists():
        places.add((own.path.absolute(), platform.node()))
    left, removed = [], 0
    # Before the commit: were this process to end in between, no file would be known any more.
    for path, host in sorted(places):
        there = belongs_to(path, unit.keyring.gallery)
        if there is False:
            if host != platform.node():
                left.append(f"{path} on {host}")
            continue
        try:
            path.unlink()
            removed += 1
        except OSError as error:
            left.append(f"{path} ({error.strerror})")
    if keys or removed or left:
        unit.event(
            "snapshot",
            outcome="destroyed",
            details={"keys": keys, "removed": removed, "left": left},
        )
    return tuple(left)
