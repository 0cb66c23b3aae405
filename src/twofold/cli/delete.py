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

SubjectsArgument = Annotated[
    list[str], typer.Argument(metavar="SUBJECT...", help="Names; all of them or nobody.")
]


def delete_command(
    subjects: SubjectsArgument,
    yes: YesOption = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
) -> None:
    """Erase subjects: records, keys, index and snapshot. This cannot be undone."""
    with opened(Door(gallery, key, snapshot, actor)) as there:
        for subject in subjects:
            there.get(subject)  # an unknown name is told before the question
        sure(f"Erase {', '.join(subjects)} for good?", yes)
        say_erased(Console(), there.delete(*subjects))
