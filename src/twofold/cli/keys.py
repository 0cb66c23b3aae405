"""`twofold keys`: API keys of programs and people that call the service."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    GalleryOption,
    KeyOption,
    opened,
    parsed_expiry,
)
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import OutputError

if TYPE_CHECKING:
    from twofold.service.keys import Keys

_ALTERED = (
    "Altered ones were changed, put in or put back without the master key, and are refused. Find "
    "out who could write to the database; `twofold keys revoke ID` removes them."
)

keys_app = typer.Typer(
    name="keys", help="API keys of those who call the service.", no_args_is_help=True
)


@keys_app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the program or person.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="What it is good for: enrol, verify, identify, scores, audit, metrics or admin "
            "(all but scores). Again for more.",
        ),
    ],
    expires: Annotated[
        str | None, typer.Option(metavar="DAY", help="From then on it is of no use (UTC).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it there, for you alone to read; else shown."),
    ] = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """Make a key. It is told this once; only a hash of it is kept."""
    console = Console()
    until = parsed_expiry(expires)
    with _keys(Door(gallery, key, actor=actor)) as keys, _new_file(out) as handle:
        made, text = keys.new(name, scope, until)
        if handle is not None:
            os.write(handle, f"{text}\n".encode())
            os.fsync(handle)
    say(console, f"API key {made.id} for {made.name}: {', '.join(sorted(made.scopes))}.")
    if out is not None:
        say(console, f"Written to {out}.")
    else:
        say(console, "Keep it now, it is not shown again:")
        typer.echo(text)


@keys_app.command("list")
def list_command(gallery: GalleryOption = None, key: KeyOption = None) -> None:
    """List keys, without their secrets."""
    with _keys(Door(gallery, key)) as keys:
        found = keys.list()
    table = Table(caption="Times are UTC.")
    for title in ("Id", "Name", "Scopes", "Made", "Expires", "State"):
        table.add_column(title, overflow="fold", no_wrap=title in ("Id", "State"))
    for one in found:
        table.add_row(
            printable(one.id),
            Text(one.name),
            ", ".join(sorted(one.scopes)),
            str(one.created)[:16],
            "never" if one.expires is None else str(one.expires)[:16],
            one.state(time.time()),
        )
    Console().print(table)
    if any(one.altered for one in found):
        say(Console(), _ALTERED)


@keys_app.command("revoke")
def revoke_command(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `twofold keys list` tells it.")],
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """End a key at once, wherever it is used."""
    with _keys(Door(gallery, key, actor=actor)) as keys:
        ended = keys.revoke(id)
    say(Console(), f"API key {ended.id} for {ended.name} is revoked.")


@contextmanager
def _keys(door: Door) -> "Iterator[Keys]":
    from twofold.service.keys import Keys
    from twofold.service.store.schema import prepare

    with opened(door) as gallery:
        prepare(gallery.database)
        yield Keys(gallery)


@contextmanager
def _new_file(path: Path | None) -> Iterator[int | None]:
    """A new file of mode 0600, open for writing; removed when the block fails.

    Raises:
        OutputError: it is there already, or cannot be made.
    """
    if path is None:
        yield None
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OutputError(
            f"{path} exists: a key that may be in use is not replaced. Choose another name."
        ) from None
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}. Choose another place."
        ) from error
    try:
        yield handle
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
