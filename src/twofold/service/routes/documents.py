"""What OpenAPI says of the routes: bodies as forms and JSON, and the errors there may be."""

from typing import Any

from pydantic import BaseModel

from twofold.api import ErrorModel

_WORDS = {
    400: "The body cannot be read.",
    401: "No API key or session, or a wrong one.",
    403: "The key lacks the scope.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "It contradicts what is there.",
    413: "Too large.",
    415: "Neither a form nor JSON.",
    422: "A field or a picture is refused; `details` says which and why.",
    429: "Too many requests or failed attempts; see Retry-After.",
    503: "All workers are busy, or the gallery is out of reach; see Retry-After.",
}
_ALWAYS = (401, 403, 422, 429, 503)
BODIES = (400, 408, 413)


def errors(*statuses: int, uploads: bool = False) -> dict[int | str, dict[str, Any]]:
    """Descriptions of the errors of a route that needs a key."""
    wanted = sorted({*_ALWAYS, *statuses, *((*BODIES, 415) if uploads else ())})
    return {one: {"model": ErrorModel, "description": _WORDS[one]} for one in wanted}


def body(model: type[BaseModel]) -> dict[str, Any]:
    """A body that is a form or JSON, both described by one model."""
    described = model.model_json_schema()
    example = described.pop("example", None)
    form = {**described, "properties": {
        name: _in_form(one) for name, one in described["properties"].items()
    }}  # fmt: skip
    json_content: dict[str, Any] = {"schema": described}
    if example is not None:
        json_content["example"] = example
    return {
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": form}, "application/json": json_content},
        }
    }


def text(kind: str, example: str) -> dict[str, Any]:
    """An answer that is no JSON."""
    return {"description": "Text.", "content": {kind: {
        "schema": {"type": "string"}, "example": example,
    }}}  # fmt: skip


def _in_form(field: dict[str, Any]) -> dict[str, Any]:
    """Files are bytes in a form, and what is empty is null."""
    if field.get("items", {}).get("contentEncoding") == "base64":
        return field | {"items": {"type": "string", "format": "binary"}}
    if "anyOf" in field:
        kinds = [one for one in field["anyOf"] if one != {"type": "null"}]
        return field | {"anyOf": [*kinds, {"type": "string", "maxLength": 0}]}
    return field
