"""Snapshots of the search index: sealed, caught up, and destroyed with whoever is erased."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.gallery.conftest import KEY, Open
from tests.gallery.people import person, recognizer
from twofold.errors import OptionError
from twofold.gallery import Gallery, snapshot_keys, snapshots
from twofold.gallery.store import tables

pytestmark = pytest.mark.skipif(
    not hasattr(os, "memfd_create"), reason="snapshots need Linux's memfd"
)


def test_a_snapshot_starts_the_index_and_is_sealed(tmp_path: Path) -> None:
    path, snapshot = tmp_path / "people.gallery", tmp_path / "people.snapshot"
    options = {"key": KEY, "recognizer": recognizer(), "snapshot": snapshot}
    with Gallery.open(path, **options) as gallery:  # type: ignore[arg-type]
        for number in range(6):
            gallery.enroll(f"person {number}", person(number))
        expected = gallery.identify(person(3, 1), top_k=6)
    content = snapshot.read_bytes()
    assert snapshot.stat().st_mode & 0o777 == 0o600
    for number in range(6):
        assert person(number).faces[0].vector.tobytes()[:16] not in content
        assert person(number).irises[0].code.bits.tobytes()[:8] not in content

    with Gallery.open(path, **options) as again:  # type: ignore[arg-type]
        decrypted = []
        records = again._core.records
        changed = records.changed

        def counted(*given: object) -> object:
            for one in changed(*given):  # type: ignore[arg-type]
                decrypted.append(one)
                yield one

        records.changed = counted  # type: ignore[method-assign, assignment]
        assert again.identify(person(3, 1), top_k=6) == expected
        assert decrypted == []
        again.enroll("person 6", person(6))
        assert again.identify(person(6, 1), top_k=1).candidates[0].subject == "person 6"
        assert len(decrypted) <= 1

    damaged = bytearray(snapshot.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    snapshot.write_bytes(damaged)
    with Gallery.open(path, **options) as again:  # type: ignore[arg-type]
        assert again.identify(person(3, 1), top_k=1).references == 7


def test_an_erasure_takes_the_snapshot_with_it(tmp_path: Path) -> None:
    path, snapshot = tmp_path / "people.gallery", tmp_path / "people.snapshot"
    options = {"key": KEY, "recognizer": recognizer(), "snapshot": snapshot}
    with Gallery.open(path, **options) as gallery:  # type: ignore[arg-type]
        for number in range(3):
            gallery.enroll(f"person {number}", person(number))
    assert snapshot.exists()
    with Gallery.open(path, **options) as gallery:  # type: ignore[arg-type]
        gallery.delete("person 1")
        assert not snapshot.exists()
        gallery.close(save=False)


def test_a_snapshot_of_another_history_is_not_used(tmp_path: Path) -> None:
    path, snapshot = tmp_path / "people.gallery", tmp_path / "people.snapshot"
    backup = tmp_path / "backup"
    options = {"key": KEY, "recognizer": recognizer(), "snapshot": snapshot}
    with Gallery.open(path, **options) as gallery:  # type: ignore[arg-type]
        gallery.enroll("Ada", person(1))
        gallery._core.database.scrub()
        backup.write_bytes(path.read_bytes())
        gallery.enroll("Bea", person(2))
        gallery.identify(person(2))
    backup.replace(path)
    with Gallery.open(path, **options) as gallery:  # type: ignore[arg-type]
        gallery.enroll("Cleo", person(3), duplicates="allow")
        names = {one.subject for one in gallery.identify(person(2)).candidates}
        assert names == {"Ada", "Cleo"}


def _with_snapshot(gallery: Gallery, path: Path) -> bytes:
    """Ada and Bea, and the content of a snapshot of them."""
    gallery.enroll("Ada", person(1))
    gallery.enroll("Bea", person(2))
    assert gallery.save_snapshot(path) == path
    return path.read_bytes()


def _keys(gallery: Gallery) -> list[snapshot_keys.SnapshotKey]:
    with gallery._core.database.reading() as connection:
        return snapshot_keys.every(connection, gallery._core.keyring)


def _starts_from(gallery: Gallery) -> bool:
    """Whether the index came from the snapshot: then no record is opened."""
    opened = []
    changed = gallery._core.records.changed

    def counted(*given: Any) -> Any:
        for one in changed(*given):
            opened.append(one)
            yield one

    gallery._core.records.changed = counted  # type: ignore[method-assign]
    gallery.identify(person(1, 1))
    return not opened


def test_whoever_erases_destroys_a_snapshot_that_it_was_not_told_of(
    open_gallery: Open, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    gallery = open_gallery()
    content = _with_snapshot(gallery, first)
    gallery.save_snapshot(second)
    assert len(_keys(gallery)) == 2
    other = open_gallery()
    assert other.delete("Ada").snapshots_left == ()
    assert not first.exists()
    assert not second.exists()
    assert _keys(gallery) == []
    told = other.audit(action="snapshot")
    assert [one.outcome for one in told] == ["written", "written", "destroyed"]
    assert told[-1].details == {"keys": 2, "removed": 2, "left": []}
    # A copy of the file that was kept opens for nobody.
    first.write_bytes(content)
    again = open_gallery(snapshot=first)
    assert not _starts_from(again)
    assert other.verify_audit().ok


@pytest.mark.parametrize("act", ["replace", "withdraw", "expire", "purge", "import", "reseal"])
def test_each_way_of_erasing_destroys_it(tmp_path: Path, act: str) -> None:
    from datetime import date

    place, file = tmp_path / "people.gallery", tmp_path / "file"
    with Gallery.open(place, key=KEY, recognizer=recognizer()) as gallery:
        _with_snapshot(gallery, file)
        if act == "replace":
            gallery.update("Ada", person(1, 1), replace_references=True)
        elif act == "withdraw":
            gallery.withdraw("Ada")
        elif act == "purge":
            gallery.purge(1)
        elif act == "expire":
            gallery.update("Ada", expires=date(2020, 1, 1))
            assert file.exists()
            gallery.expire()
        elif act == "import":
            gallery.export(tmp_path / "export", plain=True)
            assert file.exists()
            gallery.import_(tmp_path / "export", existing="replace")
        else:
            gallery.rotate_keys(data=True)
            assert file.exists()
            gallery.rotate_keys(reseal=True)
        assert not file.exists()
        assert _keys(gallery) == []
        assert gallery.verify_audit().ok


def test_a_revoked_transform_takes_it_along(tmp_path: Path) -> None:
    place, file = tmp_path / "people.gallery", tmp_path / "file"
    with Gallery.open(place, key=KEY, recognizer=recognizer(), revocable=True) as gallery:
        _with_snapshot(gallery, file)
        gallery.reissue()
        assert not file.exists()
        assert _keys(gallery) == []


def test_its_key_follows_a_new_data_key(open_gallery: Open, tmp_path: Path) -> None:
    file = tmp_path / "file"
    gallery = open_gallery()
    _with_snapshot(gallery, file)
    gallery.rotate_keys(data=True)
    assert _starts_from(open_gallery(snapshot=file))


def test_a_file_that_cannot_be_removed_is_told_and_cannot_be_read(
    open_gallery: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    gallery = open_gallery()
    content = _with_snapshot(gallery, file)

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        erased = gallery.delete("Ada")
    assert erased.subjects == 1
    assert erased.snapshots_left == (f"{file} (Permission denied)",)
    assert gallery.audit(action="snapshot")[-1].details == {
        "keys": 1, "removed": 0, "left": [f"{file} (Permission denied)"],
    }  # fmt: skip
    assert file.read_bytes() == content
    assert not _starts_from(open_gallery(snapshot=file))


def test_a_file_on_another_machine_is_told(
    open_gallery: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    gallery = open_gallery()
    monkeypatch.setattr("platform.node", lambda: "there")
    _with_snapshot(gallery, file)
    monkeypatch.setattr("platform.node", lambda: "here")
    file.rename(tmp_path / "elsewhere")  # as seen from here
    assert gallery.delete("Ada").snapshots_left == (f"{file} on there",)


def test_only_a_snapshot_of_this_gallery_is_removed(open_gallery: Open, tmp_path: Path) -> None:
    file = tmp_path / "file"
    gallery = open_gallery()
    _with_snapshot(gallery, file)
    file.write_text("somebody's letter")
    assert gallery.delete("Ada").snapshots_left == ()
    assert file.read_text() == "somebody's letter"


def test_a_changed_key_keeps_nobody_from_erasing(open_gallery: Open, tmp_path: Path) -> None:
    file = tmp_path / "file"
    gallery = open_gallery()
    _with_snapshot(gallery, file)
    with gallery._core.database.writing() as connection:
        named = tables.secret.c.name.startswith("snapshot:")
        row = connection.execute(select(tables.secret).where(named)).one()
        wrapped = bytes(row.wrapped)[:-1] + bytes([bytes(row.wrapped)[-1] ^ 1])
        connection.execute(update(tables.secret).where(named).values(wrapped=wrapped))
    assert not _starts_from(open_gallery(snapshot=file))
    assert gallery.delete("Ada").subjects == 1
    with gallery._core.database.reading() as connection:
        assert connection.execute(select(tables.secret).where(named)).first() is None


def test_an_erasure_while_it_is_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, file = tmp_path / "people.gallery", tmp_path / "file"
    with Gallery.open(place, key=KEY, recognizer=recognizer()) as gallery:
        gallery.enroll("Ada", person(1))
        gallery.enroll("Bea", person(2))
        save = snapshots.Snapshot.save

        def meanwhile(*given: Any) -> None:
            gallery.delete("Ada")
            save(*given)

        monkeypatch.setattr(snapshots.Snapshot, "save", meanwhile)
        gallery.save_snapshot(file)
        assert not file.exists()


def test_it_is_written_only_where_something_changed(tmp_path: Path) -> None:
    place, file = tmp_path / "people.gallery", tmp_path / "file"
    options: dict[str, Any] = {"key": KEY, "recognizer": recognizer(), "snapshot": file}
    with Gallery.open(place, **options) as gallery:
        gallery.enroll("Ada", person(1))
    content = file.read_bytes()
    with Gallery.open(place, **options) as gallery:
        gallery.identify(person(1, 1))
    assert file.read_bytes() == content
    with Gallery.open(place, **options) as gallery:
        gallery.enroll("Bea", person(2))
    assert file.read_bytes() != content


def test_a_place_must_be_named(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="name a file"):
        gallery.save_snapshot()
