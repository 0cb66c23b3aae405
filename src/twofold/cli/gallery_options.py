"""What the gallery's commands share: which gallery, whose key, and opening it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from twofold.cli.inspect import say
from twofold.errors import OptionError

if TYPE_CHECKING:
    from twofold.gallery import Erasure, Gallery, KeySource
    from twofold.gallery.settings import Revocable

NOBODY = 3  # exit code of a search or verification that ended well, without a match

GalleryOption = Annotated[
    str | None,
    typer.Option(
        "--gallery",
        metavar="PATH_OR_URL",
        envvar="TWOFOLD_GALLERY",
        help="A file, or postgresql://USER@HOST/DATABASE.",
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="That holds the master key; else what TWOFOLD_MASTER_KEY, TWOFOLD_MASTER_KEY_FILE or "
        "TWOFOLD_MASTER_KEY_COMMAND names.",
    ),
]
SnapshotOption = Annotated[
    Path | None,
    typer.Option(
        "--snapshot",
        metavar="FILE",
        envvar="TWOFOLD_SNAPSHOT",
        help="Of the search index; a gallery in a file has it beside itself.",
    ),
]
ActorOption = Annotated[
    str | None,
    typer.Option("--actor", metavar="NAME", help="In whose name the audit records this."),
]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Face model.")]
FusionOption = Annotated[
    Path | None,
    typer.Option("--fusion", help="Calibrations of your own, by `twofold calibrate`."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")]


@dataclass(frozen=True)
class Door:
    """Which gallery, and how it is opened; None for what a command was not told.

    Attributes:
        url: where it is.
        key: of the master key.
        snapshot: of the search index.
        actor: in whose name things are done.
        model: of faces.
        fusion: file of calibrations.
    """

    url: str | None
    key: str | None
    snapshot: Path | None = None
    actor: str | None = None
    model: str | None = None
    fusion: Path | None = None


@contextmanager
def opened(
    door: Door, *, create: bool = False, revocable: "Revocable | None" = None
) -> "Iterator[Gallery]":
    """A gallery, open inside the block.

    Raises:
        OptionError: none is named.
        GalleryError, MasterKeyError: it cannot be opened.
    """
    from twofold.fusion.model import load
    from twofold.gallery import Gallery
    from twofold.recognizer import Recognizer

    place = required(door.url)
    own = None if door.fusion is None else load(door.fusion)
    gallery = Gallery.open(
        place,
        key=key_source(door.key),
        recognizer=Recognizer(door.model or "sface", fusion=own),
        create=create,
        revocable=revocable,
        actor=door.actor,
        snapshot=door.snapshot or existing_snapshot(place),
    )
    try:
        yield gallery
    finally:
        gallery.close(save=False)


def required(url: str | None) -> str:
    """The gallery's place.

    Raises:
        OptionError: none was given.
    """
    if not url:
        raise OptionError("which gallery? Name it by --gallery or in TWOFOLD_GALLERY.")
    return url


def key_source(given: str | None) -> "KeySource | None":
    """Where the master key is: a file, or file:PATH, env:NAME, command:WORDS; None for default."""
    from twofold.gallery import KeySource

    if given is None:
        return None
    if given.partition(":")[0] in ("file", "env", "command"):
        return KeySource.parse(given)
    return KeySource.from_file(given)


def snapshot_beside(url: str) -> Path | None:
    """Where the snapshot of a gallery in a file lies; None for any other gallery."""
    path = url.removeprefix("sqlite:///")
    return None if "://" in path else Path(f"{path}.snapshot")


def existing_snapshot(url: str) -> Path | None:
    """The snapshot beside a gallery, where there is one.

    A search starts faster from it. Erasing destroys it in any case: the store knows of it.
    """
    place = snapshot_beside(url)
    return place if place is not None and place.is_file() else None


def parsed_expiry(text: str | None) -> datetime | date | None:
    """A day, or a time with its zone.

    Raises:
        OptionError: neither, or in the past.
    """
    if not text:
        return None
    found: datetime | date
    try:
        found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(
            f"expires {text!r}: write a day as 2030-12-31, or a time as 2030-12-31T18:00+01:00."
        ) from None
    if isinstance(found, datetime) and found.tzinfo is None:
        raise OptionError(f"expires {text!r}: which time zone? Write it as 18:00+01:00.")
    from twofold.gallery.values import over

    if over(found):
        raise OptionError(f"expires {text!r}: that is over already. Give a later time.")
    return found


def sure(question: str, yes: bool) -> None:
    """Ask before something that cannot be undone; no ends the command.

    Raises:
        OptionError: the answer was no, or nobody is there to answer.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise OptionError("nothing was done. Add --yes where nobody can answer.")


def say_erased(console: Console, erased: "Erasure") -> None:
    """Say how many were erased, and where something may be left."""
    count = erased.subjects
    say(console, f"Erased {count:,} subject{'' if count == 1 else 's'}.")
    if not erased.scrubbed:
        say(
            console,
            "Their keys are destroyed, but sealed pages may linger in the database's files until "
            "it is cleaned up (docs/gallery.md).",
        )
    for place in erased.snapshots_left:
        say(console, f"A snapshot was not removed; nobody can read it any more: {place}")
