"""The application: everything made, wired and ended in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

import twofold
from twofold.errors import OptionError, TwofoldError
from twofold.gallery import Gallery
from twofold.service import console, documentation
from twofold.service.errors import ApiError, code_of, from_twofold
from twofold.service.extraction import Extraction
from twofold.service.idempotency import Idempotency
from twofold.service.keys import Keys
from twofold.service.lockout import Lockout
from twofold.service.metrics import Metrics
from twofold.service.middleware import BodyLimits, Envelope
from twofold.service.openapi import describe, operation_id
from twofold.service.pictures import invalid
from twofold.service.rates import Rates
from twofold.service.routes import (
    audit,
    decisions,
    health,
    keys,
    policies,
    quality,
    references,
    reports,
    session,
    subjects,
)
from twofold.service.sessions import Sessions
from twofold.service.settings import ServiceSettings
from twofold.service.state import Service
from twofold.service.store import schema

_ROUTES = (
    references, subjects, decisions, quality, policies, audit, keys, session, health, reports,
)  # fmt: skip


def create_app(
    settings: ServiceSettings, gallery: Gallery, extraction: Extraction | None = None
) -> FastAPI:
    """The service on an open gallery. Its workers begin and end with the application's lifespan.

    Args:
        settings: limits.
        gallery: served; the caller closes it after the application has ended.
        extraction: with workers that were started before; the caller closes it. None to make it.

    Raises:
        OptionError: there is no API key, so that nobody could call, or it is unsafe as it is set.
    """
    settings.require_safe()
    database = gallery.database
    schema.prepare(database)
    known = Keys(gallery)
    if all(one.altered for one in known.list()):
        raise OptionError("there is no API key yet. Make one: twofold keys new NAME --scope admin")
    metrics = Metrics() if extraction is None else extraction.metrics

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        workers = extraction or Extraction(settings, gallery.recognizer.face_model, metrics)
        app.state.service = Service(
            settings, gallery, workers, known, Sessions(gallery, known), Lockout(database),
            Rates(database), Idempotency(database), metrics,
        )  # fmt: skip
        try:
            await asyncio.gather(workers.begin(), run_in_threadpool(_warm, gallery))
            yield
        finally:
            await run_in_threadpool(workers.close)

    app = FastAPI(
        title="Twofold",
        version=twofold.__version__,
        description="Face and iris sign-in: enrol, verify, identify, forget.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    v1 = APIRouter(prefix="/v1")
    for one in _ROUTES:
        v1.include_router(one.router)
    app.include_router(v1)
    describe(app)
    app.include_router(console.router())
    app.include_router(documentation.router())
    app.add_middleware(BodyLimits, settings=settings)
    app.add_middleware(Envelope, metrics=metrics, tls=settings.tls)
    _handle_errors(app)
    return app


def _warm(gallery: Gallery) -> None:
    """Load what is loaded when it is needed, so that no request waits for it."""
    import scipy.optimize  # noqa: F401 - comparisons of several samples

    if not gallery.settings.by_subject:
        gallery.load_index()


def _handle_errors(app: FastAPI) -> None:
    def answer(request: Request, error: ApiError) -> JSONResponse:
        with suppress(AttributeError):
            app.state.service.metrics.refusals.labels(error.code).inc()
        body = error.body(request.state.request_id)
        return JSONResponse(body, error.status, headers=error.headers)

    @app.exception_handler(TwofoldError)
    async def ours(request: Request, error: TwofoldError) -> JSONResponse:
        return answer(request, from_twofold(error))

    @app.exception_handler(RequestValidationError)
    async def field(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            return answer(request, ApiError(400, None, "the body is no JSON in UTF-8."))
        # Fields have the same names wherever they are.
        return answer(request, invalid([one | {"loc": one["loc"][1:]} for one in found]))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, ApiError):  # raised while FastAPI read a body
            return answer(request, error.__cause__)
        told = ApiError(
            error.status_code, code_of(error.status_code), str(error.detail),
            headers=error.headers,
        )  # fmt: skip
        return answer(request, told)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/console/")
