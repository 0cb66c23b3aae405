"""The client, against the service and against transports that misbehave."""

import io
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from tests.service.serving import Served, eye_png, face_png, fresh
from twofold.client import (
    AsyncClient,
    BusyError,
    Client,
    ForbiddenError,
    LockedError,
    NotFoundError,
    PictureError,
    ServiceError,
    UnreachableError,
    calls,
)
from twofold.client import clients as module
from twofold.errors import ImageError, OptionError, TwofoldError

KEY = "tf_0123456789abcdef_secret"
PERSON, STRANGER = 57, 58  # others enrol those with low numbers


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """With all scopes."""
    with Client(served.url, served.keys["admin"]) as made:
        yield made


@pytest.fixture
def enrolled(client: Client) -> Iterator[str]:
    """Name of somebody who is enrolled with face and iris, and erased afterwards."""
    name = fresh("client/test")
    client.enrol(name, face=face_png(PERSON), left=eye_png(PERSON), light="nir", consent="form 17")
    yield name
    if any(one.subject == name for one in client.subjects()):
        client.delete(name)


def test_from_enrolment_to_erasure(client: Client, enrolled: str) -> None:
    there = client.subject(enrolled)
    assert there.consent is not None and there.consent.text == "form 17"
    assert (there.faces, there.irises, there.references) == (1, 1, 1)
    assert enrolled in [one.subject for one in client.subjects()]
    day = date.today() + timedelta(days=400)
    changed = client.update(enrolled, expires=day, consent="form 18")
    assert changed.expires is not None and changed.expires.date() == day
    assert client.update(enrolled, expires=None).expires is None
    added = client.add_references(enrolled, face=[face_png(PERSON, 2), face_png(PERSON, 3)])
    assert added.subject.references == 2
    first, second = client.references(enrolled)
    assert first.eyes == ["left"] and second.faces == 2
    assert client.remove_reference(enrolled, second.id).references == 1
    with pytest.raises(NotFoundError) as refused:
        client.remove_reference(enrolled, 10**6)
    assert refused.value.code == "unknown_reference" and refused.value.status == 404
    client.unlock(enrolled)
    assert client.delete(enrolled, reason="withdraw").subjects == 1
    with pytest.raises(NotFoundError, match="nobody is enrolled"):
        client.subject(enrolled)


def test_decisions(client: Client, enrolled: str, tmp_path: Path) -> None:
    path = tmp_path / "today.png"
    path.write_bytes(face_png(PERSON, 1))
    probe = eye_png(PERSON, 1)
    found = client.verify(enrolled, face=path, left=io.BytesIO(probe), light="nir")
    assert found.match and found.modalities == ["face", "iris"] and found.evidence is not None
    assert client.verify(enrolled, face=str(path), fmr=1e-3).fmr == 1e-3
    who = client.identify(face=path, left=[probe], light="nir", top_k=1)
    assert who.best == enrolled and not who.nobody and len(who.candidates) == 1
    alike = client.compare({"face": path}, {"face": [face_png(PERSON)]})
    assert alike.match and alike.modalities == ["face"]
    (judged,) = client.quality(face=path, purpose="enrol")
    assert judged.usable and judged.face is not None
    with pytest.raises(PictureError) as refused:
        client.verify(enrolled, face=b"no picture")
    (one,) = refused.value.pictures
    assert (one.field, one.number, one.code) == ("face", 0, "unreadable") and one.advice
    assert refused.value.request_id and refused.value.code == "image"


def test_administration(client: Client, served: Served) -> None:
    assert client.health().status == "ok" and client.summary().workers == 2
    assert client.models().face_model == "sface"
    before = client.policies()
    assert client.change_policies(duplicates_fpir=0.005).duplicates_fpir == 0.005
    client.change_policies(duplicates_fpir=before.duplicates_fpir)
    made = client.new_key("client test", ["audit"], expires=date.today() + timedelta(days=2))
    with Client(served.url, made.key) as auditor:
        assert auditor.verify_audit().ok
        events = list(auditor.audit(action="policy"))
        newest = next(iter(auditor.audit(latest=True)))
        assert events and newest.number >= events[-1].number and newest.band is None
        with pytest.raises(ForbiddenError, match="scope") as refused:
            auditor.keys()
        assert refused.value.status == 403
        assert client.revoke_key(made.id).revoked is not None
        with pytest.raises(ForbiddenError) as refused:
            next(auditor.audit())
        assert refused.value.status == 401
    listed = client.keys()
    assert made.id in [one.id for one in listed]


def test_enrolling_twice_under_one_key_is_enrolling_once(client: Client) -> None:
    name = fresh()
    for _ in range(2):
        made = client.enrol(name, face=face_png(STRANGER), idempotency_key="client-test-1")
        assert made.subject.subject == name
    with pytest.raises(ServiceError) as refused:
        client.enrol(name, face=face_png(STRANGER))
    assert refused.value.status == 409
    client.delete(name)


def test_a_time_that_utc_has_no_date_for_is_refused(client: Client, enrolled: str) -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-23)))
    with pytest.raises(ServiceError, match="years 1 to 9999"):
        client.update(enrolled, expires=last)
    with pytest.raises(ServiceError, match="years 1 to 9999"):
        client.enrol(fresh(), face=face_png(STRANGER), expires=last)
    with pytest.raises(ServiceError, match="years 1 to 9999") as refused:
        client.new_key("for ever", ["verify"], expires=last)
    assert refused.value.status == 422 and client.keys() and client.subject(enrolled)


@pytest.mark.parametrize("end", ["references", "references/1", "unlock"])
def test_a_name_is_not_the_path_of_something_else(client: Client, end: str) -> None:
    with pytest.raises(ServiceError, match="may not end with") as refused:
        client.enrol(f"ada/{end}", face=face_png(STRANGER))
    assert (refused.value.status, refused.value.code) == (422, "invalid")


def test_a_field_is_named_as_the_caller_named_it(client: Client, served: Served) -> None:
    with pytest.raises(ServiceError, match=r"^name: ") as refused:
        client.new_key("", ["verify"])
    assert refused.value.details["fields"][0]["field"] == "name"
    with served.http() as http:
        answer = http.post("/v1/keys", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request"


def test_the_same_awaited(served: Served) -> None:
    name = fresh()

    async def all_of_it() -> None:
        async with AsyncClient(served.url, served.keys["admin"]) as client:
            await client.enrol(name, face=face_png(STRANGER))
            assert name in [one.subject async for one in client.subjects()]
            assert (await client.verify(name, face=face_png(STRANGER, 1))).match
            assert [one.action async for one in client.audit(action="verify")]
            with pytest.raises(NotFoundError):
                await client.subject("nobody at all")
            await client.delete(name)

    anyio.run(all_of_it)


def test_both_clients_have_the_same_methods() -> None:
    one, other = (
        {name for name in vars(kind) if not name.startswith("_")} for kind in (Client, AsyncClient)
    )
    assert one == other
    assert {name for name in one if hasattr(calls, name)} == one - {"close", "subjects", "audit"}


def test_the_client_needs_neither_models_nor_a_server() -> None:
    code = (
        "import sys, twofold.client; heavy = {'numpy', 'cv2', 'PIL', 'onnxruntime', 'numba', "
        "'sqlalchemy', 'fastapi', 'starlette', 'twofold.images', 'twofold.service'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


# What goes wrong on the way


Handler = Callable[[httpx.Request], httpx.Response]
READY = {"status": "ok"}
SUBJECT = {
    "subject": "ada", "id": 1, "enrolled": "2026-11-25T10:00:00Z",
    "updated": "2026-11-25T10:00:00Z", "consent": None, "expires": None, "references": 1,
    "faces": 1, "irises": 0, "revision": 1, "locked": None, "new in a later version": 1,
}  # fmt: skip
ENROLMENT = {"subject": SUBJECT, "duplicates": [], "failures": [], "notes": []}


def answered(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"error": {"code": code, "message": f"{code}.", "details": {}}, "request_id": "r"}
    return httpx.Response(status, json=body, headers=headers)


class Line:
    """A transport that gives these outcomes, one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *outcomes: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self._left = list(outcomes)
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=self.slept.append))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        one = self._left.pop(0)
        if isinstance(one, Exception):
            raise one
        assert isinstance(one, httpx.Response)
        return one

    def client(self, **options: Any) -> Client:
        return Client("http://there", KEY, transport=httpx.MockTransport(self), **options)


def test_a_busy_service_is_asked_again_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = answered(503, "busy", **{"retry-after": "3"})
    line = Line(monkeypatch, busy, busy, httpx.Response(200, json={"references": []}))
    assert line.client().references("ada") == []
    assert line.slept == [3, 3]
    line = Line(monkeypatch, busy, busy, busy)
    with pytest.raises(BusyError) as refused:
        line.client().verify("ada", face=b"f")
    assert (refused.value.status, refused.value.retry_after, line.slept) == (503, 3, [3, 3])
    for given in (answered(503, "busy"), answered(503, "busy", **{"retry-after": "600"})):
        line = Line(monkeypatch, given)
        with pytest.raises(BusyError):
            line.client().verify("ada", face=b"f")
        assert line.slept == []
    line = Line(monkeypatch, busy)
    with pytest.raises(BusyError):
        line.client().health()
    line = Line(monkeypatch, busy)
    with pytest.raises(BusyError):
        line.client(retries=0).summary()


def test_a_locked_subject_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch, answered(429, "locked", **{"retry-after": "2"}))
    with pytest.raises(LockedError) as refused:
        line.client().verify("ada", face=b"f")
    assert refused.value.retry_after == 2 and line.slept == []
    line = Line(monkeypatch, answered(403, "disabled"))
    with pytest.raises(LockedError) as refused:
        line.client().verify("ada", face=b"f")
    assert refused.value.retry_after is None


def test_a_broken_connection_is_made_again_where_that_is_safe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, none = httpx.ReadError("broken"), httpx.ConnectError("refused")
    line = Line(monkeypatch, broken, httpx.Response(201, json=ENROLMENT))
    assert line.client().enrol("ada", face=b"f").subject.id == 1
    one, other = (request.headers["idempotency-key"] for request in line.requests)
    assert one == other and len(one) == 36 and line.slept == [0.25]
    line = Line(monkeypatch, broken)
    with pytest.raises(UnreachableError, match="broken") as refused:
        line.client().verify("ada", face=b"f")
    assert refused.value.status is None and isinstance(refused.value, TwofoldError)
    line = Line(monkeypatch, none, none, none)
    with pytest.raises(UnreachableError, match="Check address"):
        line.client().verify("ada", face=b"f")
    assert line.slept == [0.25, 0.5]
    line = Line(monkeypatch, httpx.ReadTimeout("slow"))
    with pytest.raises(UnreachableError):
        line.client().summary()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(502, text="<h1>Bad gateway</h1>"), ServiceError),
        (httpx.Response(200, text="<h1>Welcome</h1>"), ServiceError),
        (httpx.Response(200, json={"some": "thing"}), ServiceError),
        (httpx.Response(307, headers={"location": "http://elsewhere"}), ServiceError),
        (httpx.Response(404, json=[1]), NotFoundError),
        (httpx.Response(404, json={"error": "none"}), NotFoundError),
    ],
)
def test_what_no_service_sends(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, kind: type[ServiceError]
) -> None:
    with pytest.raises(kind, match="no Twofold service") as refused:
        Line(monkeypatch, answer).client().subject("ada")
    assert refused.value.code == "not_understood"


def test_details_of_a_newer_service_do_no_harm() -> None:
    error = PictureError(422, "quality", "no.", {"pictures": [{"other": 1}]})
    assert error.pictures == [] and str(error) == "no."


def test_names_are_one_part_of_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/b", "..", "ada?x=1#y", "에이다"):
        line = Line(monkeypatch, httpx.Response(200, json=SUBJECT))
        line.client().subject(name)
        raw = line.requests[0].url.raw_path.decode()
        assert raw.count("/") == 3 and "?" not in raw and ".." not in raw
    with pytest.raises(OptionError, match="subject"):
        Line(monkeypatch).client().subject("")


def test_names_of_files_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "ada lovelace.png"
    path.write_bytes(b"f")
    line = Line(monkeypatch, httpx.Response(201, json=ENROLMENT))
    line.client().enrol("ada", face=path, expires=datetime(2031, 1, 1, tzinfo=UTC))
    body = line.requests[0].read()
    assert b"lovelace" not in body and b'filename="face-0"' in body and b"2031-01-01T" in body


def test_what_is_given_wrongly(client: Client, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no picture"):
        client.verify("ada", light="nir")
    with pytest.raises(OptionError, match="eyes: no such pictures"):
        client.verify("ada", eyes=b"f")  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="face 1: expected a path"):
        client.verify("ada", face=[b"f", 3])  # type: ignore[list-item]
    with pytest.raises(OptionError, match="bytes"):
        client.verify("ada", face=io.StringIO("f"))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match=r"gone\.png: No such file"):
        client.verify("ada", face=tmp_path / "gone.png")
    with pytest.raises(OptionError, match="https://"):
        Client("there:8400", KEY)
    with pytest.raises(OptionError, match="API key"):
        Client("http://there", " ")
    with pytest.raises(OptionError, match="retries"):
        AsyncClient("http://there", KEY, retries=-1)
    with pytest.raises(OptionError, match="PEM"):
        Client("https://there", KEY, verify=tmp_path / "gone.pem")


def test_a_key_is_not_shown() -> None:
    with Client("https://there", KEY, verify=ssl.create_default_context()) as made:
        assert KEY not in repr(made) and "there" in repr(made)
