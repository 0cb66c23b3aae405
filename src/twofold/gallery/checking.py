"""Whether the audit is whole, and whether the store is what the audit tells of."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from twofold.gallery.audit import AuditHead, AuditReport, Event, StoredEvent, parsed, verify
from twofold.gallery.core import Core
from twofold.gallery.errors import GalleryError, TamperError
from twofold.gallery.store import tables
from twofold.gallery.store.unit import read_head

ERASING = ("erase", "withdraw", "expire")
_AT_ONCE = 1000
_MOST = 20  # problems that are told


def events(
    core: Core, after: int, limit: int, subject: int | None, action: str | None, latest: bool
) -> list[Event]:
    """Events by rising number, or the latest by falling; see `Gallery.audit`."""
    table = tables.event
    query = select(table.c.body)
    if not latest:
        query = query.where(table.c.number > after).order_by(table.c.number)
    else:
        query = query.where(table.c.number < after) if after else query
        query = query.order_by(table.c.number.desc())
    if subject is not None:
        query = query.where(table.c.subject == subject)
    found: list[Event] = []
    with core.database.reading() as connection:
        for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
            try:
                event = parsed(row.body)
            except ValueError:
                raise TamperError(
                    "an event of the audit is unreadable. Verify the audit."
                ) from None
            if action in (None, event.action):
                found.append(event)
                if len(found) >= limit:
                    break
    return found


def verify_audit(core: Core, since: AuditHead | None, records: bool) -> AuditReport:
    """Go through chain and store; see `Gallery.verify_audit`."""
    with core.database.reading() as connection:
        try:
            head = read_head(connection, core.keyring)
        except TamperError as error:
            return AuditReport(0, AuditHead(0, ""), (str(error),))
        replay = _Replay(since)
        report = verify(
            replay.watched(_stored(connection)),
            core.keyring.gallery, core.keyring.purpose("audit"), head.audit, _MOST,
        )  # fmt: skip
        problems = list(report.problems)
        if since is not None and not replay.passed:
            problems.append(
                f"event {since.events} is not the one that was noted: the gallery is an older or "
                "another state"
            )
        if records and not problems:
            problems += _differences(core, connection, replay.revisions)
    return AuditReport(report.events, report.head, tuple(problems[:_MOST]))


class _Replay:
    """What the events tell of subjects, gathered while they are verified."""

    def __init__(self, since: AuditHead | None) -> None:
        self.revisions: dict[int, int] = {}
        self._since = since
        self.passed = since is not None and since.events == 0

    def watched(self, stored: Iterator[StoredEvent]) -> Iterator[StoredEvent]:
        for one in stored:
            since = self._since
            if since is not None and one.number == since.events:
                self.passed = one.digest.hex() == since.digest
            if one.subject is not None:
                self._take(one)
            yield one

    def _take(self, one: StoredEvent) -> None:
        try:
            event = parsed(one.body)
        except ValueError:
            return  # told by the verification
        if event.subject is None:
            return
        if event.action in ERASING:
            self.revisions.pop(event.subject, None)
        elif event.details and "revision" in event.details:
            self.revisions[event.subject] = int(event.details["revision"])


def _stored(connection: Connection) -> Iterator[StoredEvent]:
    query = select(tables.event).order_by(tables.event.c.number)
    for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield StoredEvent(row.number, row.subject, row.body, bytes(row.digest), bytes(row.seal))


def _differences(core: Core, connection: Connection, told: dict[int, int]) -> list[str]:
    """Subjects that are missing, put in, set back, or changed."""
    problems: list[str] = []
    after = 0
    while len(problems) < _MOST:
        ids = core.records.ids(connection, after, _AT_ONCE)
        if not ids:
            break
        after = ids[-1]
        for number in ids:
            expected = told.pop(number, None)
            if expected is None:
                problems.append(f"subject {number}: is in the store and not in the audit")
                continue
            try:
                record = core.records.of_ids(connection, [number])[number]
                core.records.template(connection, record)
            except GalleryError as error:
                problems.append(str(error))
                continue
            if record.revision != expected:
                problems.append(
                    f"subject {number}: revision {record.revision}, and the audit tells of "
                    f"{expected}"
                )
    else:
        return problems
    problems += [f"subject {number}: removed without an event" for number in sorted(told)]
    return problems
