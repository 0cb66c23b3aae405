"""Where master keys come from, and how keys are changed."""

import base64
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.gallery.conftest import KEY, Open
from tests.gallery.people import person
from twofold.errors import OptionError, OutputError
from twofold.gallery import (
    Gallery,
    GalleryError,
    KeySource,
    MasterKeyError,
    NewSubject,
    generate_key_file,
)
from twofold.gallery.keys import MasterKey

SECRET = bytes(range(1, 33))


def test_a_made_key_file_is_private_and_read(tmp_path: Path) -> None:
    path = generate_key_file(tmp_path / "master.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = KeySource.from_file(path).read()
    assert len(key.secret) == 32
    assert KeySource.parse(f"file:{path}").read() == key
    assert generate_key_file(tmp_path / "other.key").read_text() != path.read_text()
    with pytest.raises(OutputError, match="exists"):
        generate_key_file(path)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = generate_key_file(tmp_path / "master.key")
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        KeySource.from_file(path).read()


@pytest.mark.parametrize(
    "text",
    [
        SECRET.hex(),
        SECRET.hex().upper() + "\n",
        base64.b64encode(SECRET).decode(),
        base64.urlsafe_b64encode(SECRET).decode().rstrip("="),
    ],
)
def test_forms_of_a_key(text: str) -> None:
    source = KeySource.from_environment("KEY", {"KEY": text})
    assert source.read().secret == SECRET


@pytest.mark.parametrize("text", ["secret-word", SECRET.hex()[:-2], SECRET.hex() + "00", "0" * 64])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(MasterKeyError) as refused:
        KeySource.from_environment("KEY", {"KEY": text}).read()
    assert text not in str(refused.value)


def test_a_command_prints_the_key() -> None:
    command = [sys.executable, "-c", f"print('{SECRET.hex()}')"]
    assert KeySource.from_command(command).read().secret == SECRET
    line = f"{sys.executable} -c \"print('{SECRET.hex()}')\""
    assert KeySource.parse(f"command:{line}").read().secret == SECRET


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError):
        KeySource.from_command(f"echo {SECRET.hex()} ; touch {tmp_path}/seen").read()
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('TOP'); print('TOP', file=sys.stderr); sys.exit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "no answer within"),
        ("print('TOP')", "no master key"),
    ],
)
def test_a_command_that_fails_is_told_without_its_output(code: str, said: str) -> None:
    with pytest.raises(MasterKeyError, match=said) as refused:
        KeySource.from_command([sys.executable, "-c", code], seconds=0.5).read()
    assert "TOP" not in str(refused.value)


def test_commands_that_cannot_be_one() -> None:
    for wrong in ("", "echo 'unclosed"):
        with pytest.raises(MasterKeyError):
            KeySource.from_command(wrong)
    with pytest.raises(MasterKeyError, match="Check its path"):
        KeySource.from_command("/no/such/program").read()


def test_the_default_source_follows_the_environment(tmp_path: Path) -> None:
    path = generate_key_file(tmp_path / "master.key")
    assert KeySource.default({"TWOFOLD_MASTER_KEY": SECRET.hex()}).read().secret == SECRET
    assert KeySource.default({"TWOFOLD_MASTER_KEY_FILE": str(path)}).read().secret != SECRET
    command = f"cat {path}"
    found = KeySource.default({"TWOFOLD_MASTER_KEY_COMMAND": command}).read()
    assert found == KeySource.from_file(path).read()
    with pytest.raises(MasterKeyError, match="TWOFOLD_MASTER_KEY_FILE"):
        KeySource.default({})


def test_a_source_given_as_the_key_itself_is_not_repeated() -> None:
    for wrong in (SECRET.hex(), f"key:{SECRET.hex()}", "file:", ""):
        with pytest.raises(MasterKeyError) as refused:
            KeySource.parse(wrong)
        assert SECRET.hex() not in str(refused.value)


def test_no_repr_shows_a_key(gallery: Gallery) -> None:
    source = KeySource.from_bytes(SECRET)
    gallery.enroll("Ada", person(1))
    core = gallery._core
    with core.database.reading() as connection:
        record = core.require(connection, "Ada")
    shown = f"{source!r} {source.read()!r} {gallery!r} {core.keyring!r} {record!r} {core!r}"
    for secret in (SECRET, record.key, *core.keyring._keys.values()):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_another_master_key_is_refused(open_gallery: Open) -> None:
    open_gallery()
    with pytest.raises(MasterKeyError, match="gallery needs") as refused:
        open_gallery(key=KeySource.from_bytes(SECRET))
    assert MasterKey(SECRET).identity in str(refused.value)
    assert SECRET.hex() not in str(refused.value)


def test_a_new_master_key_opens_what_the_old_one_did(open_gallery: Open) -> None:
    gallery, beside = open_gallery(), open_gallery()
    gallery.enroll("Ada", person(1))
    gallery.rotate_keys(master=KeySource.from_bytes(SECRET))
    assert beside.verify("Ada", person(1, 1)).match  # goes on
    beside.enroll("Bea", person(2))
    with pytest.raises(MasterKeyError):
        open_gallery()
    again = open_gallery(key=KeySource.from_bytes(SECRET))
    assert again.template("Ada") == person(1)
    assert again.verify_audit().ok


def test_a_master_key_replaced_in_its_file_serves_running_processes(
    open_gallery: Open, tmp_path: Path
) -> None:
    path, new = generate_key_file(tmp_path / "master.key"), generate_key_file(tmp_path / "new.key")
    gallery = open_gallery(key=KeySource.from_file(path))
    beside = open_gallery(key=KeySource.from_file(path))
    gallery.enroll("Ada", person(1))
    gallery.rotate_keys(master=KeySource.from_file(new))
    new.replace(path)
    gallery._core.keyring.source = KeySource.from_file(path)
    gallery.rotate_keys(data=True)
    assert beside.template("Ada") == person(1)  # fetches the new data key
    beside.enroll("Bea", person(2))


@pytest.mark.parametrize("reseal", [False, True])
def test_a_new_data_key_while_others_read_and_write(
    open_gallery: Open, monkeypatch: pytest.MonkeyPatch, reseal: bool
) -> None:
    from twofold.gallery import rotation

    monkeypatch.setattr(rotation, "_AT_ONCE", 4)
    gallery, beside = open_gallery(), open_gallery()
    people = [NewSubject(f"person {number}", person(number)) for number in range(20)]
    list(gallery.enroll_many(people, duplicates="allow"))
    before = _rows(gallery)
    failures: list[BaseException] = []
    stop = threading.Event()

    def others() -> None:
        number = 0
        try:
            while not stop.is_set():
                assert beside.template(f"person {number % 20}") == person(number % 20)
                beside.enroll(f"late {number}", person(100 + number), duplicates="allow")
                number += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=others)
    thread.start()
    done = gallery.rotate_keys(data=True, reseal=reseal)
    stop.set()
    thread.join()
    assert failures == []
    assert done >= 20
    after = _rows(gallery)
    assert {row[1] for row in after.values()} == {2}
    for number in range(1, 21):
        assert after[number][0] != before[number][0]  # wrapped anew
        assert (after[number][2] != before[number][2]) is reseal
    with gallery._core.database.reading() as connection:
        keys = connection.exec_driver_sql("SELECT version FROM data_key").scalars().all()
    assert keys == [2]
    again = open_gallery()
    for number in range(20):
        assert again.template(f"person {number}") == person(number)
    assert again.verify_audit().ok


def test_a_rotation_that_broke_off_is_finished_by_the_next(
    open_gallery: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twofold.gallery import rotation

    monkeypatch.setattr(rotation, "_AT_ONCE", 2)
    gallery = open_gallery()
    for number in range(5):
        gallery.enroll(f"person {number}", person(number), duplicates="allow")

    def break_off(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gallery.rotate_keys(data=True, watch=break_off)
    assert {row[1] for row in _rows(gallery).values()} == {1, 2}
    again = open_gallery()
    assert again.template("person 0") == person(0)
    assert again.template("person 4") == person(4)
    again.rotate_keys(data=True)
    assert {row[1] for row in _rows(again).values()} == {3}
    with again._core.database.reading() as connection:
        keys = connection.exec_driver_sql("SELECT version FROM data_key").scalars().all()
    assert keys == [3]
    assert [event.outcome for event in again.audit(action="key")] == [
        "data key added", "data key added", "data key changed",
    ]  # fmt: skip
    assert gallery.template("person 4") == person(4)


def test_nothing_to_rotate(gallery: Gallery) -> None:
    with pytest.raises(OptionError):
        gallery.rotate_keys()


def test_a_gallery_needs_a_key_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError):
        Gallery.open(tmp_path / "people.gallery")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(GalleryError):
        Gallery.open(tmp_path / "people.gallery", key=KEY, create=False)


def _rows(gallery: Gallery) -> dict[int, tuple[bytes, int, bytes]]:
    with gallery._core.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT id, wrapped, key_version, profile FROM subject")
        return {row[0]: (bytes(row[1]), row[2], bytes(row[3])) for row in rows}


def test_keys_for_others_are_none_of_the_gallerys_own(gallery: Gallery) -> None:
    own = [gallery._core.keyring.purpose(name) for name in ("lookup", "audit", "head", "settings")]
    names = ("lookup", "audit", "head", "settings", "beside", "")
    others = [gallery.derived_key(name) for name in names]
    assert len({*own, *others}) == len(own) + len(others)
    assert {len(one) for one in others} == {32}


def test_what_is_retired_stays_so(gallery: Gallery, open_gallery: Open) -> None:
    gallery.retire("a", "api key", details={"id": "a"})
    gallery.configure(fmr=1e-2)
    gallery.enroll("Ada", person(1))
    again = open_gallery()
    again.retire("b", "api key", actor="ada")
    again.retire("a", "api key")
    assert gallery.settings.retired == ("a", "b")
    events = gallery.audit(action="api key")
    assert [(one.outcome, one.actor) for one in events] == [
        ("revoked", "test"), ("revoked", "ada"), ("revoked", "test"),
    ]  # fmt: skip
    assert gallery.verify_audit().ok
