"""How fit pictures are, and what was found in them: for guidance at the camera."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from twofold.api import QualityModel
from twofold.service.access import Caller, requires
from twofold.service.pictures import pictures_of, read_body
from twofold.service.requests import QualityRequest
from twofold.service.routes.documents import body, errors
from twofold.service.routes.extracting import ROOM
from twofold.service.views import judged_model

router = APIRouter(tags=["quality"])


@router.post(
    "/quality",
    responses=errors(uploads=True),
    openapi_extra=body(QualityRequest),
    dependencies=[ROOM],
)
async def quality(
    request: Request, caller: Annotated[Caller, Depends(requires("verify", "enrol", "identify"))]
) -> QualityModel:
    """Judge each picture. Nothing is compared and nothing kept."""
    there = caller.service
    given = await read_body(request, QualityRequest, caller.service.settings)
    found = await there.extraction.judge(pictures_of(given, there.settings), given.purpose)
    return QualityModel(pictures=[judged_model(one) for one in found])
