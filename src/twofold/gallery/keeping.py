"""What becomes of subjects after enrolment: more references, consent, expiry, erasure."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from twofold.errors import OptionError
from twofold.gallery.agreement import require_one_person, require_same_person
from twofold.gallery.core import Core
from twofold.gallery.enrolment import pinned
from twofold.gallery.errors import UnknownReferenceError, UnknownSubjectError
from twofold.gallery.snapshots import shred
from twofold.gallery.store.records import Profile, Record
from twofold.gallery.store.unit import Unit
from twofold.gallery.values import Consent, Enrolment, Subject, seconds
from twofold.template import Template

_AT_ONCE = 500


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes:
        subjects: how many.
        scrubbed: whether nothing of them is left in the database's files either. False for
            PostgreSQL, and for SQLite while another process reads an older state; docs/gallery.md
            says what to do.
        snapshots_left: files of snapshots that could not be removed, or may be on another machine.
            Nobody can read them any more: their keys are destroyed. The audit tells of them, too.
    """

    subjects: int
    scrubbed: bool
    snapshots_left: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Wanted:
    """A record as it shall be.

    Attributes:
        profile: its references, and when it was updated, are set while it is written.
        kept: references, by their numbers, of those that there are.
        added: a reference as it was extracted.
        consent, expiry: whether these are others than before; for the audit.
    """

    profile: Profile
    kept: dict[int, Template]
    added: Template | None = None
    consent: bool = False
    expiry: bool = False


def update(
    core: Core,
    name: str,
    template: Template | None,
    replace_references: bool,
    consent: str | Consent | None,
    expires: int | None,
    keep_expiry: bool,
    actor: str | None,
) -> Enrolment:
    """Add or replace references, consent or expiry; see `Gallery.update`."""
    if template is None and consent is None and keep_expiry:
        raise OptionError(f"{name!r}: nothing to update. Give a template, consent or expiry.")
    if template is not None:
        require_one_person(template, core.comparer.plain_ratio)

    def wanted(unit: Unit, record: Record, references: dict[int, Template]) -> _Wanted:
        if template is not None:
            settings = pinned(unit.settings, template)
            for one in references.values():
                require_same_person(template, one, partial(core.comparer.kept_ratio, name=name))
            if settings != unit.settings:
                unit.configure(settings)
        kept = {} if replace_references and template is not None else references
        profile = record.profile
        if consent is not None:
            given = Consent(consent) if isinstance(consent, str) else consent
            agreed = seconds(given.given, "consent") or int(unit.now.timestamp())
            profile = replace(profile, consent=given.text, consent_given=agreed)
        if not keep_expiry:
            profile = replace(profile, expires=expires)
        return _Wanted(profile, kept, template, consent is not None, not keep_expiry)

    subject, whole = _change(core, name, wanted, actor)
    made = template or whole
    return Enrolment(subject, made, (), made.failures, made.notes)


def remove_reference(core: Core, name: str, number: int, actor: str | None) -> Subject:
    """Remove one of several references; see `Gallery.remove_reference`."""

    def wanted(unit: Unit, record: Record, references: dict[int, Template]) -> _Wanted:
        if number not in references:
            raise UnknownReferenceError(
                f"{name!r} has no reference {number}. List those that there are."
            )
        if len(references) == 1:
            raise OptionError(
                f"reference {number} is the only one of {name!r}, and nobody is enrolled without. "
                "Replace it, or erase the subject instead."
            )
        return _Wanted(
            record.profile, {key: one for key, one in references.items() if key != number}
        )

    return _change(core, name, wanted, actor)[0]


def erase(core: Core, names: Sequence[str], action: str, actor: str | None) -> Erasure:
    """Erase subjects by name; all or none.

    Args:
        core: of the gallery.
        names: whom.
        action: for the audit: "erase" or "withdraw".
        actor: in whose name.
    """
    with core.database.reading() as connection:
        ids = [core.require(connection, name).id for name in names]
    return _erase(core, ids, action, actor, names)


def purge(core: Core, ids: Sequence[int], actor: str | None) -> Erasure:
    """Erase by number, whatever state the records are in."""
    return _erase_all(core, ids, "erase", actor)


def expire(core: Core, now: datetime | None, actor: str | None) -> Erasure:
    """Erase everybody whose time is over."""
    until = int(time.time()) if now is None else seconds(now, "now")
    assert until is not None
    with core.database.reading() as connection:
        ids = core.records.expired(connection, until)
    return _erase_all(core, ids, "expire", actor)


def everybody(core: Core, after: int, limit: int | None) -> Iterator[Subject]:
    """Subjects page by page, each page as it is when it is read."""
    left = limit
    while left is None or left > 0:
        with core.database.reading() as connection:
            records = core.records.page(connection, after, min(left or _AT_ONCE, _AT_ONCE))
        if not records:
            return
        yield from (one.subject for one in records)
        after = records[-1].id
        left = None if left is None else left - len(records)


def _change(
    core: Core,
    name: str,
    wanted: Callable[[Unit, Record, dict[int, Template]], _Wanted],
    actor: str | None,
) -> tuple[Subject, Template]:
    """Change a record, and let nothing be left of references that it loses.

    Args:
        core: of the gallery.
        name: whose record.
        wanted: what becomes of the record and its references; asked inside the transaction.
        actor: in whose name.

    Returns:
        The subject as it is now, with all its references.
    """
    with core.writing(actor) as unit:
        record = core.require(unit.connection, name)
        references = core.records.references(unit.connection, record)
        new = wanted(unit, record, references)
        profile = replace(new.profile, updated=int(unit.now.timestamp()))
        added = [] if new.added is None else [core.comparer.kept(new.added, name)]
        changed = core.records.change(unit, record, profile, new.kept, added)
        removed = len(references) - len(new.kept)
        unit.event(
            "update",
            subject=record.id,
            contract=None if new.added is None else new.added.contract,
            details={
                "revision": changed.revision,
                "added": len(added),
                "removed": removed,
                "consent": new.consent,
                "expiry": new.expiry,
            },
        )
        whole = core.records.template(unit.connection, changed)
        if removed:
            shred(core, unit)
    core.index.wrote(unit.change, unit.settings, [(record.id, whole)])
    if removed:
        core.database.scrub()
    return changed.subject, whole


def _erase_all(core: Core, ids: Sequence[int], action: str, actor: str | None) -> Erasure:
    erased, scrubbed = 0, True
    left: tuple[str, ...] = ()
    for start in range(0, len(ids), _AT_ONCE):
        one = _erase(core, ids[start : start + _AT_ONCE], action, actor)
        erased, scrubbed = erased + one.subjects, one.scrubbed
        left += one.snapshots_left
    return Erasure(erased, scrubbed, left)


def _erase(
    core: Core, ids: Sequence[int], action: str, actor: str | None, names: Sequence[str] = ()
) -> Erasure:
    if not ids:
        return Erasure(0, True)
    with core.writing(actor) as unit:
        there = core.records.present(unit.connection, ids)
        if names and len(there) < len(ids):
            raise UnknownSubjectError("somebody was erased meanwhile. Try again.")
        core.records.erase(unit, there)
        for subject in there:
            unit.event(action, subject=subject)
        left = shred(core, unit)
    core.index.wrote(unit.change, unit.settings, [], there)
    return Erasure(len(there), core.database.scrub(), left)
