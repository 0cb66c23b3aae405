"""Whatever the OpenAPI document allows, and much that it does not, is answered as it says."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.service.serving import (
    Served,
    eye_png,
    face_png,
    gallery_for_pictures,
    often,
    serving,
)

DOCUMENT = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
ERASING, JUDGING = "DELETE /v1/subjects/{subject}", "POST /v1/quality"
FEW, MANY = 10, 380  # those without parameters are called less often
PERSON = 40
PICTURES = {"face": face_png, "left": eye_png, "iris": eye_png}


def one_shape(context: CheckContext, response: Response, case: Case) -> None:
    """Errors have one shape, and who shall come back is told when."""
    if response.status_code < 400:
        return
    body = response.json()
    assert set(body) == {"error", "request_id"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert (
        body["error"]["message"].strip()
        and body["request_id"] == response.headers["x-request-id"][0]
    )
    if response.status_code in (429, 503):
        assert body["error"]["code"] in ("busy", "locked")
        assert int(response.headers["retry-after"][0]) >= 1


def rejected(context: CheckContext, response: Response, case: Case) -> bool | None:
    """What the document does not allow is refused; but any file is something that can be judged."""
    if case.operation.label == JUDGING and case.media_type == "multipart/form-data":
        return None
    return negative_data_rejection(context, response, case)


CHECKS = [
    status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, rejected, ignored_auth, unsupported_method,
    one_shape,
]  # fmt: skip


@pytest.fixture(scope="module")
def apart(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With a gallery of its own, whose policies and people may be changed at will."""
    place = tmp_path_factory.mktemp("schemathesis") / "people.gallery"
    with gallery_for_pictures(place) as gallery, serving(gallery, often(), served) as running:
        with running.http() as http:
            form = {"subject": "ada", "light": "nir"}
            files = {"face": face_png(PERSON), "left": eye_png(PERSON)}
            assert http.post("/v1/subjects", data=form, files=files).status_code == 201
        yield running


def meaningful(case: Case) -> Case:
    """Name somebody who is there, and show them: random bytes never come that far."""
    if "subject" in case.path_parameters and case.operation.label != ERASING:
        case.path_parameters["subject"] = "ada"
    body = case.body
    if not isinstance(body, dict):
        return case
    if "subject" in body and case.path.endswith("/verify"):
        body["subject"] = "ada"
    for name, files in body.items():
        picture = PICTURES.get(name.removeprefix("probe_").removeprefix("reference_"))
        if picture is not None and isinstance(files, list) and files:
            content = picture(PERSON, 1)
            in_json = case.media_type == "application/json"
            body[name] = [base64.b64encode(content).decode() if in_json else content]
    return case


def called(apart: Served, label: str, examples: int) -> None:
    operation = OPERATIONS[label]
    allowed = operation.as_strategy(GenerationMode.POSITIVE)
    modes = [allowed, allowed.map(meaningful)]
    if operation.body or list(operation.iter_parameters()):
        modes.append(operation.as_strategy(GenerationMode.NEGATIVE))

    key = {"Authorization": f"Bearer {apart.keys['admin']}"}

    @settings(
        max_examples=examples, deadline=None, database=None, print_blob=True,
        derandomize=examples == FEW, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(modes))
    def call(case: Case) -> None:
        response = case.call(base_url=apart.url, headers=key, timeout=60)
        case.validate_response(response, checks=CHECKS)

    call()


@pytest.mark.parametrize("label", OPERATIONS)
def test_calls_are_answered_as_the_document_says(apart: Served, label: str) -> None:
    called(apart, label, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_ten_thousand_calls(apart: Served, label: str) -> None:
    called(apart, label, MANY)
