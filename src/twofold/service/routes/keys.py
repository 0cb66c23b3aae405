"""API keys: list, make, revoke."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path

from twofold.api import KeyList, KeyModel, NewKeyModel
from twofold.service.access import Caller, requires
from twofold.service.requests import KeyRequest
from twofold.service.routes.documents import errors
from twofold.service.routes.subjects import future
from twofold.service.views import key_model

router = APIRouter(prefix="/keys", tags=["keys"])
Admin = Annotated[Caller, Depends(requires("admin"))]


@router.get("", responses=errors())
def keys(caller: Admin) -> KeyList:
    """All API keys, without their secrets."""
    return KeyList(keys=[key_model(one) for one in caller.service.keys.list()])


@router.post("", status_code=201, responses=errors())
def new(wanted: Annotated[KeyRequest, Body()], caller: Admin) -> NewKeyModel:
    """Make an API key. It is shown this once."""
    made, text = caller.service.keys.new(
        wanted.name, wanted.scopes, future(wanted.expires), actor=caller.actor
    )
    return NewKeyModel(**key_model(made).model_dump(), key=text)


@router.delete("/{id}", responses=errors(404))
def revoke(id: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")], caller: Admin) -> KeyModel:
    """Revoke an API key and its sessions, at once."""
    return key_model(caller.service.keys.revoke(id, actor=caller.actor))
