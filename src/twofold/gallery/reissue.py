"""Revocation: every template of a revocable gallery under a new transform, from the stored form.

All of it is one write, so that nobody ever meets two transforms; other writes wait meanwhile, and
with them decisions, which the audit records. Processes that have the gallery open take the new
transform with their next search, decision or write.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import update

from twofold.errors import OptionError
from twofold.gallery.core import Core
from twofold.gallery.keys.ring import TRANSFORM
from twofold.gallery.sealing import new_key
from twofold.gallery.snapshots import shred
from twofold.gallery.store import tables
from twofold.gallery.store.rewriting import changed_references
from twofold.gallery.store.statements import update_rows
from twofold.template import Template

_AT_ONCE = 500


def reissue(core: Core, actor: str | None, watch: Callable[[int], None] | None) -> int:
    """Make a new transform and bring every reference under it; how many subjects there are."""
    from twofold.gallery.protection import Transform

    if not core.settings().revocable:
        raise OptionError(
            "this gallery's templates are not revocable. Make a gallery with revocable=True, and "
            "import an export of this one."
        )
    done = 0
    with core.writing(actor) as unit:
        key = new_key()
        new = Transform(key)
        settings = unit.settings
        bases = [one for one in (settings.face_contract, settings.iris_contract) if one]

        def change(name: str) -> Callable[[Template], Template]:
            before = core.comparer.protection(name)
            assert before is not None
            own = new.for_subject(name) if settings.by_subject else new
            return lambda kept: before.reissue(kept, own, bases)

        after = 0
        while ids := core.records.ids(unit.connection, after, _AT_ONCE):
            rows = changed_references(core.records, unit.connection, ids, change)
            update_rows(unit.connection, tables.reference, rows)
            unit.connection.execute(
                update(tables.subject)
                .where(tables.subject.c.id.in_(ids))
                .values(change=unit.change)
            )
            after, done = ids[-1], done + len(ids)
            if watch is not None:
                watch(done)
        stored = core.keyring.wrapped_secret(TRANSFORM, key, unit.head.key_version)
        unit.connection.execute(
            update(tables.secret)
            .where(tables.secret.c.name == TRANSFORM)
            .values(key_version=stored.key_version, wrapped=stored.wrapped)
        )
        shred(core, unit)
        unit.configure(replace(settings, transform=settings.transform + 1))
        unit.event(
            "key",
            outcome="templates re-issued",
            details={"transform": settings.transform + 1, "subjects": done},
        )
    core.database.scrub()
    return done
