"""The audit: events, and whether any was changed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from twofold.api import AuditModel, EventList, HeadModel
from twofold.service.access import Caller, requires
from twofold.service.routes.documents import errors
from twofold.service.views import event_model

router = APIRouter(prefix="/audit", tags=["audit"])
Auditor = Annotated[Caller, Depends(requires("audit"))]


@router.get("", responses=errors())
def events(
    caller: Auditor,
    after: Annotated[int, Query(ge=0, le=2**62, description="The last page's `next`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    subject: Annotated[int | None, Query(ge=1, le=2**62, description="Number.")] = None,
    action: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z ]+$")] = None,
    latest: Annotated[bool, Query(description="The last ones, newest first.")] = False,
) -> EventList:
    """A page of events. People are told by number, so that erased ones leave no name."""
    found = caller.service.gallery.audit(
        after, limit + 1, subject=subject, action=action, latest=latest
    )
    page, scores = found[:limit], caller.has("scores")
    return EventList(
        events=[event_model(one, scores) for one in page],
        next=page[-1].number if len(found) > limit else None,
    )


@router.post("/verify", responses=errors())
def verify(caller: Auditor) -> AuditModel:
    """Go through the whole chain, and hold the store against it."""
    found = caller.service.gallery.verify_audit()
    head = HeadModel(events=found.head.events, digest=found.head.digest)
    return AuditModel(ok=found.ok, events=found.events, head=head, problems=list(found.problems))
