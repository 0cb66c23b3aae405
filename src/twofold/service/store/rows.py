"""Rows that many processes change at once: locked when they are seen, swept when they are old."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from twofold.gallery.store.database import Database

_AT_ONCE = 1000


def held(
    connection: Connection,
    table: Table,
    fresh: Mapping[str, Any],
    again: Mapping[str, Any] | None = None,
) -> Row[Any]:
    """A row, made where there is none, and locked until the transaction ends.

    One statement: neither two that insert at once nor one that deletes meanwhile gets in between.

    Args:
        connection: inside a write transaction.
        table: with one column as its primary key.
        fresh: all values of a new row, its primary key too.
        again: expressions to set where the row is there; None to leave it as it is.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    (identity,) = table.primary_key.columns
    some = next(one for one in table.columns if not one.primary_key)
    row = connection.execute(
        dialect.insert(table)
        .values(fresh)
        .on_conflict_do_update(index_elements=[identity], set_=again or {some.name: some})
        .returning(*table.columns)
    )
    return row.one()


class Broom:
    """Deletes old rows of a table, now and then.

    Args:
        database: that holds it.
        column: time of each row, in seconds since 1970.
        every: seconds between two sweeps of this process.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        column: Column[Any],
        every: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._column = database, column
        self._every, self._clock = every, clock
        self._next = float("-inf")

    def sweep(self, age: float) -> None:
        """Delete rows whose time was so many seconds ago, unless that was done lately.

        A transaction of its own that waits for no lock, so that no two processes wait for each
        other.
        """
        now = self._clock()
        if now < self._next:
            return
        self._next = now + self._every
        (identity,) = self._column.table.primary_key.columns
        old = (
            select(identity)
            .where(self._column < now - age)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        with self._database.writing() as connection:
            done = connection.execute(delete(self._column.table).where(identity.in_(old)))
        if done.rowcount == _AT_ONCE:  # there are more
            self._next = now
