"""The OpenAPI document: what FastAPI derives, with summaries, examples and common errors."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from twofold.service.examples import ANSWERS
from twofold.service.routes.documents import BODIES, errors

_METHODS = ("get", "post", "patch", "put", "delete")
_ERROR = {"$ref": "#/components/schemas/ErrorModel"}
_WAIT = {
    "Retry-After": {
        "description": "Seconds after which it may be tried again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def operation_id(route: APIRoute) -> str:
    """A name for generated clients, such as `subjects_enrol`."""
    return "_".join([*map(str, route.tags[:1]), route.name])


def describe(app: FastAPI) -> None:
    """Have the document of an application completed, once somebody asks for it."""
    derived = app.openapi
    app.openapi = cache(lambda: _completed(derived()))  # type: ignore[method-assign]


def _completed(made: dict[str, Any]) -> dict[str, Any]:
    for operation in _operations(made):
        told = operation["description"].split("\n")[0]
        operation["summary"] = told.partition(". ")[0].rstrip(".")
        answers = operation["responses"]
        if "requestBody" in operation:
            for status, one in errors(*BODIES).items():
                content = {"application/json": {"schema": _ERROR}}
                answers.setdefault(
                    str(status), {"description": one["description"], "content": content}
                )
            operation["responses"] = dict(sorted(answers.items()))
        for status in {"429", "503"} & set(answers):
            answers[status]["headers"] = _WAIT
    for name, example in ANSWERS.items():
        made["components"]["schemas"][name]["examples"] = [example]
    return made


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in made["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)
