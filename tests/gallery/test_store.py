"""The store: forms of tables, sealed records that stay in their places, private files."""

import base64
import os
import shutil
import sqlite3
import stat
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, inspect, select, text, update

from tests.gallery.conftest import KEY, Open, Restored
from tests.gallery.people import face, person, recognizer
from tests.templates import FACE_CONTRACT
from twofold.errors import TwofoldError
from twofold.gallery import Gallery, GalleryError, KeySource, TamperError, bundle
from twofold.gallery.sealing import place, seal, unseal
from twofold.gallery.store import schema, tables
from twofold.gallery.store.database import Database

SUBJECT, REFERENCE = tables.subject, tables.reference


def test_a_sealed_record_opens_in_its_own_place_only() -> None:
    key, other = bytes(range(32)), bytes(range(1, 33))
    sealed = seal(key, b"content", "profile", 1, b"x")
    assert unseal(key, sealed, "profile", 1, b"x", named="it") == b"content"
    assert sealed != seal(key, b"content", "profile", 1, b"x")
    for parts in (("profile", 2, b"x"), ("profile", 1), ("profil", "e1", b"x"), ()):
        with pytest.raises(TamperError):
            unseal(key, sealed, *parts, named="it")
    with pytest.raises(TamperError):
        unseal(other, sealed, "profile", 1, b"x", named="it")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(TamperError):
            unseal(key, changed, "profile", 1, b"x", named="it")
    for length in range(len(sealed)):
        with pytest.raises(TamperError):
            unseal(key, sealed[:length], "profile", 1, b"x", named="it")


def test_no_two_places_are_alike() -> None:
    lists = [("a", "b"), ("ab",), ("a", b"b"), (b"a", "b"), ("a", 98), (97, "b"), ("a", "", "b")]
    assert len({place(*one) for one in lists}) == len(lists)


def test_the_migrations_make_the_tables_that_are_used(gallery: Gallery) -> None:
    with gallery._core.database.reading() as connection:
        found = inspect(connection)
        names = set(found.get_table_names())
        assert names == set(tables.metadata.tables) | {"alembic_version"}
        for name, table in tables.metadata.tables.items():
            columns = {one["name"]: one for one in found.get_columns(name)}
            assert set(columns) == set(table.columns.keys())
            for column in table.columns:
                assert columns[column.name]["nullable"] is bool(column.nullable), column
            indexed = {tuple(one["column_names"]) for one in found.get_indexes(name)}
            assert {(one.name,) for one in table.columns if one.index} <= indexed


def test_the_newest_migration_is_the_one_that_is_expected() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == schema.NEWEST


def test_an_older_gallery_is_migrated_on_open(
    open_gallery: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the next version will: with one more migration than wrote the gallery."""
    gallery = open_gallery()
    gallery.enroll("Ada", person(1))
    later = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", later)
    (later / "versions" / "v0002_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n    op.add_column('subject', sa.Column('more', sa.Integer))\n"
    )
    monkeypatch.setattr(schema, "NEWEST", "0002")
    monkeypatch.setattr(schema, "MIGRATIONS", str(later))
    again = open_gallery()
    with again._core.database.reading() as connection:
        columns = [one["name"] for one in inspect(connection).get_columns("subject")]
    assert "more" in columns
    assert again.template("Ada") == person(1)
    assert again.verify_audit().ok
    monkeypatch.undo()
    with pytest.raises(GalleryError, match="newer version of Twofold"):
        open_gallery()


def test_a_newer_gallery_is_refused(open_gallery: Open, gallery: Gallery) -> None:
    with gallery._core.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(GalleryError, match="newer version of Twofold"):
        open_gallery()


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text)")
    with pytest.raises(GalleryError, match="no gallery's"):
        Gallery.open(path, key=KEY)
    junk = tmp_path / "junk"
    junk.write_bytes(b"no database at all" * 100)
    with pytest.raises(GalleryError, match="not a usable gallery"):
        Gallery.open(junk, key=KEY)
    assert junk.read_bytes() == b"no database at all" * 100
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(GalleryError, match="holds no gallery"):
        Gallery.open(empty, key=KEY, create=False)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "people.gallery"
    with Gallery.open(path, key=KEY) as gallery:
        assert len(gallery) == 0
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_commits_are_synchronous(gallery: Gallery) -> None:
    database = gallery._core.database
    with database.reading() as connection:
        if database.sqlite:
            told = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
            ]
            assert told == ["wal", 2, 1, 1]
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_server_that_acknowledges_too_early_is_overruled(postgres_url: str) -> None:
    hasty = f"{postgres_url}%20-csynchronous_commit%3Doff"
    gallery = Gallery.open(hasty, key=KEY)
    with gallery, gallery._core.database.reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_reader_sees_one_state(gallery: Gallery) -> None:
    core = gallery._core
    gallery.enroll("Ada", person(1))
    with core.database.reading() as connection:
        assert core.records.count(connection) == 1
        gallery.enroll("Bea", person(2))
        assert core.records.count(connection) == 1
    assert len(gallery) == 2


def test_nothing_is_left_of_a_write_that_fails(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    before = gallery.audit_head()
    with pytest.raises(ZeroDivisionError), gallery._core.writing() as unit:
        unit.event("policy")
        gallery._core.records.erase(unit, [1])
        _ = 1 // 0
    assert "Ada" in gallery
    assert gallery.audit_head() == before
    assert gallery.verify_audit().ok


def _swap_templates(connection: Connection) -> None:
    rows = connection.execute(select(REFERENCE).order_by(REFERENCE.c.id)).all()
    for one, other in ((0, 1), (1, 0)):
        connection.execute(
            update(REFERENCE)
            .where(REFERENCE.c.id == rows[one].id)
            .values(template=rows[other].template)
        )


def _swap_owners(connection: Connection) -> None:
    for reference, owner in ((1, 2), (2, 1)):
        connection.execute(
            update(REFERENCE).where(REFERENCE.c.id == reference).values(subject=owner)
        )


def _swap_profiles(connection: Connection) -> None:
    _swap(connection, "profile")


def _swap_keys(connection: Connection) -> None:
    _swap(connection, "wrapped")


def _swap_names(connection: Connection) -> None:
    rows = connection.execute(select(SUBJECT).order_by(SUBJECT.c.id)).all()
    connection.execute(update(SUBJECT).where(SUBJECT.c.id == 1).values(lookup=bytes(32)))
    connection.execute(update(SUBJECT).where(SUBJECT.c.id == 2).values(lookup=rows[0].lookup))
    connection.execute(update(SUBJECT).where(SUBJECT.c.id == 1).values(lookup=rows[1].lookup))


def _swap_everything_but_the_name(connection: Connection) -> None:
    _swap(connection, "profile", "wrapped", "revision", "key_version")
    _swap_owners(connection)


def _remove_references(connection: Connection) -> None:
    connection.execute(delete(REFERENCE).where(REFERENCE.c.subject == 1))


def _copy_a_reference(connection: Connection) -> None:
    row = connection.execute(select(REFERENCE).where(REFERENCE.c.id == 2)).one()
    connection.execute(insert(REFERENCE).values(row._asdict() | {"id": 9, "subject": 1}))


def _another_revision(connection: Connection) -> None:
    connection.execute(update(SUBJECT).where(SUBJECT.c.id == 1).values(revision=2))


def _postpone_expiry(connection: Connection) -> None:
    connection.execute(update(SUBJECT).where(SUBJECT.c.id == 1).values(expires=2**33))


def _flip_a_bit(connection: Connection) -> None:
    sealed = bytes(connection.execute(select(REFERENCE.c.template)).scalars().first() or b"")
    connection.execute(
        update(REFERENCE)
        .where(REFERENCE.c.id == 1)
        .values(template=sealed[:40] + bytes((sealed[40] ^ 1,)) + sealed[41:])
    )


def _swap(connection: Connection, *columns: str) -> None:
    rows = connection.execute(select(SUBJECT).order_by(SUBJECT.c.id)).all()
    for one, other in ((0, 1), (1, 0)):
        values = {name: getattr(rows[other], name) for name in columns}
        connection.execute(update(SUBJECT).where(SUBJECT.c.id == rows[one].id).values(**values))


ATTACKS: list[Callable[[Connection], None]] = [
    _swap_templates,
    _swap_owners,
    _swap_profiles,
    _swap_keys,
    _swap_names,
    _swap_everything_but_the_name,
    _remove_references,
    _copy_a_reference,
    _another_revision,
    _postpone_expiry,
    _flip_a_bit,
]


def test_a_record_that_was_touched_is_refused(open_gallery: Open, restored: Restored) -> None:
    gallery = open_gallery()
    for name, number in (("Ada", 1), ("Bea", 2)):
        gallery.enroll(name, person(number), duplicates="allow")
    gallery.identify(person(1))
    for attack in ATTACKS:
        with restored(gallery):
            with gallery._core.database.writing() as connection:
                attack(connection)
            again = open_gallery()
            for one in (again, gallery):  # an index in memory does not hide it
                with pytest.raises(TamperError):
                    one.verify("Ada", person(1, 1))
                with pytest.raises(TamperError):
                    one.identify(person(1, 1))
            assert not again.verify_audit().ok, attack
            again.close()
        assert gallery.verify_audit().ok


def test_what_was_damaged_can_be_purged(gallery: Gallery) -> None:
    for name, number in (("Ada", 1), ("Bea", 2)):
        gallery.enroll(name, person(number), duplicates="allow")
    with gallery._core.database.writing() as connection:
        _flip_a_bit(connection)
    with pytest.raises(TamperError, match="subject 1"):
        gallery.identify(person(2, 1))
    assert gallery.purge(1).subjects == 1
    best = gallery.identify(person(2, 1), fpir=0.1).best
    assert best is not None
    assert best.subject == "Bea"
    assert gallery.verify_audit().ok


def test_a_reference_does_not_open_in_another_gallery(open_gallery: Open, tmp_path: Path) -> None:
    gallery = open_gallery()
    gallery.enroll("Ada", person(1))
    with Gallery.open(tmp_path / "other", key=KEY, recognizer=gallery.recognizer) as other:
        other.enroll("Ada", person(2))
        with gallery._core.database.reading() as connection:
            row = connection.execute(select(SUBJECT)).one()._asdict()
        with other._core.database.writing() as connection:
            connection.execute(update(SUBJECT).values(**row))
        with pytest.raises(TamperError):
            list(other.subjects())


def test_a_stolen_database_tells_no_name_and_no_template(tmp_path: Path) -> None:
    path = tmp_path / "people.gallery"
    template = person(1, faces=2, eyes=("left", "right"))
    with Gallery.open(path, key=KEY, recognizer=recognizer(), actor="gate") as gallery:
        gallery.enroll("Ada Lovelace", template, consent="form seventeen", duplicates="allow")
        found = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"gate" in found  # the audit is in clear
    for word in (b"Lovelace", b"seventeen", b"TWFT"):
        assert word not in found
    for sample in template.faces:
        assert sample.vector.tobytes()[:16] not in found
    for one in template.irises:
        assert one.code.bits.tobytes()[:8] not in found
    secret = KEY.read().secret
    assert secret not in found


def test_errors_and_logs_hold_no_secret(
    open_gallery: Open,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "_LOG_N", 14)
    caplog.set_level(0)
    gallery = open_gallery()
    template = person(1)
    gallery.enroll("Ada", template)
    with gallery._core.database.reading() as connection:
        record = gallery._core.require(connection, "Ada")
    words = "five random words of mine"
    gallery.export(tmp_path / "export", words)
    (tmp_path / "damaged").write_bytes((tmp_path / "export").read_bytes()[:-40])
    (tmp_path / "picture.png").write_bytes(b"\x89PNG not a picture" + template.to_bytes())
    wrong = KeySource.from_bytes(bytes(range(50, 82)))

    def touched() -> None:
        with gallery._core.database.writing() as connection:
            connection.execute(update(tables.reference).values(template=template.to_bytes()))
        gallery.template("Ada")

    acts: list[Callable[[], object]] = [
        lambda: gallery.enroll("Ada", template),
        lambda: gallery.enroll("Eve", person(1, 1)),
        lambda: gallery.update("Ada", person(2)),
        lambda: gallery.enroll("Bea", Template_of_another_model()),
        lambda: gallery.enroll("Bea", face=str(tmp_path / "picture.png")),
        lambda: gallery.verify("Bea", template),
        lambda: gallery.identify(Template_of_another_model()),
        lambda: gallery.import_(tmp_path / "damaged", words),
        lambda: gallery.import_(tmp_path / "export", "another five random words"),
        lambda: gallery.save_snapshot(tmp_path / "missing" / "file"),
        lambda: open_gallery(key=wrong),
        touched,
    ]
    said = []
    for act in acts:
        with pytest.raises(TwofoldError) as refused:
            act()
        assert "\n" not in str(refused.value)
        # What a log would hold of it: the whole chain of causes.
        said.append("".join(traceback.format_exception(refused.value)))
    told = "\n".join(said) + caplog.text + repr(gallery)
    secrets = [
        KEY.read().secret, wrong.read().secret, record.key, *gallery._core.keyring._keys.values(),
        template.to_bytes()[-60:], template.faces[0].vector.tobytes(),
        template.irises[0].code.bits.tobytes(), words.encode(),
    ]  # fmt: skip
    for secret in secrets:
        for shown in (
            secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode(),
            base64.urlsafe_b64encode(secret).decode(), repr(secret)[2:-1],
        ):  # fmt: skip
            assert shown[:24] not in told
    assert str(template.faces[0].vector[:3])[1:-1] not in told


def Template_of_another_model() -> object:
    from twofold.template import Template

    return Template((face(3),), (), FACE_CONTRACT[::-1])


def test_migrations_are_in_the_wheel(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=root, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for room in ("gallery", "service"):
        folder = f"twofold/{room}/store/migrations"
        assert {f"{folder}/env.py", f"{folder}/versions/v0001_first.py"} <= set(names)


def test_a_connection_that_lay_idle_is_tried_first(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twofold.gallery.store.database._IDLE_SECONDS", 0.0)
    database = Database(postgres_url)
    try:
        with database.reading() as connection:
            number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        other = Database(postgres_url)
        with other.writing() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        other.close()
        with database.reading() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != number
    finally:
        database.close()
