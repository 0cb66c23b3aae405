"""Who calls, and what they may do.

A caller brings an API key, or the cookie of a console session and, for whatever changes something,
the session's CSRF token. Addresses and keys have rates; wrong keys have a lower one.
"""

import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from twofold.api import Scope
from twofold.service.errors import ApiError, busy
from twofold.service.keys import ApiKey
from twofold.service.rates import Limit
from twofold.service.sessions import Session
from twofold.service.state import Service, service

log = logging.getLogger("twofold.service")

COOKIE = "twofold_session"
_SAFE = ("GET", "HEAD")
_WRONG_BURST = 10

_bearer = HTTPBearer(auto_error=False, description="An API key: `tf_…`, made by `twofold keys`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="A console session.")


@dataclass(frozen=True)
class Caller:
    """Somebody who may call.

    Attributes:
        key: theirs.
        session: of the console, where they came by one.
        service: called.
    """

    key: ApiKey
    session: Session | None
    service: Service

    @property
    def actor(self) -> str:
        """As the audit names them."""
        return f"{self.key.name} (key {self.key.id})"

    def has(self, scope: Scope) -> bool:
        """Whether they may do that. An admin may all but see scores, which must be given by name:
        they help to climb towards a match by trial."""
        return scope in self.key.scopes or (scope != "scores" and "admin" in self.key.scopes)

    def require(self, scope: Scope) -> None:
        """Refuse who may not.

        Raises:
            ApiError: 403.
        """
        if not self.has(scope):
            raise ApiError(
                403, None, f"this key lacks the scope {scope}. Ask an administrator for one."
            )


def requires(*scopes: Scope) -> Callable[..., Caller]:
    """A dependency: the caller, who has at least one of these scopes; any key where none is named.

    Raises:
        ApiError: 401, 403, or 429 where the rate is exceeded.
    """

    def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        cookie: Annotated[str | None, Security(_cookie)],
    ) -> Caller:
        there = service(request)
        try:
            if bearer is not None:
                found = Caller(checked_key(request, there, bearer.credentials), None, there)
            else:
                session = _session(request, there, cookie)
                found = Caller(session.key, session, there)
        except ApiError:
            limit_address(request, there)
            raise
        _limit(there, _of_address(request, there), _of_key(found.key, there))
        if scopes and not any(found.has(scope) for scope in scopes):
            raise ApiError(
                403, None,
                f"this key lacks the scope {' or '.join(scopes)}. Ask an administrator for one.",
            )  # fmt: skip
        return found

    return caller


AnyCaller = Annotated[Caller, Depends(requires())]


def limit_address(request: Request, there: Service) -> None:
    """Take one request from the address' rate.

    Raises:
        ApiError: 429.
    """
    _limit(there, _of_address(request, there))


def address(request: Request) -> str:
    """Of the caller, or of what the trusted proxy says."""
    return "unknown" if request.client is None else request.client.host


def checked_key(request: Request, there: Service, text: str) -> ApiKey:
    """The key that somebody gave.

    Raises:
        ApiError: 401 for a wrong one, 429 after too many.
    """
    # Hashing is slow on purpose: an address that guesses does not get to make us do it.
    wrong = Limit(f"wrong {address(request)}", there.settings.sign_in_per_minute, _WRONG_BURST)
    if not there.keys.remembered(text):
        _admit(there.rates.look(_of_address(request, there)))
        _admit(there.rates.look(wrong), "too many wrong keys from this address.")
    found = there.keys.check(text)
    if found is None:
        there.rates.take(wrong)
        log.warning("a wrong API key from %s", address(request))
        raise _unauthorized("the API key is wrong, revoked or expired.")
    return found


def _session(request: Request, there: Service, cookie: str | None) -> Session:
    if cookie is None:
        raise _unauthorized("no API key. Send it as `Authorization: Bearer tf_…`.")
    found = there.sessions.find(cookie)
    if found is None:
        raise _unauthorized("the session is over. Sign in again.")
    given = request.headers.get("x-csrf-token", "")
    if request.method not in _SAFE and not hmac.compare_digest(
        given.encode("utf-8", "replace"), found.csrf.encode()
    ):
        raise ApiError(403, "csrf", "the header X-CSRF-Token is not the session's. Sign in again.")
    return found


def _of_address(request: Request, there: Service) -> Limit:
    settings = there.settings
    return Limit(f"address {address(request)}", settings.address_per_minute, settings.address_burst)


def _of_key(key: ApiKey, there: Service) -> Limit:
    return Limit(f"key {key.id}", there.settings.key_per_minute, there.settings.key_burst)


def _limit(there: Service, *limits: Limit) -> None:
    _admit(there.rates.take(*limits))


def _admit(wait: float, message: str = "too many requests. Slow down.") -> None:
    if wait > 0:
        raise busy(message, 429, wait, "too_many_requests")


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, None, message, headers={"WWW-Authenticate": "Bearer"})
