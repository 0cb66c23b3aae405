"""The service's tables on SQLite and on PostgreSQL: the same tests run on both."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import delete

from tests.gallery.conftest import (  # noqa: F401
    KEY,
    new_schema,
    no_key_in_the_environment,
    postgres_folder,
    postgres_url,
    url,
)
from tests.service.serving import Served, gallery_for_pictures, often, serving
from twofold.gallery import Gallery
from twofold.gallery.store.database import Database
from twofold.service import keys
from twofold.service.store import tables
from twofold.service.store.schema import prepare

ROOT = Path(__file__).resolve().parents[2]

OpenDatabase = Callable[[], Database]
OpenGallery = Callable[[], Gallery]
Together = Callable[[str, str, int], list[int]]


class Clock:
    """A clock that is set by hand; seconds since 1970."""

    def __init__(self) -> None:
        self.now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a gallery without subjects and with the service's tables; one for all tests."""
    if request.param == "sqlite":
        place = str(tmp_path_factory.mktemp("service") / "people.gallery")
    else:
        place = new_schema(request.getfixturevalue("postgres_folder"))
    with Gallery.open(place, key=KEY) as gallery:
        prepare(gallery.database)
    return place


@pytest.fixture
def open_database(shared_url: str) -> Iterator[OpenDatabase]:
    """Opens the database, whose tables are empty; again, as another process would."""
    opened: list[Database] = []

    def again() -> Database:
        opened.append(Database(shared_url))
        return opened[-1]

    with again().writing() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
    yield again
    for one in opened:
        one.close()


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """With the gallery's tables and the service's, which are empty."""
    return open_database()


@pytest.fixture
def open_gallery(shared_url: str, database: Database) -> Iterator[OpenGallery]:
    """Opens the gallery beside which the tables lie; again, as another process would."""
    opened: list[Gallery] = []

    def again() -> Gallery:
        opened.append(Gallery.open(shared_url, key=KEY, actor="test"))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def gallery(open_gallery: OpenGallery) -> Gallery:
    """Without subjects; the service's tables are empty."""
    return open_gallery()


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little work, where the work is not what is tested."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(keys, "_hasher", lambda: quick)


@pytest.fixture(scope="session")
def together() -> Iterator[Together]:
    """Runs a task of `tests.service.processes` in several processes; what each of them got."""
    if not hasattr(os, "fork"):
        pytest.skip("needs POSIX's fork")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.service.processes"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        told, given = running.stdout, running.stdin
        assert told is not None
        assert given is not None
        assert told.readline() == "ready\n"

        def ask(task: str, url: str, processes: int) -> list[int]:
            given.write(f"{task} {url} {processes}\n")
            given.flush()
            lines = [told.readline().strip() for _ in range(processes + 1)]
            assert lines.pop() == "end 0"
            return [int(line) for line in lines]

        yield ask
        given.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with real workers, one for all tests: each enrols people under names of its own."""
    place = tmp_path_factory.mktemp("served") / "people.gallery"
    with gallery_for_pictures(place) as gallery, serving(gallery, often()) as running:
        yield running
