"""References of a subject: add, list, remove."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from twofold.api import EnrolmentModel, ReferenceList, SubjectModel
from twofold.service.access import Caller, requires
from twofold.service.pictures import read_body
from twofold.service.requests import Number, ReferenceRequest
from twofold.service.routes.documents import body, errors
from twofold.service.routes.extracting import ROOM, template_of
from twofold.service.routes.subjects import enrolment_model
from twofold.service.views import reference_model, subject_model

router = APIRouter(prefix="/subjects/{subject:path}/references", tags=["references"])
Enroller = Annotated[Caller, Depends(requires("enrol"))]


@router.post(
    "", status_code=201, responses=errors(404, 409, uploads=True),
    openapi_extra=body(ReferenceRequest),
    dependencies=[ROOM],
)  # fmt: skip
async def add(subject: str, request: Request, caller: Enroller) -> EnrolmentModel:
    """Add references of somebody who is enrolled, or replace those there are."""
    gallery = caller.service.gallery
    given = await read_body(request, ReferenceRequest, caller.service.settings)
    await run_in_threadpool(gallery.get, subject)  # before pictures are worked on
    template, refusals, notes = await template_of(
        caller.service, given, "enrol", partial=given.partial
    )
    made = await run_in_threadpool(
        lambda: gallery.update(
            subject, template, replace_references=given.replace, actor=caller.actor
        )
    )
    return enrolment_model(caller, made, refusals, notes)


@router.get("", responses=errors(404))
def references(subject: str, caller: Enroller) -> ReferenceList:
    """The references of somebody; templates themselves are never told."""
    found = caller.service.gallery.references(subject)
    return ReferenceList(references=[reference_model(one) for one in found])


@router.delete("/{reference}", responses=errors(404))
def remove(subject: str, reference: Number, caller: Enroller) -> SubjectModel:
    """Remove a reference, unless it is the last."""
    found = caller.service.gallery.remove_reference(subject, reference, actor=caller.actor)
    return subject_model(found)
