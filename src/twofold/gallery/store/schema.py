"""The form of the tables, when a gallery is opened: made, brought up to date, or refused."""

from collections.abc import Callable
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from typing import Any

from sqlalchemy import Connection, inspect, text

from twofold.gallery.errors import GalleryError
from twofold.gallery.store import tables
from twofold.gallery.store.database import Database

NEWEST = "0001"
MIGRATIONS = "migrations"
_LOCK = 0x74776F666F6C64  # of PostgreSQL, while one process migrates: "twofold"


def prepare(database: Database, create: bool) -> None:
    """Make the tables, or bring those of an older version up to date.

    Raises:
        GalleryError: there are none and none may be made; they are of a newer version, or no
            gallery's.
    """
    with database.reading() as connection:
        found = revision(connection, database)
    if found == NEWEST:
        return
    if found is None and not create:
        raise GalleryError(f"{database.name}: holds no gallery. Check the path or URL.")
    migrate(database, revision, NEWEST, _LOCK, files("twofold.gallery.store") / MIGRATIONS)


def migrate(
    database: Database,
    revision: Callable[[Connection, Database], str | None],
    newest: str,
    lock: int,
    migrations: Traversable,
) -> None:
    """Bring tables to their newest version, by one process at a time.

    Args:
        database: that holds them.
        revision: tells their version.
        newest: to be reached.
        lock: number of PostgreSQL's advisory lock that others wait for.
        migrations: see `_upgrade`.
    """
    with database.writing() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})
        if revision(connection, database) != newest:  # unless another process was faster
            _upgrade(connection, migrations)


def revision(connection: Connection, database: Database) -> str | None:
    """The version of the tables; None where there are none.

    Raises:
        GalleryError: a newer version, or other tables.
    """
    names = set(inspect(connection).get_table_names())
    if "alembic_version" not in names:
        if names & set(tables.metadata.tables) or (names and database.sqlite):
            raise GalleryError(
                f"{database.name}: has tables that are no gallery's. Choose another database."
            )
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in _known():
        raise GalleryError(
            f"{database.name}: written by a newer version of Twofold (schema {found}, this one "
            f"knows {NEWEST}). Update Twofold: pip install --upgrade twofold"
        )
    return None if found is None else str(found)


def _known() -> set[str]:
    return {f"{number:04d}" for number in range(1, int(NEWEST) + 1)}


def _upgrade(connection: Connection, migrations: Traversable) -> None:
    """Bring tables up to date, inside the caller's transaction.

    Args:
        connection: inside a write transaction.
        migrations: folder of Alembic's, whose `env.py` takes `connection` from the attributes.
    """
    from alembic import command
    from alembic.config import Config

    with as_file(migrations) as folder:
        configuration = Config(attributes=_attributes(connection))
        configuration.set_main_option("script_location", str(folder).replace("%", "%%"))
        configuration.set_main_option("path_separator", "os")
        command.upgrade(configuration, "head")


def _attributes(connection: Connection) -> dict[str, Any]:
    return {"connection": connection}
