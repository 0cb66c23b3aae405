"""Galleries to files and back: a copy for another place, or a way out.

A subject's frame holds one line of JSON (name, consent, times, lengths of the templates), a line
feed, and the templates in their binary form (docs/templates.md).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from twofold.errors import ModelError, OptionError
from twofold.files import replacing
from twofold.gallery import bundle
from twofold.gallery.core import Core
from twofold.gallery.enrolment import pinned
from twofold.gallery.errors import EnrolmentError
from twofold.gallery.settings import Settings
from twofold.gallery.snapshots import shred
from twofold.gallery.store.records import Profile
from twofold.gallery.values import subject_name
from twofold.template import Template

Existing = Literal["refuse", "skip", "replace"]
_AT_ONCE = 500
_KEPT = ("name", "enrolled", "updated", "expires", "consent", "consent_given")


@dataclass(frozen=True)
class Transfer:
    """What was exported or imported.

    Attributes:
        subjects: how many.
        skipped: names that were there already, on an import with "skip".
    """

    subjects: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    profile: Profile
    templates: tuple[Template, ...]


def export(
    core: Core, path: Path, passphrase: str | None, plain: bool, actor: str | None,
    watch: Callable[[int], None] | None,
) -> Transfer:  # fmt: skip
    """Write all subjects to a file; see `Gallery.export`."""
    if (passphrase is None) != plain:
        raise OptionError(
            "an export needs a passphrase that seals it; or ask for plain=True, which lets "
            "everybody who has the file compare people with it." if passphrase is None
            else "an export with a passphrase is sealed: leave plain out."
        )  # fmt: skip
    count = 0
    with replacing(path) as temporary:
        temporary.touch(0o600)
        with temporary.open("r+b") as file, core.database.reading() as connection:
            writer = bundle.Writer(file, passphrase)
            settings = core.settings()
            writer.frame(bundle.ABOUT, json.dumps(_about(core.keyring.gallery, settings)).encode())
            after = 0
            while records := core.records.page(connection, after, _AT_ONCE):
                for record in records:
                    kept = core.records.references(connection, record).values()
                    own = record.profile
                    templates = [core.comparer.given(one, settings, own.name) for one in kept]
                    writer.frame(bundle.SUBJECT, _framed(own, templates))
                    count += 1
                after = records[-1].id
                if watch is not None:
                    watch(count)
            writer.end(count)
    with core.writing(actor) as unit:
        unit.event("export", details={"subjects": count, "plain": plain})
    return Transfer(count)


def import_(
    core: Core, path: Path, passphrase: str | None, existing: Existing, actor: str | None,
    watch: Callable[[int], None] | None,
) -> Transfer:  # fmt: skip
    """Read subjects from a file; see `Gallery.import_`."""
    if existing not in ("refuse", "skip", "replace"):
        raise OptionError(f"existing {existing!r}: expected refuse, skip or replace.")
    # Once through without writing: a damaged or foreign file changes nothing.
    settings, names = core.settings(), set()
    for entry in _entries(path, passphrase):
        names.add(entry.profile.name)
        for template in entry.templates:
            settings = pinned(settings, template)
    if existing == "refuse":
        with core.database.reading() as connection:
            there = sorted(core.records.taken(connection, names))
        if there:
            raise EnrolmentError(
                f"{len(there)} of {len(names)} subjects are enrolled already, such as "
                f"{there[0]!r}. Import with existing='skip' or existing='replace'.",
                "exists",
                tuple(there),
            )
    done, skipped = 0, list[str]()
    entries = _entries(path, passphrase)
    while some := list(islice(entries, _AT_ONCE)):
        done += _keep(core, some, existing, actor, skipped)
        if watch is not None:
            watch(done)
    if existing == "replace":
        core.database.scrub()
    return Transfer(done, tuple(skipped))


def _keep(
    core: Core, some: list[_Entry], existing: Existing, actor: str | None, skipped: list[str]
) -> int:
    """One batch in one transaction; how many were kept."""
    with core.writing(actor) as unit:
        taken = core.records.taken(unit.connection, [one.profile.name for one in some])
        new, settings = [], unit.settings
        for entry in some:
            for template in entry.templates:
                settings = pinned(settings, template)
        if settings != unit.settings:
            unit.configure(settings)
        kept, replaced = 0, False
        for entry in some:
            if entry.profile.name not in taken:
                new.append((entry.profile, _stored(core, entry)))
                continue
            if existing == "refuse":  # came in since the first look
                raise EnrolmentError(
                    f"{entry.profile.name!r} was enrolled meanwhile. Import with existing='skip'.",
                    "exists",
                    (entry.profile.name,),
                )
            if existing == "skip":
                skipped.append(entry.profile.name)
                continue
            record = core.require(unit.connection, entry.profile.name)
            changed = core.records.change(unit, record, entry.profile, {}, _stored(core, entry))
            kept += 1
            replaced = True
            unit.event(
                "import", subject=record.id, details={"revision": changed.revision},
                contract=entry.templates[0].contract,
            )  # fmt: skip
        for record, entry in zip(core.records.add(unit, new), _new(some, taken), strict=True):
            unit.event(
                "import", subject=record.id, details={"revision": 1},
                contract=entry.templates[0].contract,
            )  # fmt: skip
        if replaced:
            shred(core, unit)
    return kept + len(new)


def _stored(core: Core, entry: _Entry) -> list[Template]:
    return [core.comparer.kept(one, entry.profile.name) for one in entry.templates]


def _new(some: list[_Entry], taken: set[str]) -> Iterator[_Entry]:
    return (one for one in some if one.profile.name not in taken)


def _entries(path: Path, passphrase: str | None) -> Iterator[_Entry]:
    try:
        with path.open("rb") as file:
            for kind, content in bundle.frames(file, passphrase, str(path)):
                if kind == bundle.SUBJECT:
                    yield _parsed(content, path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error


def _about(gallery: str, settings: Settings) -> dict[str, Any]:
    return {
        "kind": "twofold gallery",
        "gallery": gallery,
        "face_contract": settings.face_contract,
        "iris_contract": settings.iris_contract,
    }


def _framed(profile: Profile, templates: list[Template]) -> bytes:
    data = [one.to_bytes() for one in templates]
    told = {name: value for name, value in asdict(profile).items() if name in _KEPT}
    line = json.dumps(told | {"templates": [len(one) for one in data]})
    return line.encode() + b"\n" + b"".join(data)


def _parsed(content: bytes, path: Path) -> _Entry:
    line, _, rest = content.partition(b"\n")
    try:
        values = json.loads(line)
        lengths = [int(one) for one in values.pop("templates")]
        if not lengths or min(lengths) < 1 or sum(lengths) != len(rest):
            raise ValueError("lengths")
        profile = Profile(
            **{name: values[name] for name in _KEPT}, references=(), faces=0, irises=0
        )
        if subject_name(profile.name) != profile.name:
            raise ValueError("name")
    except (ValueError, KeyError, TypeError, AttributeError, OptionError) as error:
        raise ModelError(f"{path}: damaged. Use another copy.") from error
    templates, at = [], 0
    for length in lengths:
        templates.append(Template.from_bytes(rest[at : at + length]))
        at += length
    return _Entry(replace(profile), tuple(templates))
