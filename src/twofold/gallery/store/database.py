"""The door to the database: one file of SQLite, or PostgreSQL by URL; transactions of two kinds.

`reading` sees one consistent state from its first statement to its last. `writing` is durable when
it returns: SQLite's write-ahead log is synced with every commit (synchronous=FULL), PostgreSQL's
commits are synchronous. Writers come one after another: SQLite's BEGIN IMMEDIATE takes the lock at
the start, in PostgreSQL the row of `gallery` is locked first (`store.unit`). Threads wait for their
turn among themselves before that, since SQLite only looks again and again, ever more seldom.
"""

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from twofold.errors import MissingExtraError, OptionError
from twofold.gallery.errors import GalleryError

BUSY_SECONDS = 60.0
_CONNECTIONS = 16  # kept open; as many more come and go
_CHECKPOINT_SECONDS = 5.0
_IDLE_SECONDS = 5.0


class Database:
    """Connections to one gallery's database. Safe between threads.

    Args:
        url: path of a file, or a URL that starts with sqlite:///, postgresql:// or
            postgresql+psycopg://.
        create: whether a SQLite file may be made (mode 0600).

    Raises:
        OptionError: the URL is nothing of the kind.
        GalleryError: the file is not there and may not be made, or its folder cannot be written to.
        MissingExtraError: PostgreSQL's driver is not installed.
    """

    def __init__(self, url: str | os.PathLike[str], create: bool = True) -> None:
        self.url = _url(url)
        self.name = _shown(self.url)
        self.path = Path(str(self.url.database)) if self.sqlite else None
        if self.path is not None:
            _require_file(self.path, create)
        self._turn = threading.Lock()
        self.engine = self._engine()

    @property
    def sqlite(self) -> bool:
        """Whether it is one file of SQLite."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of everything.

        Raises:
            GalleryError: the database is out of reach or damaged.
        """
        level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self._told(),
            self.engine.connect().execution_options(**level) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self, durable: bool = True) -> Iterator[Connection]:
        """A transaction that is committed, and durable, when the block ends well.

        Args:
            durable: False for what a crash of the machine or the database's server may take back:
                the commit waits for no disk. It becomes durable with the next one that is.

        Raises:
            GalleryError: as for `reading`, or other writers did not finish in time.
        """
        with (
            self._told(),
            self._turn_taken(),
            self.engine.connect().execution_options(
                twofold_writes="FULL" if durable else "NORMAL"
            ) as connection,
            connection.begin(),
        ):
            if not durable and not self.sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    def scrub(self) -> bool:
        """Take what was erased out of SQLite's write-ahead log; freed pages are zero already.

        Returns:
            Whether it is done. It is not while another process reads an older state, and for
            PostgreSQL, which keeps what it erased until it vacuums and recycles its log.
        """
        if not self.sqlite:
            return False
        until = time.monotonic() + _CHECKPOINT_SECONDS
        with self._told(), closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            # Waiting inside keeps writers out, so it is tried again and again instead.
            cursor.execute("PRAGMA busy_timeout = 50")
            try:
                while True:
                    busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if not busy or time.monotonic() > until:
                        return not busy
                    time.sleep(0.02)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database as one line; never with values, which may be personal."""
        try:
            yield
        except IntegrityError:
            raise  # the caller knows what it means
        except PoolTimeoutError:
            raise GalleryError(
                f"{self.name}: too many use it at once in this process. Try again in a moment."
            ) from None
        except OperationalError as error:
            reason = _first_line(error)
            if "locked" in reason or "busy" in reason:
                raise self._busy() from None
            raise GalleryError(
                f"{self.name}: the database does not answer as it should ({reason}). Check that "
                "it is there and not full, and that it lets you in."
            ) from None
        except DBAPIError as error:
            raise GalleryError(
                f"{self.name}: not a usable gallery ({_first_line(error)}). Check the path or URL, "
                "or restore a backup."
            ) from None

    @contextmanager
    def _turn_taken(self) -> Iterator[None]:
        """The only writer among this process' threads; PostgreSQL keeps its own order."""
        if not self.sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise self._busy()
        try:
            yield
        finally:
            self._turn.release()

    def _busy(self) -> GalleryError:
        return GalleryError(
            f"{self.name}: others kept writing for {BUSY_SECONDS:g} s. Try again, or enrol in "
            "smaller batches."
        )

    def _engine(self) -> Engine:
        sizes = {"pool_size": _CONNECTIONS, "max_overflow": _CONNECTIONS}
        try:
            if self.sqlite:
                engine = create_engine(
                    self.url,
                    hide_parameters=True,
                    **sizes,
                    connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
                )
                event.listen(engine, "connect", _sqlite_connected)
                event.listen(engine, "begin", _sqlite_begin)
            else:
                engine = create_engine(self.url, hide_parameters=True, **sizes)
                event.listen(engine, "connect", _postgresql_connected)
                _ping_idle(engine)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"PostgreSQL needs {error.name}: pip install 'twofold[postgres]'."
            ) from error
        return engine


def _url(given: str | os.PathLike[str]) -> URL:
    text = os.fspath(given)
    if "://" not in text:
        return URL.create("sqlite", database=text) if text else _refused(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return _refused(text)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        return _refused(url.drivername)
    if not url.database or (url.drivername == "sqlite" and url.database == ":memory:"):
        return _refused(url.drivername)
    return url


def _refused(text: str) -> URL:
    shown = text if "@" not in text else "(not shown: it holds a password)"
    raise OptionError(
        f"gallery {shown!r}: expected the path of a file, sqlite:///PATH or "
        "postgresql://USER@HOST/DATABASE."
    )


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"the gallery {url.database}"
    return f"the gallery {url.render_as_string(hide_password=True)}"


def _require_file(path: Path, create: bool) -> None:
    """The file, made private before the first byte is in it."""
    if path.is_dir():
        raise OptionError(f"the gallery {path} is a folder. Name a file in it.")
    if path.exists():
        return
    if not create:
        raise GalleryError(f"the gallery {path} is not there. Check the path, or create it.")
    try:
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise GalleryError(
            f"the gallery {path} cannot be made: {error.strerror}. Choose a folder that exists and "
            "that you may write to."
        ) from error


def _sqlite_connected(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin as `_sqlite_begin` says
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    synchronous = connection.get_execution_options().get("twofold_writes")
    if synchronous is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql_connected(connection: Any, _: Any) -> None:
    """Refuse to acknowledge before PostgreSQL's log is on disk, whatever the server's default."""
    cursor = connection.cursor()
    cursor.execute("SHOW synchronous_commit")
    if cursor.fetchone()[0] == "off":
        cursor.execute("SET synchronous_commit = on")
    connection.commit()
    cursor.close()


def _ping_idle(engine: Engine) -> None:
    """Try a connection that lay unused for a while before it is used, and not each time, which
    would be a fourth of all questions: where the server has gone meanwhile, another one is made."""

    def returned(_: Any, record: Any) -> None:
        record.info["returned"] = time.monotonic()

    def taken(raw: Any, record: Any, _: Any) -> None:
        if time.monotonic() - record.info.get("returned", math.inf) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(raw)
        except engine.dialect.loaded_dbapi.Error:
            raise DisconnectionError from None

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0][:200]
