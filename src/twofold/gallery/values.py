"""What the gallery takes and gives: plain values."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from twofold.errors import OptionError
from twofold.fusion.decision import Evidence
from twofold.recognizer.sources import Eyes, Lights, Sources
from twofold.recognizer.weighing import Comparison
from twofold.template import Eye, Failure, Template

Duplicates = Literal["refuse", "warn", "allow"]
DUPLICATES: tuple[Duplicates, ...] = ("refuse", "warn", "allow")
LONGEST_NAME = 255
LONGEST_CONSENT = 4096
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds since 1970 that a datetime can tell


@dataclass(frozen=True)
class Consent:
    """What a subject has agreed to.

    Attributes:
        text: in words, or a reference to a document; sealed with the subject's record.
        given: when; None for the moment of enrolment.
    """

    text: str
    given: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.text) <= LONGEST_CONSENT:
            raise OptionError(
                f"a consent of {len(self.text)} characters: expected 1 to {LONGEST_CONSENT}. Keep "
                "the document elsewhere and name it."
            )


@dataclass(frozen=True)
class NewSubject:
    """Somebody to be enrolled, with a template or with pictures; fields as for `Gallery.enroll`."""

    subject: str
    template: Template | None = None
    face: Sources | None = None
    iris: Sources | None = None
    eye: Eyes = None
    light: Lights = None
    consent: str | Consent | None = None
    expires: datetime | date | None = None


@dataclass(frozen=True)
class Subject:
    """Somebody who is enrolled, without the templates.

    Attributes:
        name: as it was given, in Unicode's composed form.
        id: number inside this gallery; the audit tells of people by it.
        enrolled, updated: UTC.
        consent: None where none was recorded.
        expires: UTC; from then on the subject is not compared any more. None for never.
        references: templates kept.
        faces, irises: samples in them.
        revision: 1, and one more with each change.
    """

    name: str
    id: int
    enrolled: datetime
    updated: datetime
    consent: Consent | None
    expires: datetime | None
    references: int
    faces: int
    irises: int
    revision: int


@dataclass(frozen=True)
class Reference:
    """One of a subject's templates, without its samples.

    Attributes:
        id: number inside this gallery.
        revision: of the subject when it was added.
        faces, irises: samples in it.
        eyes: which eye each iris is of, in order; None where unknown.
        quality: of its worst sample, 0 to 100.
    """

    id: int
    revision: int
    faces: int
    irises: int
    eyes: tuple[Eye | None, ...]
    quality: float


@dataclass(frozen=True)
class Duplicate:
    """Somebody enrolled already whom a new person resembles too much.

    Attributes:
        subject: name.
        llr: fused natural-log likelihood ratio.
        threshold: that it reaches.
    """

    subject: str
    llr: float
    threshold: float


@dataclass(frozen=True)
class Enrolment:
    """What became of an enrolment or an update that is acknowledged, and so durable.

    Attributes:
        subject: as it is enrolled now.
        template: that was added.
        duplicates: found, and allowed by the policy "warn".
        failures: pictures that yielded nothing.
        notes: what a person should know.
    """

    subject: Subject
    template: Template
    duplicates: tuple[Duplicate, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verification:
    """Whether a probe is of the subject that it is said to be.

    Attributes:
        subject: name.
        comparison: of the probe with all references of the subject.
    """

    subject: str
    comparison: Comparison

    @property
    def match(self) -> bool:
        """Whether the decision is a match."""
        return self.comparison.match


@dataclass(frozen=True)
class Candidate:
    """A subject that a probe may be of.

    Attributes:
        subject: name.
        llr: fused natural-log likelihood ratio.
        evidence: of each modality.
        threshold: that `llr` is held against; None in a closed set.
        threshold_source: on what it was measured.
        contradiction: whether one modality strongly matches and another strongly does not.
        match: whether the threshold is reached, and no contradiction stands against it.
    """

    subject: str
    llr: float
    evidence: tuple[Evidence, ...]
    threshold: float | None
    threshold_source: str
    contradiction: bool
    match: bool


@dataclass(frozen=True)
class Identification:
    """Whom a probe is of, among all who are enrolled.

    Attributes:
        candidates: the most alike, best first; `top_k` at most.
        fpir: false positive identification rate that thresholds were chosen for; None for a closed
            set, where the probe is known to be of somebody enrolled and nothing is decided.
        references: subjects that it was compared with.
    """

    candidates: tuple[Candidate, ...]
    fpir: float | None
    references: int

    @property
    def matches(self) -> tuple[Candidate, ...]:
        """Candidates that reach their threshold, best first."""
        return tuple(one for one in self.candidates if one.match)

    @property
    def best(self) -> Candidate | None:
        """Open set: the best match. Closed set: the most alike. None for nobody."""
        if self.fpir is None:
            return self.candidates[0] if self.candidates else None
        return next(iter(self.matches), None)

    @property
    def nobody(self) -> bool:
        """Whether the answer is that the probe is of nobody enrolled."""
        return self.best is None


def subject_name(given: str) -> str:
    """The name as it is kept: in Unicode's composed form (NFC), so that one name is one.

    Raises:
        OptionError: empty, too long, or with control characters or blanks around it.
    """
    name = unicodedata.normalize("NFC", given)
    if not 0 < len(name) <= LONGEST_NAME:
        raise OptionError(f"a subject's name of {len(name)} characters: 1 to {LONGEST_NAME} are.")
    if name != name.strip() or any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        raise OptionError(
            f"subject {name!r}: control characters, and blanks at the ends, are not allowed."
        )
    return name


def seconds(given: datetime | date | None, named: str) -> int | None:
    """Seconds since 1970; a date counts from its first moment, UTC.

    Raises:
        OptionError: a time without its zone, or one that UTC has no date for.
    """
    if given is None:
        return None
    if not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day, tzinfo=UTC)
    if given.tzinfo is None:
        raise OptionError(f"{named} {given}: which time zone? Give a datetime with tzinfo.")
    told = int(given.timestamp())
    if not _FIRST <= told <= _LAST:  # in its own zone it has one
        raise OptionError(f"{named} {given}: outside of the years 1 to 9999 (UTC).")
    return told


def over(given: datetime | date) -> bool:
    """Whether a time with its zone, or a day from its first moment in UTC, has come."""
    now = datetime.now(UTC)
    return given <= now if isinstance(given, datetime) else given <= now.date()


def moment(given: int) -> datetime:
    """The time of so many seconds since 1970."""
    return datetime.fromtimestamp(given, UTC)
