"""Two clients with the same methods: one waits for each answer, the other is awaited."""

import inspect
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, get_args

import anyio
import httpx

from twofold.api import EventModel, SubjectModel
from twofold.client import calls
from twofold.client.call import Answer, Call, Outcome
from twofold.errors import OptionError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_PAGE = 100


def _waiting(build: Callable[_P, Call[_T]]) -> "Callable[Concatenate[Client, _P], _T]":
    """A method that sends a call and waits."""

    @wraps(build)
    def method(self: "Client", /, *args: _P.args, **given: _P.kwargs) -> _T:
        return self._send(build(*args, **given))

    return _with_self(method, build)


def _awaited(
    build: Callable[_P, Call[_T]],
) -> "Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, _T]]":
    """A method that sends a call and is awaited."""

    @wraps(build)
    async def method(self: "AsyncClient", /, *args: _P.args, **given: _P.kwargs) -> _T:
        return await self._send(build(*args, **given))

    return _with_self(method, build)


def _with_self(method: _T, build: Callable[..., Any]) -> _T:
    """So that `help` shows arguments and answer of a method."""
    shown = inspect.signature(build)
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    (answer,) = get_args(shown.return_annotation)
    method.__signature__ = shown.replace(  # type: ignore[attr-defined]
        parameters=[this, *shown.parameters.values()], return_annotation=answer
    )
    return method


class Client:
    """Calls the service. Keep one: it keeps its connections. Safe between threads.

    Args:
        url: of the service, such as "https://door.example:8400".
        key: API key (`twofold keys new`).
        timeout: seconds for connecting, and for each read and write.
        verify: whether its certificate is verified; a path to the PEM file of a private authority;
            or a context.
        retries: how often a call is sent again: where the service is busy and says when to come
            back, and where the connection broke and doing it twice is like doing it once.
        transport: of httpx, in place of the network.

    Raises:
        OptionError: url, key or retries is none.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        verify: bool | str | Path | ssl.SSLContext = True,
        retries: int = 2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = _checked(url, key, retries)
        self._http = httpx.Client(
            base_url=url, headers=_headers(key), timeout=timeout, verify=_trusted(verify),
            transport=transport,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._http.base_url)!r})"

    def close(self) -> None:
        """End its connections."""
        self._http.close()

    def subjects(self) -> Iterator[SubjectModel]:
        """All who are enrolled, in the order of enrolment; pages are fetched as needed."""
        after: int | None = 0
        while after is not None:
            page = self._send(calls.subject_page(after, _PAGE))
            yield from page.subjects
            after = page.next

    def audit(
        self,
        after: int = 0,
        *,
        subject: int | None = None,
        action: str | None = None,
        latest: bool = False,
    ) -> Iterator[EventModel]:
        """Events of the audit; pages are fetched as needed.

        Args:
            after: number of the last one seen.
            subject: number of a subject; None for all.
            action: such as "verify"; None for all.
            latest: the newest first; else the oldest.
        """
        following: int | None = after
        while following is not None:
            page = self._send(calls.event_page(following, _PAGE, subject, action, latest))
            yield from page.events
            following = page.next

    enrol = _waiting(calls.enrol)
    subject = _waiting(calls.subject)
    update = _waiting(calls.update)
    delete = _waiting(calls.delete)
    unlock = _waiting(calls.unlock)
    add_references = _waiting(calls.add_references)
    references = _waiting(calls.references)
    remove_reference = _waiting(calls.remove_reference)
    verify = _waiting(calls.verify)
    identify = _waiting(calls.identify)
    compare = _waiting(calls.compare)
    quality = _waiting(calls.quality)
    models = _waiting(calls.models)
    policies = _waiting(calls.policies)
    change_policies = _waiting(calls.change_policies)
    verify_audit = _waiting(calls.verify_audit)
    keys = _waiting(calls.keys)
    new_key = _waiting(calls.new_key)
    revoke_key = _waiting(calls.revoke_key)
    health = _waiting(calls.health)
    summary = _waiting(calls.summary)

    def _send(self, call: Call[Answer]) -> Answer:
        tried = 0
        while True:
            outcome = self._once(call)
            wait = call.pause(outcome, tried, self._retries)
            if wait is None:
                return call.conclude(outcome)
            time.sleep(wait)
            tried += 1

    def _once(self, call: Call[Any]) -> Outcome:
        try:
            return self._http.request(**call.request())
        except httpx.HTTPError as error:
            return error


class AsyncClient:
    """As `Client`, with methods that are awaited; `subjects` and `audit` are iterated by
    `async for`."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        verify: bool | str | Path | ssl.SSLContext = True,
        retries: int = 2,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = _checked(url, key, retries)
        self._http = httpx.AsyncClient(
            base_url=url, headers=_headers(key), timeout=timeout, verify=_trusted(verify),
            transport=transport,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._http.base_url)!r})"

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def subjects(self) -> AsyncIterator[SubjectModel]:
        """See `Client.subjects`."""
        after: int | None = 0
        while after is not None:
            page = await self._send(calls.subject_page(after, _PAGE))
            for one in page.subjects:
                yield one
            after = page.next

    async def audit(
        self,
        after: int = 0,
        *,
        subject: int | None = None,
        action: str | None = None,
        latest: bool = False,
    ) -> AsyncIterator[EventModel]:
        """See `Client.audit`."""
        following: int | None = after
        while following is not None:
            page = await self._send(calls.event_page(following, _PAGE, subject, action, latest))
            for one in page.events:
                yield one
            following = page.next

    enrol = _awaited(calls.enrol)
    subject = _awaited(calls.subject)
    update = _awaited(calls.update)
    delete = _awaited(calls.delete)
    unlock = _awaited(calls.unlock)
    add_references = _awaited(calls.add_references)
    references = _awaited(calls.references)
    remove_reference = _awaited(calls.remove_reference)
    verify = _awaited(calls.verify)
    identify = _awaited(calls.identify)
    compare = _awaited(calls.compare)
    quality = _awaited(calls.quality)
    models = _awaited(calls.models)
    policies = _awaited(calls.policies)
    change_policies = _awaited(calls.change_policies)
    verify_audit = _awaited(calls.verify_audit)
    keys = _awaited(calls.keys)
    new_key = _awaited(calls.new_key)
    revoke_key = _awaited(calls.revoke_key)
    health = _awaited(calls.health)
    summary = _awaited(calls.summary)

    async def _send(self, call: Call[Answer]) -> Answer:
        tried = 0
        while True:
            outcome = await self._once(call)
            wait = call.pause(outcome, tried, self._retries)
            if wait is None:
                return call.conclude(outcome)
            await anyio.sleep(wait)
            tried += 1

    async def _once(self, call: Call[Any]) -> Outcome:
        try:
            return await self._http.request(**call.request())
        except httpx.HTTPError as error:
            return error


def _checked(url: str, key: str, retries: int) -> int:
    if not url.startswith(("https://", "http://")):
        raise OptionError(f"url {url!r}: expected https://HOST:PORT.")
    if not key.isascii() or not key.isprintable() or not key.strip():
        raise OptionError("key: expected an API key such as `twofold keys new` prints.")
    if retries < 0:
        raise OptionError(f"retries {retries}: must be at least 0.")
    return retries


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.strip()}"}


def _trusted(verify: bool | str | Path | ssl.SSLContext) -> bool | ssl.SSLContext:
    if isinstance(verify, bool | ssl.SSLContext):
        return verify
    try:
        return ssl.create_default_context(cafile=str(verify))
    except OSError as error:
        raise OptionError(
            f"{verify}: no certificates ({error.strerror}). Give a PEM file."
        ) from None
