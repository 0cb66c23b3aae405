"""From the gallery's values to the API's answers."""

from collections.abc import Sequence
from datetime import UTC, datetime

from twofold.api import (
    CandidateModel,
    ConsentModel,
    EventModel,
    EvidenceModel,
    FailureModel,
    JudgedModel,
    KeyModel,
    LockedModel,
    ModalityEvidence,
    ReferenceModel,
    SubjectModel,
)
from twofold.fusion.decision import Evidence
from twofold.gallery import Candidate, Event, Reference, Subject
from twofold.recognizer import Comparison
from twofold.service.advice import advice
from twofold.service.errors import ApiError
from twofold.service.keys import SCOPES, ApiKey
from twofold.service.lockout import Locked
from twofold.service.samples import Judged, Refusal


def subject_model(one: Subject, locked: Locked | None = None) -> SubjectModel:
    """A subject, with the state of its lockout."""
    consent = None
    if one.consent is not None:
        consent = ConsentModel(text=one.consent.text, given=one.consent.given)
    return SubjectModel(
        subject=one.name, id=one.id, enrolled=one.enrolled, updated=one.updated, consent=consent,
        expires=one.expires, references=one.references, faces=one.faces, irises=one.irises,
        revision=one.revision, locked=None if locked is None else _locked(locked),
    )  # fmt: skip


def reference_model(one: Reference) -> ReferenceModel:
    """A reference."""
    return ReferenceModel(
        id=one.id, revision=one.revision, faces=one.faces, irises=one.irises,
        eyes=list(one.eyes), quality=one.quality,
    )  # fmt: skip


def failure_model(one: Refusal) -> FailureModel:
    """A picture that yielded nothing."""
    return FailureModel(
        field=one.field, number=one.number, code=one.code, advice=advice(one.code),
        message=one.message,
    )  # fmt: skip


def refused(refusals: Sequence[Refusal]) -> ApiError:
    """422 for pictures that yielded nothing, each with its reason.

    A file that cannot be read is told apart from a picture that is not good enough.
    """
    told = "; ".join(f"{one.field} {one.number}: {one.message.rstrip('.')}" for one in refusals)
    unreadable = all(one.unreadable for one in refusals)
    details = {"pictures": [failure_model(one).model_dump() for one in refusals]}
    return ApiError(422, "image" if unreadable else "quality", f"{told}.", details)


def evidence_model(comparison: Comparison) -> EvidenceModel:
    """What a comparison rests on."""
    made = comparison.decision
    return EvidenceModel(
        llr=comparison.llr, threshold=made.threshold, threshold_source=made.threshold_source,
        contradiction=made.contradiction, words=made.words,
        modalities=[_modality(one) for one in comparison.evidence],
    )  # fmt: skip


def candidate_model(one: Candidate, scores: bool) -> CandidateModel:
    """Somebody found, with numbers where the caller may see them."""
    evidence = None
    if scores and one.threshold is not None:
        evidence = EvidenceModel(
            llr=one.llr, threshold=one.threshold, threshold_source=one.threshold_source,
            contradiction=one.contradiction, words="",
            modalities=[_modality(each) for each in one.evidence],
        )  # fmt: skip
    return CandidateModel(subject=one.subject, match=one.match, evidence=evidence)


def judged_model(one: Judged) -> JudgedModel:
    """How fit a picture is."""
    refusal = one.refusal
    return JudgedModel(
        field=one.field, number=one.number, usable=refusal is None,
        code=None if refusal is None else refusal.code,
        advice=None if refusal is None else advice(refusal.code),
        message=None if refusal is None else refusal.message,
        quality=one.quality, components=one.components, reasons=list(one.reasons),
        width=one.width, height=one.height, face=one.face, iris=one.iris,
    )  # fmt: skip


def event_model(one: Event, scores: bool) -> EventModel:
    """An event; how close a decision was only where the caller may see scores."""
    return EventModel(
        number=one.number, at=one.at, actor=one.actor, action=one.action, subject=one.subject,
        outcome=one.outcome, policy=None if one.policy is None else dict(one.policy),
        band=one.band if scores else None,
        details=None if one.details is None else dict(one.details),
    )  # fmt: skip


def key_model(one: ApiKey) -> KeyModel:
    """An API key, without its secret."""
    return KeyModel(
        id=one.id, name=one.name, scopes=[name for name in SCOPES if name in one.scopes],
        created=one.created, expires=one.expires, revoked=one.revoked,
        altered=one.altered,
    )  # fmt: skip


def _locked(one: Locked) -> LockedModel:
    until = None if one.until is None else datetime.fromtimestamp(one.until, UTC)
    return LockedModel(failures=one.failures, until=until, disabled=one.disabled)


def _modality(one: Evidence) -> ModalityEvidence:
    return ModalityEvidence(
        modality=one.modality, score=one.score, llr=one.llr, quality=one.quality, light=one.light,
        words=one.words,
    )  # fmt: skip
