"""Evaluation reports of a folder, for the console."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from twofold.api import ReportList, ReportModel
from twofold.service.access import Caller, requires
from twofold.service.errors import ApiError
from twofold.service.examples import REPORT
from twofold.service.routes.documents import errors, text
from twofold.service.settings import MEBIBYTE

router = APIRouter(prefix="/reports", tags=["reports"])
Reader = Annotated[Caller, Depends(requires("audit", "enrol"))]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_LARGEST = 64 * MEBIBYTE
# A report brings its own styles and pictures; it may neither run scripts nor reach anything.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'none'"
)


@router.get("", responses=errors())
def reports(caller: Reader) -> ReportList:
    """The reports there are, newest first."""
    folder = caller.service.settings.reports
    found = []
    for name, path in _reports(folder):
        told = path.stat()
        created = datetime.fromtimestamp(told.st_mtime, UTC)
        found.append(ReportModel(name=name, created=created, bytes=told.st_size))
    return ReportList(reports=sorted(found, key=lambda one: one.created, reverse=True))


@router.get(
    "/{name}", responses=errors(404) | {200: text("text/html", REPORT)}, response_class=Response
)
def report(name: str, caller: Reader) -> Response:
    """One report, a self-contained page."""
    path = dict(_reports(caller.service.settings.reports)).get(name)
    if path is None or path.stat().st_size > _LARGEST:
        raise ApiError(404, None, "there is no such report.")
    return Response(
        path.read_bytes(), media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )  # fmt: skip


def _reports(folder: Path | None) -> list[tuple[str, Path]]:
    """`NAME.html` and `NAME/report.html` of the folder; a caller only ever chooses among these."""
    if folder is None or not folder.is_dir():
        return []
    found = [(path.stem, path) for path in folder.glob("*.html")]
    found += [(path.parent.name, path) for path in folder.glob("*/report.html")]
    return [(name, path) for name, path in found if _NAME.fullmatch(name) and path.is_file()]
