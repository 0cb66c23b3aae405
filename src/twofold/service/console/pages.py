"""The console's files, served from memory: only names that were there at the start are answered."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; media-src 'self' blob:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",  # kept, but asked for anew: an update is seen at once
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True)
class _File:
    content: bytes
    kind: str
    etag: str


def router() -> APIRouter:
    """The routes of the console: `/console/` and the files below it."""
    files = _files()
    routes = APIRouter(include_in_schema=False)

    # Not `/console`: addresses inside the page are relative, so that a prefix of a proxy holds.
    @routes.api_route("/console", methods=["GET", "HEAD"])
    async def enter() -> RedirectResponse:
        return RedirectResponse("console/", headers={"Cache-Control": "no-cache"})

    @routes.api_route("/console/{name:path}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        found = files.get(name or "index.html")
        if found is None:
            raise HTTPException(404, "the console has no such page.")
        headers = _HEADERS | {"ETag": found.etag}
        known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
        if found.etag in known:
            return Response(status_code=304, headers=headers)
        return Response(found.content, media_type=found.kind, headers=headers)

    return routes


def _files() -> dict[str, _File]:
    found = {}
    for path in sorted(_FOLDER.rglob("*")):
        if path.is_file() and path.suffix in _KINDS:
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            name = path.relative_to(_FOLDER).as_posix()
            found[name] = _File(content, _KINDS[path.suffix], etag)
    return found
