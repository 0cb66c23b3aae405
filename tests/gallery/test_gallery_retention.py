"""Erasure is real: records, keys, index; and the audit says so without a name."""

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.gallery.conftest import KEY, Open
from tests.gallery.people import person, recognizer
from twofold.gallery import Gallery, GalleryError, UnknownSubjectError
from twofold.gallery.store import tables


def test_who_is_erased_is_found_nowhere(open_gallery: Open) -> None:
    gallery, other = open_gallery(), open_gallery()
    for number in range(4):
        gallery.enroll(f"person {number}", person(number))
    for one in (gallery, other):
        assert one.identify(person(1, 1), top_k=1).candidates[0].subject == "person 1"
    gone = gallery.withdraw("person 1")
    assert gone.subjects == 1
    for one in (gallery, other):
        found = one.identify(person(1, 1), top_k=4)
        assert "person 1" not in [candidate.subject for candidate in found.candidates]
        assert found.references == 3
        with pytest.raises(UnknownSubjectError):
            one.get("person 1")
    with gallery._core.database.reading() as connection:
        for table, column in ((tables.subject, "id"), (tables.reference, "subject")):
            ids = connection.execute(select(table.c[column])).scalars().all()
            assert 2 not in ids
    (event,) = gallery.audit(action="withdraw")
    assert (event.subject, event.details) == (2, None)
    assert gallery.verify_audit().ok


def test_a_number_is_never_given_twice(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    gallery.delete("Ada")
    assert gallery.enroll("Ada", person(1)).subject.id == 2


def test_all_or_none_are_erased(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    with pytest.raises(UnknownSubjectError):
        gallery.delete("Ada", "Bea")
    assert "Ada" in gallery


def test_expiry(open_gallery: Open) -> None:
    gallery = open_gallery()
    gallery.enroll("past", person(1), expires=date(2020, 1, 1))
    gallery.enroll("soon", person(2), expires=datetime(2090, 1, 1, 12, tzinfo=UTC))
    gallery.enroll("never", person(3))
    with pytest.raises(GalleryError, match="expired"):
        gallery.verify("past", person(1, 1))
    found = gallery.identify(person(1, 1), fpir=0.1)
    assert found.nobody
    assert "past" not in [one.subject for one in found.candidates]
    assert gallery.expire().subjects == 1
    assert [one.name for one in gallery.subjects()] == ["soon", "never"]
    assert gallery.expire(datetime(2090, 1, 1, 11, tzinfo=UTC)).subjects == 0
    assert gallery.expire(datetime(2090, 1, 1, 12, tzinfo=UTC)).subjects == 1
    assert [one.action for one in gallery.audit(subject=1)] == ["enrol", "verify", "expire"][::2]
    assert gallery.verify_audit().ok


def _bytes(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir() if one.name.startswith("people"))


def test_sqlites_files_hold_nothing_of_the_erased(tmp_path: Path) -> None:
    path = tmp_path / "people.gallery"
    with Gallery.open(path, key=KEY, recognizer=recognizer()) as gallery:
        for number in range(30):
            gallery.enroll(f"person {number}", person(number), duplicates="allow")
        with gallery._core.database.reading() as connection:
            row = connection.execute(select(tables.subject).where(tables.subject.c.id == 7)).one()
            sealed = connection.execute(
                select(tables.reference.c.template).where(tables.reference.c.subject == 7)
            ).scalar_one()
        traces = [row.wrapped, row.profile, sealed[:64], row.lookup]
        assert all(bytes(one) in _bytes(tmp_path) for one in traces)
        assert gallery.delete("person 6").scrubbed
        for one in traces:
            assert bytes(one) not in _bytes(tmp_path)


def test_a_reader_of_an_older_state_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twofold.gallery.store import database

    monkeypatch.setattr(database, "_CHECKPOINT_SECONDS", 0.1)
    path = tmp_path / "people.gallery"
    with Gallery.open(path, key=KEY, recognizer=recognizer()) as gallery:
        gallery.enroll("Ada", person(1))
        gallery.enroll("Bea", person(2))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM subject").fetchone()
        assert not gallery.delete("Ada").scrubbed
        reader.execute("COMMIT")
        reader.close()
        assert gallery.delete("Bea").scrubbed


def test_replaced_references_are_gone_from_the_files(tmp_path: Path) -> None:
    path = tmp_path / "people.gallery"
    with Gallery.open(path, key=KEY, recognizer=recognizer()) as gallery:
        gallery.enroll("Ada", person(1))
        with gallery._core.database.reading() as connection:
            old = bytes(connection.execute(select(tables.reference.c.template)).scalar_one())
        gallery.update("Ada", person(1, sample=1), replace_references=True)
        assert old[:64] not in _bytes(tmp_path)


def test_a_removed_reference_is_gone_from_the_files(tmp_path: Path) -> None:
    path, snapshot = tmp_path / "people.gallery", tmp_path / "people.snapshot"
    with Gallery.open(path, key=KEY, recognizer=recognizer(), snapshot=snapshot) as gallery:
        gallery.enroll("Ada", person(1))
        with gallery._core.database.reading() as connection:
            old = bytes(connection.execute(select(tables.reference.c.template)).scalar_one())
        gallery.update("Ada", person(1, sample=1))
        assert gallery.save_snapshot() == snapshot
        gallery.remove_reference("Ada", gallery.references("Ada")[0].id)
        assert not snapshot.exists()
        assert old[:64] not in _bytes(tmp_path)
        gallery.close(save=False)
