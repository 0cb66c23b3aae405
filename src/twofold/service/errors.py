"""What the service answers when it does not do what it was asked."""

import math
from collections.abc import Mapping
from typing import Any

from twofold.errors import AcquisitionError, ImageError, ModelError, OptionError, TwofoldError
from twofold.gallery.errors import (
    EnrolmentError,
    ExpiredError,
    GalleryError,
    TamperError,
    UnknownReferenceError,
    UnknownSubjectError,
)
from twofold.service.idempotency import ConflictError
from twofold.service.keys import UnknownKeyError
from twofold.service.lockout import DisabledError, LockedError

_CODES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found",
    405: "method_not_allowed", 408: "timeout", 413: "too_large", 415: "unsupported_media_type",
    422: "invalid", 429: "too_many_requests", 500: "internal", 503: "unavailable",
}  # fmt: skip
# The gallery's own messages tell how strong the evidence is, which not every caller may know.
_ENROLMENTS = {
    "duplicate": "the person is enrolled already under another name, see `details`. Add references "
    "to that subject, or enrol with `duplicates` where they are two people.",
    "mixed": "the pictures are not all of one person, or not of this subject. Send pictures of the "
    "subject alone.",
}


class ApiError(TwofoldError):
    """An answer other than success.

    Args:
        status: of HTTP.
        code: short stable name; None for the status' own.
        message: what was wrong and what to do; for the caller to read.
        details: for programs.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code = status, code or code_of(status)
        self.details, self.headers = dict(details or {}), dict(headers or {})

    def body(self, request_id: str) -> dict[str, Any]:
        """The one shape of all errors."""
        error = {"code": self.code, "message": str(self), "details": self.details}
        return {"error": error, "request_id": request_id}


def code_of(status: int) -> str:
    """The stable name of a status."""
    return _CODES.get(status, "error")


def busy(message: str, status: int = 503, seconds: float = 1.0, code: str = "busy") -> ApiError:
    """To be tried again after so many seconds."""
    return ApiError(status, code, message, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def from_twofold(error: TwofoldError) -> ApiError:
    """The answer to what the gallery or the recognizer raised."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UnknownSubjectError):
        return ApiError(404, "unknown_subject", str(error))
    if isinstance(error, UnknownReferenceError):
        return ApiError(404, "unknown_reference", str(error))
    if isinstance(error, LockedError):
        return busy(str(error), 429, error.seconds, "locked")
    if isinstance(error, DisabledError):
        return ApiError(403, "disabled", str(error))
    if isinstance(error, ConflictError):
        return ApiError(409, "idempotency", str(error))
    if isinstance(error, UnknownKeyError):
        return ApiError(404, "unknown_key", str(error))
    if isinstance(error, ExpiredError):
        return ApiError(409, "expired", str(error))
    if isinstance(error, EnrolmentError):
        told = _ENROLMENTS.get(error.code, str(error))
        status = 422 if error.code == "mixed" else 409
        return ApiError(status, error.code, told, {"subjects": list(error.subjects)})
    if isinstance(error, TamperError):
        return ApiError(500, "tampered", str(error))
    if isinstance(error, GalleryError):
        return ApiError(503, "gallery_unavailable", str(error), headers={"Retry-After": "1"})
    if isinstance(error, AcquisitionError):
        return ApiError(422, "quality", str(error))
    if isinstance(error, ImageError):
        return ApiError(422, "image", str(error))
    if isinstance(error, OptionError):
        return ApiError(422, "option", str(error))
    if isinstance(error, ModelError):
        return ApiError(422, "model", str(error))
    return ApiError(500, "internal", "something went wrong; the request's id is in the log.")
