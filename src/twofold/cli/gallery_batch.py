"""Enrolling many people: progress, refusals with their reasons, and a summary."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from twofold.cli.datasets import progress_bar
from twofold.cli.gallery_manifest import Entry, Refused
from twofold.cli.gallery_pictures import say_failures
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import AcquisitionError, ImageError, ModelError, OptionError, TwofoldError
from twofold.files import write_text

if TYPE_CHECKING:
    from twofold.gallery import Enrolment, Gallery, NewSubject
    from twofold.gallery.values import Duplicates

_LONGEST = 100  # characters of an example in the summary


def enrol_all(
    console: Console,
    gallery: "Gallery",
    entries: Sequence[Entry],
    refused: list[Refused],
    duplicates: "Duplicates | None",
    batch: int,
    report: Path | None,
) -> int:
    """Enrol people; those refused are added to `refused`.

    Names that are enrolled already are refused before their pictures are read, so that a batch
    that was broken off is finished quickly by the same command.

    Returns:
        How many were enrolled.
    """
    new = []
    for entry in entries:
        try:
            there = entry.name in gallery
        except OptionError as error:  # no name for a subject
            refused.append(Refused(entry.name, code(error), str(error)))
            continue
        if there:
            told = "is enrolled already. To add references, use `twofold enroll NAME --add`."
            refused.append(Refused(entry.name, "exists", told))
        else:
            new.append(entry)
    outcomes = [(one.name, one.code, one.message) for one in refused]
    for one in refused:
        say(console, f"{one.name}: {one.message}")
    enrolled = 0
    with progress_bar(console) as bar:
        task = bar.add_task("Enrolling", total=len(new))
        results = gallery.enroll_many(_people(new), duplicates=duplicates, batch=batch)
        for entry, result in zip(new, results, strict=True):
            bar.advance(task)
            if isinstance(result, TwofoldError):
                refused.append(Refused(entry.name, code(result), str(result)))
                say(console, f"{entry.name}: {result}")
                outcomes.append((entry.name, code(result), str(result)))
                continue
            enrolled += 1
            say_enrolled(console, result, quiet=True)
            outcomes.append((entry.name, "enrolled", ""))
    if report is not None:
        _write(report, outcomes)
        say(console, f"Outcome of each: {report}")
    return enrolled


def _people(entries: Sequence[Entry]) -> "Iterator[NewSubject]":
    from twofold.gallery import NewSubject

    for one in entries:
        yield NewSubject(one.name, **one.pictures.named(), consent=one.consent, expires=one.expires)


def code(error: TwofoldError) -> str:
    """A short stable name for why somebody was refused."""
    from twofold.gallery import EnrolmentError

    if isinstance(error, (AcquisitionError, EnrolmentError)):
        return error.code
    for kind, name in ((ImageError, "unreadable"), (ModelError, "model"), (OptionError, "option")):
        if isinstance(error, kind):
            return name
    return "gallery"


def say_enrolled(console: Console, made: "Enrolment", quiet: bool = False) -> None:
    """Say what became of an enrolment; if quiet, only what is not as it should be."""
    subject = made.subject
    say_failures(console, made.failures, () if quiet else made.notes, subject.name)
    for other in made.duplicates:
        say(
            console,
            f"{subject.name}: resembles {other.subject}, who is enrolled already (evidence "
            f"{other.llr:.1f}, threshold {other.threshold:.1f}). Check whether they are one "
            "person.",
        )
    if not quiet:
        faces = f"{subject.faces} face{'' if subject.faces == 1 else 's'}"
        irises = f"{subject.irises} iris{'' if subject.irises == 1 else 'es'}"
        say(console, f"Enrolled {subject.name}: {faces}, {irises}.")


def refusals(title: str, refused: Sequence[Refused]) -> Table:
    """Reasons with their counts, the most frequent first, and one example of each."""
    counts = Counter(one.code for one in refused)
    table = Table(title=title)
    table.add_column("Reason")
    table.add_column("Count", justify="right")
    table.add_column("Such as", overflow="fold")
    for reason, times in counts.most_common():
        first = next(one for one in refused if one.code == reason)
        text = printable(f"{first.name}: {first.message}")
        short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        table.add_row(Text(reason), f"{times:,}", Text(short))
    return table


def _write(path: Path, outcomes: Sequence[tuple[str, str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["subject", "outcome", "message"])
    writer.writerows(outcomes)
    write_text(path, text.getvalue())
