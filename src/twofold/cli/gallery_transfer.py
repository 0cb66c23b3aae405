"""`twofold gallery export` and `import`: all subjects to one file, and back.

A passphrase never stands on a command line, where others may read it: it comes from a file, from
TWOFOLD_PASSPHRASE, or is asked for.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from twofold.cli.datasets import progress_bar
from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    GalleryOption,
    KeyOption,
    SnapshotOption,
    opened,
)
from twofold.cli.inspect import say
from twofold.errors import OptionError

_VARIABLE = "TWOFOLD_PASSPHRASE"
_FileOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"Its first line seals the file; else {_VARIABLE}, else it is asked for.",
    ),
]


def export_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="To write.")],
    passphrase_file: _FileOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Do not seal it: whoever has it can find these people.")
    ] = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """Write all subjects with consent and templates to FILE, sealed under a passphrase."""
    console = Console()
    if plain and passphrase_file is not None:
        raise OptionError("--passphrase-file: not to be given beside --plain.")
    with opened(Door(gallery, key, actor=actor)) as there:
        words = None if plain else _passphrase(passphrase_file, twice=True)
        with progress_bar(console) as bar:
            task = bar.add_task("Exporting", total=len(there))
            made = there.export(
                path, words, plain=plain, watch=lambda done: bar.update(task, completed=done)
            )
    kind = "NOT sealed" if plain else "sealed"
    say(console, f"{made.subjects:,} subject{'' if made.subjects == 1 else 's'}, {kind}: {path}")


def import_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="That `export` wrote.")],
    passphrase_file: _FileOption = None,
    plain: Annotated[bool, typer.Option("--plain", help="It is not sealed.")] = False,
    existing: Annotated[
        Literal["refuse", "skip", "replace"],
        typer.Option(help="Where a name is enrolled already: refuse all, skip it, or replace it."),
    ] = "refuse",
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
) -> None:
    """Enrol the subjects of FILE. After a break, go on with --existing skip."""
    console = Console()
    with opened(Door(gallery, key, snapshot, actor)) as there:
        words = None if plain else _passphrase(passphrase_file, twice=False)
        with progress_bar(console) as bar:
            task = bar.add_task("Importing", total=None)
            made = there.import_(
                path,
                words,
                existing=existing,
                watch=lambda done: bar.update(task, completed=done),
            )
    for name in made.skipped:
        say(console, f"{name}: skipped, since it is enrolled already.")
    say(console, f"Imported {made.subjects:,} subject{'' if made.subjects == 1 else 's'}.")


def _passphrase(file: Path | None, *, twice: bool) -> str:
    """The passphrase.

    Raises:
        OptionError: there is none, and nobody to be asked.
    """
    if file is not None:
        try:
            with file.open(encoding="utf-8") as opened_file:
                words = opened_file.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise OptionError(f"{file}: cannot be read ({reason}). Check the path.") from None
        if not words:
            raise OptionError(f"{file}: its first line is empty. Write the passphrase there.")
        return words
    if words := os.environ.get(_VARIABLE, ""):
        return words
    if not sys.stdin.isatty():
        raise OptionError(
            f"which passphrase? Give --passphrase-file, or {_VARIABLE}; --plain for none."
        )
    asked: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice)
    return asked
