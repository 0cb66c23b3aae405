"""`twofold gallery`: making a gallery and looking after it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from twofold.cli.datasets import progress_bar
from twofold.cli.delete import SubjectsArgument
from twofold.cli.gallery_audit import audit_command
from twofold.cli.gallery_keys import key_app
from twofold.cli.gallery_options import (
    ActorOption,
    Door,
    FusionOption,
    GalleryOption,
    KeyOption,
    ModelOption,
    SnapshotOption,
    YesOption,
    opened,
    required,
    say_erased,
    snapshot_beside,
    sure,
)
from twofold.cli.gallery_transfer import export_command, import_command
from twofold.cli.inspect import say
from twofold.errors import OptionError
from twofold.fusion.decision import OnContradiction

if TYPE_CHECKING:
    from twofold.gallery import Gallery
    from twofold.gallery.settings import Revocable

gallery_app = typer.Typer(
    name="gallery",
    help="Make a gallery of subjects and look after it: keys, audit, export, retention.",
    no_args_is_help=True,
)
gallery_app.add_typer(key_app)
gallery_app.command("export")(export_command)
gallery_app.command("import")(import_command)
gallery_app.command("audit")(audit_command)

_DuplicatesOption = Annotated[
    Literal["refuse", "warn", "allow"] | None,
    typer.Option("--duplicates", help="Somebody who is enrolled under another name already."),
]
_FmrOption = Annotated[float | None, typer.Option("--fmr", help="At which `verify` decides.")]
_FpirOption = Annotated[float | None, typer.Option("--fpir", help="At which `identify` decides.")]
_DuplicatesFpirOption = Annotated[
    float | None,
    typer.Option("--duplicates-fpir", help="New people that may be taken for somebody enrolled."),
]
_ContradictionOption = Annotated[
    OnContradiction | None,
    typer.Option("--contradiction", help="A match whose modalities contradict each other."),
]


@gallery_app.command("create")
def create_command(
    gallery: GalleryOption = None,
    key: KeyOption = None,
    revocable: Annotated[
        bool,
        typer.Option("--revocable", help="Transform templates by a key; cannot be changed later."),
    ] = False,
    revocable_by: Annotated[
        Literal["gallery", "subject"] | None,
        typer.Option(
            help="Whose key that is: the gallery's, as with --revocable, or each subject's own; "
            "then nobody can be searched for, and `verify` is all there is."
        ),
    ] = None,
    fmr: _FmrOption = None,
    fpir: _FpirOption = None,
    duplicates: _DuplicatesOption = None,
    duplicates_fpir: _DuplicatesFpirOption = None,
    contradiction: _ContradictionOption = None,
    actor: ActorOption = None,
) -> None:
    """Make an empty gallery. Without its master key nobody can read it: keep a copy elsewhere."""
    from twofold.gallery.settings import Settings

    changes = _changes(fmr, fpir, duplicates, duplicates_fpir, contradiction)
    kind: Revocable = revocable_by or revocable
    replace(Settings.begun(kind), **changes)  # a wrong choice is told before anything is made
    place = required(gallery)
    if "://" not in place and Path(place).exists():
        raise OptionError(f"{place} exists already. Choose another name.")
    console = Console()
    with opened(Door(place, key, actor=actor), create=True, revocable=kind) as made:
        if changes:
            made.configure(**changes)
        say(console, f"Made gallery {made.id}.")
        _say_settings(console, made)


@gallery_app.command("info")
def info_command(gallery: GalleryOption = None, key: KeyOption = None) -> None:
    """How many are enrolled, the settings, and the end of the audit, to be noted elsewhere."""
    console = Console()
    with opened(Door(gallery, key)) as there:
        say(console, f"Gallery {there.id}")
        count = len(there)
        say(console, f"{count:,} subject{'' if count == 1 else 's'} enrolled")
        _say_settings(console, there)
        for modality in ("face", "iris"):
            contract = getattr(there.settings, f"{modality}_contract")
            say(console, f"Contract of {modality} templates: {contract or 'none enrolled yet'}")
        head = there.audit_head()
        say(console, f"Audit: {head.events:,} events, head {head.events}:{head.digest}")


@gallery_app.command("configure")
def configure_command(
    fmr: _FmrOption = None,
    fpir: _FpirOption = None,
    duplicates: _DuplicatesOption = None,
    duplicates_fpir: _DuplicatesFpirOption = None,
    contradiction: _ContradictionOption = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """Change policies; the audit records the old and the new ones."""
    changes = _changes(fmr, fpir, duplicates, duplicates_fpir, contradiction)
    if not changes:
        raise OptionError("nothing to change: give --fmr, --fpir, --duplicates or another policy.")
    with opened(Door(gallery, key, actor=actor)) as there:
        there.configure(**changes)
        _say_settings(Console(), there)


@gallery_app.command("expire")
def expire_command(
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
) -> None:
    """Erase everybody whose time is over; to be run daily."""
    with opened(Door(gallery, key, snapshot, actor)) as there:
        say_erased(Console(), there.expire())


@gallery_app.command("withdraw")
def withdraw_command(
    subjects: SubjectsArgument,
    yes: YesOption = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    actor: ActorOption = None,
) -> None:
    """Erase subjects who have withdrawn their consent; as `delete`, told apart in the audit."""
    with opened(Door(gallery, key, snapshot, actor)) as there:
        for subject in subjects:
            there.get(subject)
        sure(f"Erase {', '.join(subjects)} for good?", yes)
        say_erased(Console(), there.withdraw(*subjects))


@gallery_app.command("snapshot")
def snapshot_command(
    gallery: GalleryOption = None,
    key: KeyOption = None,
    snapshot: SnapshotOption = None,
    model: ModelOption = None,
    fusion: FusionOption = None,
) -> None:
    """Write a sealed copy of the search index, with which searches start faster.

    It is destroyed when somebody is erased; write it anew then.
    """
    place = snapshot or snapshot_beside(required(gallery))
    if place is None:
        raise OptionError("--snapshot: name a file; only a gallery in a file has one beside it.")
    with opened(Door(gallery, key, place, None, model, fusion)) as there:
        count = len(there)
        if not count:
            raise OptionError("nobody is enrolled: there is nothing to write.")
        written = there.save_snapshot()
        say(Console(), f"Snapshot of {count:,} subject{'' if count == 1 else 's'}: {written}")


@gallery_app.command("reissue")
def reissue_command(
    yes: YesOption = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
    actor: ActorOption = None,
) -> None:
    """Revoke the transform of a revocable gallery: all templates under a new one."""
    console = Console()
    with opened(Door(gallery, key, actor=actor)) as there:
        sure("Revoke the transform for good?", yes)
        with progress_bar(console) as bar:
            task = bar.add_task("Re-issuing", total=len(there))
            done = there.reissue(watch=lambda count: bar.update(task, completed=count))
        say(console, f"Re-issued the templates of {done:,} subject{'' if done == 1 else 's'}.")


def _changes(
    fmr: float | None, fpir: float | None, duplicates: str | None,
    duplicates_fpir: float | None, contradiction: str | None,
) -> dict[str, Any]:  # fmt: skip
    given = {
        "fmr": fmr, "fpir": fpir, "duplicates": duplicates, "duplicates_fpir": duplicates_fpir,
        "contradiction": contradiction,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _say_settings(console: Console, gallery: "Gallery") -> None:
    own = gallery.settings
    say(console, f"verify decides at FMR {own.fmr:g}; a contradiction: {own.contradiction}")
    if own.by_subject:
        say(console, "identify: not possible, as each subject has a key of their own")
        say(console, f"Enrolled under another name: {own.duplicates}; cannot be looked for")
        say(console, "Revocable templates: yes, by a key of each subject")
        return
    say(console, f"identify decides at FPIR {own.fpir:g}")
    say(
        console,
        f"Enrolled under another name: {own.duplicates} (FPIR {own.duplicates_fpir:g} of new "
        "people)",
    )
    say(console, f"Revocable templates: {'yes' if own.revocable else 'no'}")
