"""Galleries on SQLite and on PostgreSQL: the same tests run on both."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from tests.gallery import postgres
from tests.gallery.people import recognizer
from twofold.gallery import Gallery, KeySource
from twofold.gallery.store import tables

KEY = KeySource.from_bytes(bytes(range(100, 132)))

Open = Callable[..., Gallery]
Restored = Callable[[Gallery], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[str]:
    """Folder of the socket of a running PostgreSQL server."""
    try:
        with postgres.server() as folder:
            yield folder
    except postgres.UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def postgres_url(postgres_folder: str) -> str:
    """A schema of its own, which is made much faster than a database."""
    return new_schema(postgres_folder)


def new_schema(postgres_folder: str) -> str:
    """URL of a schema that is empty."""
    import psycopg

    name = f"gallery_{uuid.uuid4().hex}"
    place = f"host={postgres_folder} port={postgres.PORT} user=twofold dbname=postgres"
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return (
        f"postgresql://twofold@/postgres?host={postgres_folder}&port={postgres.PORT}"
        f"&options=-csearch_path%3D{name}"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a gallery that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "people.gallery")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def open_gallery(url: str) -> Iterator[Open]:
    """Opens the gallery; may be called several times, as several processes would."""
    opened: list[Gallery] = []

    def again(**options: object) -> Gallery:
        given = {"key": KEY, "recognizer": recognizer(), "actor": "test"} | options
        opened.append(Gallery.open(url, **given))  # type: ignore[arg-type]
        return opened[-1]

    yield again
    for one in opened:
        one.close(save=False)


@pytest.fixture
def gallery(open_gallery: Open) -> Gallery:
    """An empty gallery."""
    return open_gallery()


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own key, never that of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("TWOFOLD_MASTER_KEY")]:
        monkeypatch.delenv(name)


@pytest.fixture
def restored() -> Callable[[Gallery], AbstractContextManager[None]]:
    """Puts all rows back after a block, so that one gallery can be attacked in many ways."""
    return _restored


@contextmanager
def _restored(gallery: Gallery) -> Iterator[None]:
    database = gallery._core.database
    ordered = tables.metadata.sorted_tables
    with database.reading() as connection:
        rows = {one.name: [r._asdict() for r in connection.execute(select(one))] for one in ordered}
    yield
    with database.writing() as connection:
        for table in reversed(ordered):
            connection.execute(delete(table))
        for table in ordered:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])
