"""The step that every route with pictures begins with: pictures to a template."""

from fastapi import Depends, Request

from twofold.recognizer.recognizer import Purpose
from twofold.service.pictures import pictures_of
from twofold.service.requests import CompareRequest, PicturesModel
from twofold.service.samples import Refusal
from twofold.service.state import Service, service
from twofold.service.views import refused
from twofold.template import Template


async def _require_room(request: Request) -> None:
    service(request).extraction.require_room()


ROOM = Depends(_require_room)
"""First dependency of a route with pictures: overload is told before a key is looked at."""


async def template_of(
    there: Service,
    body: PicturesModel | CompareRequest,
    purpose: Purpose,
    *,
    partial: bool = True,
    prefix: str = "",
) -> tuple[Template, tuple[Refusal, ...], tuple[str, ...]]:
    """The template of the pictures in a body.

    Args:
        there: the service.
        body: of the request.
        purpose: "enrol" asks for better pictures.
        partial: whether some of the pictures may be refused.
        prefix: of the fields.

    Returns:
        The template, the pictures that were refused, and notes.

    Raises:
        ApiError: no picture, or none that is good enough (422); no worker is free (503).
    """
    given = pictures_of(body, there.settings, prefix)
    found = await there.extraction.extract(given, purpose)
    if found.template is None or (found.refusals and not partial):
        for one in found.refusals:
            there.metrics.refusals.labels(one.code).inc()
        raise refused(found.refusals)
    return Template.from_bytes(found.template), found.refusals, found.notes
