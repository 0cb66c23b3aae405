"""Rate limits, by the generic cell rate algorithm: one number for each bucket.

The number is the time when the bucket will be full again. Every request taken moves it on by the
interval between two requests, and it may lie as far ahead as a burst takes.

No commit waits for a disk: should the machine crash, requests of the last moments are forgotten.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update

from twofold.errors import OptionError
from twofold.gallery.store.database import Database
from twofold.service.store import tables
from twofold.service.store.rows import Broom, held

_SWEEP_SECONDS = 60.0
_HAIR = 1e-3
_AGE_SECONDS = 60.0  # hosts' clocks may differ by so much
_RATE = tables.rate.c


@dataclass(frozen=True)
class Limit:
    """Of one bucket.

    Attributes:
        bucket: name, such as of an address or a key; only its SHA-256 is stored.
        per_minute: requests that go in, above 0.
        burst: requests that it holds, 1 or more.

    Raises:
        OptionError: no such rate or burst.
    """

    bucket: str
    per_minute: float
    burst: int

    def __post_init__(self) -> None:
        if not self.per_minute > 0.0 or self.burst < 1:
            raise OptionError(
                f"rate limit of {self.per_minute} a minute in bursts of {self.burst}: give a rate "
                "above 0 and a burst of 1 or more."
            )

    @property
    def digest(self) -> bytes:
        """That the bucket is stored under."""
        return hashlib.sha256(self.bucket.encode("utf-8", "surrogatepass")).digest()

    @property
    def interval(self) -> float:
        """Seconds between two requests."""
        return 60.0 / self.per_minute

    def wait(self, due: float, now: float) -> float:
        """Seconds until one more fits in; at most one interval, should the clock have been set
        back."""
        ahead = max(due - now, 0.0)
        wait = min(ahead + self.interval - self.burst * self.interval, self.interval)
        # Times of so many digits are rounded: the last one of a burst must not miss it by a hair.
        return wait if wait > self.interval * _HAIR else 0.0


class Rates:
    """Rate limits of all processes that share the database. Safe between threads.

    Args:
        database: prepared by `store.schema.prepare`.
        clock: seconds since 1970; those of several hosts should agree.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._broom = Broom(database, _RATE.due, _SWEEP_SECONDS, clock)

    def look(self, *limits: Limit) -> float:
        """As `take`, but leaves the buckets as they are."""
        query = select(_RATE.bucket, _RATE.due).where(
            _RATE.bucket.in_([one.digest for one in limits])
        )
        with self._database.reading() as connection:
            due = {bytes(row.bucket): row.due for row in connection.execute(query)}
        now = self._clock()
        return max(one.wait(due.get(one.digest, 0.0), now) for one in limits)

    def take(self, *limits: Limit) -> float:
        """Take one request out of each bucket, where there is one in all of them.

        Args:
            limits: one or more, of different buckets.

        Returns:
            0.0 when they were taken, else seconds until there is one in each.
        """
        # Whoever is over the limit costs a look, not a write.
        wait = self.look(*limits)
        if wait > 0.0:
            return wait
        self._broom.sweep(_AGE_SECONDS)
        with self._database.writing(durable=False) as connection:
            # In one order, so that no two wait for each other.
            rows = {
                one: held(connection, tables.rate, {"bucket": one.digest, "due": 0.0})
                for one in sorted(limits, key=lambda one: one.digest)
            }
            now = self._clock()
            wait = max(one.wait(row.due, now) for one, row in rows.items())
            if wait == 0.0:
                for one, row in rows.items():
                    connection.execute(
                        update(tables.rate)
                        .where(_RATE.bucket == one.digest)
                        .values(due=max(row.due, now) + one.interval)
                    )
        return wait
