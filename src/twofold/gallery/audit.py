"""The audit: events that are only ever added, each chained to the one before.

An event's digest is SHA-256 over the digest before it and the event's canonical JSON; its seal is
HMAC-SHA-256 of number and digest under a key that is derived from the gallery's root secret. Who
can write to the database but has no key can neither change an event nor rebuild the chain; the
number of events and the last digest are sealed in the gallery's row, so that cut-off events are
missed, too. An older state of the whole database is consistent in itself: it is found by a head
(`AuditHead`) that was kept elsewhere.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from twofold.gallery.sealing import place

Band = Literal["below", "borderline", "above", "far above"]
_BORDER = 2.302585092994046  # log 10: within a factor of ten of the threshold
_FAR = 3 * _BORDER


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        number: from 1, without a gap.
        at: UTC.
        actor: who did it, as the caller said.
        action: such as "enrol", "verify", "identify", "erase", "key" or "policy".
        subject: number of the subject; None for none. Erased subjects leave only this.
        outcome: such as "done", "match", "no match" or "refused".
        policy: that a decision was made at.
        band: where the score lay, relative to the threshold. The score itself is not recorded: it
            would help to climb towards a match by trial.
        contract: of the models that made the templates.
        details: counts and numbers.
    """

    number: int
    at: datetime
    actor: str
    action: str
    subject: int | None = None
    outcome: str = "done"
    policy: Mapping[str, Any] | None = None
    band: Band | None = None
    contract: str | None = None
    details: Mapping[str, Any] | None = None

    def canonical(self) -> bytes:
        """The one JSON of this event: keys in order, no blanks, ASCII, absent fields left out."""
        values = {
            "number": self.number,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "outcome": self.outcome,
            "policy": self.policy,
            "band": self.band,
            "contract": self.contract,
            "details": self.details,
        }
        return _canonical({name: value for name, value in values.items() if value is not None})


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is stored: canonical JSON, digest and seal."""

    number: int
    subject: int | None
    body: str
    digest: bytes
    seal: bytes


@dataclass(frozen=True)
class AuditHead:
    """The end of the chain, to be kept where the gallery's operator cannot change it.

    Attributes:
        events: how many there are.
        digest: hexadecimal, of the last one.
    """

    events: int
    digest: str


@dataclass(frozen=True)
class AuditReport:
    """What a verification found.

    Attributes:
        events: that were read.
        head: the end of the chain.
        problems: in words, the first ones; empty where all is well.
    """

    events: int
    head: AuditHead
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


class Chain:
    """Adds events to a chain.

    Args:
        key: of the seals.
        events: that there are.
        head: digest of the last one.
    """

    def __init__(self, key: bytes, events: int, head: bytes) -> None:
        self._key, self.events, self.head = key, events, head

    def add(self, event: Event) -> StoredEvent:
        """The next event, whose number must be one more than there are."""
        body = event.canonical()
        self.events, self.head = event.number, digest(self.head, body)
        return StoredEvent(
            event.number, event.subject, body.decode("ascii"), self.head,
            sealed(self._key, event.number, self.head),
        )  # fmt: skip


def beginning(gallery: str) -> bytes:
    """What stands for the digest before the first event of a gallery."""
    return hashlib.sha256(place("audit", gallery)).digest()


def digest(previous: bytes, body: bytes) -> bytes:
    """The digest of an event after another one."""
    return hashlib.sha256(previous + body).digest()


def sealed(key: bytes, number: int, event_digest: bytes) -> bytes:
    """The seal of an event."""
    return hmac.digest(key, number.to_bytes(8, "little") + event_digest, "sha256")


def band(llr: float, threshold: float) -> Band:
    """Where a log-likelihood ratio lies: within a factor of ten of the threshold is borderline."""
    beyond = llr - threshold
    if beyond < -_BORDER:
        return "below"
    if beyond < _BORDER:
        return "borderline"
    return "above" if beyond < _FAR else "far above"


def parsed(body: str) -> Event:
    """The event in its canonical JSON.

    Raises:
        ValueError: it is nothing of the kind.
    """
    values = json.loads(body)
    if not isinstance(values, dict):
        raise ValueError("no event")
    try:
        return Event(**values | {"at": datetime.fromisoformat(values["at"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"no event ({error})") from None


def verify(
    stored: Iterable[StoredEvent], gallery: str, key: bytes, head: AuditHead, most: int = 20
) -> AuditReport:
    """Go through the chain from its beginning.

    Args:
        stored: all events by rising number.
        gallery: whose they are.
        key: of the seals.
        head: the end that the gallery's sealed row gives.
        most: problems to tell.
    """
    problems: list[str] = []
    previous, expected, count = beginning(gallery), 1, 0
    for one, told in _checked(stored, key):
        count += 1
        if one.number != expected:
            missing = (
                f"{expected}" if one.number == expected + 1 else f"{expected} to {one.number - 1}"
            )
            problems.append(f"event {missing}: removed")
        elif one.digest != digest(previous, one.body.encode("utf-8")):
            problems.append(
                told
                or f"event {one.number}: does not follow the one before; one of them was "
                "changed, put in or moved"
            )
            told = ""
        if told:
            problems.append(told)
        previous, expected = one.digest, one.number + 1
        if len(problems) >= most:
            break
    else:
        if expected - 1 < head.events:
            problems.append(f"events {expected} to {head.events}: cut off at the end")
        elif expected - 1 > head.events:
            problems.append(f"events {head.events + 1} to {expected - 1}: put in at the end")
        elif previous.hex() != head.digest:
            problems.append("the last event is not the one that the gallery's row names")
    return AuditReport(count, head, tuple(problems))


def _checked(stored: Iterable[StoredEvent], key: bytes) -> Iterator[tuple[StoredEvent, str]]:
    """Each event with what is wrong with it by itself; empty where nothing is."""
    for one in stored:
        told = ""
        if not hmac.compare_digest(one.seal, sealed(key, one.number, one.digest)):
            told = f"event {one.number}: its seal is not the gallery's; it was changed or put in"
        else:
            try:
                event = parsed(one.body)
                if (event.number, event.subject) != (one.number, one.subject):
                    told = f"event {one.number}: number or subject was changed"
            except ValueError:
                told = f"event {one.number}: unreadable"
        yield one, told


def _canonical(values: Mapping[str, Any]) -> bytes:
    return json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")
