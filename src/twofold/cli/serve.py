"""`twofold serve`: the service and its console."""

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from twofold.cli.gallery_options import (
    Door,
    FusionOption,
    GalleryOption,
    KeyOption,
    ModelOption,
    SnapshotOption,
    opened,
)
from twofold.cli.inspect import say
from twofold.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twofold.gallery import Gallery
    from twofold.service.extraction import Extraction
    from twofold.service.settings import ServiceSettings


def serve_command(
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    host: Annotated[str | None, typer.Option(help="To listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any that is free. [default: 8400]")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that work on pictures. [default: one a core]"),
    ] = None,
    queue: Annotated[
        int | None, typer.Option(min=0, help="Requests that may wait. [default: 8 a worker]")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file.")] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESSES", help="Of proxies that end TLS, whose X-Forwarded-* are believed."
        ),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine without TLS.")
    ] = False,
    reports: Annotated[
        Path | None, typer.Option(help="Folder of evaluation reports that the console shows.")
    ] = None,
    model: ModelOption = None,
    fusion: FusionOption = None,
) -> None:
    """Serve the API at /v1 and the console at /console, until interrupted.

    Whatever is not given is taken from the environment (TWOFOLD_SERVE_HOST and so on).
    """
    given = {
        "host": host, "port": port, "workers": workers, "queue": queue,
        "tls_certificate": tls_certificate, "tls_key": tls_key, "behind_proxy": behind_proxy,
        "insecure": insecure or None, "reports": reports,
    }  # fmt: skip
    settings = _settings({name: value for name, value in given.items() if value is not None})
    settings.require_safe()
    from twofold.service import processes

    processes.shut()
    processes.preload()  # workers begin beside what follows, which takes as long
    with (
        opened(Door(gallery, key, snapshot, None, model, fusion)) as there,
        _begun(settings, there) as extraction,
    ):
        import uvicorn

        from twofold.service.app import create_app
        from twofold.service.server import configuration

        app = create_app(settings, there, extraction)
        shown = f"http{'s' if settings.tls else ''}://{settings.host}:{settings.port}"
        say(Console(), f"Twofold serves {shown}/console and {shown}/docs")
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        uvicorn.Server(configuration(app, settings)).run()


@contextmanager
def _begun(settings: "ServiceSettings", gallery: "Gallery") -> "Iterator[Extraction]":
    """Workers that have begun, and are ended at last."""
    from twofold.service.extraction import Extraction
    from twofold.service.metrics import Metrics

    found = Extraction(settings, gallery.recognizer.face_model, Metrics())
    found.start()
    try:
        yield found
    finally:
        found.close()


def _settings(given: dict[str, Any]) -> "ServiceSettings":
    try:
        from pydantic import ValidationError

        from twofold.service.settings import ServiceSettings
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"the service needs {error.name}: pip install 'twofold[serve]'."
        ) from error
    try:
        return ServiceSettings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise OptionError(
            f"{name}: {first['msg']}. Check the option or TWOFOLD_SERVE_{name.upper()}."
        ) from None
