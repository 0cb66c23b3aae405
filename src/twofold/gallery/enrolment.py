"""Enrolment: samples of one person only, nobody twice, acknowledged when durable."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from twofold.errors import OptionError, TwofoldError
from twofold.gallery.agreement import require_one_person
from twofold.gallery.audit import band
from twofold.gallery.core import Core
from twofold.gallery.duplicates import PENDING, search_before, search_inside, told
from twofold.gallery.errors import EnrolmentError
from twofold.gallery.matching import Hit
from twofold.gallery.settings import Settings
from twofold.gallery.store.records import Profile
from twofold.gallery.store.unit import Unit
from twofold.gallery.values import (
    DUPLICATES,
    Consent,
    Duplicates,
    Enrolment,
    NewSubject,
    seconds,
    subject_name,
)
from twofold.recognizer import Person
from twofold.template import Template

Result = Enrolment | TwofoldError


@dataclass(frozen=True)
class Ready:
    """Somebody whose template is made and found to be of one person."""

    name: str
    template: Template
    consent: Consent | None
    expires: int | None


def enroll_each(
    core: Core,
    people: Iterable[NewSubject],
    duplicates: Duplicates | None,
    actor: str | None,
    batch: int,
    workers: int | None,
) -> Iterator[Result]:
    """Enrol in batches that are durable each; results in order, once they are durable."""
    if batch < 1:
        raise OptionError(f"batch {batch}: must be at least 1.")
    if duplicates not in (None, *DUPLICATES):
        raise OptionError(f"duplicates {duplicates!r}: expected {', '.join(DUPLICATES)}.")
    if duplicates is not None:
        core.settings().require_duplicates(duplicates)
    made = _made(core, people, workers)
    while some := list(islice(made, batch)):
        yield from _enroll(core, some, duplicates, actor)


def _made(
    core: Core, people: Iterable[NewSubject], workers: int | None
) -> Iterator[Ready | TwofoldError]:
    """Templates of people, extracted in parallel where they come as pictures."""
    rest = iter(people)
    while some := list(islice(rest, 256)):
        pictured = [one for one in some if one.template is None]
        extracted = core.comparer.recognizer.extract_each(
            (Person(one.face, one.iris, one.eye, one.light) for one in pictured),
            "enrol",
            workers or (1 if len(pictured) < 2 else None),
        )
        for one in some:
            yield _ready(core, one, next(extracted) if one.template is None else one.template)


def _ready(
    core: Core, person: NewSubject, template: Template | TwofoldError
) -> Ready | TwofoldError:
    if isinstance(template, TwofoldError):
        return template
    try:
        if person.template is not None and (person.face is not None or person.iris is not None):
            raise OptionError("give a template or pictures, not both.")
        consent = Consent(person.consent) if isinstance(person.consent, str) else person.consent
        require_one_person(template, core.comparer.plain_ratio)
        return Ready(
            subject_name(person.subject), template, consent, seconds(person.expires, "expires")
        )
    except TwofoldError as error:
        return error


def _enroll(
    core: Core,
    batch: Sequence[Ready | TwofoldError],
    duplicates: Duplicates | None,
    actor: str | None,
) -> list[Result]:
    """One batch in one transaction."""
    results: dict[int, Result] = {
        place: one for place, one in enumerate(batch) if isinstance(one, TwofoldError)
    }
    ready = {place: one for place, one in enumerate(batch) if isinstance(one, Ready)}
    policy = duplicates or core.settings().duplicates
    before = None if policy == "allow" else search_before(core, ready)
    with core.writing(actor) as unit:
        accepted = _accepted(core, unit, ready, results)
        stored = {
            place: core.comparer.kept(one.template, one.name) for place, one in accepted.items()
        }
        found: dict[int, list[Hit]] = {}
        if before is not None:
            found = search_inside(core, unit, before, accepted, stored, policy)
            for place in [place for place, one in found.items() if one and policy == "refuse"]:
                results[place] = _refused(unit, accepted.pop(place), found[place])
        records = core.records.add(
            unit, [(_profile(unit, one), [stored[place]]) for place, one in accepted.items()]
        )
        for record, (place, one) in zip(records, accepted.items(), strict=True):
            near = len(found.get(place, []))  # allowed by the policy "warn"
            unit.event(
                "enrol",
                subject=record.id,
                policy={"duplicates": policy},
                contract=one.template.contract,
                details={"faces": record.profile.faces, "irises": record.profile.irises}
                | {"revision": record.revision}
                | ({"duplicates": near} if near else {}),
            )
    if records:
        put = [(record.id, stored[place]) for place, record in zip(accepted, records, strict=True)]
        core.index.wrote(unit.change, unit.settings, put)
    for (place, one), record in zip(accepted.items(), records, strict=True):
        results[place] = Enrolment(
            record.subject, one.template, told(found.get(place, [])), one.template.failures,
            one.template.notes,
        )  # fmt: skip
    return [results[place] for place in range(len(batch))]


def _profile(unit: Unit, one: Ready) -> Profile:
    now = int(unit.now.timestamp())
    text, given = None, None
    if one.consent is not None:
        text = one.consent.text
        given = now if one.consent.given is None else seconds(one.consent.given, "consent")
    return Profile(one.name, now, now, one.expires, text, given, (), 0, 0)


def _refused(unit: Unit, one: Ready, found: Sequence[Hit]) -> EnrolmentError:
    """The refusal of somebody who is enrolled already, recorded."""
    best = found[0]
    assert best.threshold is not None
    unit.event(
        "enrol",
        subject=best.id if best.id < PENDING else None,
        outcome="refused: duplicate",
        policy={"duplicates": "refuse", "fpir": unit.settings.duplicates_fpir},
        band=band(best.llr, best.threshold.llr),
        contract=one.template.contract,
    )
    return EnrolmentError(
        f"{one.name!r} resembles {best.name!r}, who is enrolled, too much (evidence "
        f"{best.llr:.1f}, threshold {best.threshold.llr:.1f}: {best.threshold.source}). "
        "If they are two people, enrol with duplicates='allow'.",
        "duplicate",
        tuple(hit.name for hit in found),
    )


def _accepted(
    core: Core, unit: Unit, ready: dict[int, Ready], results: dict[int, Result]
) -> dict[int, Ready]:
    """Those whose names are free and whose models are the gallery's."""
    taken = core.records.taken(unit.connection, [one.name for one in ready.values()])
    accepted: dict[int, Ready] = {}
    settings = unit.settings
    for place, one in ready.items():
        if place in results:
            continue
        try:
            if one.name in taken:
                raise EnrolmentError(
                    f"{one.name!r} is enrolled already. Choose another name, or add to the "
                    "references with `update`.",
                    "exists",
                    (one.name,),
                )
            settings = pinned(settings, one.template)
        except TwofoldError as error:
            results[place] = error
            continue
        taken.add(one.name)
        accepted[place] = one
    if settings != unit.settings:
        unit.configure(settings)
    return accepted


def pinned(settings: Settings, template: Template) -> Settings:
    """The settings with the template's contracts, where there was none of a modality yet.

    Raises:
        EnrolmentError: the gallery has others.
    """
    for name in ("face", "iris"):
        own = getattr(template, f"{name}_contract")
        there = getattr(settings, f"{name}_contract")
        if own is not None and there is not None and own != there:
            raise EnrolmentError(
                f"the {name} comes from another model (contract {own[:16]}) than those enrolled "
                f"here ({there[:16]}). Extract it with that model, or enrol into a new gallery.",
                "contract",
            )
        if own is not None and there is None:
            settings = replace(settings, **{f"{name}_contract": own})
    return settings
