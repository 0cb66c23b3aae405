"""What the HTTP API answers: shared by the service and its client, so it needs pydantic alone."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = Literal["enrol", "verify", "identify", "scores", "audit", "metrics", "admin"]
Light = Literal["nir", "visible"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConsentModel(_Answer):
    """What a subject agreed to."""

    text: str
    given: datetime | None


class LockedModel(_Answer):
    """Failed verifications in a row."""

    failures: int
    until: datetime | None = Field(description="Before then no verification is tried.")
    disabled: bool = Field(description="Until somebody with the scope admin unlocks.")


class SubjectModel(_Answer):
    """Somebody who is enrolled."""

    subject: str
    id: int
    enrolled: datetime
    updated: datetime
    consent: ConsentModel | None
    expires: datetime | None
    references: int
    faces: int
    irises: int
    revision: int
    locked: LockedModel | None = None


class SubjectList(_Answer):
    """A page of subjects."""

    subjects: list[SubjectModel]
    next: int | None = Field(description="Give it as `after` for the next page; null at the end.")
    total: int


class FailureModel(_Answer):
    """A picture that yielded nothing."""

    field: str
    number: int
    code: str
    advice: str = Field(description="For the person in front of the camera.")
    message: str


class DuplicateModel(_Answer):
    """Somebody enrolled already whom the new person resembles."""

    subject: str
    llr: float | None = Field(description="Only with the scope scores.")


class EnrolmentModel(_Answer):
    """What is enrolled, durably."""

    subject: SubjectModel
    duplicates: list[DuplicateModel]
    failures: list[FailureModel]
    notes: list[str]


class ReferenceModel(_Answer):
    """A reference of a subject."""

    id: int
    revision: int
    faces: int
    irises: int
    eyes: list[Literal["left", "right"] | None]
    quality: float


class ReferenceList(_Answer):
    """All references of a subject."""

    references: list[ReferenceModel]


class ErasureModel(_Answer):
    """What was erased."""

    subjects: int
    scrubbed: bool = Field(description="Whether nothing is left in the database's files either.")


class ModalityEvidence(_Answer):
    """What one modality says."""

    modality: Literal["face", "iris"]
    score: float
    llr: float
    quality: float | None
    light: Light | None
    words: str


class EvidenceModel(_Answer):
    """Natural-log likelihood ratios: evidence for one person, never a probability."""

    llr: float
    threshold: float
    threshold_source: str
    contradiction: bool
    words: str
    modalities: list[ModalityEvidence]


class VerificationModel(_Answer):
    """The decision about a subject."""

    subject: str
    match: bool
    fmr: float
    modalities: list[Literal["face", "iris"]]
    failures: list[FailureModel]
    evidence: EvidenceModel | None = Field(description="Only with the scope scores.")


class ComparisonModel(_Answer):
    """The decision about two sets of pictures."""

    match: bool
    fmr: float
    modalities: list[Literal["face", "iris"]]
    failures: list[FailureModel]
    evidence: EvidenceModel | None


class CandidateModel(_Answer):
    """Somebody whom the pictures may show."""

    subject: str
    match: bool
    evidence: EvidenceModel | None


class IdentificationModel(_Answer):
    """The decision about everybody."""

    nobody: bool
    best: str | None
    fpir: float
    references: int
    failures: list[FailureModel]
    candidates: list[CandidateModel] = Field(
        description="With the scope scores the most alike; else only those who match."
    )


class JudgedModel(_Answer):
    """How fit a picture is."""

    field: str
    number: int
    usable: bool
    code: str | None
    advice: str | None
    message: str | None
    quality: float | None
    components: dict[str, float]
    reasons: list[str]
    width: int
    height: int
    face: dict[str, Any] | None
    iris: dict[str, Any] | None


class QualityModel(_Answer):
    """How fit pictures are."""

    pictures: list[JudgedModel]


class ModelsModel(_Answer):
    """What makes and compares templates."""

    version: str
    face_model: str
    face_contract: str | None
    iris_contract: str | None


class PoliciesModel(_Answer):
    """How decisions are made, and what is limited."""

    fmr: float
    contradiction: Literal["flag", "refuse"]
    fpir: float
    duplicates: Literal["refuse", "warn", "allow"]
    duplicates_fpir: float
    revocable: bool | Literal["subject"]
    lockout: dict[str, float]
    limits: dict[str, float]


class EventModel(_Answer):
    """An event of the audit."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: int | None
    outcome: str
    policy: dict[str, Any] | None
    band: str | None = Field(description="Only with the scope scores.")
    details: dict[str, Any] | None


class EventList(_Answer):
    """A page of events."""

    events: list[EventModel]
    next: int | None


class HeadModel(_Answer):
    """The end of the audit's chain; keep it elsewhere."""

    events: int
    digest: str


class AuditModel(_Answer):
    """What a verification of the audit found."""

    ok: bool
    events: int
    head: HeadModel
    problems: list[str]


class KeyModel(_Answer):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    altered: bool


class NewKeyModel(KeyModel):
    """An API key; the one time that it is shown."""

    key: str


class KeyList(_Answer):
    """All API keys."""

    keys: list[KeyModel]


class SessionModel(_Answer):
    """Who is signed in to the console."""

    name: str
    scopes: list[Scope]
    csrf_token: str
    expires: datetime


class SummaryModel(_Answer):
    """For the dashboard; counts of this process since it began."""

    subjects: int
    decisions: dict[str, int]
    refusals: dict[str, int]
    requests: int
    errors: int
    error_budget: dict[str, float]
    since: datetime
    workers: int
    queue: int
    ready: bool


class ReportModel(_Answer):
    """An evaluation report."""

    name: str
    created: datetime
    bytes: int


class ReportList(_Answer):
    """Evaluation reports."""

    reports: list[ReportModel]


class HealthModel(_Answer):
    """Whether it runs."""

    status: Literal["ok"]


class ErrorBody(_Answer):
    """What went wrong."""

    code: str
    message: str
    details: dict[str, Any]


class ErrorModel(_Answer):
    """The one shape of all errors."""

    error: ErrorBody
    request_id: str
