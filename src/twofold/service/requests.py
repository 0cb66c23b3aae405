"""What the API takes, with examples: forms and JSON have the same fields."""

import base64
import binascii
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from twofold.api import Scope
from twofold.gallery.values import LONGEST_CONSENT, LONGEST_NAME
from twofold.template import Light


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected a picture in base64") from None


_PICTURE = {"type": "string", "contentEncoding": "base64"}
Picture = Annotated[bytes, BeforeValidator(_decoded), Field(json_schema_extra=_PICTURE)]
Pictures = Annotated[list[Picture], Field(max_length=64)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_CONSENT)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Number = Annotated[int, Field(ge=0, le=2**62)]
Until = AwareDatetime | date | None
LightField = Light | None
_ONE = "iVBORw0KGgo="  # the beginning of a PNG, to show the form


class _Closed(BaseModel):
    """Refuses fields that there are not, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class PicturesModel(_Closed):
    """Pictures of one person: in a form as files, in JSON as base64."""

    face: Pictures = Field(default=[], description="Of the face.")
    left: Pictures = Field(default=[], description="Of the left iris.")
    right: Pictures = Field(default=[], description="Of the right iris.")
    iris: Pictures = Field(default=[], description="Of an iris, the eye not known.")
    light: LightField = Field(
        default=None, description="That the irises were taken in; grey pictures do not tell."
    )


class EnrolRequest(PicturesModel):
    """Somebody to be enrolled."""

    subject: Name
    consent: Words | None = None
    expires: Until = Field(default=None, description="A day, or a time with its zone.")
    duplicates: Literal["refuse", "warn", "allow"] | None = Field(
        default=None, description="Other than the policy's needs the scope admin."
    )
    partial: bool = Field(
        default=False, description="Enrol with the good pictures where others are refused."
    )
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "subject": "ada", "face": [_ONE], "left": [_ONE], "light": "nir",
                "consent": "form 17", "expires": "2031-12-31",
            }
        }
    )  # fmt: skip


class ReferenceRequest(PicturesModel):
    """More references of somebody who is enrolled."""

    replace: bool = Field(default=False, description="Instead of the references there are.")
    partial: bool = False
    model_config = ConfigDict(json_schema_extra={"example": {"right": [_ONE], "light": "nir"}})


class VerifyRequest(PicturesModel):
    """Whether pictures show a subject."""

    subject: Name
    fmr: Rate | None = Field(
        default=None, description="False match rate; no higher than the policy's."
    )
    model_config = ConfigDict(
        json_schema_extra={"example": {"subject": "ada", "face": [_ONE], "left": [_ONE]}}
    )


class IdentifyRequest(PicturesModel):
    """Whom pictures show."""

    top_k: Annotated[int, Field(ge=1, le=50)] = 5
    fpir: Rate | None = Field(
        default=None, description="False positive identification rate; no higher than the policy's."
    )
    model_config = ConfigDict(json_schema_extra={"example": {"face": [_ONE], "top_k": 5}})


class CompareRequest(_Closed):
    """Whether two sets of pictures show one person; nobody is enrolled."""

    probe_face: Pictures = []
    probe_left: Pictures = []
    probe_right: Pictures = []
    probe_iris: Pictures = []
    reference_face: Pictures = []
    reference_left: Pictures = []
    reference_right: Pictures = []
    reference_iris: Pictures = []
    light: LightField = None
    fmr: Rate | None = None
    model_config = ConfigDict(
        json_schema_extra={"example": {"probe_face": [_ONE], "reference_face": [_ONE]}}
    )


class QualityRequest(PicturesModel):
    """How fit pictures are."""

    purpose: Literal["enrol", "probe"] = "probe"
    model_config = ConfigDict(json_schema_extra={"example": {"face": [_ONE], "purpose": "enrol"}})


class SubjectChange(_Closed):
    """What to change of a subject; absent fields stay."""

    consent: Words | None = None
    expires: AwareDatetime | date | None = Field(default=None, description="null: never.")
    model_config = ConfigDict(json_schema_extra={"example": {"expires": "2031-12-31"}})


class PolicyChange(_Closed):
    """What to change of the policies; absent fields stay."""

    fmr: Rate | None = None
    contradiction: Literal["flag", "refuse"] | None = None
    fpir: Rate | None = None
    duplicates: Literal["refuse", "warn", "allow"] | None = None
    duplicates_fpir: Rate | None = None
    model_config = ConfigDict(json_schema_extra={"example": {"fmr": 0.0001}})


class KeyRequest(_Closed):
    """An API key to be made."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires: AwareDatetime | date | None = None
    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "front desk", "scopes": ["verify"]}}
    )


class SessionRequest(_Closed):
    """To sign in to the console."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(repr=False)
    model_config = ConfigDict(json_schema_extra={"example": {"key": "tf_0123456789abcdef_…"}})
