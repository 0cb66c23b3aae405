"""`twofold gallery key`: making and changing keys."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.datasets import progress_bar
from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    GalleryOption,
    KeyOption,
    key_source,
    opened,
)
from twofold.cli.inspect import say
from twofold.errors import OptionError

key_app = typer.Typer(
    name="key", help="Make a master key, or change keys in use.", no_args_is_help=True
)


@key_app.command("new")
def new_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="That must not be there yet.")],
) -> None:
    """Write a new master key to a file that only you may read."""
    from twofold.gallery import generate_key_file

    console = Console()
    say(console, f"Master key: {generate_key_file(path)}")
    say(console, "Without it a gallery is lost: keep a copy in another place than the gallery.")


@key_app.command("rotate")
def rotate_command(
    to: Annotated[
        str | None, typer.Option("--to", metavar="FILE", help="Of a new master key to use.")
    ] = None,
    data: Annotated[
        bool, typer.Option("--data", help="Make a new data key, and bring all subjects under it.")
    ] = False,
    reseal: Annotated[
        bool,
        typer.Option("--reseal", help="And give each subject a new key: after keys were taken."),
    ] = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """Change the master key, the data key, or both, while the gallery is in use."""
    if to is None and not data and not reseal:
        raise OptionError("what is to change? Give --to FILE, --data or --reseal.")
    console = Console()
    master = key_source(to)
    with opened(Door(gallery, key, actor=actor)) as there:
        with progress_bar(console) as bar:
            task = bar.add_task("Changing keys", total=len(there))
            changed = there.rotate_keys(
                master=master,
                data=data,
                reseal=reseal,
                watch=lambda done: bar.update(task, completed=done),
            )
        if to is not None:
            say(console, "The new master key is in use: open the gallery with it from now on.")
        if data or reseal:
            say(console, f"New data key; {changed:,} subjects brought under it.")
