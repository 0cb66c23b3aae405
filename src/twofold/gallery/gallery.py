"""The gallery: enrol, verify, identify, forget.

```python
with Gallery.open("people.gallery", key=KeySource.from_file("master.key")) as gallery:
    gallery.enroll("ada", face="ada.jpg", iris="ada.png", eye="left", consent="form 17")
    gallery.verify("ada", probe).match
    gallery.identify(probe, fpir=0.01).best
    gallery.withdraw("ada")
```
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twofold.errors import OptionError, TwofoldError
from twofold.fusion.decision import Policy
from twofold.gallery import checking, decisions, keeping, rotation, snapshots, transfer
from twofold.gallery.audit import AuditHead, AuditReport, Event
from twofold.gallery.core import Core
from twofold.gallery.enrolment import enroll_each
from twofold.gallery.keeping import Erasure
from twofold.gallery.keys.source import KeySource
from twofold.gallery.opening import open_core
from twofold.gallery.reissue import reissue
from twofold.gallery.settings import CHANGEABLE, Revocable, Settings
from twofold.gallery.store.database import Database
from twofold.gallery.store.unit import read_head
from twofold.gallery.transfer import Existing, Transfer
from twofold.gallery.values import (
    Consent,
    Duplicates,
    Enrolment,
    Identification,
    NewSubject,
    Reference,
    Subject,
    Verification,
    seconds,
    subject_name,
)
from twofold.recognizer import Recognizer
from twofold.recognizer.sources import Eyes, Lights, Sources
from twofold.template import Template

if TYPE_CHECKING:
    from types import TracebackType

    from twofold.gallery.protection import Transform

BATCH = 500
_Until = datetime | date | None


class Gallery:
    """Enrolled subjects. Safe between threads; several processes may have one gallery open.

    Whatever a method has returned is durable. Every method that writes takes `actor`, in whose name
    the audit records it; None for the one that the gallery was opened in.

    Errors of every method: `GalleryError` where the database is out of reach or busy, `TamperError`
    where a record was changed by someone without the keys.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    @classmethod
    def open(
        cls,
        url: str | PathLike[str],
        *,
        key: KeySource | None = None,
        recognizer: Recognizer | None = None,
        create: bool = True,
        revocable: Revocable | None = None,
        actor: str | None = None,
        snapshot: str | PathLike[str] | None = None,
    ) -> "Gallery":
        """Open a gallery, or make one.

        Tables of an older version are brought up to date.

        Args:
            url: path of a SQLite file, sqlite:///PATH, or postgresql://USER@HOST/DATABASE.
            key: of the master key; None for what the environment names (`KeySource.default`).
            recognizer: that extracts and compares; None for a new one.
            create: make the gallery where there is none.
            revocable: whether templates are transformed before they are sealed; fixed when the
                gallery is made. True or "gallery": by one key. "subject": each subject's by its own
                key, so that no two subjects' compare, and there is only verification: no
                `identify`, no search for duplicates. None for as it is (new ones: not).
            actor: in whose name things are done; None for the operating system's user.
            snapshot: file for a sealed copy of the search index, written by `close`, with which
                a large gallery starts faster. Linux only; nothing is written where each subject
                has its own key.

        Raises:
            GalleryError: it is not there, holds something else, or is of a newer version.
            MasterKeyError: no master key, or not this gallery's.
            OptionError: the URL is nothing of the kind, or `revocable` is not what it was made as.
        """
        place = None if snapshot is None else Path(snapshot)
        return cls(open_core(url, key, recognizer, create, revocable, actor, place))

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self.close(save=kind is None)

    def __repr__(self) -> str:
        return f"Gallery({self._core.database.name!r})"

    def __len__(self) -> int:
        """Subjects enrolled."""
        with self._core.database.reading() as connection:
            return self._core.records.count(connection)

    def __contains__(self, subject: str) -> bool:
        with self._core.database.reading() as connection:
            return bool(self._core.records.taken(connection, [subject_name(subject)]))

    def close(self, save: bool = True) -> None:
        """Close all connections.

        Args:
            save: first write the snapshot that `open` was given, where the index is loaded and
                the file is not up to date.
        """
        if save:
            snapshots.save_if_changed(self._core)
        self._core.database.close()

    def save_snapshot(
        self, path: str | PathLike[str] | None = None, *, actor: str | None = None
    ) -> Path:
        """Write a sealed copy of the search index, for a faster start. Linux only.

        The store records it: whoever erases somebody, wherever the gallery is opened, destroys the
        copy's key and removes its file.

        Args:
            path: of the file; None for the one that `open` was given.
            actor: in whose name.

        Returns:
            Where it is.

        Raises:
            OptionError: no file is named, this is not Linux, or each subject has its own key.
            OutputError: it cannot be written.
        """
        place = None if path is None else Path(path)
        return snapshots.save(self._core, place, actor)

    @property
    def id(self) -> str:
        """Random, given when the gallery was made; 32 hexadecimal digits."""
        return self._core.keyring.gallery

    def load_index(self) -> int:
        """Load the search index now rather than with the first search.

        Returns:
            Subjects in it.

        Raises:
            OptionError: each subject has its own key, so that there is none.
        """
        return len(self._core.index.current()[0])

    @property
    def recognizer(self) -> Recognizer:
        """That extracts and compares."""
        return self._core.comparer.recognizer

    @property
    def transform(self) -> "Transform | None":
        """That protects the templates of a revocable gallery, as it is now.

        Where each subject has its own key, `for_subject(name)` of it does, with the name as
        `get(subject).name` tells it.
        """
        self._core.settings()
        return self._core.comparer.transform

    @property
    def database(self) -> Database:
        """Where it is kept; others may have tables of their own there."""
        return self._core.database

    def derived_key(self, purpose: str) -> bytes:
        """A key for tables of others in the same database: to seal rows with.

        The same for the life of the gallery, whatever keys are rotated, and had by nobody without
        the master key. It is none of the gallery's own keys.

        Args:
            purpose: what it is for, in a word or two; another key for each.

        Returns:
            32 bytes.
        """
        return self._core.keyring.beside(purpose)

    @property
    def settings(self) -> Settings:
        """Policies and contracts, as they are now."""
        return self._core.settings()

    def configure(self, *, actor: str | None = None, **changes: Any) -> Settings:
        """Change settings; the audit records the old and the new ones.

        Args:
            actor: in whose name.
            changes: fields of `Settings`: fmr, contradiction, fpir, duplicates, duplicates_fpir.

        Raises:
            OptionError: there is no such setting, or no such value, or it cannot be kept to: no
                threshold was measured for the FMR, or each subject has its own key, so that
                duplicates cannot be looked for.
        """
        wrong = sorted(set(changes) - set(CHANGEABLE))
        if wrong:
            raise OptionError(f"setting {wrong[0]!r}: expected one of {', '.join(CHANGEABLE)}.")
        with self._core.writing(actor) as unit:
            old, new = unit.settings, replace(unit.settings, **changes)
            if "fmr" in changes:
                self._core.comparer.model(new).require_measured(new.fmr)
            unit.configure(new)
            told = {
                name: [getattr(old, name), getattr(new, name)]
                for name in CHANGEABLE
                if getattr(old, name) != getattr(new, name)
            }
            unit.event("policy", details=told)
        return new

    def enroll(
        self,
        subject: str,
        template: Template | None = None,
        *,
        face: Sources | None = None,
        iris: Sources | None = None,
        eye: Eyes = None,
        light: Lights = None,
        consent: str | Consent | None = None,
        expires: _Until = None,
        actor: str | None = None,
        duplicates: Duplicates | None = None,
    ) -> Enrolment:
        """Enrol somebody, from a template or from pictures.

        Args:
            subject: name, which nobody else here has.
            template: made with purpose="enrol"; or give pictures:
            face, iris, eye, light: as for `Recognizer.extract`. No picture is ever kept.
            consent: what the subject agreed to.
            expires: from then on (a date: from its first moment, UTC) the subject is not compared
                any more, and `expire` erases it.
            actor: in whose name.
            duplicates: what becomes of somebody who is enrolled under another name: "refuse",
                "warn" (enrolled, and told in the result) or "allow" (not even looked for); None
                for the gallery's setting.

        Raises:
            EnrolmentError: the name is taken, the person is enrolled already, the samples are of
                several people (`agreement`), or the models are others than the gallery's.
            ExtractionError: no picture was good enough.
            ImageError: a picture cannot be read.
            OptionError: duplicates are to be looked for where each subject has its own key.
        """
        person = NewSubject(subject, template, face, iris, eye, light, consent, expires)
        (result,) = self.enroll_many([person], duplicates=duplicates, actor=actor, batch=1)
        if isinstance(result, TwofoldError):
            raise result
        return result

    def enroll_many(
        self,
        people: Iterable[NewSubject],
        *,
        duplicates: Duplicates | None = None,
        actor: str | None = None,
        batch: int = BATCH,
        workers: int | None = None,
    ) -> Iterator[Enrolment | TwofoldError]:
        """Enrol many, each for itself: a refusal of one keeps nobody else out.

        Args:
            people: may be a generator; it is read as results are taken.
            duplicates, actor: as for `enroll`.
            batch: people in one transaction.
            workers: pictures extracted at a time; None for as many as there are cores.

        Yields:
            In order, what became of each: an `Enrolment`, which is durable, or the error.
        """
        return enroll_each(self._core, people, duplicates, actor, batch, workers)

    def verify(
        self,
        subject: str,
        probe: Template,
        policy: Policy | None = None,
        *,
        actor: str | None = None,
    ) -> Verification:
        """Whether a probe is of a subject (1:1).

        Args:
            subject: name.
            probe: template, made with purpose="probe".
            policy: None for the gallery's setting.
            actor: in whose name.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
            ExpiredError: the subject's time is over.
            ModelError, OptionError: as for `Recognizer.compare`.
        """
        return decisions.verify(self._core, subject_name(subject), probe, policy, actor)

    def identify(
        self,
        probe: Template,
        top_k: int = 5,
        fpir: float | None = None,
        *,
        actor: str | None = None,
    ) -> Identification:
        """Whom a probe is of (1:N): every subject is compared, none is passed over.

        Args:
            probe: template, made with purpose="probe".
            top_k: candidates to tell.
            fpir: share of probes of people who are not enrolled that may yet find somebody; the
                thresholds are chosen for it and for the number of subjects, and "nobody" is an
                answer. None for a closed set: the most alike, without a decision.
            actor: in whose name.

        Raises:
            OptionError: the data carry no threshold for this rate and number, with the remedy; or
                each subject has its own key.
            ModelError: the probe is of other models.
        """
        return decisions.identify(self._core, probe, top_k, fpir, actor)

    def update(
        self,
        subject: str,
        template: Template | None = None,
        *,
        face: Sources | None = None,
        iris: Sources | None = None,
        eye: Eyes = None,
        light: Lights = None,
        replace_references: bool = False,
        consent: str | Consent | None = None,
        expires: _Until | str = "keep",
        actor: str | None = None,
    ) -> Enrolment:
        """Add references to a subject, or change consent or expiry.

        Args:
            subject: name.
            template, face, iris, eye, light: as for `enroll`; none to leave references alone.
            replace_references: remove the references that there are.
            consent: another one; None to keep the one that there is.
            expires: another one; None for never, "keep" for the one that there is.
            actor: in whose name.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
            EnrolmentError: the samples are not of one person, or not of this one.
        """
        if isinstance(expires, str) and expires != "keep":
            raise OptionError(f"expires {expires!r}: give a datetime, a date, None or 'keep'.")
        until = None if isinstance(expires, str) else seconds(expires, "expires")
        if face is not None or iris is not None:
            if template is not None:
                raise OptionError("give a template or pictures, not both.")
            template = self.recognizer.extract(face, iris, eye, light, "enrol")
        return keeping.update(
            self._core, subject_name(subject), template, replace_references, consent, until,
            isinstance(expires, str), actor,
        )  # fmt: skip

    def get(self, subject: str) -> Subject:
        """A subject, without templates.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
        """
        with self._core.database.reading() as connection:
            return self._core.require(connection, subject_name(subject)).subject

    def template(self, subject: str) -> Template:
        """All references of a subject, as they are kept, as one template.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
        """
        with self._core.database.reading() as connection:
            record = self._core.require(connection, subject_name(subject))
            return self._core.records.template(connection, record)

    def references(self, subject: str) -> list[Reference]:
        """What is kept of a subject, without the samples, in the order of enrolment.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
        """
        with self._core.database.reading() as connection:
            record = self._core.require(connection, subject_name(subject))
            return self._core.records.listed(connection, record)

    def remove_reference(
        self, subject: str, reference_id: int, *, actor: str | None = None
    ) -> Subject:
        """Remove one of several references of a subject.

        Args:
            subject: name.
            reference_id: number of the reference, as `references` tells it.
            actor: in whose name.

        Raises:
            UnknownSubjectError: nobody of that name is enrolled.
            UnknownReferenceError: the subject has no reference of that number.
            OptionError: it is the subject's last one; erase the subject instead.
        """
        return keeping.remove_reference(self._core, subject_name(subject), reference_id, actor)

    def subjects(self, after: int = 0, limit: int | None = None) -> Iterator[Subject]:
        """Subjects by number, which is the order of enrolment.

        Args:
            after: number of the last one seen, for paging.
            limit: how many; None for all.
        """
        return keeping.everybody(self._core, after, limit)

    def delete(self, *subjects: str, actor: str | None = None) -> Erasure:
        """Erase subjects: records, keys, index and snapshot; all or none of them.

        Raises:
            UnknownSubjectError: nobody of one of the names is enrolled.
        """
        names = [subject_name(one) for one in subjects]
        return keeping.erase(self._core, names, "erase", actor)

    def purge(self, *numbers: int, actor: str | None = None) -> Erasure:
        """Erase subjects by number without looking at their records.

        For records that were damaged or tampered with, which keep every search from going on.

        Args:
            numbers: of subjects, as errors and `verify_audit` tell them.
            actor: in whose name.
        """
        return keeping.purge(self._core, numbers, actor)

    def withdraw(self, *subjects: str, actor: str | None = None) -> Erasure:
        """Erase subjects who have withdrawn their consent; as `delete`, told apart in the audit."""
        names = [subject_name(one) for one in subjects]
        return keeping.erase(self._core, names, "withdraw", actor)

    def expire(self, now: datetime | None = None, *, actor: str | None = None) -> Erasure:
        """Erase everybody whose time is over; to be run daily.

        Args:
            now: None for now.
            actor: in whose name.
        """
        return keeping.expire(self._core, now, actor)

    def rotate_keys(
        self,
        *,
        master: KeySource | None = None,
        data: bool = False,
        reseal: bool = False,
        actor: str | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> int:
        """Change keys while the gallery is in use.

        Args:
            master: wrap the data key under this master key from now on.
            data: make a new data key and wrap every subject's key under it, in batches.
            reseal: and give every subject a new key.
            actor: in whose name.
            watch: told after each batch how many subjects are done.

        Returns:
            Subjects whose keys were changed.
        """
        if master is None and not data and not reseal:
            raise OptionError("nothing to rotate: name a new master key, or ask for data=True.")
        if master is not None:
            rotation.rotate_master_key(self._core, master, actor)
        if data or reseal:
            return rotation.rotate_data_key(self._core, reseal, actor, watch)
        return 0

    def reissue(
        self, *, actor: str | None = None, watch: Callable[[int], None] | None = None
    ) -> int:
        """Revoke the transform of a revocable gallery: every template under a new one.

        Made from the stored form, without the subjects. One write: others wait for it.

        Args:
            actor: in whose name.
            watch: told how many subjects are done.

        Returns:
            Subjects in the gallery.

        Raises:
            OptionError: the gallery is not revocable.
        """
        return reissue(self._core, actor, watch)

    def export(
        self,
        path: str | PathLike[str],
        passphrase: str | None = None,
        *,
        plain: bool = False,
        actor: str | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> Transfer:
        """Write all subjects with consent and templates to one file (docs/gallery.md).

        Args:
            path: of the file, which is replaced whole or not at all; mode 0600.
            passphrase: that seals it, 12 characters at least.
            plain: do not seal it.
            actor: in whose name.
            watch: told how many subjects are done.
        """
        return transfer.export(self._core, Path(path), passphrase, plain, actor, watch)

    def import_(
        self,
        path: str | PathLike[str],
        passphrase: str | None = None,
        *,
        existing: Existing = "refuse",
        actor: str | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> Transfer:
        """Enrol the subjects of an exported file.

        The whole file is checked before anything is written. Batches are durable each; after a
        break, import again with existing="skip".

        Args:
            path, passphrase: of the file.
            existing: what becomes of names that are enrolled: "refuse" the whole, "skip" or
                "replace" them.
            actor: in whose name.
            watch: told how many subjects are done.

        Raises:
            ModelError: no exported gallery, damaged, or another passphrase.
            EnrolmentError: names are taken, or the models are others than the gallery's.
        """
        return transfer.import_(self._core, Path(path), passphrase, existing, actor, watch)

    def audit(
        self,
        after: int = 0,
        limit: int = 1000,
        *,
        subject: int | None = None,
        action: str | None = None,
        latest: bool = False,
    ) -> list[Event]:
        """Events by number.

        Args:
            after: number of the last one seen, for paging.
            limit: how many at most.
            subject: only of this number (`Subject.id`).
            action: only of this kind.
            latest: the last ones, newest first; `after` is then the number of the oldest one seen,
                and 0 begins at the end.
        """
        return checking.events(self._core, after, limit, subject, action, latest)

    def record(
        self,
        action: str,
        *,
        subject: int | None = None,
        outcome: str = "done",
        details: Mapping[str, Any] | None = None,
        actor: str | None = None,
    ) -> None:
        """Add an event to the audit, of something that was done beside the gallery.

        Args:
            action: such as "api key".
            subject: number of the one that it is about; None for none.
            outcome: in a word or two.
            details: plain values, nothing secret or personal.
            actor: in whose name.
        """
        with self._core.writing(actor) as unit:
            unit.event(action, subject=subject, outcome=outcome, details=details)

    def retire(
        self,
        name: str,
        action: str,
        *,
        outcome: str = "revoked",
        details: Mapping[str, Any] | None = None,
        actor: str | None = None,
    ) -> None:
        """Declare for good that something kept beside the gallery is void, and record it.

        A sealed row that is put back from before its end looks right. This list is in the
        gallery's settings, which can be set back only with the whole gallery: whatever is in
        `settings.retired` does not count any more.

        Args:
            name: of it, such as the id of an API key; short, as every one is kept.
            action, outcome, details, actor: as for `record`.
        """
        with self._core.writing(actor) as unit:
            if name not in unit.settings.retired:
                retired = (*unit.settings.retired, name)
                unit.configure(replace(unit.settings, retired=retired))
            unit.event(action, outcome=outcome, details=details)

    def audit_head(self) -> AuditHead:
        """The end of the audit's chain, to be noted elsewhere and given to `verify_audit` later."""
        with self._core.database.reading() as connection:
            return read_head(connection, self._core.keyring).audit

    def verify_audit(self, since: AuditHead | None = None, *, records: bool = True) -> AuditReport:
        """Whether an event was changed, removed, moved or put in.

        Args:
            since: a head noted earlier: finds a gallery that was set back to an older state.
            records: also open every record, and hold the store against the audit: finds subjects
                that were removed, put in or set back without an event.
        """
        return checking.verify_audit(self._core, since, records)
