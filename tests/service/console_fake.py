"""A service of canned answers in the API's shapes, to look at the console without models."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from PIL import Image

from twofold.service import console

SCOPES = ["verify", "identify", "enrol", "scores", "audit", "metrics", "admin"]
KEY = "tf_0123456789abcdef_" + "a" * 43
"""Signs in with every scope."""
DESK = "tf_0123456789abcdef_" + "d" * 43
"""Signs in with verify and identify alone."""
AT = "2026-11-28T09:30:00Z"
LOCK = {"failures": 7, "until": "2099-01-01T00:00:00Z", "disabled": False}


class Refused(HTTPException):
    """An answer in the one shape of errors."""

    def __init__(
        self, status: int, code: str, details: Any = None, wait: int | None = None
    ) -> None:
        body = {"code": code, "message": f"in words: {code}.", "details": details or {}}
        super().__init__(status, body, None if wait is None else {"Retry-After": str(wait)})


def subject(name: str, number: int = 1, locked: Any = None) -> dict[str, Any]:
    """Somebody enrolled."""
    return {
        "subject": name, "id": number, "enrolled": AT, "updated": AT, "references": 2,
        "consent": {"text": "Form 17, signed at the front desk", "given": AT},
        "expires": "2020-01-01T00:00:00Z" if number == 3 else "2031-12-31T00:00:00Z",
        "faces": 2, "irises": 3, "revision": 4, "locked": locked,
    }  # fmt: skip


def evidence(llr: float, contradiction: bool = False) -> dict[str, Any]:
    """What a decision rests on."""
    iris = -4.2 if contradiction else llr * 0.7
    return {
        "llr": llr, "threshold": 6.9, "contradiction": contradiction, "words": "Match. In words.",
        "threshold_source": "measured on 12,000 non-mated comparisons",
        "modalities": [
            {"modality": "face", "score": 0.61, "llr": llr * 0.3, "quality": 78.0, "light": None,
             "words": ""},
            {"modality": "iris", "score": 0.2, "llr": iris, "quality": 64.0, "light": "nir",
             "words": ""},
        ],
    }  # fmt: skip


def judged(field: str, name: str, content: bytes) -> dict[str, Any]:
    """How fit a picture is; a name with "poor" in it is not."""
    width, height = Image.open(io.BytesIO(content)).size
    ring = [[width * (0.5 + 0.1 * x), height * 0.5 + width * 0.1 * y] for x, y in _ROUND]
    wide = [[width * (0.5 + 0.24 * x), height * 0.5 + width * 0.24 * y] for x, y in _ROUND]
    lids = {"upper": [[width * 0.15, height * 0.4], [width * 0.5, height * 0.2],
                      [width * 0.85, height * 0.4]], "lower": []}  # fmt: skip
    face = {"box": [width * 0.28, height * 0.15, width * 0.44, height * 0.7], "landmarks": [
        [width * x, height * y] for x, y in
        ((0.41, 0.42), (0.59, 0.42), (0.5, 0.55), (0.43, 0.68), (0.57, 0.68))
    ]}  # fmt: skip
    poor = "poor" in name
    return {
        "field": field, "number": 0, "usable": not poor, "width": width, "height": height,
        "code": "inter_eye_distance" if poor else None, "advice": "Move closer." if poor else None,
        "message": None, "quality": 31.0 if poor else 82.0, "reasons": [],
        "components": {"inter_eye_distance": 20.0, "exposure": 35.0} if poor else {"yaw": 90.0},
        "face": face if field == "face" else None,
        "iris": None if field == "face" else {"pupil": ring, "limbus": wide, "lids": lids},
    }  # fmt: skip


_ROUND = [(1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7)]


def app() -> FastAPI:
    """The service."""
    made = FastAPI()
    session: dict[str, Any] = {}
    made.state.seen = seen = []

    @made.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        told = error.detail if isinstance(error.detail, dict) else {"code": "not_found"}
        return JSONResponse({"error": told}, error.status_code, headers=error.headers)

    @made.middleware("http")
    async def guard(request: Request, follow: Any) -> Any:
        seen.append((request.method, request.url.path, dict(request.headers)))
        return await follow(request)

    def signed_in() -> dict[str, Any]:
        if not session:
            raise Refused(401, "unauthorized")
        return session

    @made.post("/v1/session")
    async def sign_in(request: Request) -> Any:
        key = (await request.json())["key"]
        if key.endswith("w" * 43):
            raise Refused(429, "too_many_requests", wait=90)
        if key not in (KEY, DESK):
            raise Refused(401, "unauthorized")
        scopes = SCOPES if key == KEY else ["verify", "identify"]
        session.update(name="front desk", scopes=scopes, csrf_token="token", expires=AT)
        return session

    @made.get("/v1/session")
    def current() -> Any:
        return signed_in()

    @made.delete("/v1/session", status_code=204)
    def sign_out() -> None:
        session.clear()

    @made.get("/v1/health/ready")
    def ready() -> Any:
        return {"status": "ok"}

    @made.get("/v1/summary")
    def summary() -> Any:
        signed_in()
        return {
            "subjects": 12408, "decisions": {"match": 1841, "no_match": 96, "nobody": 212},
            "refusals": {"quality": 41, "locked": 12, "unauthorized": 3}, "requests": 90412,
            "errors": 37, "error_budget": {"objective": 0.999, "left": 0.59}, "since": AT,
            "workers": 8, "queue": 1, "ready": True,
        }  # fmt: skip

    @made.post("/v1/quality")
    async def quality(request: Request) -> Any:
        form = await request.form()
        pictures = []
        for field in ("face", "left", "right"):
            for file in form.getlist(field):
                pictures.append(judged(field, file.filename or "", await file.read()))
        return {"pictures": pictures}

    @made.post("/v1/subjects", status_code=201)
    async def enrol(request: Request) -> Any:
        form = await request.form()
        if form["subject"] == "twin" and form.get("duplicates") != "warn":
            raise Refused(409, "duplicate", {"subjects": ["Ada Lovelace"]})
        if form["subject"] == "taken":
            raise Refused(409, "exists")
        twins = [{"subject": "Ada Lovelace", "llr": 12.0}] if form["subject"] == "twin" else []
        found = subject(str(form["subject"]), 9)
        return {"subject": found, "duplicates": twins, "failures": [], "notes": []}

    @made.get("/v1/subjects")
    def subjects(after: int = 0) -> Any:
        signed_in()
        names = ["Ada Lovelace", "김하늘", "Grace Hopper", "visitor 1182", "이서준"]
        found = [subject(name, at + 1) for at, name in enumerate(names)]
        return {"subjects": found[after:], "next": None if after else 2, "total": 12408}

    @made.patch("/v1/subjects/{name:path}")
    def change(name: str) -> Any:
        return subject(name)

    @made.delete("/v1/subjects/{name:path}")
    def erase(name: str) -> Any:
        return {"subjects": 1, "scrubbed": True}

    @made.post("/v1/subjects/{name:path}/unlock", status_code=204)
    def unlock(name: str) -> None:
        return None

    @made.get("/v1/subjects/{name:path}/references")
    def references(name: str) -> Any:
        kept = {"id": 31, "revision": 1, "faces": 1, "irises": 2, "eyes": ["left", "right"]}
        return {"references": [kept | {"quality": 81.4}, kept | {"id": 32, "quality": 74.0}]}

    @made.post("/v1/subjects/{name:path}/references", status_code=201)
    def more(name: str) -> Any:
        return {"subject": subject(name), "duplicates": [], "failures": [], "notes": []}

    @made.get("/v1/subjects/{name:path}")
    def one(name: str) -> Any:
        if name == "gone":
            raise Refused(404, "unknown_subject")
        return subject(name, locked=LOCK)

    @made.post("/v1/verify")
    async def verify(request: Request) -> Any:
        name = str((await request.form())["subject"])
        if name == "locked":
            raise Refused(429, "locked", wait=30)
        scores = "scores" in signed_in()["scopes"]
        return {
            "subject": name, "match": name != "impostor", "fmr": 0.001, "failures": [],
            "modalities": ["face", "iris"],
            "evidence": evidence(14.2, name == "impostor") if scores else None,
        }  # fmt: skip

    @made.post("/v1/identify")
    async def identify(request: Request) -> Any:
        form = await request.form()
        nobody = bool(form.getlist("left"))
        near = {"subject": "김하늘", "match": False, "evidence": evidence(2.1)}
        found = {"subject": "Ada Lovelace", "match": True, "evidence": evidence(14.2)}
        return {
            "nobody": nobody, "best": None if nobody else "Ada Lovelace", "fpir": 0.01,
            "references": 12408, "failures": [], "candidates": [] if nobody else [found, near],
        }  # fmt: skip

    @made.get("/v1/reports")
    def reports() -> Any:
        return {"reports": [{"name": "verification-2026", "created": AT, "bytes": 481_230}]}

    @made.get("/v1/reports/{name}")
    def report(name: str) -> Any:
        return HTMLResponse("<h1>Report</h1>", headers={"Content-Security-Policy": "sandbox"})

    @made.get("/v1/audit")
    def events(action: str = "", after: int = 0) -> Any:
        told = [
            ("verify", 2, "match", {"fmr": 0.001}, "far above"),
            ("verify", 2, "no match", {"fmr": 0.001}, "borderline"),
            ("enrol", 3, "refused: duplicate", None, None), ("enrol", 2, "done", None, None),
            ("api key", None, "made", None, None), ("create", None, "done", None, None),
        ]  # fmt: skip
        made = [
            {"number": 1206 - at, "at": AT, "actor": "key front desk", "action": what,
             "subject": who, "outcome": outcome, "policy": policy, "band": band,
             "details": {"revision": 1} if what == "enrol" else None}
            for at, (what, who, outcome, policy, band) in enumerate(told) if action in ("", what)
        ]  # fmt: skip
        return {"events": made, "next": None if after or action else 1201}

    @made.post("/v1/audit/verify")
    def audited() -> Any:
        head = {"events": 1206, "digest": "9f2c" * 16}
        return {"ok": True, "events": 1206, "head": head, "problems": []}

    kept = {"id": "0123456789abcdef", "name": "front desk", "scopes": ["verify", "identify"],
            "created": AT, "expires": None, "revoked": None, "altered": False}  # fmt: skip

    @made.get("/v1/keys")
    def keys() -> Any:
        gone = kept | {"id": "fedcba9876543210", "name": "old kiosk", "revoked": AT}
        every = kept | {"id": "00112233445566aa", "name": "operator", "scopes": SCOPES}
        return {"keys": [every | {"expires": "2027-06-30T00:00:00Z"}, kept, gone]}

    @made.post("/v1/keys", status_code=201)
    def new_key() -> Any:
        return kept | {"name": "kiosk", "key": KEY}

    @made.delete("/v1/keys/{id}")
    def revoke(id: str) -> Any:
        return kept | {"revoked": AT}

    @made.api_route("/v1/policies", methods=["GET", "PATCH"])
    def policies() -> Any:
        return {
            "fmr": 0.001, "contradiction": "refuse", "fpir": 0.01, "duplicates": "refuse",
            "duplicates_fpir": 0.01, "revocable": False,
            "lockout": {
                "free_failures": 5, "first_delay_seconds": 30.0, "disabled_at_failures": 50,
            },
            "limits": {
                "max_pictures": 8, "max_picture_bytes": 10 * 2**20, "max_pixels": 25_000_000,
                "max_body_bytes": 20 * 2**20, "key_per_minute": 1200.0,
                "address_per_minute": 2400.0,
            },
        }  # fmt: skip

    made.include_router(console.router())
    made.state.forget = session.clear
    return made


@contextmanager
def serving(made: FastAPI) -> Iterator[str]:
    """Serve it from a thread; gives its address."""
    server = uvicorn.Server(uvicorn.Config(made, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
