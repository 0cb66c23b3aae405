"""How the service runs: from arguments, or from variables TWOFOLD_SERVE_* of the environment."""

import ipaddress
import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from twofold.errors import OptionError

MEBIBYTE = 2**20


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class ServiceSettings(BaseSettings):
    """Limits and places of one process of the service.

    Attributes:
        host, port: that it listens on.
        tls_certificate, tls_key: PEM files; both or none.
        behind_proxy: addresses of proxies, comma-separated, whose X-Forwarded-For and
            X-Forwarded-Proto are believed; empty for none.
        insecure: allow a host other than loopback without TLS.
        workers: processes that decode pictures and extract templates.
        queue: requests that may wait for a worker; more are refused with 503. None for 8 a
            worker, which takes well under a second of waiting.
        extraction_seconds: for the pictures of one request, after which its worker is ended.
        upload_seconds: for the arrival of one request's body.
        max_pictures: in one request.
        max_picture_bytes: of one encoded picture.
        max_pixels: of one picture.
        max_body_bytes: of one request.
        max_held_bytes: of all bodies that are arriving or being worked on.
        key_per_minute, key_burst: requests allowed to one API key.
        address_per_minute, address_burst: to one address, signed in or not.
        sign_in_per_minute: wrong or missing keys allowed to one address.
        reports: folder of reports (`*.html`) that the console shows; None for none.
    """

    model_config = SettingsConfigDict(env_prefix="TWOFOLD_SERVE_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8400, ge=0, le=65535)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_proxy: str = ""
    insecure: bool = False
    workers: int = Field(default_factory=cores, ge=1, le=256)
    queue: int | None = Field(None, ge=0, le=10_000)
    extraction_seconds: float = Field(10.0, gt=0, le=600)
    upload_seconds: float = Field(30.0, gt=0, le=600)
    max_pictures: int = Field(8, ge=1, le=64)
    max_picture_bytes: int = Field(10 * MEBIBYTE, ge=1024)
    max_pixels: int = Field(25_000_000, ge=10_000)
    max_body_bytes: int = Field(20 * MEBIBYTE, ge=1024)
    max_held_bytes: int = Field(256 * MEBIBYTE, ge=1024)
    key_per_minute: float = Field(1200.0, gt=0)
    key_burst: int = Field(200, ge=1)
    address_per_minute: float = Field(2400.0, gt=0)
    address_burst: int = Field(400, ge=1)
    sign_in_per_minute: float = Field(10.0, gt=0)
    reports: Path | None = None

    @property
    def places(self) -> int:
        """Requests at workers and waiting for one, at most."""
        return self.workers + (8 * self.workers if self.queue is None else self.queue)

    @property
    def tls(self) -> bool:
        """Whether it speaks TLS itself."""
        return self.tls_certificate is not None

    def require_safe(self) -> None:
        """Refuse to let keys and pictures travel in clear.

        Raises:
            OptionError: a host other than loopback without TLS, or half a TLS.
        """
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise OptionError("TLS needs both: --tls-certificate and --tls-key.")
        if not (loopback(self.host) or self.tls or self.insecure or self.behind_proxy):
            raise OptionError(
                f"--host {self.host}: keys and pictures would travel in clear. Give "
                "--tls-certificate and --tls-key, name the proxy that ends TLS by --behind-proxy, "
                "or say --insecure."
            )


def loopback(host: str) -> bool:
    """Whether a host is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
