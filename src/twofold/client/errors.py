"""What a call raises that the service did not do."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from twofold.api import FailureModel
from twofold.errors import TwofoldError


class ServiceError(TwofoldError):
    """An answer other than success, or none.

    Attributes:
        status: of HTTP; None where there was no answer.
        code: short stable name, such as "duplicate"; docs/service.md lists them.
        message: what was wrong and what to do.
        details: for programs, by code.
        request_id: by which the service's log knows the request; None where it did not tell.
        retry_after: seconds after which it may be tried again; None where that is not said.
    """

    def __init__(
        self,
        status: int | None,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.details = dict(details or {})
        self.request_id, self.retry_after = request_id, retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it comes back from a worker process."""
        given = (self.status, self.code, self.message, self.details)
        return type(self), (*given, self.request_id, self.retry_after)


class UnreachableError(ServiceError):
    """There was no answer: wrong address, no network, a certificate that is not trusted, timeout.

    Whether the service did what it was asked is not known, unless it could not be reached at all.
    """


class ForbiddenError(ServiceError):
    """The key is wrong, over or lacks a scope, or the policy does not allow it."""


class NotFoundError(ServiceError):
    """No such subject, reference or key."""


class LockedError(ServiceError):
    """Too many verifications of a subject failed: wait for `retry_after` seconds, or, where that is
    None, for an administrator to unlock it."""


class BusyError(ServiceError):
    """Too many requests, or workers or gallery are out of reach; try again after `retry_after`."""


class PictureError(ServiceError):
    """Pictures were refused."""

    @property
    def pictures(self) -> list[FailureModel]:
        """Which ones and why, with advice for the person in front of the camera."""
        try:
            return [FailureModel.model_validate(one) for one in self.details.get("pictures", [])]
        except ValidationError:  # of a newer service: the message still tells
            return []


_BY_CODE = {
    "locked": LockedError, "disabled": LockedError, "quality": PictureError, "image": PictureError,
}  # fmt: skip
_BY_STATUS = {
    401: ForbiddenError, 403: ForbiddenError, 404: NotFoundError, 429: BusyError, 503: BusyError,
}  # fmt: skip


def kind(status: int, code: str) -> type[ServiceError]:
    """The class of an error."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status, ServiceError)
