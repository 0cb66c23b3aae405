"""`twofold gallery audit`: what was done, and whether that record is whole."""

import re
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.gallery_options import Door, GalleryOption, KeyOption, opened
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import OptionError

if TYPE_CHECKING:
    from twofold.gallery import AuditHead, Event, Gallery

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


def audit_command(
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check the chain of events, and the store against it, instead."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD", help="A head noted earlier; --verify then finds a gallery set back."
        ),
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Events behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 100,
    subject: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this subject alone.")
    ] = None,
    number: Annotated[
        int | None, typer.Option(help="Of the subject with this number, perhaps erased.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Such as enrol, verify or erase.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One event a line, as it is sealed.")
    ] = False,
    gallery: GalleryOption = None,
    key: KeyOption = None,
) -> None:
    """List events, oldest first. With --verify: exit code 1 when anything is wrong."""
    console = Console()
    head = _head(since)
    if head is not None and not verify:
        raise OptionError("--since: not to be given without --verify.")
    if subject is not None and number is not None:
        raise OptionError("--number: not to be given beside --subject.")
    with opened(Door(gallery, key)) as there:
        if verify:
            _verify(console, there, head)
            return
        whose = number if subject is None else there.get(subject).id
        events = there.audit(after, limit, subject=whose, action=action)
    if json:
        for event in events:
            typer.echo(event.canonical().decode("ascii"))
        return
    console.print(_table(events))
    if len(events) == limit:
        say(console, f"Go on with --after {events[-1].number}.")


def _head(text: str | None) -> "AuditHead | None":
    if text is None:
        return None
    from twofold.gallery import AuditHead

    found = _HEAD.fullmatch(text)
    if not found:
        raise OptionError(
            f"--since {printable(text[:80])}: expected NUMBER:DIGEST, as `twofold gallery info` "
            "tells it."
        )
    return AuditHead(int(found[1]), found[2])


def _verify(console: Console, gallery: "Gallery", head: "AuditHead | None") -> None:
    report = gallery.verify_audit(head)
    for problem in report.problems:
        say(console, f"PROBLEM: {problem}")
    if not report.ok:
        raise typer.Exit(1)
    say(console, f"{report.events:,} events are whole, and the store is as they tell.")
    say(console, f"Head, to be noted elsewhere: {report.head.events}:{report.head.digest}")


def _table(events: "list[Event]") -> Table:
    table = Table(caption="Times are UTC. Subjects are told by number.")
    for title in ("Number", "Time", "Who", "Action", "Subject", "Outcome", "Evidence", "Details"):
        table.add_column(title, justify="right" if title == "Number" else "left", overflow="fold")
    for one in events:
        told = {**(one.policy or {}), **(one.details or {})}
        table.add_row(
            str(one.number),
            str(one.at)[:19],
            Text(printable(one.actor)),
            one.action,
            "" if one.subject is None else str(one.subject),
            one.outcome,
            one.band or "",
            Text(printable(", ".join(f"{name} {value}" for name, value in told.items()))),
        )
    return table
