"""How the application is served: Uvicorn, with what it would tell or believe too readily off."""

import uvicorn
from fastapi import FastAPI

from twofold.service.settings import ServiceSettings


def configuration(app: FastAPI, settings: ServiceSettings) -> uvicorn.Config:
    """For `uvicorn.Server`."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        proxy_headers=bool(settings.behind_proxy),
        forwarded_allow_ips=settings.behind_proxy or None,
        server_header=False,
        access_log=False,  # paths name people; `middleware.Envelope` logs routes
        log_level="warning",
        ws="none",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=15,
    )
