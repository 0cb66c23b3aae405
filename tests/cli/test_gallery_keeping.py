"""`twofold gallery ...` as it is typed, on templates of people who do not exist."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.terminal import Told, refused, twofold
from tests.gallery.people import person, recognizer
from tests.recognition import made_up_model
from tests.templates import FACE_CONTRACT, IRIS_CONTRACT
from twofold.gallery import Gallery, KeySource, bundle, generate_key_file

NAMES = ("ada", "bob", "cyd")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key and the place of a gallery, named in the environment."""
    for name in [name for name in os.environ if name.startswith("TWOFOLD_")]:
        if name != "TWOFOLD_DATA":
            monkeypatch.delenv(name)
    generate_key_file(tmp_path / "master.key")
    monkeypatch.setenv("TWOFOLD_GALLERY", str(tmp_path / "people.gallery"))
    monkeypatch.setenv("TWOFOLD_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "people.gallery"


@pytest.fixture
def filled(place: Path) -> Path:
    """The gallery with three people."""
    with opened(place) as gallery:
        for number, name in enumerate(NAMES):
            gallery.enroll(name, person(number), consent=f"form {number}")
    return place


def opened(place: Path) -> Gallery:
    return Gallery.open(place, recognizer=recognizer())


def ran(*arguments: object) -> Told:
    """A command that ends well."""
    told = twofold("gallery", *arguments)
    assert told.code == 0, told
    return told


def names(place: Path) -> list[str]:
    with opened(place) as gallery:
        return [one.name for one in gallery.subjects()]


def test_create_info_and_configure(place: Path) -> None:
    made = ran("create", "--revocable", "--fmr", "1e-2", "--duplicates", "warn")
    assert "Made gallery" in made.out and "Revocable templates: yes" in made.out
    assert place.stat().st_mode & 0o077 == 0
    refused(twofold("gallery", "create"), "exists already")
    told = ran("configure", "--fpir", "0.05", "--contradiction", "flag", "--actor", "olga").out
    assert "verify decides at FMR 0.01; a contradiction: flag" in told
    assert "identify decides at FPIR 0.05" in told and "under another name: warn" in told
    info = ran("info").out
    assert "0 subjects enrolled" in info and "face templates: none enrolled yet" in info
    assert "FPIR 0.05" in info
    refused(twofold("gallery", "configure"), "nothing to change")
    refused(twofold("gallery", "configure", "--fmr", "2"), "FMR 2")
    with opened(place) as gallery:
        assert [one.actor for one in gallery.audit(action="policy")][-1] == "olga"


def test_a_wrong_policy_makes_no_gallery(place: Path) -> None:
    refused(twofold("gallery", "create", "--fpir", "7"), "fpir 7")
    assert not place.exists()


def test_keys_are_made_and_changed(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = ran("key", "new", "new.key")
    secret = Path("new.key").read_text().strip()
    assert "keep a copy" in told.out and secret not in told.out
    assert Path("new.key").stat().st_mode & 0o077 == 0
    refused(twofold("gallery", "key", "new", "new.key"), "new.key exists")
    changed = ran("key", "rotate", "--to", "new.key", "--data")
    assert "3 subjects brought under it" in changed.out
    refused(twofold("gallery", "info"), "key")
    assert "3 subjects" in ran("info", "--key", "file:new.key").out
    monkeypatch.setenv("OWN_KEY", secret)
    assert "3 subjects" in ran("info", "--key", "env:OWN_KEY").out
    ran("key", "rotate", "--reseal", "--key", "new.key")
    refused(twofold("gallery", "key", "rotate"), "--to FILE")
    with Gallery.open(filled, key=KeySource.from_file("new.key")) as gallery:
        assert gallery.template("bob") == person(1)


def test_export_and_import(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_LOG_N", 14)  # as good a passphrase, sooner
    Path("words").write_text("correct horse battery\nnot this\n")
    told = ran("export", "people.twfg", "--passphrase-file", "words")
    assert "3 subjects, sealed: people.twfg" in told.out
    assert b"ada" not in Path("people.twfg").read_bytes()
    ran("create", "--gallery", "other.gallery")
    monkeypatch.setenv("TWOFOLD_GALLERY", "other.gallery")
    monkeypatch.setenv("TWOFOLD_PASSPHRASE", "correct horse battery")
    assert "Imported 3 subjects." in ran("import", "people.twfg").out
    assert names(Path("other.gallery")) == list(NAMES)
    refused(twofold("gallery", "import", "people.twfg"), "enrolled already")
    skipped = ran("import", "people.twfg", "--existing", "skip").out
    assert "ada: skipped" in skipped and "Imported 0 subjects." in skipped
    monkeypatch.setenv("TWOFOLD_PASSPHRASE", "wrong wrong wrong")
    refused(twofold("gallery", "import", "people.twfg", "--existing", "skip"), "people.twfg")
    monkeypatch.delenv("TWOFOLD_PASSPHRASE")
    with Path("words").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        refused(twofold("gallery", "export", "x.twfg"), "which passphrase", "TWOFOLD_PASSPHRASE")
    Path("empty").touch()
    refused(twofold("gallery", "export", "x", "--passphrase-file", "empty"), "empty")
    refused(twofold("gallery", "export", "x", "--passphrase-file", "gone"), "gone")
    refused(
        twofold("gallery", "export", "x", "--plain", "--passphrase-file", "words"), "--plain"
    )  # fmt: skip
    assert "NOT sealed" in ran("export", "plain.twfg", "--plain").out


def test_people_withdraw_and_expire(filled: Path) -> None:
    refused(twofold("gallery", "withdraw", "zoe", "--yes"), "zoe")
    assert "Erased 1 subject." in ran("withdraw", "bob", "--yes").out
    with opened(filled) as gallery:
        gallery.update("cyd", expires=datetime(2001, 1, 1, tzinfo=UTC))
    assert "Erased 1 subject." in ran("expire").out
    assert "Erased 0 subjects." in ran("expire").out
    assert names(filled) == ["ada"]
    with opened(filled) as gallery:
        assert [one.action for one in gallery.audit()][-3:] == ["withdraw", "update", "expire"]


def test_the_audit_is_listed_and_verified(filled: Path) -> None:
    head = ran("info").out.split("head ")[1].strip()
    ran("withdraw", "bob", "--yes", "--actor", "olga")
    listed = ran("audit", "--action", "withdraw").out
    assert "olga" in listed and "withdraw" in listed and "bob" not in listed
    assert "Go on with --after 2." in ran("audit", "--limit", "2").out
    lines = [json.loads(line) for line in ran("audit", "--json").out.splitlines()]
    assert [one["number"] for one in lines] == list(range(1, len(lines) + 1))
    assert {one["subject"] for one in lines if one["action"] == "enrol"} == {1, 2, 3}
    of_ada = ran("audit", "--subject", "ada", "--json").out.splitlines()
    assert of_ada == ran("audit", "--number", "1", "--json").out.splitlines() and of_ada
    whole = ran("audit", "--verify", "--since", head).out
    assert f"{len(lines)} events are whole" in whole
    other = f"{head.split(':')[0]}:{'0' * 64}"
    set_back = twofold("gallery", "audit", "--verify", "--since", other)
    assert set_back.code == 1 and "PROBLEM: event" in set_back.out
    refused(twofold("gallery", "audit", "--verify", "--since", "7"), "NUMBER:DIGEST")
    refused(twofold("gallery", "audit", "--since", head), "without --verify")
    refused(twofold("gallery", "audit", "--subject", "ada", "--number", "1"), "--number")


def test_a_changed_event_is_found(filled: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(filled)
    connection.execute("UPDATE event SET body = replace(body, 'enrol', 'erase') WHERE number = 2")
    connection.commit()
    connection.close()
    told = twofold("gallery", "audit", "--verify")
    assert told.code == 1 and "PROBLEM" in told.out, told


@pytest.fixture
def fusion() -> Iterator[Path]:
    path = Path("fusion.json")
    made_up_model(FACE_CONTRACT, IRIS_CONTRACT).save(path)
    yield path


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="snapshots need Linux's memfd")
def test_a_snapshot_lies_beside_the_gallery_and_goes_with_whoever_is_erased(
    filled: Path, fusion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ran("snapshot", "--fusion", fusion)
    beside = Path(f"{filled}.snapshot")
    assert f"Snapshot of 3 subjects: {beside}" in told.out and beside.is_file()
    assert twofold("delete", "ada", "--yes").code == 0
    assert not beside.exists()
    assert "own.snapshot" in ran("snapshot", "--snapshot", "own.snapshot", "--fusion", fusion).out
    monkeypatch.setattr("platform.node", lambda: "another")
    Path("own.snapshot").rename("moved")
    told = ran("withdraw", "bob", "cyd", "--yes")  # nobody told it of the file
    assert "A snapshot was not removed; nobody can read it any more" in told.out
    assert "own.snapshot on " in told.out.replace("\n", "")
    refused(twofold("gallery", "snapshot", "--fusion", fusion), "nobody is enrolled")


def test_a_revoked_transform_is_replaced(place: Path) -> None:
    with Gallery.open(place, recognizer=recognizer(), revocable=True) as gallery:
        gallery.enroll("ada", person(1))
        assert gallery.transform is not None
        before = gallery.transform.key_id
    assert "templates of 1 subject." in ran("reissue", "--yes").out
    with opened(place) as gallery:
        assert gallery.transform is not None
        assert gallery.transform.key_id != before
        assert gallery.verify("ada", person(1, 1)).match
