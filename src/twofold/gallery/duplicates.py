"""De-duplication: whether a new person is enrolled already, under another name.

The search of the whole gallery runs outside the write transaction, so that others can write
meanwhile. Inside, only those are compared who were enrolled or changed since, and who came before
in the same batch. So two processes that enrol one person under two names at the same time do not
both succeed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twofold.fusion.model import FusionModel
from twofold.gallery.core import Core
from twofold.gallery.matching import Hit, Resolve, Thresholds, hits, resolver
from twofold.gallery.search import Index
from twofold.gallery.settings import Settings
from twofold.gallery.store.unit import Unit
from twofold.gallery.values import Duplicate, Duplicates
from twofold.template import Template

if TYPE_CHECKING:
    from twofold.gallery.enrolment import Ready

PENDING = 1 << 60  # and above: places in the batch, which have no number yet
_MOST = 5  # duplicates that are told of one person


@dataclass(frozen=True)
class Before:
    """What the search outside the transaction found.

    Attributes:
        position: change that the index stood at.
        references: subjects searched.
        found: of each place in the batch.
    """

    position: int
    references: int
    found: Mapping[int, list[Hit]]


def search_before(core: Core, ready: "Mapping[int, Ready]") -> Before:
    """Look for everybody among those who are enrolled."""
    index, position = core.index.current()
    settings = core.settings()
    references = len(index)
    found: dict[int, list[Hit]] = {}
    if references:
        model = core.comparer.model(settings)
        thresholds = Thresholds(model, settings.duplicates_fpir, references, lenient=True)
        with core.database.reading() as connection:
            resolve = resolver(core, connection, time.time())
            for place, one in ready.items():
                if not _fits(settings, one.template):
                    continue  # refused later, for its contract
                found[place] = _duplicates(core, model, index, one.template, resolve, thresholds)
    return Before(position, references, found)


def search_inside(
    core: Core,
    unit: Unit,
    before: Before,
    accepted: "Mapping[int, Ready]",
    stored: Mapping[int, Template],
    policy: Duplicates,
) -> dict[int, list[Hit]]:
    """Look among those who came in since, and those before in the batch.

    Returns:
        All duplicates of each place, also those found before.
    """
    found = {place: list(before.found.get(place, [])) for place in accepted}
    settings = unit.settings
    # Inside the own batch everybody but the first can have a twin.
    late = unit.head.change > before.position
    if not late and len(accepted) < 2:
        return found
    beside = core.comparer.index(settings)
    if late:
        beside = core.index.since(unit.connection, settings, before.position)
    model = core.comparer.model(settings)
    references = max(1, before.references + len(beside) + len(accepted))
    thresholds = Thresholds(model, settings.duplicates_fpir, references, lenient=True)
    from_store = resolver(core, unit.connection, unit.now.timestamp())

    def resolve(numbers: Sequence[int]) -> dict[int, tuple[str, Template]]:
        own = {
            number: (accepted[number - PENDING].name, stored[number - PENDING])
            for number in numbers
            if number >= PENDING
        }
        return own | dict(from_store([number for number in numbers if number < PENDING]))

    for place, one in accepted.items():
        if len(beside):
            new = _duplicates(core, model, beside, one.template, resolve, thresholds)
            # Who changed since is told as found now, not as before.
            kept = [hit for hit in found[place] if hit.id not in beside]
            found[place] = sorted(kept + new, key=lambda hit: -hit.llr)[:_MOST]
        if not found[place] or policy != "refuse":
            beside.put(PENDING + place, stored[place])
    return found


def _duplicates(
    core: Core,
    model: FusionModel,
    index: Index,
    template: Template,
    resolve: Resolve,
    thresholds: Thresholds,
) -> list[Hit]:
    every = hits(
        core.comparer, model, index, template, resolve, _MOST, thresholds, "flag",
        thresholds.lowest(),
    )  # fmt: skip
    return [hit for hit in every if hit.match]


def told(found: Sequence[Hit]) -> tuple[Duplicate, ...]:
    """For the caller."""
    return tuple(Duplicate(hit.name, hit.llr, hit.threshold.llr) for hit in found if hit.threshold)


def _fits(settings: Settings, template: Template) -> bool:
    return all(
        own is None or there is None or own == there
        for own, there in (
            (template.face_contract, settings.face_contract),
            (template.iris_contract, settings.iris_contract),
        )
    )
