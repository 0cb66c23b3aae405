"""What every request passes: an id, limits on its body, and headers of every answer."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twofold.service.errors import ApiError, busy
from twofold.service.metrics import Metrics, route_of
from twofold.service.settings import ServiceSettings

log = logging.getLogger("twofold.service")

BODY_LIMIT = "body_limit"  # in the request's state: bytes that its route takes
_SMALL = 64 * 1024
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; media-src 'self' blob:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Content-Security-Policy": PAGE_POLICY,
    # Answers are about people unless a route says otherwise.
    "Cache-Control": "no-store",
}


class Envelope:
    """Outermost: gives each request an id, adds headers, counts, and hides unexpected errors.

    Args:
        app: inside.
        metrics: that count.
        tls: whether browsers are told to come by TLS only.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tls: bool) -> None:
        self._app, self._metrics = app, metrics
        strict = {"Strict-Transport-Security": "max-age=31536000"} if tls else {}
        self._headers: Mapping[str, str] = _HEADERS | strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        begun, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            # The traceback holds no values; messages of foreign libraries might.
            log.exception("request %s failed", request_id)
            if status:
                raise
            error = ApiError(500, None, "something went wrong; the request's id is in the log.")
            await JSONResponse(error.body(request_id), 500)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - begun
            self._metrics.request(scope, status, seconds)
            log.info(
                "%s %s %s %d %.0f ms",
                request_id, scope["method"], route_of(scope), status, 1000 * seconds,
            )  # fmt: skip


class BodyLimits:
    """Bounds each body in bytes and time, and all bodies together in bytes.

    Bodies stay in memory until their request is answered, so all that is held is bounded, too. A
    body is small unless its route, which knows the caller by then, allows it to be larger.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app, self.settings = app, settings
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self.settings.max_body_bytes:
            error = _too_large(self.settings.max_body_bytes)
            await _refuse(error, scope, receive, send)
            return
        upload = _Upload(self, scope, receive)

        async def sending(message: Message) -> None:
            # Who reads a body may take our error for one of its own; ours is the one that counts.
            if upload.error is None:
                await send(message)
            elif message["type"] == "http.response.start":
                await _refuse(upload.error, scope, receive, send)

        try:
            await self._app(scope, upload.receive, sending)
        finally:
            self.held -= upload.taken


class _Upload:
    """The body of one request while it arrives."""

    def __init__(self, limits: BodyLimits, scope: Scope, receive: Receive) -> None:
        self._limits, self._scope, self._receive = limits, scope, receive
        self._until = time.monotonic() + limits.settings.upload_seconds
        self._arrived = False
        self.taken = 0
        self.error: ApiError | None = None

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            ApiError: the body is too large or too slow, or all bodies together are too large.
        """
        if self._arrived:  # what comes now is the end of the connection, which may take its time
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise self._refused(
                ApiError(408, None, "the body did not arrive in time. Send it again.")
            ) from None
        self._arrived = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self.taken += size
        self._limits.held += size
        limit = self._scope["state"].get(BODY_LIMIT, _SMALL)
        if self.taken > limit:
            raise self._refused(_too_large(limit))
        if self._limits.held > self._limits.settings.max_held_bytes:
            raise self._refused(busy("too many uploads at once. Try again in a moment."))
        return message

    def _refused(self, error: ApiError) -> ApiError:
        self.error = error
        return error


def _too_large(limit: int) -> ApiError:
    remedy = "Send fewer or smaller pictures." if limit > _SMALL else "Send less."
    return ApiError(413, None, f"the body is larger than {limit} bytes. {remedy}")


async def _refuse(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    body = error.body(scope["state"]["request_id"])
    await JSONResponse(body, error.status, headers=error.headers)(scope, receive, send)
