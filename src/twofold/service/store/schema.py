"""The form of the service's tables: made or brought up to date beside the gallery's own."""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from twofold.gallery.errors import GalleryError
from twofold.gallery.store.database import Database
from twofold.gallery.store.schema import migrate

NEWEST = "0001"
MIGRATIONS = "migrations"
VERSIONS = "service_alembic_version"  # the gallery's versions have a table of their own
_LOCK = 0x74776F73657276  # of PostgreSQL, while one process migrates: "twoserv"


def prepare(database: Database) -> None:
    """Make the tables, or bring those of an older version up to date.

    Args:
        database: of a gallery that was opened before.

    Raises:
        GalleryError: they are of a newer version, or the database is out of reach.
    """
    with database.reading() as connection:
        found = revision(connection, database)
    if found == NEWEST:
        return
    migrate(database, revision, NEWEST, _LOCK, files("twofold.service.store") / MIGRATIONS)


def revision(connection: Connection, database: Database) -> str | None:
    """The version of the tables; None where there are none.

    Raises:
        GalleryError: a newer version.
    """
    if not inspect(connection).has_table(VERSIONS):
        return None
    # The name is a constant of this file.
    found = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()  # noqa: S608
    if found is not None and str(found) > NEWEST:
        raise GalleryError(
            f"{database.name}: served by a newer version of Twofold before (schema {found}, this "
            f"one knows {NEWEST}). Update Twofold: pip install --upgrade 'twofold[serve]'"
        )
    return None if found is None else str(found)
