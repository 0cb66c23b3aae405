"""Statements that several steps need."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, update


def update_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Update many rows, each found by its "id"; all have the same columns."""
    if not rows:
        return
    columns = [name for name in rows[0] if name != "id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("of_id"))
        .values({name: bindparam(f"to_{name}") for name in columns})
    )
    connection.execute(
        statement,
        [{"of_id": row["id"]} | {f"to_{name}": row[name] for name in columns} for row in rows],
    )
