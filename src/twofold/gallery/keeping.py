"""What becomes of subjects after enrolment: more references, consent, expiry, erasure."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from twofold.errors import OptionError
from twofold.gallery.agreement import require_one_person, require_same_person
from twofold.gallery.core import Core
from twofold.gallery.enrolment import pinned
from twofold.gallery.errors import UnknownSubjectError
from twofold.gallery.snapshots import shred
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
    with core.writing(actor) as unit:
        record = core.require(unit.connection, name)
        references = core.records.references(unit.connection, record)
        if template is not None:
            settings = pinned(unit.settings, template)
            for one in references.values():
                require_same_person(template, one, partial(core.comparer.kept_ratio, name=name))
            if settings != unit.settings:
                unit.configure(settings)
        kept = {} if replace_references and template is not None else references
        added = [] if template is None else [core.comparer.kept(template, name)]
        now = int(unit.now.timestamp())
        profile = replace(record.profile, updated=now)
        if consent is not None:
            given = Consent(consent) if isinstance(consent, str) else consent
            profile = replace(
                profile, consent=given.text, consent_given=seconds(given.given, "consent") or now
            )
        if not keep_expiry:
            profile = replace(profile, expires=expires)
        changed = core.records.change(unit, record, profile, kept, added)
        unit.event(
            "update",
            subject=record.id,
            contract=None if template is None else template.contract,
            details={
                "revision": changed.revision,
                "added": len(added),
                "removed": len(references) - len(kept),
                "consent": consent is not None,
                "expiry": not keep_expiry,
            },
        )
        whole = core.records.template(unit.connection, changed)
        if kept != references:
            shred(core, unit)
    core.index.wrote(unit.change, unit.settings, [(record.id, whole)])
    if kept != references:
        core.database.scrub()
    made = template or whole
    return Enrolment(changed.subject, made, (), made.failures, made.notes)


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
