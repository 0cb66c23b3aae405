"""What the routes share: one of each, made by `app.create_app`."""

from dataclasses import dataclass

from fastapi import Request

from twofold.gallery import Gallery
from twofold.service.extraction import Extraction
from twofold.service.idempotency import Idempotency
from twofold.service.keys import Keys
from twofold.service.lockout import Lockout
from twofold.service.metrics import Metrics
from twofold.service.rates import Rates
from twofold.service.sessions import Sessions
from twofold.service.settings import ServiceSettings


@dataclass(frozen=True)
class Service:
    """A running service."""

    settings: ServiceSettings
    gallery: Gallery
    extraction: Extraction
    keys: Keys
    sessions: Sessions
    lockout: Lockout
    rates: Rates
    idempotency: Idempotency
    metrics: Metrics


def service(request: Request) -> Service:
    """The one that answers a request."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found
