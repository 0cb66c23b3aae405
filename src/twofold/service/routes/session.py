"""Signing in to the console with an API key, and out again."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from twofold.api import SessionModel
from twofold.service.access import COOKIE, AnyCaller, checked_key, limit_address
from twofold.service.errors import ApiError
from twofold.service.keys import SCOPES
from twofold.service.requests import SessionRequest
from twofold.service.routes.documents import errors
from twofold.service.sessions import Session
from twofold.service.state import service

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", responses=errors())
def sign_in(
    request: Request, response: Response, given: Annotated[SessionRequest, Body()]
) -> SessionModel:
    """Begin a session; the answer sets its cookie."""
    there = service(request)
    limit_address(request, there)
    session, text = there.sessions.begin(checked_key(request, there, given.key.strip()))
    response.set_cookie(
        COOKIE, text, path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return _model(session)


@router.get("", responses=errors())
def current(caller: AnyCaller) -> SessionModel:
    """The session that goes on."""
    return _model(_required(caller.session))


@router.delete("", status_code=204, responses=errors())
def sign_out(request: Request, response: Response, caller: AnyCaller) -> None:
    """End the session."""
    _required(caller.session)
    caller.service.sessions.end(request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/")


def _required(session: Session | None) -> Session:
    if session is None:
        raise ApiError(401, None, "this was called with a key; there is no session.")
    return session


def _model(session: Session) -> SessionModel:
    return SessionModel(
        name=session.key.name,
        scopes=[one for one in SCOPES if one in session.key.scopes],
        csrf_token=session.csrf,
        expires=session.expires,
    )
