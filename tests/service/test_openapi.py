"""The OpenAPI document is what it was, and says all that a caller needs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.gallery.conftest import KEY
from twofold import api
from twofold.gallery import Gallery
from twofold.service import requests
from twofold.service.app import create_app
from twofold.service.examples import ANSWERS
from twofold.service.keys import Keys
from twofold.service.settings import ServiceSettings
from twofold.service.store import schema

SNAPSHOT = Path(__file__).with_name("openapi.json")
REFRESH = "TWOFOLD_REFRESH_OPENAPI"
METHODS = {"get", "post", "patch", "put", "delete"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("openapi") / "people.gallery"
    with Gallery.open(str(place), key=KEY) as gallery:
        schema.prepare(gallery.database)
        Keys(gallery).new("anybody", ["admin"])
        made = create_app(ServiceSettings(), gallery).openapi()
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, there in document["paths"].items():
        for method in sorted(METHODS & set(there)):
            yield f"{method.upper()} {path}", there[method]


def test_it_is_what_it_was(document: dict[str, Any]) -> None:
    told = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if REFRESH in os.environ:
        SNAPSHOT.write_text(told, encoding="utf-8")
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == document, (
        "The API's description changed. If that is meant, refresh the snapshot and look at the "
        f"difference: {REFRESH}=1 python -m pytest --no-cov tests/service/test_openapi.py"
    )


def test_every_route_says_what_it_does(document: dict[str, Any]) -> None:
    told = list(operations(document))
    assert len(told) >= 30
    for name, one in told:
        assert len(one["summary"].split()) > 1 and one["tags"], name
    names = [one["operationId"] for _, one in told]
    assert len(set(names)) == len(names)


def test_every_route_has_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def example(content: dict[str, Any]) -> bool:
        for one in content.values():
            name = one["schema"].get("$ref", "").rpartition("/")[2]
            if {"example", "examples"} & {*one, *schemas.get(name, {})}:
                return True
        return False

    for name, one in operations(document):
        ((_, success),) = (it for it in one["responses"].items() if it[0].startswith("2"))
        if "requestBody" in one:
            assert example(one["requestBody"]["content"]), name
        if "content" in success:
            assert example(success["content"]), name


def test_every_error_has_the_one_shape(document: dict[str, Any]) -> None:
    for name, one in operations(document):
        failed = {status: it for status, it in one["responses"].items() if status >= "400"}
        for status, told in failed.items():
            assert told["content"] == {
                "application/json": {"schema": {"$ref": "#/components/schemas/ErrorModel"}}
            }, f"{name} {status}"
            assert ("Retry-After" in told.get("headers", {})) == (status in ("429", "503"))
        if "/health/" not in name:
            assert {"401", "403", "422", "429", "503"} <= set(failed), name


@pytest.mark.parametrize("name", ANSWERS)
def test_examples_of_answers_are_answers(name: str) -> None:
    model = getattr(api, name)
    assert issubclass(model, BaseModel)
    model.model_validate_json(json.dumps(ANSWERS[name]), strict=True)


def test_examples_of_requests_are_requests() -> None:
    checked = 0
    for model in vars(requests).values():
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        extra = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "example" in extra:
            model.model_validate_json(json.dumps(extra["example"]))
            checked += 1
    assert checked >= 9
