"""`twofold keys` as it is typed."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.cli.terminal import refused, twofold
from twofold.gallery import Gallery, KeySource, generate_key_file
from twofold.service.keys import Keys
from twofold.service.store import tables

Place = tuple[object, ...]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Options of a gallery that is there."""
    for name in [name for name in os.environ if name.startswith("TWOFOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    key = KeySource.from_file(generate_key_file(tmp_path / "master.key"))
    Gallery.open(tmp_path / "people.gallery", key=key).close()
    return ("--gallery", tmp_path / "people.gallery", "--key", tmp_path / "master.key")


def opened(place: Place) -> Gallery:
    return Gallery.open(str(place[1]), key=KeySource.from_file(str(place[3])))


def test_a_key_is_made_listed_and_revoked(place: Place) -> None:
    told = twofold(
        "keys", "new", "Front door", "--scope", "verify", "--scope", "identify",
        "--expires", "2090-01-01", "--actor", "ada", *place,
    )  # fmt: skip
    assert told.code == 0, told
    text = told.out.splitlines()[-1]
    id = text.split("_")[1]
    with opened(place) as gallery:
        made = Keys(gallery).check(text)
    assert made is not None
    assert (made.id, made.name, made.scopes) == (id, "Front door", {"verify", "identify"})
    listed = twofold("keys", "list", *place)
    for word in (id, "Front door", "identify, verify", "2090-01-01", "valid"):
        assert word in listed.out
    assert text[-43:] not in listed.out
    told = twofold("keys", "revoke", id, *place)
    assert told.code == 0, told
    assert id in told.out
    assert "revoked" in twofold("keys", "list", *place).out
    with opened(place) as gallery:
        assert Keys(gallery).check(text) is None
        events = gallery.audit(action="api key")
        assert gallery.verify_audit().ok
    assert [one.outcome for one in events] == ["made", "revoked"]
    assert events[0].actor == "ada"
    assert all(one.details == {"id": id, "scopes": ["identify", "verify"]} for one in events)
    assert all(text[-43:] not in one.canonical().decode() for one in events)


def test_an_altered_key_is_marked(place: Place) -> None:
    assert twofold("keys", "new", "door", "--scope", "verify", *place).code == 0
    with opened(place) as gallery:
        with gallery.database.writing() as connection:
            connection.execute(update(tables.key).values(scopes="admin", name="\x1b[2Jroot"))
        (key,) = Keys(gallery).list()
    told = twofold("keys", "list", *place)
    for word in (key.id, "altered", "twofold keys revoke"):
        assert word in told.out
    for word in ("admin", "root", "\x1b[2J"):
        assert word not in told.out
    assert twofold("keys", "revoke", key.id, *place).code == 0
    assert key.id not in twofold("keys", "list", *place).out


def test_a_key_is_written_to_a_private_file(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "app.key"
    words = ("keys", "new", "app", "--scope", "verify", "--out", out, *place)
    told = twofold(*words)
    assert told.code == 0, told
    text = out.read_text().strip()
    assert text not in told.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    refused(twofold(*words), str(out), "exists")
    assert out.read_text().strip() == text
    elsewhere = ("--out", tmp_path / "no folder" / "app.key")
    refused(twofold("keys", "new", "b", "--scope", "verify", *elsewhere, *place), "cannot write")
    with opened(place) as gallery:
        assert len(Keys(gallery).list()) == 1


def test_wrong_wishes_are_one_clear_line(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "app.key"
    told = twofold("keys", "new", "app", "--scope", "all", "--out", out, *place)
    refused(told, "scope 'all'", "verify")
    assert not out.exists(), "nothing is left of it"
    refused(twofold("keys", "revoke", "0" * 16, *place), "twofold keys list")
    told = twofold("keys", "new", "app", "--scope", "verify", "--expires", "2020-01-01", *place)
    refused(told, "2020-01-01")
    refused(twofold("keys", "list"), "--gallery")
    refused(twofold("keys", "list", "--gallery", tmp_path / "none", *place[2:]), "not there")
    assert twofold("keys", "new", "app", *place).code == 2
    with opened(place) as gallery:
        assert gallery.audit(action="api key") == []
