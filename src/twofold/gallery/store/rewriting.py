"""Rows of many subjects, sealed or wrapped anew, for `store.statements.update_rows`."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from twofold.gallery.sealing import seal
from twofold.gallery.store import tables
from twofold.gallery.store.records import Records
from twofold.template import Template


def rewrapped(
    records: Records, connection: Connection, ids: Sequence[int], version: int
) -> list[dict[str, Any]]:
    """Rows of `subject` whose keys are wrapped under another data key."""
    return [
        {
            "id": row.id,
            "key_version": version,
            "wrapped": records.keys.wrapped_subject_key(
                records.keys.subject_key(bytes(row.wrapped), row.id, row.key_version),
                row.id,
                version,
            ),
        }
        for row in connection.execute(select(tables.subject).where(tables.subject.c.id.in_(ids)))
    ]


def resealed(
    records: Records, connection: Connection, ids: Sequence[int], version: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `subject` and of `reference`, under new subjects' keys."""
    subjects: list[dict[str, Any]] = []
    references: list[dict[str, Any]] = []
    for number, old in records.of_ids(connection, ids).items():
        key, wrapped = records.keys.new_subject_key(number, version)
        place = ("profile", records.keys.gallery, number, old.revision)
        profile = seal(key, old.profile.to_bytes(), *place)
        subjects.append(
            {"id": number, "key_version": version, "wrapped": wrapped, "profile": profile}
        )
        query = select(tables.reference).where(tables.reference.c.subject == number)
        for row in connection.execute(query):
            content = records.opened(old, row).to_bytes()
            bound = records.place(number, row.id, row.revision)
            references.append({"id": row.id, "template": seal(key, content, *bound)})
    return subjects, references


def changed_references(
    records: Records,
    connection: Connection,
    ids: Sequence[int],
    change: Callable[[str], Callable[[Template], Template]],
) -> list[dict[str, Any]]:
    """Rows of `reference` with other templates, in the same places.

    Args:
        records: that open and seal.
        connection: inside the write.
        ids: of subjects.
        change: given a subject's name, what makes another of each of its templates.
    """
    rows: list[dict[str, Any]] = []
    for number, record in records.of_ids(connection, ids).items():
        query = select(tables.reference).where(tables.reference.c.subject == number)
        found = list(connection.execute(query))
        records.require_all(record, found)
        changed = change(record.profile.name)
        for row in found:
            content = changed(records.opened(record, row)).to_bytes()
            bound = records.place(number, row.id, row.revision)
            rows.append({"id": row.id, "template": seal(record.key, content, *bound)})
    return rows
