"""The API as a caller sees it: who may do what, what comes back, and what is refused."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.serving import Served, eye_png, face_png, fresh
from twofold.service.advice import advice, codes

JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data"}
BOUND = {"content-type": "multipart/form-data; boundary=b"}
TEXT = {"content-type": "text/plain"}
Files = list[tuple[str, tuple[str, bytes]]]


def pictures(person: int, sample: int = 0, *fields: str, prefix: str = "") -> Files:
    made = {"face": face_png(person, sample), "left": eye_png(person, sample)}
    wanted = fields or ("face", "left")
    return [(prefix + name, (f"{name}.png", made[name])) for name in wanted]


def enrol(client: httpx.Client, person: int, **more: Any) -> str:
    name = fresh()
    given = {"subject": name, "light": "nir", "duplicates": "allow"} | more
    answer = client.post("/v1/subjects", data=given, files=pictures(person))
    assert answer.status_code == 201, answer.text
    return name


def error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one shape of errors."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "request_id"}
    assert set(told["error"]) == {"code", "message", "details"}
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["error"]["code"] == code
    return dict(told["error"])


@pytest.fixture
def admin(served: Served) -> Iterator[httpx.Client]:
    with served.http() as client:
        yield client


@pytest.fixture
def door(served: Served) -> Iterator[httpx.Client]:
    with served.http("door") as client:
        yield client


def test_a_subject_from_enrolment_to_erasure(admin: httpx.Client) -> None:
    name = fresh("아다 / lovelace")
    given = {
        "subject": name, "light": "nir", "consent": "form 17", "expires": "2099-12-31",
        "duplicates": "allow",
    }  # fmt: skip
    answer = admin.post("/v1/subjects", data=given, files=pictures(20))
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()["subject"]
    assert (made["subject"], made["faces"], made["irises"]) == (name, 1, 1)
    assert made["consent"]["text"] == "form 17"
    assert made["expires"] == "2099-12-31T00:00:00Z"
    place = answer.headers["location"]
    assert admin.get(place).json() == made

    changed = admin.patch(place, json={"expires": None, "consent": "form 18"}).json()
    assert (changed["expires"], changed["consent"]["text"]) == (None, "form 18")
    more = admin.post(f"{place}/references", data={"light": "nir"}, files=pictures(20, 1))
    assert more.status_code == 201
    assert more.json()["subject"]["references"] == 2
    found = admin.get(f"{place}/references").json()["references"]
    assert [one["eyes"] for one in found] == [["left"], ["left"]]
    left = admin.delete(f"{place}/references/{found[0]['id']}").json()
    assert left["references"] == 1
    last = admin.delete(f"{place}/references/{found[1]['id']}")
    assert "erase the subject" in error(last, 422, "option")["message"]
    error(admin.delete(f"{place}/references/{found[0]['id']}"), 404, "unknown_reference")

    assert admin.delete(place, params={"reason": "withdraw"}).json()["subjects"] == 1
    error(admin.get(place), 404, "unknown_subject")
    told = admin.get("/v1/audit", params={"subject": made["id"]}).json()["events"]
    assert [one["action"] for one in told] == ["enrol", "update", "update", "update", "withdraw"]
    assert name not in str(told)
    assert re.fullmatch(r"admin \(key [0-9a-f]{16}\)", told[0]["actor"])
    assert admin.post("/v1/audit/verify").json()["ok"]


def test_forms_and_json_are_one(admin: httpx.Client) -> None:
    name = enrol(admin, 21)
    encoded = {one: [base64.b64encode(content).decode()] for one, (_, content) in pictures(21, 1)}
    as_json = admin.post("/v1/verify", json={"subject": name, "light": "nir", **encoded})
    as_form = admin.post(
        "/v1/verify", data={"subject": name, "light": "nir"}, files=pictures(21, 1)
    )
    assert as_json.status_code == as_form.status_code == 200
    assert as_json.json() == as_form.json()
    assert as_json.json()["match"]


def test_pages_of_subjects(admin: httpx.Client) -> None:
    names = [enrol(admin, 22) for _ in range(3)]
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = admin.get("/v1/subjects", params={"after": after, "limit": 2}).json()
        found += [one["subject"] for one in page["subjects"]]
        after = page["next"]
    assert [one for one in found if one in names] == names
    assert page["total"] == len(found)


def test_a_failed_verification_does_not_tell_how_close_it_was(
    admin: httpx.Client, door: httpx.Client
) -> None:
    name = enrol(admin, 23)
    given = {"subject": name, "light": "nir"}
    answers = {
        who: [
            client.post("/v1/verify", data=given, files=pictures(person, 1)).json()
            for person in (23, 24, 25)
        ]
        for who, client in (("door", door), ("admin", admin))
    }
    right, wrong, other = answers["door"]
    assert (right["match"], wrong["match"]) == (True, False)
    assert right["evidence"] is None
    assert wrong == other, "two wrong people get one answer"
    told = answers["admin"][1]["evidence"]
    assert told["llr"] < told["threshold"]
    assert {one["modality"] for one in told["modalities"]} == {"face", "iris"}
    admin.post(f"/v1/subjects/{name}/unlock")


def test_after_five_failures_a_subject_waits(admin: httpx.Client, door: httpx.Client) -> None:
    name = enrol(admin, 26)
    given = {"subject": name, "light": "nir"}
    for _ in range(5):
        answer = door.post("/v1/verify", data=given, files=pictures(27, 0, "left"))
        assert answer.json()["match"] is False
    late = door.post("/v1/verify", data=given, files=pictures(26, 1))
    error(late, 429, "locked")
    assert 25 <= int(late.headers["retry-after"]) <= 30
    locked = admin.get(f"/v1/subjects/{name}").json()["locked"]
    assert locked["failures"] == 5
    assert locked["disabled"] is False
    error(door.post(f"/v1/subjects/{name}/unlock"), 403, "forbidden")
    assert admin.post(f"/v1/subjects/{name}/unlock").status_code == 204
    assert door.post("/v1/verify", data=given, files=pictures(26, 1)).json()["match"]
    assert admin.get(f"/v1/subjects/{name}").json()["locked"] is None


def test_refused_pictures_are_no_failed_attempt(admin: httpx.Client, door: httpx.Client) -> None:
    name = enrol(admin, 28)
    dark = [("face", ("f.png", eye_png(28)))]
    for _ in range(7):
        answer = door.post("/v1/verify", data={"subject": name}, files=dark)
        told = error(answer, 422, "quality")
    (one,) = told["details"]["pictures"]
    assert (one["field"], one["number"], one["code"]) == ("face", 0, "no_face")
    assert one["advice"] == advice("no_face")


def test_a_stranger_is_nobody(admin: httpx.Client, door: httpx.Client) -> None:
    name = enrol(admin, 29)
    found = door.post("/v1/identify", data={"light": "nir"}, files=pictures(29, 1)).json()
    assert (found["nobody"], found["best"]) == (False, name)
    assert [one["evidence"] for one in found["candidates"]] == [None]
    stranger = door.post("/v1/identify", data={"light": "nir"}, files=pictures(30, 1, "left"))
    assert stranger.json()["nobody"]
    assert stranger.json()["best"] is None
    assert stranger.json()["candidates"] == []
    seen = admin.post("/v1/identify", data={"light": "nir"}, files=pictures(30, 1, "left")).json()
    assert seen["nobody"]
    assert seen["candidates"][0]["evidence"]["llr"] < seen["candidates"][0]["evidence"]["threshold"]


def test_comparing_keeps_nothing(admin: httpx.Client) -> None:
    before = admin.get("/v1/subjects").json()["total"]
    files = pictures(31, 0, prefix="probe_") + pictures(31, 1, prefix="reference_")
    same = admin.post("/v1/compare", data={"light": "nir"}, files=files).json()
    assert same["match"]
    assert same["modalities"] == ["face", "iris"]
    files = pictures(31, 0, prefix="probe_") + pictures(32, 1, prefix="reference_")
    assert not admin.post("/v1/compare", data={"light": "nir"}, files=files).json()["match"]
    assert admin.get("/v1/subjects").json()["total"] == before


def test_quality_shows_what_was_found(door: httpx.Client) -> None:
    files = [*pictures(33), ("right", ("r.png", face_png(33))), ("iris", ("i.png", b"no picture"))]
    found = door.post("/v1/quality", data={"purpose": "enrol"}, files=files).json()["pictures"]
    by_field = {one["field"]: one for one in found}
    face, left = by_field["face"], by_field["left"]
    assert face["usable"]
    assert face["quality"] >= 20
    assert len(face["face"]["landmarks"]) == 5
    assert min(face["face"]["box"][2:]) > 30
    assert left["usable"]
    assert len(left["iris"]["limbus"]) >= 32
    assert not by_field["right"]["usable"]
    assert by_field["iris"]["code"] == "unreadable"
    assert all(one["advice"] for one in found if not one["usable"])


def test_every_reason_of_the_matchers_has_its_advice() -> None:
    from twofold.face import quality as face_quality
    from twofold.iris import quality as iris_quality

    known = set(codes())
    assert set(face_quality._COMPONENTS) <= known
    assert set(iris_quality._COMPONENTS) <= known
    assert advice("something new")


def test_enrolment_needs_good_pictures_of_all(admin: httpx.Client) -> None:
    files = [*pictures(34), ("right", ("r.png", face_png(34)))]
    given = {"subject": fresh(), "light": "nir", "duplicates": "allow"}
    told = error(admin.post("/v1/subjects", data=given, files=files), 422, "quality")
    assert [one["field"] for one in told["details"]["pictures"]] == ["right"]
    kept = admin.post("/v1/subjects", data=given | {"partial": "true"}, files=files)
    assert kept.status_code == 201
    assert [one["field"] for one in kept.json()["failures"]] == ["right"]


def test_who_is_enrolled_already(served: Served, admin: httpx.Client) -> None:
    name = enrol(admin, 35)
    given = {"subject": name, "light": "nir", "duplicates": "allow"}
    error(admin.post("/v1/subjects", data=given, files=pictures(36)), 409, "exists")
    other = {"subject": fresh(), "light": "nir"}
    with served.http("desk") as desk:
        told = error(desk.post("/v1/subjects", data=other, files=pictures(35, 1)), 409, "duplicate")
        assert told["details"]["subjects"] == [name]
        assert not re.search(r"\d\.\d", told["message"]), "how alike is not told"
        laxer = other | {"duplicates": "allow"}
        error(desk.post("/v1/subjects", data=laxer, files=pictures(35, 1)), 403, "forbidden")
    warned = admin.post("/v1/subjects", data=other | {"duplicates": "warn"}, files=pictures(35, 1))
    assert [one["subject"] for one in warned.json()["duplicates"]] == [name]
    mixed = [*pictures(37), ("face", ("g.png", face_png(38)))]
    given = {"subject": fresh(), "light": "nir", "duplicates": "allow"}
    error(admin.post("/v1/subjects", data=given, files=mixed), 422, "mixed")


def test_an_enrolment_sent_twice_is_done_once(admin: httpx.Client) -> None:
    given = {"subject": fresh(), "light": "nir", "duplicates": "allow"}
    once = {"Idempotency-Key": fresh("a-key-of").replace(" ", "-")}
    first = admin.post("/v1/subjects", data=given, files=pictures(45), headers=once)
    again = admin.post("/v1/subjects", data=given, files=pictures(45), headers=once)
    assert first.status_code == 201, first.text
    assert first.status_code == again.status_code == 201
    assert first.json()["subject"] == again.json()["subject"]
    other = admin.post("/v1/subjects", data=given, files=pictures(40), headers=once)
    error(other, 409, "idempotency")
    error(admin.post("/v1/subjects", data=given, files=pictures(45)), 409, "exists")


def test_policies_can_be_made_stricter_by_a_caller_never_laxer(
    admin: httpx.Client, door: httpx.Client
) -> None:
    name = enrol(admin, 41)
    given = {"subject": name, "light": "nir"}
    admin.patch("/v1/policies", json={"fmr": 0.01})
    strict = door.post("/v1/verify", data=given | {"fmr": "0.001"}, files=pictures(41, 1))
    admin.patch("/v1/policies", json={"fmr": 0.001})
    assert strict.json()["fmr"] == 0.001
    lax = door.post("/v1/verify", data=given | {"fmr": "0.1"}, files=pictures(41, 1))
    assert "policy allows" in error(lax, 403, "forbidden")["message"]
    lax = door.post("/v1/identify", data={"fpir": "0.5"}, files=pictures(41, 1))
    error(lax, 403, "forbidden")
    error(door.patch("/v1/policies", json={"fmr": 0.01}), 403, "forbidden")
    assert admin.patch("/v1/policies", json={"fpir": 0.02}).json()["fpir"] == 0.02
    assert door.get("/v1/policies").json()["fpir"] == 0.02
    told = admin.get("/v1/audit", params={"action": "policy", "latest": True}).json()["events"]
    assert told[0]["details"] == {"fpir": [0.01, 0.02]}
    admin.patch("/v1/policies", json={"fpir": 0.01})
    error(admin.patch("/v1/policies", json={}), 422, "invalid")
    error(admin.patch("/v1/policies", json={"fmr": 2}), 422, "invalid")
    error(admin.patch("/v1/policies", json={"fmr": 1e-300}), 422, "option")
    error(admin.patch("/v1/policies", json={"revocable": True}), 422, "invalid")


SCOPED = [
    ("GET", "/v1/subjects", {"desk"}), ("POST", "/v1/subjects", {"desk"}),
    ("GET", "/v1/subjects/x", {"desk"}), ("PATCH", "/v1/subjects/x", {"desk"}),
    ("DELETE", "/v1/subjects/x", {"desk"}), ("POST", "/v1/subjects/x/unlock", set()),
    ("POST", "/v1/subjects/x/references", {"desk"}),
    ("GET", "/v1/subjects/x/references", {"desk"}),
    ("DELETE", "/v1/subjects/x/references/1", {"desk"}),
    ("POST", "/v1/verify", {"door"}), ("POST", "/v1/identify", {"door"}),
    ("POST", "/v1/compare", {"door"}), ("POST", "/v1/quality", {"door", "desk"}),
    ("GET", "/v1/models", {"door", "desk", "auditor", "prometheus"}),
    ("GET", "/v1/policies", {"door", "desk", "auditor", "prometheus"}),
    ("PATCH", "/v1/policies", set()), ("GET", "/v1/audit", {"auditor"}),
    ("POST", "/v1/audit/verify", {"auditor"}), ("GET", "/v1/keys", set()),
    ("POST", "/v1/keys", set()), ("DELETE", "/v1/keys/0123456789abcdef", set()),
    ("GET", "/v1/summary", {"desk", "auditor"}), ("GET", "/v1/metrics", {"prometheus"}),
    ("GET", "/v1/reports", {"desk", "auditor"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "who"), SCOPED)
def test_scopes(served: Served, method: str, path: str, who: set[str]) -> None:
    body = {"json": {}} if method in ("POST", "PATCH") else {}
    for name in ("door", "desk", "auditor", "prometheus", "admin"):
        with served.http(name) as client:
            status = client.request(method, path, **body).status_code
        if name in who or name == "admin":
            assert status not in (401, 403), (name, status)
        else:
            assert status == 403, (name, status)
    with served.http(None) as client:
        answer = client.request(method, path, **body)
        error(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_is_in_the_table_of_scopes(served: Served) -> None:
    paths = httpx.get(f"{served.url}/openapi.json").json()["paths"]
    known = {(method, re.sub(r"/x\b", "/{subject}", path)) for method, path, _ in SCOPED}
    known = {
        (method, path.replace("references/1", "references/{reference}").replace(
            "0123456789abcdef", "{id}"
        ))
        for method, path in known
    }  # fmt: skip
    there = {(method.upper(), path) for path, one in paths.items() for method in one}
    open_to_all = {"/v1/health/live", "/v1/health/ready", "/v1/session", "/v1/reports/{name}"}
    assert {one for one in there if one[1] not in open_to_all} == known


def test_keys_are_made_shown_once_and_revoked(served: Served, admin: httpx.Client) -> None:
    made = admin.post("/v1/keys", json={"name": "turnstile", "scopes": ["verify"]}).json()
    listed = admin.get("/v1/keys")
    assert made["key"] not in listed.text
    assert made["id"] in listed.text
    with httpx.Client(base_url=served.url) as client:
        client.headers["Authorization"] = f"Bearer {made['key']}"
        assert client.get("/v1/policies").status_code == 200
        assert admin.delete(f"/v1/keys/{made['id']}").json()["revoked"]
        error(client.get("/v1/policies"), 401, "unauthorized")
    error(admin.delete("/v1/keys/0123456789abcdef"), 404, "unknown_key")
    told = admin.get("/v1/audit", params={"action": "api key", "latest": True}).json()["events"]
    assert [one["outcome"] for one in told[:2]] == ["revoked", "made"]
    assert made["key"].rpartition("_")[2] not in str(told)


def test_sessions_of_the_console(served: Served) -> None:
    with httpx.Client(base_url=served.url) as browser:
        error(browser.post("/v1/session", json={"key": "tf_wrong"}), 401, "unauthorized")
        answer = browser.post("/v1/session", json={"key": served.keys["admin"]})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        token = answer.json()["csrf_token"]
        assert browser.get("/v1/session").json()["csrf_token"] == token
        assert browser.get("/v1/subjects").status_code == 200
        error(browser.patch("/v1/policies", json={"fpir": 0.02}), 403, "csrf")
        wrong = {"X-CSRF-Token": "é" * 20}
        encoded = [(name.encode(), value.encode()) for name, value in wrong.items()]
        error(browser.patch("/v1/policies", json={"fpir": 0.02}, headers=encoded), 403, "csrf")
        right = {"X-CSRF-Token": token}
        assert browser.patch("/v1/policies", json={"fpir": 0.01}, headers=right).status_code == 200
        kept = dict(browser.cookies)
        assert browser.delete("/v1/session", headers=right).status_code == 204
        assert not browser.cookies
        stale = {"Cookie": f"twofold_session={kept['twofold_session']}"}
        error(browser.get("/v1/session", headers=stale), 401, "unauthorized")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"content": b"x", "headers": TEXT}, 415, "unsupported_media_type"),
        ({"content": b"{", "headers": JSON}, 400, "bad_request"),
        ({"content": b"\xff", "headers": JSON}, 400, "bad_request"),
        ({"content": b"[" * 50_000, "headers": JSON}, 400, "bad_request"),
        ({"json": ["face"]}, 422, "invalid"),
        ({"json": {"subject": "x"}}, 422, "no_picture"),
        ({"json": {"subject": "x", "faec": []}}, 422, "invalid"),
        ({"json": {"subject": "x", "face": ["%%%"]}}, 422, "invalid"),
        ({"json": {"subject": "x" * 300, "face": ["aGk="]}}, 422, "invalid"),
        ({"json": {"subject": " x", "face": ["aGk="]}}, 422, "option"),
        ({"json": {"subject": "x", "light": "green", "face": ["aGk="]}}, 422, "invalid"),
        ({"json": {"subject": "x", "expires": "2020-01-01", "face": ["aGk="]}}, 422, "invalid"),
        ({"json": {"subject": "x", "expires": "2099-01-01T10:00"}}, 422, "invalid"),
        ({"json": {"subject": "x", "face": ["aGk="] * 9}}, 422, "too_many_pictures"),
        ({"json": {"subject": "x", "face": ["aGk="]}}, 422, "image"),
        ({"data": {"subject": "x"}, "files": {"nose": b"x"}}, 422, "invalid"),
        ({"data": {"face": "/etc/passwd"}, "files": {"left": b"x"}}, 422, "invalid"),
        ({"data": {"subject": ["x", "y"]}, "files": {"left": b"x"}}, 422, "invalid"),
        ({"content": b"--", "headers": FORM}, 400, "bad_request"),
        ({"content": b"--b\r\nx", "headers": BOUND}, 422, "invalid"),
    ],
)  # fmt: skip
def test_bad_bodies(admin: httpx.Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = admin.post("/v1/subjects", **body)
    told = error(answer, status, code)
    assert "Traceback" not in answer.text
    assert told["message"].endswith(".")


def test_too_much(served: Served, admin: httpx.Client) -> None:
    most = served.settings.max_picture_bytes
    large = {"face": ("f.png", b"\0" * (most + 1))}
    error(admin.post("/v1/quality", files=large), 413, "too_large")
    body = served.settings.max_body_bytes + 1
    error(admin.post("/v1/quality", content=b"\0" * body, headers={
        "content-type": "application/json"}), 413, "too_large")  # fmt: skip

    def endless() -> Iterator[bytes]:
        for _ in range(body // 2**20 + 2):
            yield b" " * 2**20

    kind = {"content-type": "application/json"}
    error(admin.post("/v1/quality", content=endless(), headers=kind), 413, "too_large")
    small = admin.patch("/v1/policies", content=b" " * 70_000, headers=kind)
    error(small, 413, "too_large")


def test_headers_of_every_answer(served: Served) -> None:
    with served.http(None) as client:
        for path in ("/console/", "/docs", "/v1/health/live", "/v1/subjects", "/nothing"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "server" not in headers
        assert "unsafe" not in client.get("/console/").headers["content-security-policy"]
        own = client.get("/v1/health/live", headers={"x-request-id": "mine-12345"})
        assert own.headers["x-request-id"] == "mine-12345"
        forged = client.get("/v1/health/live", headers={"x-request-id": "a b\tc" * 9})
        assert re.fullmatch(r"[0-9a-f]{16}", forged.headers["x-request-id"])
        error(client.get("/nothing"), 404, "not_found")
        error(client.put("/v1/verify"), 405, "method_not_allowed")
        assert client.get("/", follow_redirects=False).headers["location"] == "/console/"


def test_health_summary_and_metrics(served: Served, admin: httpx.Client) -> None:
    assert admin.get("/v1/health/live").json() == {"status": "ok"}
    assert admin.get("/v1/health/ready").json() == {"status": "ok"}
    before = admin.get("/v1/summary").json()
    name = enrol(admin, 42)
    admin.post("/v1/verify", data={"subject": name, "light": "nir"}, files=pictures(42, 1))
    after = admin.get("/v1/summary").json()
    assert after["decisions"]["match"] == before["decisions"]["match"] + 1
    assert after["subjects"] == before["subjects"] + 1
    assert after["ready"]
    assert after["error_budget"]["left"] == 1.0
    with served.http("prometheus") as scraper:
        text = scraper.get("/v1/metrics").text
    assert re.search(r'twofold_decisions_total\{kind="verify",outcome="match"\} \d', text)
    assert name not in text
    assert admin.get("/v1/models").json()["face_model"] == "sface"


def test_uploads_never_touch_a_disk(
    admin: httpx.Client, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "_mkstemp_inner"):
        monkeypatch.setattr(tempfile, name, refused)
    noise = hashlib.shake_256(b"noise").digest(9 * 2**20)
    answer = admin.post("/v1/quality", files={"face": ("f.png", noise)})
    assert answer.status_code == 200
    assert answer.json()["pictures"][0]["code"] == "unreadable"
