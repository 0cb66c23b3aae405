"""A call: what is sent, how its answer is read, and whether it may be sent again.

Nothing here sends: `clients` does, with and without `await`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
from pydantic import ValidationError

from twofold.client.errors import ServiceError, UnreachableError, kind
from twofold.client.pictures import File

Answer = TypeVar("Answer")
Outcome = httpx.Response | httpx.HTTPError

_FIRST_WAIT = 0.25  # seconds, twice as long each time
_LONGEST_WAIT = 10.0  # a caller would rather hear of it than wait longer


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request to the service.

    Attributes:
        method, path: of HTTP.
        read: makes the answer of a body.
        repeatable: whether doing it twice is like doing it once, so that it may be sent again where
            nobody knows whether it was done.
        patient: whether it waits when the service is busy.
        params, json, data, files, headers: as httpx takes them; None as a value of `params` or
            `data` is left out.
    """

    method: str
    path: str
    read: Callable[[bytes], Answer]
    repeatable: bool = False
    patient: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: Sequence[File] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Arguments of httpx' `request`."""
        made: dict[str, Any] = {
            "method": self.method, "url": self.path, "headers": self.headers,
            "params": _told(self.params),
        }  # fmt: skip
        if self.json is not None:
            made["json"] = self.json
        if self.files:
            made |= {"data": _told(self.data), "files": list(self.files)}
        return made

    def pause(self, outcome: Outcome, tried: int, retries: int) -> float | None:
        """How many seconds to wait before it is sent again; None where it shall not be.

        Args:
            outcome: of the last time.
            tried: how often it was sent again.
            retries: how often that may be.
        """
        if tried >= retries:
            return None
        if isinstance(outcome, httpx.Response):
            wait = _retry_after(outcome)
            waits = self.patient and wait is not None and wait <= _LONGEST_WAIT
            locked = outcome.status_code == 429 and _code(outcome) == "locked"
            return wait if waits and outcome.status_code in (429, 503) and not locked else None
        if isinstance(outcome, httpx.ConnectError) or (
            self.repeatable and isinstance(outcome, httpx.NetworkError | httpx.RemoteProtocolError)
        ):
            return _FIRST_WAIT * float(2**tried)
        return None

    def conclude(self, outcome: Outcome) -> Answer:
        """The answer.

        Raises:
            ServiceError: there is none.
        """
        if isinstance(outcome, httpx.HTTPError):
            told = str(outcome) or type(outcome).__name__
            raise UnreachableError(
                None, "unreachable", f"the service did not answer: {told}. Check address and TLS."
            ) from outcome
        if outcome.is_success:
            try:
                return self.read(outcome.content)
            except ValidationError:
                pass
        raise _error(outcome)


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(response: httpx.Response) -> str | None:
    error = _body(response).get("error")
    return str(error.get("code")) if isinstance(error, dict) else None


def _retry_after(response: httpx.Response) -> float | None:
    told = response.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else None


def _error(response: httpx.Response) -> ServiceError:
    status, body = response.status_code, _body(response)
    error = body.get("error")
    request_id = response.headers.get("x-request-id")
    if not isinstance(error, dict):
        return kind(status, "not_understood")(
            status, "not_understood",
            f"status {status} with a body that no Twofold service sends. Check the address.",
            request_id=request_id, retry_after=_retry_after(response),
        )  # fmt: skip
    code, details = str(error.get("code")), error.get("details")
    return kind(status, code)(
        status, code, str(error.get("message")), details if isinstance(details, dict) else {},
        request_id, _retry_after(response),
    )  # fmt: skip
