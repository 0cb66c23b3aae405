"""The service as its callers see it: listening on a port, with people who do not exist."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image

from tests.recognition import eye, face, made_up_model
from twofold.face.extraction import FaceExtractor
from twofold.gallery import Gallery, KeySource
from twofold.iris.extraction import IrisExtractor
from twofold.recognizer import Recognizer
from twofold.service.app import create_app
from twofold.service.idempotency import Idempotency
from twofold.service.keys import Keys
from twofold.service.lockout import Lockout
from twofold.service.rates import Rates
from twofold.service.server import configuration
from twofold.service.sessions import Sessions
from twofold.service.settings import ServiceSettings
from twofold.service.store import schema

MASTER = KeySource.from_bytes(bytes(range(100, 132)))
SCOPES = {
    "admin": ("admin", "scores"),
    "door": ("verify", "identify"),
    "desk": ("enrol",),
    "auditor": ("audit",),
    "prometheus": ("metrics",),
}
_OFTEN = 1e7
_names = count(1)


@dataclass(frozen=True)
class Served:
    """A service that listens.

    Attributes:
        url: without a path.
        keys: texts of API keys by their names, see `SCOPES`.
        gallery, app, settings: what runs.
        temporary: folder for temporary files of its first workers.
    """

    url: str
    keys: dict[str, str]
    gallery: Gallery
    app: FastAPI
    settings: ServiceSettings
    temporary: Path

    def http(self, key: str | None = "admin", timeout: float = 60.0) -> httpx.Client:
        """A client that calls with one of the keys, or without any."""
        headers = {} if key is None else {"Authorization": f"Bearer {self.keys[key]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout)


def often(**changes: object) -> ServiceSettings:
    """Settings with two workers and rates that no test reaches, but for these changes."""
    given: dict[str, object] = {
        "port": 0, "workers": 2, "queue": 16, "extraction_seconds": 60.0,
        "key_per_minute": _OFTEN, "key_burst": 1_000_000,
        "address_per_minute": _OFTEN, "address_burst": 1_000_000, "sign_in_per_minute": _OFTEN,
    }  # fmt: skip
    return ServiceSettings(**(given | changes))  # type: ignore[arg-type]


def fresh(name: str = "somebody") -> str:
    """The name of a subject that no other test has."""
    return f"{name} {next(_names)}"


@lru_cache(maxsize=128)
def face_png(person: int, sample: int = 0) -> bytes:
    """A face as a file; persons 0 to 63, samples 0 to 4."""
    return _png(person, sample, None)


@lru_cache(maxsize=128)
def eye_png(person: int, sample: int = 0) -> bytes:
    """A left eye in near infrared light as a file."""
    return _png(person, sample, "left")


def _png(person: int, sample: int, side: str | None) -> bytes:
    kept = io.BytesIO()
    pixels = face(person, sample) if side is None else eye(person, sample)
    Image.fromarray(pixels).save(kept, "PNG")
    return kept.getvalue()


@contextmanager
def gallery_for_pictures(place: Path, **settings: object) -> Iterator[Gallery]:
    """An empty gallery whose calibrations fit rendered people."""
    model = made_up_model(FaceExtractor().contract, IrisExtractor().contract)
    with Gallery.open(
        str(place), key=MASTER, recognizer=Recognizer(fusion=model), **settings  # type: ignore[arg-type]
    ) as made:  # fmt: skip
        yield made


@contextmanager
def serving(
    gallery: Gallery, settings: ServiceSettings, workers_of: Served | None = None
) -> Iterator[Served]:
    """Serve a gallery on a free port.

    Args:
        gallery: open.
        settings: limits.
        workers_of: another one that lends its workers, which begin slowly.
    """
    schema.prepare(gallery.database)
    known = Keys(gallery)
    keys = {name: known.new(name, scopes)[1] for name, scopes in SCOPES.items()}
    app = create_app(settings, gallery)
    how = configuration(app, settings)
    if workers_of is not None:
        database = gallery.database
        app.state.service = replace(
            workers_of.app.state.service, settings=settings, gallery=gallery, keys=known,
            sessions=Sessions(gallery, known), lockout=Lockout(database), rates=Rates(database),
            idempotency=Idempotency(database),
        )  # fmt: skip
        how.lifespan = "off"
    server = uvicorn.Server(how)
    running = threading.Thread(target=server.run, daemon=True)
    with TemporaryDirectory() as temporary:
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("TMPDIR", temporary)  # for the workers
                running.start()
                until = time.monotonic() + 120
                while not server.started:
                    assert running.is_alive() and time.monotonic() < until, "it did not start"
                    time.sleep(0.02)
            url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
            yield Served(url, keys, gallery, app, settings, Path(temporary))
        finally:
            server.should_exit = True
            running.join(30)
