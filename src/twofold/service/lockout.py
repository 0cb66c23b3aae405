"""Limits on verification attempts against one subject (NIST SP 800-63B, biometric comparison).

Five failures in a row are free; then each further attempt waits, 30 s at first and twice as long
each time; after fifty failures the subject is locked until somebody unlocks it.

An attempt counts as failed before anything is compared, and success takes that back: of many
attempts at once, no more than five get in, and one whose process crashes stays counted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from twofold.errors import TwofoldError
from twofold.gallery.store.database import Database
from twofold.service.store import tables
from twofold.service.store.rows import held

FREE_FAILURES = 5
MOST_FAILURES = 50
FIRST_DELAY = 30.0  # seconds
LONGEST_DELAY = 24 * 3600.0

_LOCKOUT = tables.lockout.c


class LockedError(TwofoldError):
    """Too many attempts failed lately.

    Attributes:
        seconds: until the next one is allowed.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"too many attempts failed for this subject. Try again in {math.ceil(seconds)} s."
        )
        self.seconds = seconds


class DisabledError(TwofoldError):
    """So many attempts failed that the subject is locked until somebody unlocks it."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_FAILURES} attempts failed for this subject. Ask an administrator to unlock it."
        )


@dataclass(frozen=True)
class Locked:
    """A subject that may not be verified now.

    Attributes:
        failures: in a row.
        until: seconds since 1970; None where only unlocking helps.
        disabled: whether only unlocking helps.
    """

    failures: int
    until: float | None
    disabled: bool


@dataclass
class Attempt:
    """An attempt under way, which is told its end once; later words about it are ignored.

    Attributes:
        subject: number.
        generation: of the subject's count of failures when it began.
        before: until when attempts had to wait before this one began, seconds since 1970.
        until: and since.
    """

    subject: int
    generation: int
    before: float
    until: float
    _settled: bool = field(default=False, repr=False)

    def settle(self) -> bool:
        """Whether this is its end."""
        first, self._settled = not self._settled, True
        return first


class Lockout:
    """Failures of each subject. Safe between threads and processes.

    Args:
        database: prepared by `store.schema.prepare`.
        clock: seconds since 1970; those of several hosts must agree.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def state(self, subject: int) -> Locked | None:
        """Whether a subject is locked now; None where it is not."""
        query = select(tables.lockout).where(_LOCKOUT.subject == subject)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None or not _waits(row, self._clock()):
            return None
        disabled = row.failures >= MOST_FAILURES
        return Locked(row.failures, None if disabled else row.until, disabled)

    def require(self, subject: int) -> None:
        """Refuse a subject that is locked now, without beginning an attempt.

        Raises:
            LockedError, DisabledError: as `begin`.
        """
        found = self.state(subject)
        if found is not None and found.until is None:
            raise DisabledError
        if found is not None and found.until is not None:
            raise LockedError(max(0.0, found.until - self._clock()))

    def begin(self, subject: int) -> Attempt:
        """Begin an attempt, counted as failed until it is told otherwise.

        Raises:
            LockedError: the subject has to wait.
            DisabledError: it is to be unlocked first.
        """
        with self._database.writing() as connection:
            fresh = {"subject": subject, "generation": 0, "failures": 0, "until": 0.0}
            row = held(connection, tables.lockout, fresh)
            now = self._clock()
            if row.failures >= MOST_FAILURES:
                raise DisabledError
            if _waits(row, now):
                raise LockedError(row.until - now)
            failures = row.failures + 1
            until = max(row.until, now + delay(failures))
            _set(connection, subject, failures=failures, until=until)
        return Attempt(subject, row.generation, row.until, until)

    def success(self, attempt: Attempt) -> None:
        """It was a match: forget the failures so far. Attempts still under way will count."""
        if attempt.settle():
            self.unlock(attempt.subject)

    def failure(self, attempt: Attempt) -> None:
        """It was no match. A delay counts from now."""
        if not attempt.settle():
            return
        with self._database.writing() as connection:
            row = _there(connection, attempt.subject)
            if row is None:
                return
            failures = row.failures + (row.generation != attempt.generation)
            until = max(row.until, self._clock() + delay(failures))
            _set(connection, attempt.subject, failures=failures, until=until)

    def release(self, attempt: Attempt) -> None:
        """Nothing was compared: as if it had not begun."""
        if not attempt.settle():
            return
        with self._database.writing() as connection:
            row = _there(connection, attempt.subject)
            if row is None or row.generation != attempt.generation:
                return
            # A delay that another attempt has set meanwhile stays.
            until = attempt.before if row.until == attempt.until else row.until
            _set(connection, attempt.subject, failures=row.failures - 1, until=until)

    def unlock(self, subject: int) -> None:
        """Forget the failures so far."""
        with self._database.writing() as connection:
            _set(
                connection, subject,
                failures=0, until=0.0, generation=_LOCKOUT.generation + 1,
            )  # fmt: skip

    def forget(self, subject: int) -> None:
        """Delete everything about a subject, which is erased."""
        with self._database.writing() as connection:
            connection.execute(delete(tables.lockout).where(_LOCKOUT.subject == subject))


def delay(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    if failures < FREE_FAILURES:
        return 0.0
    return min(FIRST_DELAY * 2.0 ** (failures - FREE_FAILURES), LONGEST_DELAY)


def _waits(row: Row[Any], now: float) -> bool:
    if row.failures >= MOST_FAILURES:
        return True
    return bool(row.failures >= FREE_FAILURES and row.until > now)


def _there(connection: Connection, subject: int) -> Row[Any] | None:
    """The row, locked; None where the subject was erased meanwhile."""
    query = select(tables.lockout).where(_LOCKOUT.subject == subject).with_for_update()
    return connection.execute(query).first()


def _set(connection: Connection, subject: int, **values: Any) -> None:
    connection.execute(update(tables.lockout).where(_LOCKOUT.subject == subject).values(**values))
