"""Subjects and their references, sealed and unsealed.

A subject's own key seals a profile (name, consent, list of references) and each template. Every
record is bound to gallery, subject, reference and revision; the profile names the references, so
that neither a swapped nor a removed row goes unnoticed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from twofold.errors import ModelError
from twofold.gallery.errors import TamperError
from twofold.gallery.keys.ring import Keyring
from twofold.gallery.sealing import seal, unseal
from twofold.gallery.store import tables
from twofold.gallery.store.unit import Unit
from twofold.gallery.values import Consent, Reference, Subject, moment
from twofold.template import Template

_AT_ONCE = 500  # rows fetched, or numbers in one statement
_SUBJECT, _REFERENCE = tables.subject.c, tables.reference.c


@dataclass(frozen=True)
class Profile:
    """What is sealed about a subject besides templates; times in seconds since 1970."""

    name: str
    enrolled: int
    updated: int
    expires: int | None
    consent: str | None
    consent_given: int | None
    references: tuple[int, ...]
    faces: int
    irises: int

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Profile":
        values = json.loads(content)
        return cls(**values | {"references": tuple(values["references"])})


@dataclass(frozen=True)
class Record:
    """A subject as it is stored, unsealed.

    Attributes:
        id: number of the subject.
        revision: of the record.
        profile: what was sealed.
        key: of the subject; not shown.
    """

    id: int
    revision: int
    profile: Profile
    key: bytes = field(repr=False)

    @property
    def subject(self) -> Subject:
        """For the caller."""
        own = self.profile
        consent = None
        if own.consent is not None:
            given = None if own.consent_given is None else moment(own.consent_given)
            consent = Consent(own.consent, given)
        return Subject(
            own.name, self.id, moment(own.enrolled), moment(own.updated), consent,
            None if own.expires is None else moment(own.expires),
            len(own.references), own.faces, own.irises, self.revision,
        )  # fmt: skip


class Records:
    """Reads and writes subjects of one gallery, inside the caller's transactions."""

    def __init__(self, keyring: Keyring) -> None:
        self.keys = keyring

    def taken(self, connection: Connection, names: Iterable[str]) -> set[str]:
        """Those of the names that are enrolled."""
        digests = {self.keys.lookup(name): name for name in names}
        found: set[str] = set()
        for some in _chunks(list(digests)):
            rows = connection.execute(select(_SUBJECT.lookup).where(_SUBJECT.lookup.in_(some)))
            found.update(digests[bytes(row.lookup)] for row in rows)
        return found

    def find(self, connection: Connection, name: str) -> Record | None:
        """The subject of a name; None where there is none.

        Raises:
            TamperError: its record was changed.
        """
        digest = self.keys.lookup(name)
        row = connection.execute(select(tables.subject).where(_SUBJECT.lookup == digest)).first()
        return None if row is None else self._record(row)

    def of_ids(self, connection: Connection, ids: Iterable[int]) -> dict[int, Record]:
        """The subjects of these numbers that there are."""
        found: dict[int, Record] = {}
        for some in _chunks(sorted(set(ids))):
            rows = connection.execute(select(tables.subject).where(_SUBJECT.id.in_(some)))
            found.update({row.id: self._record(row) for row in rows})
        return found

    def page(self, connection: Connection, after: int, limit: int) -> list[Record]:
        """Subjects by rising number."""
        query = select(tables.subject).where(_SUBJECT.id > after).order_by(_SUBJECT.id)
        return [self._record(row) for row in connection.execute(query.limit(limit))]

    def ids(self, connection: Connection, after: int, limit: int) -> list[int]:
        """Numbers of subjects, rising."""
        query = select(_SUBJECT.id).where(_SUBJECT.id > after).order_by(_SUBJECT.id)
        return list(connection.execute(query.limit(limit)).scalars())

    def expired(self, connection: Connection, now: int) -> list[int]:
        """Numbers of those whose time is over."""
        query = select(_SUBJECT.id).where(_SUBJECT.expires <= now).order_by(_SUBJECT.id)
        return list(connection.execute(query).scalars())

    def present(self, connection: Connection, ids: Iterable[int]) -> list[int]:
        """Those of the numbers that there are, rising; what is sealed is not looked at."""
        found: list[int] = []
        for some in _chunks(sorted(set(ids))):
            found += connection.execute(select(_SUBJECT.id).where(_SUBJECT.id.in_(some))).scalars()
        return sorted(found)

    def count(self, connection: Connection) -> int:
        """How many there are."""
        return connection.execute(select(func.count()).select_from(tables.subject)).scalar_one()

    def template(self, connection: Connection, record: Record) -> Template:
        """All references of a subject as one template.

        Raises:
            TamperError: one was changed, swapped or removed.
        """
        return reduce(Template.merged, self.references(connection, record).values())

    def references(self, connection: Connection, record: Record) -> dict[int, Template]:
        """Each reference of a subject, by its number."""
        return {row.id: self.opened(record, row) for row in self._rows(connection, record)}

    def listed(self, connection: Connection, record: Record) -> list[Reference]:
        """Each reference of a subject, for the caller."""
        rows = self._rows(connection, record)
        return [_described(row, self.opened(record, row)) for row in rows]

    def changed(self, connection: Connection, after: int) -> Iterator[tuple[Record, Template]]:
        """Subjects that changed later than the change `after`, by rising number."""
        joined = tables.subject.outerjoin(tables.reference, _REFERENCE.subject == _SUBJECT.id)
        query: Select[Any] = (
            select(
                tables.subject,
                _REFERENCE.id.label("reference"),
                _REFERENCE.revision.label("added"),
                _REFERENCE.template,
            )
            .select_from(joined)
            .where(_SUBJECT.change > after)
            .order_by(_SUBJECT.id, _REFERENCE.id)
            .execution_options(yield_per=_AT_ONCE)
        )
        for _, group in groupby(connection.execute(query), key=lambda row: row.id):
            rows = list(group)
            record = self._record(rows[0])
            yield (
                record,
                self._merged(
                    record,
                    [
                        _Reference(row.reference, row.added, row.template)
                        for row in rows
                        if row.reference is not None  # someone removed all
                    ],
                ),
            )

    def gone(self, connection: Connection, after: int) -> list[int]:
        """Numbers of subjects erased later than the change `after`."""
        query = select(tables.erased.c.subject).where(tables.erased.c.change > after)
        return list(connection.execute(query).scalars())

    def add(self, unit: Unit, people: Sequence[tuple[Profile, Sequence[Template]]]) -> list[Record]:
        """Keep new subjects; their profiles' references are numbered here.

        Returns:
            A record of each, in order.
        """
        version = unit.head.key_version
        subjects, references, records = [], [], []
        for profile, templates in people:
            number = unit.new_subject()
            key, wrapped = self.keys.new_subject_key(number, version)
            own = [self._reference(unit, number, 1, key, one) for one in templates]
            profile = _counting(profile, [one["id"] for one in own], templates)
            record = Record(number, 1, profile, key)
            references += own
            records.append(record)
            subjects.append(
                self._row(record, unit.change)
                | {
                    "id": number,
                    "lookup": self.keys.lookup(profile.name),
                    "key_version": version,
                    "wrapped": wrapped,
                }
            )
        if subjects:
            unit.connection.execute(insert(tables.subject), subjects)
            unit.connection.execute(insert(tables.reference), references)
        return records

    def change(
        self, unit: Unit, record: Record, profile: Profile, kept: dict[int, Template],
        added: Sequence[Template],
    ) -> Record:  # fmt: skip
        """Keep another profile, some of the references, and new ones.

        Args:
            unit: of the write.
            record: as it was.
            profile: as it shall be; its references are set here.
            kept: of the references that there are, by their numbers.
            added: new references.
        """
        revision = record.revision + 1
        own = [self._reference(unit, record.id, revision, record.key, one) for one in added]
        profile = _counting(profile, [*kept, *(one["id"] for one in own)], [*kept.values(), *added])
        changed = replace(record, revision=revision, profile=profile)
        removed = set(record.profile.references) - set(kept)
        if removed:
            unit.connection.execute(
                delete(tables.reference).where(_REFERENCE.id.in_(sorted(removed)))
            )
        if own:
            unit.connection.execute(insert(tables.reference), own)
        unit.connection.execute(
            update(tables.subject)
            .where(_SUBJECT.id == record.id)
            .values(**self._row(changed, unit.change))
        )
        return changed

    def erase(self, unit: Unit, ids: Sequence[int]) -> None:
        """Remove subjects with their keys; only their numbers stay."""
        for some in _chunks(list(ids)):
            unit.connection.execute(delete(tables.reference).where(_REFERENCE.subject.in_(some)))
            unit.connection.execute(delete(tables.subject).where(_SUBJECT.id.in_(some)))
            unit.connection.execute(
                insert(tables.erased), [{"subject": one, "change": unit.change} for one in some]
            )

    def _record(self, row: Row[Any]) -> Record:
        key = self.keys.subject_key(bytes(row.wrapped), row.id, row.key_version)
        named = f"the record of subject {row.id}"
        parts = ("profile", self.keys.gallery, row.id, row.revision)
        profile = Profile.from_bytes(unseal(key, bytes(row.profile), *parts, named=named))
        if row.expires != profile.expires or bytes(row.lookup) != self.keys.lookup(profile.name):
            raise TamperError(f"{named}: name or expiry was changed. Restore it from a backup.")
        return Record(row.id, row.revision, profile, key)

    def _row(self, record: Record, change: int) -> dict[str, Any]:
        parts = ("profile", self.keys.gallery, record.id, record.revision)
        return {
            "revision": record.revision,
            "change": change,
            "expires": record.profile.expires,
            "profile": seal(record.key, record.profile.to_bytes(), *parts),
        }

    def _rows(self, connection: Connection, record: Record) -> list[Row[Any]]:
        query = select(tables.reference).where(_REFERENCE.subject == record.id)
        rows = list(connection.execute(query.order_by(_REFERENCE.id)))
        self.require_all(record, rows)
        return rows

    def _reference(
        self, unit: Unit, subject: int, revision: int, key: bytes, template: Template
    ) -> dict[str, Any]:
        number = unit.new_reference()
        parts = self.place(subject, number, revision)
        return {
            "id": number,
            "subject": subject,
            "revision": revision,
            "template": seal(key, template.to_bytes(), *parts),
        }

    def _merged(self, record: Record, rows: "Sequence[Row[Any] | _Reference]") -> Template:
        self.require_all(record, rows)
        return reduce(Template.merged, (self.opened(record, row) for row in rows))

    def opened(self, record: Record, row: "Row[Any] | _Reference") -> Template:
        """The template in a row of `reference`."""
        named = f"reference {row.id} of subject {record.id}"
        parts = self.place(record.id, row.id, row.revision)
        content = unseal(record.key, bytes(row.template), *parts, named=named)
        try:
            return Template.from_bytes(content)
        except ModelError as error:
            raise ModelError(f"{named}: {error}") from None

    def require_all(self, record: Record, rows: "Sequence[Row[Any] | _Reference]") -> None:
        """Refuse other references than the profile names."""
        if {row.id for row in rows} != set(record.profile.references):
            raise TamperError(
                f"subject {record.id}: references were removed or put in. Restore the gallery from "
                "a backup, and look for who could write to it."
            )

    def place(self, subject: int, number: int, revision: int) -> tuple[str | int, ...]:
        """What a reference is bound to."""
        return "reference", self.keys.gallery, subject, number, revision


@dataclass(frozen=True)
class _Reference:
    """A row of `reference` in a joined one."""

    id: int
    revision: int
    template: bytes = field(repr=False)


def _described(row: Row[Any], template: Template) -> Reference:
    qualities = [one.quality for one in template.faces] + [one.quality for one in template.irises]
    return Reference(
        row.id, row.revision, len(template.faces), len(template.irises),
        tuple(one.eye for one in template.irises), min(qualities),
    )  # fmt: skip


def _counting(profile: Profile, references: list[int], templates: Iterable[Template]) -> Profile:
    whole = list(templates)
    return replace(
        profile,
        references=tuple(references),
        faces=sum(len(one.faces) for one in whole),
        irises=sum(len(one.irises) for one in whole),
    )


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
