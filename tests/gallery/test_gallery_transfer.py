"""Export and import."""

import json
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from tests.gallery.conftest import KEY, Open
from tests.gallery.people import person, recognizer
from twofold.errors import ModelError, OptionError, OutputError, TwofoldError
from twofold.gallery import EnrolmentError, Gallery, bundle

PASSPHRASE = "five random words of mine"


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrypt at its lowest accepted cost, for the tests' time."""
    monkeypatch.setattr(bundle, "_LOG_N", 14)


@pytest.fixture
def full(gallery: Gallery) -> Gallery:
    gallery.enroll("Ada", person(1), consent="form 17", expires=date(2099, 1, 1))
    gallery.enroll("Bea", person(2, faces=2, eyes=("left", "right")))
    gallery.update("Bea", person(2, sample=5))
    return gallery


def _other(tmp_path: Path) -> Gallery:
    return Gallery.open(tmp_path / "other.gallery", key=KEY, recognizer=recognizer())


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_what_is_exported_is_imported(
    full: Gallery, tmp_path: Path, passphrase: str | None
) -> None:
    path = tmp_path / "export"
    assert full.export(path, passphrase, plain=passphrase is None).subjects == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert (b"Ada" in path.read_bytes()) is (passphrase is None)
    with _other(tmp_path) as other:
        assert other.import_(path, passphrase).subjects == 2
        for name in ("Ada", "Bea"):
            assert other.template(name) == full.template(name)
            one, its = full.get(name), other.get(name)
            assert (one.consent, one.expires, one.enrolled) == (
                its.consent,
                its.expires,
                its.enrolled,
            )
            assert (one.references, one.faces, one.irises) == (
                its.references,
                its.faces,
                its.irises,
            )
        best = other.identify(person(2, 9), fpir=0.1).best
        assert best is not None
        assert best.subject == "Bea"
        assert other.verify_audit().ok
        assert [event.action for event in other.audit()][:3] == ["create", "import", "import"]
    assert full.audit(action="export")[0].details == {"subjects": 2, "plain": passphrase is None}


def test_an_export_in_clear_must_be_asked_for(full: Gallery, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="passphrase"):
        full.export(tmp_path / "export")
    with pytest.raises(OptionError):
        full.export(tmp_path / "export", PASSPHRASE, plain=True)
    with pytest.raises(OptionError, match="12 or more"):
        full.export(tmp_path / "export", "short")
    assert not (tmp_path / "export").exists()
    with pytest.raises(OutputError):
        full.export(tmp_path / "no" / "folder", PASSPHRASE)


def test_names_that_are_taken(full: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "export"
    full.export(path, PASSPHRASE)
    with _other(tmp_path) as other:
        other.enroll("Ada", person(7))
        with pytest.raises(EnrolmentError, match="'Ada'"):
            other.import_(path, PASSPHRASE)
        assert len(other) == 1
        done = other.import_(path, PASSPHRASE, existing="skip")
        assert (done.subjects, done.skipped) == (1, ("Ada",))
        assert other.template("Ada") == person(7)
        done = other.import_(path, PASSPHRASE, existing="replace")
        assert done.subjects == 2
        assert other.template("Ada") == full.template("Ada")
        assert other.verify_audit().ok
        with pytest.raises(OptionError):
            other.import_(path, PASSPHRASE, existing="maybe")  # type: ignore[arg-type]


def test_another_passphrase_or_none(full: Gallery, tmp_path: Path) -> None:
    path, plain = tmp_path / "export", tmp_path / "plain"
    full.export(path, PASSPHRASE)
    full.export(plain, plain=True)
    with _other(tmp_path) as other:
        with pytest.raises(ModelError, match="another passphrase"):
            other.import_(path, PASSPHRASE + "!")
        with pytest.raises(OptionError, match="sealed under a passphrase"):
            other.import_(path)
        with pytest.raises(OptionError, match="plain export"):
            other.import_(plain, PASSPHRASE)
        with pytest.raises(ModelError, match="cannot be read"):
            other.import_(tmp_path / "none", PASSPHRASE)
        assert len(other) == 0


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_a_damaged_export_changes_nothing(tmp_path: Path, passphrase: str | None) -> None:
    path, damaged = tmp_path / "export", tmp_path / "damaged"
    with Gallery.open(tmp_path / "one", key=KEY, recognizer=recognizer()) as gallery:
        gallery.enroll("Ada", person(1))
        gallery.enroll("Bea", person(2))
        gallery.export(path, passphrase, plain=passphrase is None)
    content = path.read_bytes()
    versions = [
        content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
        for at in [*range(0, 30, 3), *range(30, len(content), 397)]
    ]
    versions += [content[:length] for length in range(0, len(content), 401)]
    versions += [content + b"\0", content[:28] + content[28:] * 2]
    with _other(tmp_path) as other:
        for version in versions:
            damaged.write_bytes(version)
            with pytest.raises(TwofoldError):
                other.import_(damaged, passphrase)
        assert len(other) == 0


def test_a_newer_export_is_refused(full: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "export"
    full.export(path, plain=True)
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\x02\x00" + content[6:])
    with _other(tmp_path) as other, pytest.raises(ModelError, match="Update"):
        other.import_(path)


def test_other_models_are_refused_before_anything_is_written(
    open_gallery: Open, tmp_path: Path
) -> None:
    gallery = open_gallery()
    gallery.enroll("Ada", person(1))
    gallery.export(tmp_path / "export", plain=True)
    content = (tmp_path / "export").read_bytes()
    with _other(tmp_path) as other:
        template = person(2)
        from twofold.template import Template

        foreign = Template(template.faces, (), "ab" * 32)
        other.enroll("Bea", foreign, duplicates="allow")
        with pytest.raises(EnrolmentError) as refused:
            other.import_(tmp_path / "export")
        assert refused.value.code == "contract"
        assert len(other) == 1
    assert (
        json.loads(content.split(b"\n")[0].rpartition(b"{")[2].join([b"{", b""]))["name"] == "Ada"
    )


def test_a_passphrase_is_stretched_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    file = BytesIO()
    bundle.Writer(file, PASSPHRASE)
    assert file.getvalue()[4:12] == bytes((1, 0, 1, 0, 17, 8, 1, 0))
