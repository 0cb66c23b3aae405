"""Which models make templates, and by which policies decisions are made."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends

import twofold
from twofold.api import ModelsModel, PoliciesModel
from twofold.service import lockout
from twofold.service.access import AnyCaller, Caller, requires
from twofold.service.errors import ApiError
from twofold.service.requests import PolicyChange
from twofold.service.routes.documents import errors
from twofold.service.state import Service

router = APIRouter(tags=["policies"])


@router.get("/models", responses=errors())
def models(caller: AnyCaller) -> ModelsModel:
    """What makes and compares templates; contracts are null before the first enrolment."""
    gallery = caller.service.gallery
    settings = gallery.settings
    return ModelsModel(
        version=twofold.__version__,
        face_model=gallery.recognizer.face_model,
        face_contract=settings.face_contract,
        iris_contract=settings.iris_contract,
    )


@router.get("/policies", responses=errors())
def policies(caller: AnyCaller) -> PoliciesModel:
    """How decisions are made, and what is limited."""
    return _policies(caller.service)


@router.patch("/policies", responses=errors())
def change(
    change: Annotated[PolicyChange, Body()], caller: Annotated[Caller, Depends(requires("admin"))]
) -> PoliciesModel:
    """Change policies. The audit keeps the old and the new ones."""
    wanted = change.model_dump(exclude_none=True)
    if not wanted:
        raise ApiError(422, "invalid", "nothing to change: give a policy.")
    caller.service.gallery.configure(actor=caller.actor, **wanted)
    return _policies(caller.service)


def _policies(there: Service) -> PoliciesModel:
    settings, limits = there.gallery.settings, there.settings
    return PoliciesModel(
        fmr=settings.fmr,
        contradiction=settings.contradiction,
        fpir=settings.fpir,
        duplicates=settings.duplicates,
        duplicates_fpir=settings.duplicates_fpir,
        revocable=settings.revocable,
        lockout={
            "free_failures": lockout.FREE_FAILURES,
            "first_delay_seconds": lockout.FIRST_DELAY,
            "disabled_at_failures": lockout.MOST_FAILURES,
        },
        limits={
            "max_pictures": limits.max_pictures,
            "max_picture_bytes": limits.max_picture_bytes,
            "max_pixels": limits.max_pixels,
            "max_body_bytes": limits.max_body_bytes,
            "key_per_minute": limits.key_per_minute,
            "address_per_minute": limits.address_per_minute,
        },
    )
