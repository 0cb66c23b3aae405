"""Sessions of the console: an API key is given once, then a cookie stands for it.

Only the cookie's SHA-256 is stored (it is random, so that a slow hash would add nothing). The token
against forged requests is derived from the cookie, and nothing of it is stored at all. Rows are
sealed, so that whoever writes to the database without the master key can put in none.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from twofold.gallery import Gallery
from twofold.gallery.values import moment
from twofold.service.keys import ApiKey, Keys
from twofold.service.store import tables
from twofold.service.store.rows import Broom
from twofold.service.store.seals import Seals

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 60 * 60

_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_TOUCH_SECONDS = 60  # a session in use is written so often, not with every request
_SWEEP_SECONDS = 600.0
_SESSION = tables.session.c


@dataclass(frozen=True)
class Session:
    """A session that goes on.

    Attributes:
        key: it was begun with.
        csrf: token that requests which change something must carry; compare it in constant time.
        begun: UTC.
        expires: UTC; when it ends unless it is used before.
    """

    key: ApiKey
    csrf: str = field(repr=False)
    begun: datetime
    expires: datetime


class Sessions:
    """Sessions of all processes that share the database. Safe between threads.

    A session ends after 30 minutes without a request (counted to the minute), after 12 hours, or
    with its key.

    Args:
        gallery: open; its database is prepared by `store.schema.prepare`.
        keys: of the same gallery.
        clock: seconds since 1970.
    """

    def __init__(
        self, gallery: Gallery, keys: Keys, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._keys, self._clock = gallery.database, keys, clock
        self._seals = Seals(gallery, tables.session)
        self._broom = Broom(self._database, _SESSION.ends, _SWEEP_SECONDS, clock)

    def begin(self, key: ApiKey) -> tuple[Session, str]:
        """Begin a session.

        Args:
            key: that was checked just now.

        Returns:
            The session, and the cookie's text, which only the browser keeps.
        """
        self._broom.sweep(0.0)
        cookie = secrets.token_urlsafe(32)
        now = int(self._clock())
        ends = now + IDLE_SECONDS
        values = {"digest": _digest(cookie), "key": key.id, "begun": now, "ends": ends}
        with self._database.writing() as connection:
            connection.execute(insert(tables.session).values(self._seals.sealed(values)))
        return _session(key, cookie, now, ends), cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie, whose idle time begins anew; None where it is none or over."""
        if not _FORM.fullmatch(cookie):
            return None
        now = int(self._clock())
        digest = _digest(cookie)
        query = select(tables.session).where(_SESSION.digest == digest, _SESSION.ends > now)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None or not self._seals.holds(row):
            return None
        key = self._keys.valid(row.key)
        if key is None:
            return None
        ends = min(now + IDLE_SECONDS, row.begun + LONGEST_SECONDS)
        if ends < row.ends + _TOUCH_SECONDS:
            return _session(key, cookie, row.begun, row.ends)
        values = self._seals.sealed(row._asdict() | {"ends": ends})
        with self._database.writing() as connection:
            connection.execute(
                update(tables.session).where(_SESSION.digest == digest).values(values)
            )
        return _session(key, cookie, row.begun, ends)

    def end(self, cookie: str) -> None:
        """End a session; a cookie of none is left alone."""
        if _FORM.fullmatch(cookie):
            with self._database.writing() as connection:
                connection.execute(delete(tables.session).where(_SESSION.digest == _digest(cookie)))


def _session(key: ApiKey, cookie: str, begun: int, ends: int) -> Session:
    token = hmac.digest(cookie.encode(), b"twofold csrf", "sha256")
    csrf = base64.urlsafe_b64encode(token).rstrip(b"=").decode()
    if key.expires is not None:
        ends = min(ends, int(key.expires.timestamp()))
    return Session(key, csrf, moment(begun), moment(ends))


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
