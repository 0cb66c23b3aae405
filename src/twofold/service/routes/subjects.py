"""Subjects: enrol, list, look at, change, erase, unlock."""

import hmac
import re
from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from twofold.api import (
    DuplicateModel,
    EnrolmentModel,
    ErasureModel,
    SubjectList,
    SubjectModel,
)
from twofold.gallery import Enrolment
from twofold.gallery.errors import UnknownSubjectError
from twofold.gallery.values import over, subject_name
from twofold.service.access import Caller, requires
from twofold.service.errors import ApiError
from twofold.service.pictures import read_body
from twofold.service.requests import EnrolRequest, SubjectChange
from twofold.service.routes.documents import body, errors
from twofold.service.routes.extracting import ROOM, template_of
from twofold.service.samples import FIELDS, Refusal
from twofold.service.views import failure_model, subject_model
from twofold.template import Template

router = APIRouter(prefix="/subjects", tags=["subjects"])
Enroller = Annotated[Caller, Depends(requires("enrol"))]
_TAKEN = re.compile(r"/(references(/[^/]*)?|unlock)\Z")
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=8, max_length=200, pattern=r"^[\x21-\x7e]+$",
        description="A random text: the request, sent again under it, is done once.",
    ),
]  # fmt: skip


@router.post(
    "",
    status_code=201,
    responses=errors(409, uploads=True),
    openapi_extra=body(EnrolRequest),
    dependencies=[ROOM],
)
async def enrol(
    request: Request, response: Response, caller: Enroller, idempotency_key: IdempotencyKey = None
) -> EnrolmentModel:
    """Enrol somebody from pictures. What is acknowledged is durable; no picture is kept."""
    given = await read_body(request, EnrolRequest, caller.service.settings)
    name, until = _addressable(subject_name(given.subject)), future(given.expires)
    policy = await run_in_threadpool(lambda: caller.service.gallery.settings.duplicates)
    if given.duplicates not in (None, policy):
        caller.require("admin")
    once = Once(caller, idempotency_key, given)
    made = await run_in_threadpool(once.again, name)
    if made is not None:
        response.headers["Location"] = location(name)
        return made
    try:
        template, refusals, notes = await template_of(
            caller.service, given, "enrol", partial=given.partial
        )
        enrolment = await run_in_threadpool(_enrolled, caller, given, name, until, template, once)
    except BaseException:
        await run_in_threadpool(once.drop)
        raise
    response.headers["Location"] = location(name)
    return enrolment_model(caller, enrolment, refusals, notes)


@router.get("", responses=errors())
def subjects(
    caller: Enroller,
    after: Annotated[int, Query(ge=0, le=2**62, description="The last page's `next`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SubjectList:
    """A page of subjects, in the order of enrolment."""
    gallery = caller.service.gallery
    found = list(gallery.subjects(after, limit + 1))
    page = found[:limit]
    total = len(gallery)
    caller.service.metrics.subjects.set(total)
    return SubjectList(
        subjects=[subject_model(one) for one in page],
        next=page[-1].id if len(found) > limit else None,
        total=total,
    )


@router.get("/{subject:path}", responses=errors(404))
def subject(subject: str, caller: Enroller) -> SubjectModel:
    """Somebody who is enrolled."""
    found = caller.service.gallery.get(subject)
    return subject_model(found, caller.service.lockout.state(found.id))


@router.patch("/{subject:path}", responses=errors(404))
def change(
    subject: str, change: Annotated[SubjectChange, Body()], caller: Enroller
) -> SubjectModel:
    """Change consent or expiry."""
    if not change.model_fields_set:
        raise ApiError(422, "invalid", "nothing to change: give consent or expires.")
    expires = future(change.expires) if "expires" in change.model_fields_set else "keep"
    made = caller.service.gallery.update(
        subject, consent=change.consent, expires=expires, actor=caller.actor
    )
    return subject_model(made.subject, caller.service.lockout.state(made.subject.id))


@router.delete("/{subject:path}", responses=errors(404))
def erase(
    subject: str, caller: Enroller, reason: Literal["erase", "withdraw"] = "erase"
) -> ErasureModel:
    """Erase somebody: record, key, index and snapshots."""
    gallery = caller.service.gallery
    number = gallery.get(subject).id
    act = gallery.delete if reason == "erase" else gallery.withdraw
    done = act(subject, actor=caller.actor)
    caller.service.lockout.forget(number)
    return ErasureModel(subjects=done.subjects, scrubbed=done.scrubbed)


@router.post("/{subject:path}/unlock", status_code=204, responses=errors(404))
def unlock(subject: str, caller: Annotated[Caller, Depends(requires("admin"))]) -> None:
    """Forget the failed verifications of somebody."""
    found = caller.service.gallery.get(subject)
    caller.service.lockout.unlock(found.id)
    caller.service.gallery.record("unlock", subject=found.id, actor=caller.actor)


class Once:
    """An enrolment under an idempotency key, or without one.

    Args:
        caller: whose key it is; another caller's is another key.
        key: that the caller gave; None for none.
        given: the request, to tell another one under the same key.
    """

    def __init__(self, caller: Caller, key: str | None, given: EnrolRequest) -> None:
        self._caller, self._key = caller, key
        # Keyed by what only the caller knows: the digest kept tells nothing of the pictures.
        self._fingerprint = b"" if key is None else _fingerprint(key, given)

    def again(self, name: str) -> EnrolmentModel | None:
        """What was enrolled when this request was sent before; None where nothing was.

        A request may have been durable and its process have died before that was noted: then
        whoever has been enrolled under the name since is of that request.
        """
        if self._key is None:
            return None
        there = self._caller.service
        before = there.idempotency.begin(self._caller.key.id, self._key, self._fingerprint)
        if before is None:
            return None
        try:
            found = there.gallery.get(name)
        except UnknownSubjectError:
            return None
        ours = found.id == before.subject_id
        if not ours and not (before.pending and found.enrolled.timestamp() >= before.begun):
            return None
        return EnrolmentModel(subject=subject_model(found), duplicates=[], failures=[], notes=[])

    def done(self, subject: int) -> None:
        """It is enrolled."""
        if self._key is not None:
            self._caller.service.idempotency.done(self._caller.key.id, self._key, subject, 201)

    def drop(self) -> None:
        """It was refused, and may be tried again under the same key."""
        if self._key is not None:
            self._caller.service.idempotency.drop(self._caller.key.id, self._key)


def _enrolled(
    caller: Caller,
    given: EnrolRequest,
    name: str,
    until: datetime | date | None,
    template: Template,
    once: Once,
) -> Enrolment:
    made = caller.service.gallery.enroll(
        name, template, consent=given.consent, expires=until, actor=caller.actor,
        duplicates=given.duplicates,
    )  # fmt: skip
    once.done(made.subject.id)
    return made


def enrolment_model(
    caller: Caller, made: Enrolment, refusals: tuple[Refusal, ...], notes: tuple[str, ...]
) -> EnrolmentModel:
    """What was enrolled; how alike others are only where the caller may see scores."""
    scores = caller.has("scores")
    return EnrolmentModel(
        subject=subject_model(made.subject),
        duplicates=[
            DuplicateModel(subject=one.subject, llr=one.llr if scores else None)
            for one in made.duplicates
        ],
        failures=[failure_model(one) for one in refusals],
        notes=[*notes, *made.notes],
    )


def future(expires: datetime | date | None) -> datetime | date | None:
    """A time that is yet to come.

    Raises:
        ApiError: it is over.
    """
    if expires is not None and over(expires):
        raise ApiError(422, "invalid", f"expires {expires}: that is over. Give a later time.")
    return expires


def location(name: str) -> str:
    """Where a subject is."""
    return f"/v1/subjects/{quote(name, safe='')}"


def _addressable(name: str) -> str:
    """A name whose path is not also that of something else.

    Raises:
        ApiError: it is.
    """
    if _TAKEN.search(name):
        raise ApiError(
            422, "invalid",
            f"subject {name!r}: a name may not end with /references, /references/… or /unlock.",
        )  # fmt: skip
    return name


def _fingerprint(key: str, given: EnrolRequest) -> bytes:
    digest = hmac.new(key.encode(), digestmod="sha256")
    for name in FIELDS:
        for content in getattr(given, name):
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
    rest: set[str] = set(FIELDS)
    digest.update(given.model_dump_json(exclude=rest).encode())
    return digest.digest()
