"""Whether it runs, figures for Prometheus, and the console's dashboard."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from twofold.api import ErrorModel, HealthModel, SummaryModel
from twofold.service.access import Caller, requires
from twofold.service.errors import busy
from twofold.service.examples import METRICS
from twofold.service.routes.documents import errors, text
from twofold.service.state import Service, service

router = APIRouter(tags=["health"])
OBJECTIVE = 0.999
_SECONDS = 2.0


@router.get("/health/live")
async def live() -> HealthModel:
    """The process answers."""
    return HealthModel(status="ok")


@router.get("/health/ready", responses={503: {"model": ErrorModel, "description": "Not ready."}})
async def ready(request: Request) -> HealthModel:
    """The gallery answers, and there are workers."""
    if not await _ready(service(request)):
        raise busy("the gallery or the workers are out of reach.", code="unavailable")
    return HealthModel(status="ok")


@router.get(
    "/metrics", responses=errors() | {200: text("text/plain", METRICS)}, response_class=Response
)
def metrics(caller: Annotated[Caller, Depends(requires("metrics"))]) -> Response:
    """Counters in Prometheus' text form."""
    there = caller.service
    there.metrics.subjects.set(len(there.gallery))
    return Response(there.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/summary", responses=errors())
async def summary(caller: Annotated[Caller, Depends(requires("enrol", "audit"))]) -> SummaryModel:
    """The dashboard's figures: of this process, since it began."""
    there = caller.service
    counted = there.metrics
    statuses = counted.sums(counted.requests, "status")
    requests = sum(statuses.values())
    failed = sum(count for status, count in statuses.items() if status >= "500")
    allowed = (1 - OBJECTIVE) * requests
    outcomes = counted.sums(counted.decisions, "outcome")
    return SummaryModel(
        subjects=await run_in_threadpool(len, there.gallery),
        decisions={one: outcomes.get(one, 0) for one in ("match", "no_match", "nobody")},
        refusals=counted.sums(counted.refusals, "code"),
        requests=requests,
        errors=failed,
        error_budget={
            "objective": OBJECTIVE,
            "left": 1.0 if not failed else max(0.0, 1 - failed / allowed),
        },
        since=datetime.fromtimestamp(counted.since, UTC),
        workers=there.settings.workers,
        queue=there.extraction.taken,
        ready=await _ready(there),
    )


async def _ready(there: Service) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            await run_in_threadpool(there.gallery.audit_head)
    except Exception:  # whatever it is: not ready
        return False
    return there.extraction.alive
