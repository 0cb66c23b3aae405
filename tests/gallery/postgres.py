"""A real PostgreSQL server for the tests, from Debian's packages, on a socket of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import debian

PORT = 54329  # of the socket's name only: no network port is opened


class UnavailableError(Exception):
    """No server can be had here; the message says why."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`; installed where that is possible.

    Raises:
        UnavailableError: it is not.
    """
    found = _find()
    if found is None:
        debian.install("postgresql")
        found = _find()
    if found is None:
        raise UnavailableError("PostgreSQL is not installed (Debian: apt install postgresql)")
    return found


@contextmanager
def server() -> Iterator[str]:
    """Run a server; gives the folder of its socket.

    Raises:
        UnavailableError: no server can be had.
    """
    folder = programs()
    account = _account()
    # Not below pytest's folder, which only its owner may enter; in memory where there is such a
    # place, since nothing of it is kept.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    place = Path(tempfile.mkdtemp(prefix="twofold-postgres-", dir=memory if roomy else None))
    running = None
    try:
        if account is not None:
            os.chown(place, account.pw_uid, account.pw_gid)
        data = place / "data"
        _run(
            [
                *(folder / "initdb", "-D", data, "-U", "twofold", "-A", "trust"),
                *("-E", "UTF8", "--no-locale", "--no-sync"),
            ],
            account,
        )
        running = subprocess.Popen(
            [
                *(folder / "postgres", "-D", data, "-k", place, "-p", str(PORT)),
                *("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=100"),
                *("-c", "max_wal_size=64MB"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(place / "log").open("wb"),
            cwd=place,
            **_as(account),
        )
        _await(folder, place, running)
        yield str(place)
    finally:
        if running is not None:
            running.kill()  # nothing of it is kept; its children see it and end
            running.wait(30)
            time.sleep(0.1)
        shutil.rmtree(place, ignore_errors=True)


def _find() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if versions:
        return versions[0].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("postgres") else None


def _account() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UnavailableError("running as root, and there is no other user to run PostgreSQL as")


def _as(account: pwd.struct_passwd | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _run(words: list[object], account: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        timeout=120,
        check=False,
        cwd="/",
        **_as(account),
    )
    if done.returncode != 0:
        raise UnavailableError(f"PostgreSQL does not start: {done.stderr.decode()[-300:]}")


def _await(folder: Path, place: Path, running: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        ready = subprocess.run(
            [folder / "pg_isready", "-q", "-h", place, "-p", str(PORT), "-U", "twofold"],
            check=False,
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise UnavailableError(f"PostgreSQL does not start: {(place / 'log').read_text()[-300:]}")
