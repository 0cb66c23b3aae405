"""From the body of a request to checked values: forms and JSON have the same fields.

Everything stays in memory: nothing that was uploaded is ever written to a disk.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from twofold.service.errors import ApiError
from twofold.service.middleware import BODY_LIMIT
from twofold.service.requests import CompareRequest, PicturesModel
from twofold.service.samples import FIELDS, Given
from twofold.service.settings import ServiceSettings

_Body = TypeVar("_Body", bound=BaseModel)
_MOST_FIELDS = 16
_TEXT_BYTES = 64 * 1024


class _InMemory(MultiPartParser):
    spool_max_size = 1 << 40  # a form's parts go to a disk above this


async def read_body(request: Request, model: type[_Body], settings: ServiceSettings) -> _Body:
    """The body, as a form or JSON, checked.

    Raises:
        ApiError: 415 for another content type, 413 for too large, 422 for anything wrong in it.
    """
    request.scope["state"][BODY_LIMIT] = settings.max_body_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        values = await _form(request, model)
    elif kind == "application/json":
        values = await _json(request)
    else:
        raise ApiError(
            415, None,
            f"content type {kind[:80]!r}: send multipart/form-data or application/json.",
        )  # fmt: skip
    return checked(model, values)


def checked(model: type[_Body], values: Any) -> _Body:
    """The values as a model.

    Raises:
        ApiError: 422, naming the fields.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False)) from None


def invalid(errors: Any) -> ApiError:
    """422 for the errors that pydantic found; values are not repeated, they may be pictures."""
    fields = [
        {"field": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in errors
    ]
    told = "; ".join(f"{one['field'] or 'the body'}: {one['message']}" for one in fields[:3])
    return ApiError(422, "invalid", f"{told}.", {"fields": fields[:20]})


def pictures_of(
    body: PicturesModel | CompareRequest, settings: ServiceSettings, prefix: str = ""
) -> list[Given]:
    """The pictures of a body, at least one.

    Raises:
        ApiError: none, too many (422), or too large ones (413).
    """
    found = [
        Given(name, number, content, body.light if name != "face" else None)
        for name in FIELDS
        for number, content in enumerate(getattr(body, prefix + name))
    ]
    if not found:
        raise ApiError(
            422, "no_picture",
            f"no picture: give at least one as {', '.join(prefix + name for name in FIELDS)}.",
        )  # fmt: skip
    if len(found) > settings.max_pictures:
        raise ApiError(
            422, "too_many_pictures",
            f"{len(found)} pictures: at most {settings.max_pictures} are taken.",
        )  # fmt: skip
    for one in found:
        if len(one.content) > settings.max_picture_bytes:
            raise ApiError(
                413, None,
                f"{prefix}{one.field} {one.number}: {len(one.content)} bytes, more than the "
                f"{settings.max_picture_bytes} allowed. Save it smaller.",
            )  # fmt: skip
    return found


async def _form(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    files = {
        name
        for name, one in model.model_fields.items()
        if name.removeprefix("probe_").removeprefix("reference_") in FIELDS
    }
    values: dict[str, Any] = {}
    form = None
    try:
        form = await _InMemory(
            request.headers, _stream(request), max_files=64, max_fields=_MOST_FIELDS,
            max_part_size=_TEXT_BYTES,
        ).parse()  # fmt: skip
        for name, value in form.multi_items():
            if name not in model.model_fields:
                raise ApiError(422, "invalid", f"{name[:80]!r}: there is no such field.")
            if isinstance(value, UploadFile):
                if name not in files:
                    raise ApiError(422, "invalid", f"{name}: expected text, not a file.")
                values.setdefault(name, []).append(await value.read())
            elif name in files:
                raise ApiError(422, "invalid", f"{name}: expected a file with a file name.")
            elif name in values:
                raise ApiError(422, "invalid", f"{name}: given twice.")
            elif value or model.model_fields[name].default is not None:  # else it is not given
                values[name] = value
    except MultiPartException as error:
        raise ApiError(400, None, f"the form cannot be read: {error.message}") from None
    except ClientDisconnect:
        raise ApiError(400, None, "the upload broke off. Send it again.") from None
    except (ValueError, KeyError, AssertionError):  # a boundary or a name that is nothing
        raise ApiError(400, None, "the form cannot be read. Send multipart/form-data.") from None
    finally:
        if form is not None:
            await form.close()
    return values


async def _stream(request: Request) -> AsyncGenerator[bytes, None]:
    async for chunk in request.stream():
        yield chunk


async def _json(request: Request) -> Any:
    try:
        content = await request.body()
    except ClientDisconnect:
        raise ApiError(400, None, "the upload broke off. Send it again.") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ApiError(400, None, "the body is no JSON in UTF-8.") from None
