"""`twofold delete`: erase subjects for good."""

from typing import Annotated

import typer
from rich.console import Console

from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    GalleryOption,
    KeyOption,
    SnapshotOption,
    YesOption,
    opened,
    say_erased,
    sure,
)
from twofold.errors import OptionError

_HELP = "Names; all of them or nobody."
SubjectsArgument = Annotated[list[str], typer.Argument(metavar="SUBJECT...", help=_HELP)]


def delete_command(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECT]...", help=_HELP)
    ] = None,
    number: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Of a subject, instead of names, without looking at the records: for damaged "
            "ones, and for whom a restored backup has brought back. Again for more.",
        ),
    ] = None,
    yes: YesOption = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
) -> None:
    """Erase subjects: records, keys, index and snapshot. This cannot be undone."""
    names, numbers = subjects or [], number or []
    if bool(names) == bool(numbers):
        raise OptionError("erase whom? Give names, or --number for each number, not both.")
    with opened(Door(gallery, key, snapshot, actor)) as there:
        if numbers:
            sure(f"Erase the subjects numbered {', '.join(map(str, numbers))} for good?", yes)
            say_erased(Console(), there.purge(*numbers))
            return
        for name in names:
            there.get(name)  # an unknown name is told before the question
        sure(f"Erase {', '.join(names)} for good?", yes)
        say_erased(Console(), there.delete(*names))
