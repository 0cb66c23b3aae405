"""Idempotency keys: a request that is sent twice is done once, and both get the same answer."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, update

from twofold.errors import TwofoldError
from twofold.gallery.sealing import place
from twofold.gallery.store.database import Database
from twofold.service.store import tables
from twofold.service.store.rows import Broom, held

KEPT_SECONDS = 24 * 3600
_SWEEP_SECONDS = 600.0
_SPARE_SECONDS = 3600.0  # so that nothing is swept that another process still looks at

_IDEMPOTENCY = tables.idempotency.c


class ConflictError(TwofoldError):
    """One idempotency key was given for two different requests."""

    def __init__(self) -> None:
        super().__init__(
            "Idempotency-Key: it was used for another request. Give each request a key of its own."
        )


@dataclass(frozen=True)
class Replay:
    """What became of the first request under a key.

    Attributes:
        pending: whether it is still under way, or died with its process.
        subject_id: number of the subject that it made.
        status: of its answer.
        begun: seconds since 1970.
    """

    pending: bool
    subject_id: int | None
    status: int | None
    begun: int


class Idempotency:
    """Idempotency keys of all processes that share the database. Safe between threads.

    Args:
        database: prepared by `store.schema.prepare`.
        clock: seconds since 1970.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._broom = Broom(database, _IDEMPOTENCY.begun, _SWEEP_SECONDS, clock)

    def begin(self, owner: str, key: str, fingerprint: bytes) -> Replay | None:
        """Begin a request, or tell what became of it.

        Args:
            owner: id of the API key that sends it; two owners' keys never meet.
            key: as the client gave it; only a digest is stored.
            fingerprint: of everything that the request asks for; only a digest is stored.

        Returns:
            None for a new request, which is recorded as under way; also where the first one was
            24 hours ago. Else what became of it.

        Raises:
            ConflictError: the key was given for another request.
        """
        self._broom.sweep(KEPT_SECONDS + _SPARE_SECONDS)
        digest, now = _digest(owner, key), int(self._clock())
        bound = hashlib.sha256(place(owner, key, fingerprint)).digest()
        values = {
            "digest": digest,
            "fingerprint": bound,
            "asked": 1,
            "begun": now,
            "subject": None,
            "status": None,
        }
        with self._database.writing() as connection:
            row = held(connection, tables.idempotency, values, {"asked": _IDEMPOTENCY.asked + 1})
            if row.asked == 1:
                return None
            over = now - row.begun >= KEPT_SECONDS
            same = hmac.compare_digest(bytes(row.fingerprint), bound)
            if not same and not over:
                raise ConflictError
            if over:
                connection.execute(
                    update(tables.idempotency).where(_IDEMPOTENCY.digest == digest).values(values)
                )
                return None
        return Replay(row.status is None, row.subject, row.status, row.begun)

    def done(self, owner: str, key: str, subject_id: int, status: int) -> None:
        """A request that was begun has ended well.

        Args:
            owner, key: as it was begun.
            subject_id: number of the subject that it made.
            status: of the answer.
        """
        with self._database.writing() as connection:
            connection.execute(
                update(tables.idempotency)
                .where(_IDEMPOTENCY.digest == _digest(owner, key))
                .values(subject=subject_id, status=status)
            )

    def drop(self, owner: str, key: str) -> None:
        """A request that was begun has failed: the next one under its key is new."""
        with self._database.writing() as connection:
            connection.execute(
                delete(tables.idempotency).where(
                    _IDEMPOTENCY.digest == _digest(owner, key), _IDEMPOTENCY.status.is_(None)
                )
            )


def _digest(owner: str, key: str) -> bytes:
    return hashlib.sha256(place(owner, key)).digest()
