"""Every call to the service: its arguments, its request and its answer. Methods of the clients."""

import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar, Unpack
from urllib.parse import quote

from pydantic import BaseModel

from twofold.api import (
    AuditModel,
    ComparisonModel,
    EnrolmentModel,
    ErasureModel,
    EventList,
    HealthModel,
    IdentificationModel,
    JudgedModel,
    KeyList,
    KeyModel,
    Light,
    ModelsModel,
    NewKeyModel,
    PoliciesModel,
    QualityModel,
    ReferenceList,
    ReferenceModel,
    Scope,
    SubjectList,
    SubjectModel,
    SummaryModel,
    VerificationModel,
)
from twofold.client.call import Call
from twofold.client.pictures import Pictures, PicturesAndLight, files
from twofold.errors import OptionError

_Model = TypeVar("_Model", bound=BaseModel)
Duplicates = Literal["refuse", "warn", "allow"]


def enrol(
    subject: str,
    *,
    consent: str | None = None,
    expires: datetime | date | None = None,
    duplicates: Duplicates | None = None,
    partial: bool = False,
    idempotency_key: str | None = None,
    **pictures: Unpack[PicturesAndLight],
) -> Call[EnrolmentModel]:
    """Enrol somebody. It is durable when this returns.

    Args:
        subject: name, not taken yet.
        consent: what they agreed to.
        expires: a day, or a time with its zone, from which on they are not compared.
        duplicates: what to do about the person under another name; None for the policy. Other
            than the policy needs the scope admin.
        partial: enrol with the good pictures where others are refused.
        idempotency_key: under which it is done once, however often it is sent; None for a new one.
        pictures: `face`, `left`, `right`, `iris`: path, bytes, open file or several; and `light`.

    Raises:
        PictureError: pictures are refused.
        ServiceError: "exists", "duplicate", "mixed" and others.
    """
    form = {
        "subject": subject, "consent": consent, "expires": _day(expires), "duplicates": duplicates,
        "partial": str(partial).lower(), "light": pictures.get("light"),
    }  # fmt: skip
    return Call(
        "POST", "/v1/subjects", _as(EnrolmentModel), data=form, files=files(pictures),
        headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())}, repeatable=True,
    )  # fmt: skip


def subject_page(after: int, limit: int) -> Call[SubjectList]:
    """A page of those who are enrolled."""
    return _get("/v1/subjects", SubjectList, after=after, limit=limit)


def subject(subject: str) -> Call[SubjectModel]:
    """Somebody who is enrolled.

    Raises:
        NotFoundError: nobody has this name.
    """
    return _get(_subject(subject), SubjectModel)


def update(
    subject: str,
    *,
    consent: str | None = None,
    expires: datetime | date | Literal["keep"] | None = "keep",
) -> Call[SubjectModel]:
    """Change what somebody agreed to or when they expire.

    Args:
        subject: name.
        consent: None to keep it.
        expires: None for never.

    Raises:
        NotFoundError: nobody has this name.
    """
    change: dict[str, Any] = {} if consent is None else {"consent": consent}
    if expires != "keep":
        change["expires"] = _day(expires)
    return Call("PATCH", _subject(subject), _as(SubjectModel), json=change, repeatable=True)


def delete(subject: str, *, reason: Literal["erase", "withdraw"] = "erase") -> Call[ErasureModel]:
    """Erase somebody: record, key, index and snapshots.

    Args:
        subject: name.
        reason: "withdraw" where they took back their consent; the audit tells.

    Raises:
        NotFoundError: nobody has this name.
    """
    return Call("DELETE", _subject(subject), _as(ErasureModel), params={"reason": reason})


def unlock(subject: str) -> Call[None]:
    """Forget the failed verifications of somebody.

    Raises:
        NotFoundError: nobody has this name.
    """
    return Call("POST", f"{_subject(subject)}/unlock", _nothing, repeatable=True)


def add_references(
    subject: str,
    *,
    replace: bool = False,
    partial: bool = False,
    **pictures: Unpack[PicturesAndLight],
) -> Call[EnrolmentModel]:
    """Add references of somebody.

    Args:
        subject: name.
        replace: instead of those there are.
        partial: take the good pictures where others are refused.
        pictures: see `enrol`.

    Raises:
        PictureError: pictures are refused.
        NotFoundError: nobody has this name.
        ServiceError: "mixed": they are not of this person.
    """
    form = {
        "replace": str(replace).lower(), "partial": str(partial).lower(),
        "light": pictures.get("light"),
    }  # fmt: skip
    path = f"{_subject(subject)}/references"
    return Call("POST", path, _as(EnrolmentModel), data=form, files=files(pictures))


def references(subject: str) -> Call[list[ReferenceModel]]:
    """The references of somebody; templates themselves are never told.

    Raises:
        NotFoundError: nobody has this name.
    """
    return Call(
        "GET", f"{_subject(subject)}/references", repeatable=True,
        read=lambda body: ReferenceList.model_validate_json(body).references,
    )  # fmt: skip


def remove_reference(subject: str, reference: int) -> Call[SubjectModel]:
    """Remove one of several references of somebody.

    Raises:
        NotFoundError: there is no such subject or reference.
        ServiceError: it is the last one.
    """
    return Call("DELETE", f"{_subject(subject)}/references/{reference}", _as(SubjectModel))


def verify(
    subject: str, *, fmr: float | None = None, **pictures: Unpack[PicturesAndLight]
) -> Call[VerificationModel]:
    """Whether pictures show a subject.

    Args:
        subject: whom they are said to show.
        fmr: false match rate, 0 to 1; no higher than the policy's, which None means.
        pictures: see `enrol`.

    Raises:
        PictureError: no picture is good enough; nothing was compared.
        LockedError: too many failed.
        NotFoundError: nobody has this name.
    """
    form = {"subject": subject, "fmr": fmr, "light": pictures.get("light")}
    return Call("POST", "/v1/verify", _as(VerificationModel), data=form, files=files(pictures))


def identify(
    *, top_k: int = 5, fpir: float | None = None, **pictures: Unpack[PicturesAndLight]
) -> Call[IdentificationModel]:
    """Whom pictures show among all who are enrolled; nobody is an answer.

    Args:
        top_k: how many candidates are told at most, 1 to 50.
        fpir: false positive identification rate; no higher than the policy's, which None means.
        pictures: see `enrol`.

    Raises:
        PictureError: no picture is good enough.
    """
    form = {"top_k": top_k, "fpir": fpir, "light": pictures.get("light")}
    return Call("POST", "/v1/identify", _as(IdentificationModel), data=form, files=files(pictures))


def compare(
    probe: Pictures, reference: Pictures, *, light: Light | None = None, fmr: float | None = None
) -> Call[ComparisonModel]:
    """Whether two sets of pictures show one person. Nothing is kept.

    Args:
        probe, reference: such as `{"face": "a.jpg"}`.
        light: of the irises of both.
        fmr: see `verify`.

    Raises:
        PictureError: no picture of one of them is good enough.
    """
    sent = [*files(probe, "probe_"), *files(reference, "reference_")]
    return Call(
        "POST", "/v1/compare", _as(ComparisonModel), data={"fmr": fmr, "light": light},
        files=sent, repeatable=True,
    )  # fmt: skip


def quality(
    *, purpose: Literal["enrol", "probe"] = "probe", **pictures: Unpack[PicturesAndLight]
) -> Call[list[JudgedModel]]:
    """How fit each picture is, and what was found in it. Nothing is compared or kept.

    Args:
        purpose: "enrol" asks for more.
        pictures: see `enrol`.
    """
    return Call(
        "POST", "/v1/quality", data={"purpose": purpose, "light": pictures.get("light")},
        files=files(pictures), repeatable=True,
        read=lambda body: QualityModel.model_validate_json(body).pictures,
    )  # fmt: skip


def models() -> Call[ModelsModel]:
    """What makes and compares templates."""
    return _get("/v1/models", ModelsModel)


def policies() -> Call[PoliciesModel]:
    """How decisions are made, and what is limited."""
    return _get("/v1/policies", PoliciesModel)


def change_policies(
    *,
    fmr: float | None = None,
    contradiction: Literal["flag", "refuse"] | None = None,
    fpir: float | None = None,
    duplicates: Duplicates | None = None,
    duplicates_fpir: float | None = None,
) -> Call[PoliciesModel]:
    """Change policies; those that are None stay. docs/gallery.md tells what they mean."""
    given = {
        "fmr": fmr, "contradiction": contradiction, "fpir": fpir, "duplicates": duplicates,
        "duplicates_fpir": duplicates_fpir,
    }  # fmt: skip
    change = {name: value for name, value in given.items() if value is not None}
    return Call("PATCH", "/v1/policies", _as(PoliciesModel), json=change, repeatable=True)


def event_page(
    after: int, limit: int, subject: int | None, action: str | None, latest: bool
) -> Call[EventList]:
    """A page of the audit."""
    return _get(
        "/v1/audit", EventList, after=after, limit=limit, subject=subject, action=action,
        latest="true" if latest else None,
    )  # fmt: skip


def verify_audit() -> Call[AuditModel]:
    """Go through the whole audit, and hold the store against it."""
    return Call("POST", "/v1/audit/verify", _as(AuditModel), repeatable=True)


def keys() -> Call[list[KeyModel]]:
    """All API keys, without their secrets."""
    return Call(
        "GET", "/v1/keys", lambda body: KeyList.model_validate_json(body).keys, repeatable=True
    )


def new_key(
    name: str, scopes: Sequence[Scope], *, expires: datetime | date | None = None
) -> Call[NewKeyModel]:
    """Make an API key. Its text is told this once.

    Args:
        name: of whom it is for.
        scopes: what it may do.
        expires: a day, or a time with its zone; None for never.
    """
    given = {"name": name, "scopes": list(scopes), "expires": _day(expires)}
    return Call("POST", "/v1/keys", _as(NewKeyModel), json=given)


def revoke_key(id: str) -> Call[KeyModel]:
    """Revoke an API key and its sessions, at once.

    Raises:
        NotFoundError: there is no such key.
    """
    return Call("DELETE", f"/v1/keys/{_part(id, 'id')}", _as(KeyModel), repeatable=True)


def health() -> Call[HealthModel]:
    """Whether gallery and workers are ready; does not wait for them.

    Raises:
        BusyError: they are not.
    """
    return Call("GET", "/v1/health/ready", _as(HealthModel), repeatable=True, patient=False)


def summary() -> Call[SummaryModel]:
    """Figures of the process that answers, since it began."""
    return _get("/v1/summary", SummaryModel)


def _get(path: str, model: type[_Model], **params: Any) -> Call[_Model]:
    return Call("GET", path, _as(model), params=params, repeatable=True)


def _as(model: type[_Model]) -> Callable[[bytes], _Model]:
    return model.model_validate_json


def _nothing(body: bytes) -> None:
    """There is no answer."""


def _subject(name: str) -> str:
    return f"/v1/subjects/{_part(name, 'subject')}"


def _part(text: str, field: str) -> str:
    if not text:
        raise OptionError(f"{field}: it is empty. Give a name.")
    return quote(text, safe="").replace(".", "%2E")  # no "..", which would be another path


def _day(given: datetime | date | None) -> str | None:
    return None if given is None else given.isoformat()
