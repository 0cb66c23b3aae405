"""API keys: who may call, and for what.

A key reads `tf_<id>_<secret>`: 16 hexadecimal characters that name it, and 256 random bits. Only an
argon2id hash of the secret is stored (RFC 9106), so that whoever reads the database can call
nothing. Rows are sealed and the end of a key is noted in the gallery, so that whoever writes to the
database without the master key can call nothing either.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import Row, delete, insert, select, update

from twofold.api import Scope
from twofold.errors import MissingExtraError, OptionError, TwofoldError
from twofold.gallery import Gallery
from twofold.gallery.values import moment, seconds
from twofold.service.store import tables
from twofold.service.store.seals import Seals

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SCOPES: tuple[Scope, ...] = get_args(Scope)
LONGEST_NAME = 100

_FORM = re.compile(r"tf_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_REMEMBERED_SECONDS = 60.0
_HASHED_AT_ONCE = 2  # each takes 64 MiB
_KEY = tables.key.c


class UnknownKeyError(TwofoldError):
    """No API key has this id."""


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret.

    Attributes:
        id: 16 hexadecimal characters, which logs and the audit may tell.
        name: of the program or person that it was made for.
        scopes: some of `SCOPES`.
        created: UTC.
        expires: UTC; it is of no use from then on. None for never.
        revoked: UTC; None where it was not.
        altered: its row was changed, put in or put back without the master key: of no use, and
            nothing but the id is told.
    """

    id: str
    name: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    altered: bool = False

    def state(self, now: float) -> Literal["valid", "expired", "revoked", "altered"]:
        """Whether it can be used, at a time in seconds since 1970."""
        if self.altered:
            return "altered"
        if self.revoked is not None:
            return "revoked"
        if self.expires is not None and self.expires.timestamp() <= now:
            return "expired"
        return "valid"


class Keys:
    """The API keys of a gallery. Safe between threads and processes.

    Args:
        gallery: open; its database is prepared by `store.schema.prepare`.
        clock: seconds since 1970.

    Raises:
        MissingExtraError: argon2 is not installed.
    """

    def __init__(self, gallery: Gallery, clock: Callable[[], float] = time.time) -> None:
        self._gallery, self._database, self._clock = gallery, gallery.database, clock
        self._seals = Seals(gallery, tables.key)
        self._hasher = _hasher()
        # Verified for an unknown id, so that it takes as long as a known one with a wrong secret.
        self._nobody = _hash_of_nothing(self._hasher)
        # Hashing takes tens of milliseconds: a key just seen is known again by a digest that means
        # nothing outside this process. To each, the hash it was verified against, and until when.
        self._remembered: dict[bytes, tuple[str, float]] = {}
        self._mark = os.urandom(32)
        self._hashing = threading.BoundedSemaphore(_HASHED_AT_ONCE)

    def new(
        self,
        name: str,
        scopes: Iterable[str],
        expires: datetime | date | None = None,
        *,
        actor: str | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; the audit records it.

        Args:
            name: of the program or person that it is for, 1 to 100 characters.
            scopes: some of `SCOPES`, one at least.
            expires: with its zone, or a day, which counts from its first moment in UTC; None for
                never.
            actor: in whose name; None for the gallery's.

        Returns:
            The key, and its text, which is to be shown once: nobody can tell it later.

        Raises:
            OptionError: no such name, scope or time.
        """
        now = int(self._clock())
        until = seconds(expires, "expires")
        if until is not None and until <= now:
            raise OptionError(f"expires {expires}: that is over already. Give a later time.")
        values = {
            "id": secrets.token_hex(8),
            "name": _name(name),
            "scopes": " ".join(_scopes(scopes)),
            "created": now,
            "expires": until,
            "revoked": None,
        }
        secret = secrets.token_urlsafe(32)
        row = self._seals.sealed(values | {"hash": self._hasher.hash(secret)})
        with self._database.writing() as connection:
            stored = connection.execute(
                insert(tables.key).values(row).returning(*tables.key.columns)
            ).one()
        made = _api_key(stored)
        self._gallery.record("api key", outcome="made", details=_told(made), actor=actor)
        return made, f"tf_{made.id}_{secret}"

    def list(self) -> tuple[ApiKey, ...]:
        """All of them, those that are of no use any more too, in the order they were made."""
        query = select(tables.key).order_by(_KEY.created, _KEY.id)
        retired = self._gallery.settings.retired
        with self._database.reading() as connection:
            return tuple(self._standing(row, retired) for row in connection.execute(query))

    def revoke(self, id: str, *, actor: str | None = None) -> ApiKey:
        """End a key at once, and the sessions begun with it; done twice, it stays as it was.

        The audit records it. An altered row is removed.

        Args:
            id: of the key.
            actor: in whose name; None for the gallery's.

        Raises:
            UnknownKeyError: there is none of this id.
        """
        retired = self._gallery.settings.retired
        with self._database.writing() as connection:
            row = connection.execute(
                select(tables.key).where(_KEY.id == id).with_for_update()
            ).first()
            if row is None:
                raise UnknownKeyError("no API key has this id. `twofold keys list` shows them.")
            ended = self._standing(row, retired)
            if ended.altered:
                connection.execute(delete(tables.session).where(tables.session.c.key == id))
                connection.execute(delete(tables.key).where(_KEY.id == id))
            elif ended.revoked is None:
                now = int(self._clock())
                values = self._seals.sealed(row._asdict() | {"revoked": now})
                connection.execute(update(tables.key).where(_KEY.id == id).values(values))
                ended = replace(ended, revoked=moment(now))
        # In this order: what breaks off in between is revoked already, and done again completes it.
        self._gallery.retire(id, "api key", details=_told(ended), actor=actor)
        return ended

    def remembered(self, text: str) -> bool:
        """Whether a key was verified a moment ago, so that checking it costs little."""
        mark = hmac.digest(self._mark, text.encode("utf-8", "replace"), hashlib.sha256)
        return self._known(mark, self._remembered.get(mark, (None, 0.0))[0])

    def check(self, text: str) -> ApiKey | None:
        """The key that a caller gave; None where it is none, revoked, expired or altered.

        Whether it was revoked is read from the database each time.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        id, secret = found.groups()
        row = self._row(id)
        if not self._right(text, secret, None if row is None else row.hash) or row is None:
            return None
        return self._valid(row)

    def valid(self, id: str) -> ApiKey | None:
        """The key of an id, where it may be used now; read from the database each time."""
        row = self._row(id)
        return None if row is None else self._valid(row)

    def _row(self, id: str) -> Row[Any] | None:
        with self._database.reading() as connection:
            row = connection.execute(select(tables.key).where(_KEY.id == id)).first()
        return row if row is not None and self._seals.holds(row) else None

    def _valid(self, row: Row[Any]) -> ApiKey | None:
        """The key of a row whose seal holds."""
        if row.id in self._gallery.settings.retired:
            return None
        key = _api_key(row)
        return key if key.state(self._clock()) == "valid" else None

    def _standing(self, row: Row[Any], retired: Sequence[str]) -> ApiKey:
        """A key from its row, which may have been altered, or put back from before its end."""
        if not self._seals.holds(row) or (row.revoked is None and row.id in retired):
            return ApiKey(str(row.id), "?", frozenset(), moment(0), altered=True)
        return _api_key(row)

    def _right(self, text: str, secret: str, expected: str | None) -> bool:
        from argon2.exceptions import Argon2Error

        mark = hmac.digest(self._mark, text.encode(), hashlib.sha256)
        if self._known(mark, expected):
            return True
        with self._hashing:
            if self._known(mark, expected):  # another thread was faster
                return True
            try:
                self._hasher.verify(expected or self._nobody, secret)
            except Argon2Error:
                return False
        if expected is None:  # pragma: no cover - the odds are 2 to the 256 against
            return False
        now = time.monotonic()
        kept = {one: to for one, to in list(self._remembered.items()) if to[1] > now}
        self._remembered = kept | {mark: (expected, now + _REMEMBERED_SECONDS)}
        return True

    def _known(self, mark: bytes, expected: str | None) -> bool:
        against, until = self._remembered.get(mark, (None, 0.0))
        return against is not None and against == expected and time.monotonic() < until


def _api_key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.id, row.name, frozenset(row.scopes.split()), moment(row.created),
        None if row.expires is None else moment(row.expires),
        None if row.revoked is None else moment(row.revoked),
    )  # fmt: skip


def _told(key: ApiKey) -> dict[str, Any]:
    """Of a key, for the audit."""
    return {"id": key.id, "scopes": sorted(key.scopes)}


def _name(given: str) -> str:
    name = unicodedata.normalize("NFC", given.strip())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise OptionError(
            f"name: give 1 to {LONGEST_NAME} printable characters that tell whom the key is for."
        )
    return name


def _scopes(given: Iterable[str]) -> list[str]:
    wanted = set(given)
    wrong = sorted(wanted - set(SCOPES))
    if wrong or not wanted:
        told = f"scope {wrong[0][:40]!r}" if wrong else "scopes: none given"
        raise OptionError(f"{told}: expected one or more of {', '.join(SCOPES)}.")
    return [one for one in SCOPES if one in wanted]


def _hash_of_nothing(like: "PasswordHasher") -> str:
    """Reads as a hash, and is that of no secret that anybody has."""
    costs = f"m={like.memory_cost},t={like.time_cost},p={like.parallelism}"
    salt, digest = (
        base64.b64encode(os.urandom(length)).rstrip(b"=").decode()
        for length in (like.salt_len, like.hash_len)
    )
    return f"$argon2id$v=19${costs}${salt}${digest}"


def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"API keys need {error.name}: pip install 'twofold[serve]'."
        ) from error
    return PasswordHasher()
