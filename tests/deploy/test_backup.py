"""Backups of galleries in use: whole, checked, restored, and whom to erase again."""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.gallery.conftest import KEY
from tests.gallery.people import person, recognizer
from twofold.gallery import Gallery

PEOPLE = 12
# The commands themselves, without the import of all the others.
PROGRAM = """#!{python}
import typer
from twofold.cli.delete import delete_command
from twofold.cli.gallery_audit import audit_command
app, gallery = typer.Typer(pretty_exceptions_enable=False), typer.Typer()
gallery.callback()(lambda: None)
gallery.command("audit")(audit_command)
app.add_typer(gallery, name="gallery")
app.command("delete")(delete_command)
app()
"""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """The environment of the scripts, with the master key in a file."""
    key = tmp_path / "keys" / "master.key"
    key.parent.mkdir()
    key.touch(0o600)
    key.write_text(KEY.read().secret.hex())
    program = tmp_path / "keys" / "twofold"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o700)
    return os.environ | {
        "TWOFOLD": str(program),
        "TWOFOLD_MASTER_KEY_FILE": str(key),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def opened(url: str) -> Gallery:
    return Gallery.open(url, key=KEY, recognizer=recognizer(), actor="test")


def ran(script: Path, *arguments: object, env: dict[str, str]) -> SimpleNamespace:
    done = subprocess.run(
        ["bash", str(script), *map(str, arguments)],
        env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)


@contextmanager
def enrolling(url: str) -> Iterator[list[str]]:
    """Enrol one after the other while the block runs; the names that were acknowledged."""
    done: list[str] = []
    end = threading.Event()

    def enrol() -> None:
        with opened(url) as gallery:
            while not end.is_set():
                name = f"late {len(done)}"
                gallery.enroll(name, person(1000 + len(done)), duplicates="allow")
                done.append(name)
                end.wait(0.02)

    thread = threading.Thread(target=enrol)
    thread.start()
    try:
        while not done and thread.is_alive():
            end.wait(0.01)
        yield done
    finally:
        end.set()
        thread.join()


def backed_up(deploy: Path, url: str, folder: Path, env: dict[str, str]) -> tuple[Path, str]:
    """A backup that was taken during enrolments, and its head."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with enrolling(url) as before:
        acknowledged = len(before)
        told = ran(deploy / "backup.sh", folder, env=env | {"TWOFOLD_GALLERY": url})
        assert len(before) > acknowledged + 1, "nothing was written during the backup"
    assert told.code == 0, told.err
    (made,) = folder.iterdir()
    return made, told.out.split()[-1]


def restored_and_checked(
    deploy: Path, made: Path, head: str, url: str, target: str, env: dict[str, str]
) -> None:
    """Erase and change somebody, restore elsewhere, be told of them, and erase again."""
    with opened(url) as gallery:
        erased = gallery.get("3").id
        gallery.delete("3")
        changed = gallery.get("5").id
        gallery.update("5", consent="another form")
        lost = gallery.enroll("after the backup", person(3000)).subject
        kept = made.parent / "events.jsonl"
        kept.write_bytes(b"\n".join(event.canonical() for event in gallery.audit()))
    lost_gallery = ("--events", kept) if "postgresql" in url else ("--old", url)
    env = env | {"TWOFOLD_GALLERY": target}
    told = ran(deploy / "restore.sh", made, "--since", head, *lost_gallery, env=env)
    assert told.code == 0, told.err
    assert f"erased, and back now: {erased}." in told.out
    assert f"set back now (references, consent, expiry): {changed}." in told.out
    (command,) = [line for line in told.out.splitlines() if line.startswith("twofold delete")]
    subprocess.run([env["TWOFOLD"], *shlex.split(command)[1:]], env=env, check=True)
    with opened(target) as gallery:
        assert gallery.verify_audit().ok
        names = {one.name for one in gallery.subjects()}
        assert {str(number) for number in range(PEOPLE)} - names == {"3"}
        assert lost.name not in names
        assert gallery.verify("7", person(7, 1)).match
    refused = ran(deploy / "restore.sh", made, env=env)
    assert refused.code == 1
    assert "nothing is overwritten" in refused.err


def filled(url: str) -> None:
    with opened(url) as gallery:
        for number in range(PEOPLE):
            gallery.enroll(str(number), person(number), duplicates="allow")


def test_sqlite(deploy: Path, tmp_path: Path, settings: dict[str, str]) -> None:
    url, target = str(tmp_path / "people.gallery"), str(tmp_path / "restored.gallery")
    filled(url)
    old = tmp_path / "backups" / "twofold-20200101T000000Z"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    env = settings | {"TWOFOLD_KEEP_DAYS": "30"}
    made, head = backed_up(deploy, url, tmp_path / "backups", env)  # the old one is removed
    assert {one.name for one in made.iterdir()} == {"HEAD", "SUMS", "gallery.sqlite"}
    assert all(one.stat().st_mode & 0o077 == 0 for one in (made, *made.iterdir()))
    restored_and_checked(deploy, made, head, url, target, settings)


def test_postgresql(
    deploy: Path, tmp_path: Path, settings: dict[str, str], postgres_url: str
) -> None:
    names = [f"{name}_{os.getpid()}" for name in ("scratch", "restored")]
    scratch, target = (postgres_url.replace("/postgres?", f"/{name}?") for name in names)
    for name in names:
        psql(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0")
    filled(postgres_url)
    live = settings | {"TWOFOLD_GALLERY": postgres_url, "TWOFOLD_SCRATCH": postgres_url}
    (tmp_path / "other").mkdir()
    refused = ran(deploy / "backup.sh", tmp_path / "other", env=live)
    assert (refused.code, "has tables" in refused.err) == (1, True)
    env = settings | {"TWOFOLD_SCRATCH": scratch}
    made, head = backed_up(deploy, postgres_url, tmp_path / "backups", env)
    assert {one.name for one in made.iterdir()} == {"HEAD", "SCHEMA", "SUMS", "gallery.dump"}
    tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'subject'"
    assert psql(scratch, tables) == "0", "the scratch database is left as it was found"
    restored_and_checked(deploy, made, head, postgres_url, target, settings)


def psql(url: str, statement: str) -> str:
    done = subprocess.run(
        ["psql", "-XAtq", "-d", url, "-c", statement], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_restore_refuses_what_is_damaged_or_older_than_noted(
    deploy: Path, tmp_path: Path, settings: dict[str, str]
) -> None:
    url, target = str(tmp_path / "people.gallery"), tmp_path / "restored.gallery"
    filled(url)
    env = settings | {"TWOFOLD_GALLERY": url}
    (tmp_path / "backups").mkdir()
    told = ran(deploy / "backup.sh", tmp_path / "backups", env=env)
    assert told.code == 0, told.err
    (made,) = (tmp_path / "backups").iterdir()
    with opened(url) as gallery:
        gallery.delete("3")
        later = gallery.audit_head()
    env |= {"TWOFOLD_GALLERY": str(target)}
    since = f"{later.events}:{later.digest}"
    told = ran(deploy / "restore.sh", made, "--since", since, env=env)
    assert (told.code, target.exists()) == (1, False)
    assert "older or another state" in told.err
    copy = made / "gallery.sqlite"
    copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    told = ran(deploy / "restore.sh", made, env=env)
    assert (told.code, target.exists()) == (1, False)
    assert "damaged" in told.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backups", "keys", "people.gallery"]


def test_backup_refuses_to_lie_beside_the_key(
    deploy: Path, tmp_path: Path, settings: dict[str, str]
) -> None:
    env = settings | {"TWOFOLD_GALLERY": str(tmp_path / "people.gallery")}
    told = ran(deploy / "backup.sh", tmp_path / "keys", env=env)
    assert told.code == 1
    assert "master key lies in" in told.err
    (tmp_path / "other").mkdir()
    told = ran(deploy / "backup.sh", tmp_path / "other", env=env)
    assert told.code == 1
    assert "is not there" in told.err
    assert not [*(tmp_path / "other").iterdir()]
