"""The audit: what is recorded, and that nobody can change it unnoticed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from tests.gallery.conftest import Open, Restored
from tests.gallery.people import person
from twofold.gallery import Gallery, NewSubject, TamperError
from twofold.gallery.audit import Chain, Event, band, beginning
from twofold.gallery.store import tables
from twofold.gallery.store.unit import read_head

EVENT = tables.event


@pytest.fixture
def busy(gallery: Gallery) -> Gallery:
    """A gallery in which something has happened: 8 events."""
    for number in range(3):
        gallery.enroll(f"person {number}", person(number), duplicates="allow", actor="registrar")
    gallery.verify("person 1", person(1, 1), actor="gate 4")
    gallery.identify(person(2, 1), fpir=0.1)
    gallery.withdraw("person 0")
    gallery.configure(fpir=0.02)
    return gallery


def test_every_kind_of_act_is_recorded(busy: Gallery) -> None:
    busy.rotate_keys(data=True)
    events = busy.audit()
    assert [(one.action, one.subject, one.outcome) for one in events] == [
        ("create", None, "done"),
        ("enrol", 1, "done"),
        ("enrol", 2, "done"),
        ("enrol", 3, "done"),
        ("verify", 2, "match"),
        ("identify", 3, "match"),
        ("withdraw", 1, "done"),
        ("policy", None, "done"),
        ("key", None, "data key added"),
        ("key", None, "data key changed"),
    ]
    assert [one.number for one in events] == list(range(1, 11))
    assert all(datetime.now(UTC) - one.at < timedelta(minutes=5) for one in events)
    verified = events[4]
    assert verified.actor == "gate 4"
    assert verified.policy == {"fmr": 1e-3, "contradiction": "refuse"}
    assert verified.contract == person(1).contract
    assert verified.band in ("above", "far above")
    assert events[7].details == {"fpir": [1e-2, 0.02]}


def test_refused_enrolments_and_non_matches_are_recorded(busy: Gallery) -> None:
    list(busy.enroll_many([NewSubject("twin", person(1, 3))]))
    busy.verify("person 1", person(7))
    busy.identify(person(8), fpir=0.1)
    refused, verified, identified = busy.audit(after=8)
    assert (refused.outcome, refused.subject) == ("refused: duplicate", 2)
    assert (verified.outcome, verified.band) == ("no match", "below")
    assert (identified.outcome, identified.subject) == ("nobody", None)


def test_no_event_holds_a_name_a_score_or_a_template(busy: Gallery) -> None:
    found = busy.verify("person 1", person(1, 1)).comparison
    with busy._core.database.reading() as connection:
        bodies = " ".join(connection.execute(select(EVENT.c.body)).scalars())
    assert "person" not in bodies
    assert f"{found.llr:.3f}"[:5] not in bodies
    assert len(bodies) < 1000 * len(busy.audit())


def test_events_are_found_by_subject_and_action(busy: Gallery) -> None:
    assert [one.action for one in busy.audit(subject=1)] == ["enrol", "withdraw"]
    assert [one.subject for one in busy.audit(action="enrol")] == [1, 2, 3]
    assert [one.number for one in busy.audit(after=3, limit=2)] == [4, 5]


def test_an_untouched_audit_is_whole(busy: Gallery, open_gallery: Open) -> None:
    report = open_gallery().verify_audit()
    assert report.ok
    assert report.problems == ()
    assert report.events == 8
    assert report.head == busy.audit_head()


def _change_body(connection: Connection) -> None:
    body = connection.execute(select(EVENT.c.body).where(EVENT.c.number == 5)).scalar_one()
    changed = body.replace('"outcome":"match"', '"outcome":"no match"')
    assert changed != body
    connection.execute(update(EVENT).where(EVENT.c.number == 5).values(body=changed))


def _change_subject_column(connection: Connection) -> None:
    connection.execute(update(EVENT).where(EVENT.c.number == 5).values(subject=3))


def _remove(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.number == 5))


def _remove_and_renumber(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.number == 5))
    for number in (6, 7, 8):
        connection.execute(update(EVENT).where(EVENT.c.number == number).values(number=number - 1))


def _cut_off(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.number >= 7))


def _swap(connection: Connection) -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        connection.execute(update(EVENT).where(EVENT.c.number == old).values(number=new))


def _duplicate_at_the_end(connection: Connection) -> None:
    row = connection.execute(select(EVENT).where(EVENT.c.number == 8)).one()
    connection.execute(insert(EVENT).values(**row._asdict() | {"number": 9}))


def _rebuild_without_the_key(connection: Connection) -> None:
    """What somebody who can write to the database, and knows the method, could do."""
    rows = connection.execute(select(EVENT).order_by(EVENT.c.number)).all()
    gallery = connection.execute(select(tables.gallery.c.id)).scalar_one()
    chain = Chain(bytes(32), 0, beginning(gallery))
    for row in rows:
        values = json.loads(row.body)
        values["actor"] = "somebody else"
        event = Event(**values | {"at": datetime.fromisoformat(values["at"])})
        stored = chain.add(event)
        connection.execute(update(EVENT).where(EVENT.c.number == row.number).values(**vars(stored)))
    connection.execute(update(tables.gallery).values(head=chain.head))


def _cut_off_with_head(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.number >= 7))
    last = connection.execute(select(EVENT).where(EVENT.c.number == 6)).one()
    connection.execute(update(tables.gallery).values(events=6, head=last.digest))


def _remove_the_first(connection: Connection) -> None:
    connection.execute(delete(EVENT).where(EVENT.c.number == 1))


def _unreadable(connection: Connection) -> None:
    connection.execute(update(EVENT).where(EVENT.c.number == 2).values(body="{"))


ATTACKS: list[tuple[Callable[[Connection], None], str]] = [
    (_change_body, "event 5: does not follow"),
    (_change_subject_column, "event 5: number or subject was changed"),
    (_remove, "event 5: removed"),
    (_remove_and_renumber, "event 5: its seal"),
    (_cut_off, "events 7 to 8: cut off"),
    (_swap, "event 4: its seal"),
    (_duplicate_at_the_end, "event 9: its seal"),
    (_rebuild_without_the_key, "own row was changed"),
    (_cut_off_with_head, "own row was changed"),
    (_remove_the_first, "event 1: removed"),
    (_unreadable, "event 2:"),
]


def test_every_attack_is_found(busy: Gallery, restored: Restored) -> None:
    for attack, told in ATTACKS:
        with restored(busy):
            with busy._core.database.writing() as connection:
                attack(connection)
            report = busy.verify_audit()
            assert not report.ok, attack
            assert any(told in problem for problem in report.problems), (attack, report)
        assert busy.verify_audit().ok


def test_nothing_is_written_behind_a_changed_row(busy: Gallery) -> None:
    with busy._core.database.writing() as connection:
        _cut_off_with_head(connection)
    with pytest.raises(TamperError, match="own row"):
        busy.enroll("Ada", person(9))


def test_an_older_state_is_found_by_a_noted_head(busy: Gallery) -> None:
    core = busy._core
    with core.database.reading() as connection:
        old_row = connection.execute(select(tables.gallery)).one()._asdict()
    busy.verify("person 1", person(1, 1))
    noted = busy.audit_head()
    busy.identify(person(1, 1))
    assert busy.verify_audit(since=noted).ok
    with core.database.writing() as connection:  # a backup is put back
        connection.execute(delete(EVENT).where(EVENT.c.number > 8))
        connection.execute(update(tables.gallery).values(**old_row))
    assert busy.verify_audit().ok
    report = busy.verify_audit(since=noted)
    assert any("was noted" in problem for problem in report.problems)


def test_the_store_is_held_against_the_audit(busy: Gallery) -> None:
    core = busy._core
    with core.database.writing() as connection:
        connection.execute(delete(tables.reference).where(tables.reference.c.subject == 2))
        connection.execute(delete(tables.subject).where(tables.subject.c.id == 2))
    report = busy.verify_audit()
    assert report.problems == ("subject 2: removed without an event",)
    assert busy.verify_audit(records=False).ok


def test_a_subject_set_back_to_an_older_revision_is_found(busy: Gallery) -> None:
    core = busy._core
    with core.database.reading() as connection:
        old = connection.execute(select(tables.subject).where(tables.subject.c.id == 2)).one()
    busy.update("person 1", consent="another")
    with core.database.writing() as connection:
        connection.execute(
            update(tables.subject).where(tables.subject.c.id == 2).values(**old._asdict())
        )
    assert busy.verify_audit().problems == ("subject 2: revision 1, and the audit tells of 2",)


def test_bands() -> None:
    told = [band(llr, 2.0) for llr in (-9.0, -0.4, 0.0, 2.0, 4.2, 4.4, 8.8, 9.0)]
    assert told == [
        "below", "below", "borderline", "borderline", "borderline", "above", "above", "far above",
    ]  # fmt: skip


def test_canonical_json_is_one(gallery: Gallery) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    event = Event(1, at, "Zo\u00eb", "policy", details={"b": 1, "a": 2})
    assert event.canonical() == (
        b'{"action":"policy","actor":"Zo\\u00eb","at":"2026-01-02T00:00:00.000000+00:00",'
        b'"details":{"a":2,"b":1},"number":1,"outcome":"done"}'
    )
    assert _head(gallery).events == 1


def _head(gallery: Gallery) -> object:
    with gallery._core.database.reading() as connection:
        return read_head(connection, gallery._core.keyring)
