"""Decisions: verify (1:1), identify (1:N), compare."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from twofold.api import ComparisonModel, IdentificationModel, VerificationModel
from twofold.errors import TwofoldError
from twofold.fusion.decision import Policy
from twofold.gallery import Verification
from twofold.gallery.values import subject_name
from twofold.service.access import Caller, requires
from twofold.service.errors import ApiError
from twofold.service.pictures import read_body
from twofold.service.requests import CompareRequest, IdentifyRequest, VerifyRequest
from twofold.service.routes.documents import body, errors
from twofold.service.routes.extracting import ROOM, template_of
from twofold.service.views import candidate_model, evidence_model, failure_model
from twofold.template import Template

router = APIRouter(tags=["decisions"])
Verifier = Annotated[Caller, Depends(requires("verify"))]


@router.post(
    "/verify",
    responses=errors(404, 409, uploads=True),
    openapi_extra=body(VerifyRequest),
    dependencies=[ROOM],
)
async def verify(request: Request, caller: Verifier) -> VerificationModel:
    """Whether pictures show the subject that they are said to show.

    After 5 failures in a row a subject has to wait, longer each time; after 50 an administrator
    has to unlock it.
    """
    there = caller.service
    given = await read_body(request, VerifyRequest, caller.service.settings)
    name = subject_name(given.subject)
    policy, number = await run_in_threadpool(_let_in, caller, name, given.fmr)
    template, refusals, _ = await template_of(there, given, "probe")
    found = await run_in_threadpool(_verified, caller, name, number, template, policy)
    there.metrics.decision("verify", "match" if found.match else "no_match")
    comparison = found.comparison
    return VerificationModel(
        subject=name,
        match=found.match,
        fmr=policy.fmr,
        modalities=[one.modality for one in comparison.evidence],
        failures=[failure_model(one) for one in refusals],
        evidence=evidence_model(comparison) if caller.has("scores") else None,
    )


@router.post(
    "/identify",
    responses=errors(uploads=True),
    openapi_extra=body(IdentifyRequest),
    dependencies=[ROOM],
)
async def identify(
    request: Request, caller: Annotated[Caller, Depends(requires("identify"))]
) -> IdentificationModel:
    """Whom pictures show among all who are enrolled; "nobody" is an answer."""
    there, scores = caller.service, caller.has("scores")
    given = await read_body(request, IdentifyRequest, caller.service.settings)
    settings = await run_in_threadpool(lambda: there.gallery.settings)
    settings.require_searchable()
    fpir = _no_higher("fpir", given.fpir, settings.fpir)
    template, refusals, _ = await template_of(there, given, "probe")
    found = await run_in_threadpool(
        lambda: there.gallery.identify(template, given.top_k, fpir, actor=caller.actor)
    )
    there.metrics.decision("identify", "nobody" if found.nobody else "match")
    told = found.candidates if scores else found.matches
    return IdentificationModel(
        nobody=found.nobody,
        best=None if found.best is None else found.best.subject,
        fpir=fpir,
        references=found.references,
        failures=[failure_model(one) for one in refusals],
        candidates=[candidate_model(one, scores) for one in told],
    )


@router.post(
    "/compare",
    responses=errors(uploads=True),
    openapi_extra=body(CompareRequest),
    dependencies=[ROOM],
)
async def compare(request: Request, caller: Verifier) -> ComparisonModel:
    """Whether two sets of pictures show one person. Nothing is kept."""
    there = caller.service
    given = await read_body(request, CompareRequest, caller.service.settings)
    policy = await run_in_threadpool(_policy, caller, given.fmr)
    probe, refused_probes, _ = await template_of(there, given, "probe", prefix="probe_")
    reference, refused_references, _ = await template_of(there, given, "probe", prefix="reference_")
    found = await run_in_threadpool(there.gallery.recognizer.compare, probe, reference, policy)
    there.metrics.decision("compare", "match" if found.match else "no_match")
    refusals = [("probe_", one) for one in refused_probes]
    refusals += [("reference_", one) for one in refused_references]
    return ComparisonModel(
        match=found.match,
        fmr=policy.fmr,
        modalities=[one.modality for one in found.evidence],
        failures=[
            failure_model(one).model_copy(update={"field": prefix + one.field})
            for prefix, one in refusals
        ],
        evidence=evidence_model(found) if caller.has("scores") else None,
    )


def _let_in(caller: Caller, name: str, fmr: float | None) -> tuple[Policy, int]:
    """Policy and number of a subject; who is locked is refused before pictures are worked on."""
    policy = _policy(caller, fmr)
    number = caller.service.gallery.get(name).id
    caller.service.lockout.require(number)
    return policy, number


def _verified(
    caller: Caller, name: str, number: int, template: Template, policy: Policy
) -> Verification:
    """Compare, with the attempt counted as failed before, so that no crash gives one away."""
    there = caller.service
    attempt = there.lockout.begin(number)
    try:
        found = there.gallery.verify(name, template, policy, actor=caller.actor)
    except TwofoldError:
        there.lockout.release(attempt)  # nothing was decided
        raise
    if found.match:
        there.lockout.success(attempt)
    else:
        there.lockout.failure(attempt)
    return found


def _policy(caller: Caller, fmr: float | None) -> Policy:
    settings = caller.service.gallery.settings
    return Policy(_no_higher("fmr", fmr, settings.fmr), settings.contradiction)


def _no_higher(name: str, asked: float | None, most: float) -> float:
    """A caller may ask for stricter decisions, never for laxer ones."""
    if asked is not None and asked > most:
        raise ApiError(
            403, None,
            f"{name} {asked:g}: the policy allows at most {most:g}. Leave it out, or change the "
            "policy.",
        )  # fmt: skip
    return most if asked is None else asked
