"""`twofold subjects`: who is enrolled."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.gallery_options import Door, GalleryOption, KeyOption, opened
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.files import make_folder, write_text

if TYPE_CHECKING:
    from twofold.gallery import Subject

_COLUMNS = ("subject", "number", "faces", "irises", "enrolled", "updated", "expires", "consent")


def subjects_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SUBJECT]...", help="All when left out.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 100,
    out: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write all of them to this file instead.")
    ] = None,
    gallery: GalleryOption = None,
    key: KeyOption = None,
) -> None:
    """List who is enrolled, in order of enrolment, without templates."""
    console = Console()
    if out is not None:
        make_folder(out.absolute().parent)
    with opened(Door(gallery, key)) as there:
        every = [there.get(name) for name in names] if names else None
        total = len(there) if every is None else len(every)
        if out is not None:
            _write(out, [*(there.subjects() if every is None else every)])
            say(console, f"{total:,} subjects: {out}")
            return
        console.print(_table([*(there.subjects(limit=limit) if every is None else every)]))
    if every is None and total > limit:
        say(console, f"The first {limit:,} of {total:,}; --limit shows more, --out writes all.")
    elif every is None:
        say(console, f"{total:,} subject{'' if total == 1 else 's'}.")


def _row(one: "Subject") -> list[str]:
    def day(moment: object) -> str:
        return "" if moment is None else str(moment)[:16]

    return [
        one.name, str(one.id), str(one.faces), str(one.irises), day(one.enrolled),
        day(one.updated), day(one.expires), one.consent.text if one.consent else "",
    ]  # fmt: skip


def _table(found: "list[Subject]") -> Table:
    table = Table(caption="Times are UTC.")
    for title in _COLUMNS:
        right = title in ("number", "faces", "irises")
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for one in found:
        table.add_row(*(Text(printable(cell)) for cell in _row(one)))
    return table


def _write(path: Path, found: "list[Subject]") -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(one) for one in found)
    write_text(path, text.getvalue())
