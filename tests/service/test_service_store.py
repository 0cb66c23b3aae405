"""The service's tables: beside the gallery's, migrated for themselves, swept."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text

from tests.gallery.conftest import KEY
from tests.service.conftest import Clock
from twofold.gallery import Gallery, GalleryError
from twofold.gallery.store import schema as gallery_schema
from twofold.gallery.store import tables as gallery_tables
from twofold.gallery.store.database import Database
from twofold.service.store import rows, schema, tables
from twofold.service.store.rows import Broom, held

RATE = tables.rate


@pytest.fixture
def prepare(url: str) -> Iterator[Callable[[], Database]]:
    """Opens a database of its own, and makes or migrates its tables."""
    opened: list[Database] = []

    def again() -> Database:
        opened.append(Database(url))
        gallery_schema.prepare(opened[-1], create=True)
        schema.prepare(opened[-1])
        return opened[-1]

    yield again
    for one in opened:
        one.close()


def test_the_migrations_make_the_tables_that_are_used(database: Database) -> None:
    with database.reading() as connection:
        found = inspect(connection)
        names = set(found.get_table_names())
        own = set(tables.metadata.tables)
        assert all(name.startswith("service_") for name in own)
        assert names - own - set(gallery_tables.metadata.tables) == {
            "alembic_version", schema.VERSIONS,
        }  # fmt: skip
        for name, table in tables.metadata.tables.items():
            columns = {one["name"]: one for one in found.get_columns(name)}
            assert set(columns) == set(table.columns.keys())
            for column in table.columns:
                assert columns[column.name]["nullable"] is bool(column.nullable), column
            indexed = {tuple(one["column_names"]) for one in found.get_indexes(name)}
            assert {(one.name,) for one in table.columns if one.index} <= indexed
        assert schema.revision(connection, database) == schema.NEWEST


def test_the_newest_migration_is_the_one_that_is_expected() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(schema.__file__).parent / schema.MIGRATIONS
    assert ScriptDirectory(str(folder)).get_current_head() == schema.NEWEST


def test_a_gallery_opens_with_the_tables_beside_its_own(url: str) -> None:
    for _ in range(2):
        with Gallery.open(url, key=KEY, actor="test") as gallery:
            schema.prepare(gallery.database)
            gallery.record("api key", outcome="made", details={"id": "1"})
            report = gallery.verify_audit()
            assert report.ok, report.problems
            event = gallery.audit()[-1]
            assert (event.action, event.outcome, event.details) == ("api key", "made", {"id": "1"})


def test_tables_of_an_older_version_are_migrated(
    prepare: Callable[[], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the next version will: with one more migration than made them."""
    database = prepare()
    later = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", later)
    (later / "versions" / "v0002_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n    op.add_column('service_rate', sa.Column('more', sa.Integer))\n"
    )
    monkeypatch.setattr(schema, "NEWEST", "0002")
    monkeypatch.setattr(schema, "MIGRATIONS", str(later))
    with prepare().reading() as connection:
        columns = [one["name"] for one in inspect(connection).get_columns("service_rate")]
        assert "more" in columns
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    monkeypatch.undo()
    with pytest.raises(GalleryError, match="newer version of Twofold"):
        schema.prepare(database)


def test_rows_are_made_once_and_locked(database: Database) -> None:
    """Twelve at once on a new row: each sees what the one before it has written."""

    def one_more(_: int) -> float:
        with database.writing() as connection:
            row = held(connection, RATE, {"bucket": b"b", "due": 0.0})
            connection.execute(RATE.update().values(due=row.due + 1))
            return float(row.due)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(one_more, range(12))) == [float(one) for one in range(12)]


def test_old_rows_are_swept_now_and_then(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_AT_ONCE", 2)

    def left() -> int:
        with database.reading() as connection:
            return connection.execute(select(func.count()).select_from(RATE)).scalar_one()

    with database.writing() as connection:
        for number in range(5):
            connection.execute(
                RATE.insert().values(bucket=bytes((number,)), due=clock.now - 100 + 10 * number)
            )
    broom = Broom(database, RATE.c.due, 60.0, clock)
    broom.sweep(75.0)
    assert left() == 3
    broom.sweep(75.0)  # there might have been more
    assert left() == 2
    broom.sweep(0.0)
    assert left() == 2, "not so soon"
    clock.now += 61
    broom.sweep(1000.0)
    assert left() == 2
    clock.now += 61
    broom.sweep(0.0)
    assert left() == 0


def test_another_process_may_have_been_faster(
    prepare: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that there are no tables; the second one finds them once it may write."""
    database = prepare()
    seen, look = [None], schema.revision
    monkeypatch.setattr(schema, "revision", lambda *given: seen.pop() if seen else look(*given))
    schema.prepare(database)
    assert not seen
