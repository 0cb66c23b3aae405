"""Seals of rows that say who may call.

Each carries an HMAC-SHA-256 under a key that is derived from the gallery's root secret, so that
whoever writes to the database without the master key can neither put one in nor change one.
"""

import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Table

from twofold.gallery import Gallery

log = logging.getLogger("twofold.service")


class Seals:
    """Seals rows of one table, each over all its columns.

    Args:
        gallery: whose keys seal.
        table: with a column `seal`.
    """

    def __init__(self, gallery: Gallery, table: Table) -> None:
        self._key = gallery.derived_key(f"rows of {table.name}")
        self._table = table
        self._columns = [one.name for one in table.columns if one.name != "seal"]
        self._told = False

    def sealed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row to be stored: values of all columns, and their seal."""
        kept = {name: values[name] for name in self._columns}
        return kept | {"seal": self._seal(kept)}

    def holds(self, row: Row[Any]) -> bool:
        """Whether a row, read whole, is as it was sealed; the first one that is not is logged."""
        values = row._asdict()
        if hmac.compare_digest(bytes(values["seal"]), self._seal(values)):
            return True
        if not self._told:
            self._told = True
            log.warning(
                "a row of %s was changed or put in without the master key, and does not count. "
                "Look for who could write to the database.", self._table.name,
            )  # fmt: skip
        return False

    def _seal(self, values: Mapping[str, Any]) -> bytes:
        told = [values[name] for name in self._columns]
        plain = [bytes(one).hex() if isinstance(one, bytes | memoryview) else one for one in told]
        return hmac.digest(self._key, json.dumps(plain).encode(), "sha256")
