"""The service as an operator runs it: commands of their own, on a file or on PostgreSQL."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

RESTART_SECONDS = 1.0  # as the systemd unit says
_START_SECONDS = 180.0
_TWOFOLD = [sys.executable, "-c", "from twofold.cli.main import run; run()"]
# Rates are kept, and cost what they cost, but are not what is to be measured.
_LIMITS = {
    f"TWOFOLD_SERVE_{name}": "1000000"
    for name in ("KEY_PER_MINUTE", "KEY_BURST", "ADDRESS_PER_MINUTE", "ADDRESS_BURST")
}


@dataclass(frozen=True)
class Site:
    """A gallery with its keys.

    Attributes:
        folder: of everything that belongs to it.
        url: of the gallery.
        admin, door: API keys, one for everything and one to verify.
    """

    folder: Path
    url: str
    admin: str
    door: str

    @property
    def options(self) -> list[str]:
        """That name the gallery to a command."""
        return ["--gallery", self.url, "--key", str(self.folder / "master.key")]


def make_site(folder: Path, url: str) -> Site:
    """A new gallery and its API keys, by the commands that an operator would use."""
    options = ["--gallery", url, "--key", str(folder / "master.key")]
    _run("gallery", "key", "new", str(folder / "master.key"))
    _run("gallery", "create", "--duplicates", "allow", *options)
    keys = {}
    for name, scopes in (("admin", ("admin",)), ("door", ("verify",))):
        words = [word for scope in scopes for word in ("--scope", scope)]
        _run("keys", "new", name, *words, "--out", str(folder / name), *options)
        keys[name] = (folder / name).read_text().strip()
    return Site(folder, url, keys["admin"], keys["door"])


class Server:
    """`twofold serve`, started again whenever it ends, a second later, as systemd would.

    Args:
        site: the gallery and keys.
        workers: processes that extract.
        queue: requests that may wait; None for the service's own number.
    """

    def __init__(self, site: Site, workers: int, queue: int | None = None) -> None:
        self.site, self.workers = site, workers
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._words = [
            *_TWOFOLD, "serve", *site.options, "--port", str(self.port), "--workers", str(workers),
        ]  # fmt: skip
        self._words += [] if queue is None else ["--queue", str(queue)]
        self._log = (site.folder / "serve.log").open("ab")
        self._ending = threading.Event()
        self._process = self._started()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.await_ready()

    @property
    def pid(self) -> int:
        """Of the HTTP process."""
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """Of the processes that extract: begun by the server or by the server's own forker."""
        direct = children(self.pid)
        forked = [two for one in direct if b"forkserver" in _command(one) for two in children(one)]
        return forked + [one for one in direct if b"spawn_main" in _command(one)]

    def await_ready(self) -> None:
        """Until it says that it is ready.

        Raises:
            SystemExit: it does not.
        """
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.base}/v1/health/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)
        told = (self.site.folder / "serve.log").read_text(errors="replace")[-1000:]
        raise SystemExit(f"the service does not start: {told}")

    def close(self) -> None:
        """End it, as systemd would: by SIGTERM."""
        self._ending.set()
        self._process.terminate()
        self._keeper.join(60)
        self._log.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._words, stdout=self._log, stderr=self._log, env=os.environ | _LIMITS
        )

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._ending.wait(RESTART_SECONDS):
                return
            self._process = self._started()


class Postgres:
    """A PostgreSQL server of Debian's packages, durable, on a socket of its own.

    Raises:
        SystemExit: it is not installed.
    """

    PORT = 54330  # of the socket's name only: no network port is opened

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if not programs:
            raise SystemExit("PostgreSQL is not installed (Debian: apt install postgresql).")
        self._programs, self._folder = programs[0], folder / "postgres"
        self._folder.mkdir()
        self._user: Any = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam("postgres")
            self._user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            for one in (folder, self._folder):
                os.chown(one, account.pw_uid, account.pw_gid)
        words = ["-D", str(self._data), "-U", "twofold", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run(
            [self._programs / "initdb", *words],
            check=True, capture_output=True, cwd=self._folder, **self._user,
        )  # fmt: skip
        self.url = f"postgresql://twofold@/postgres?host={self._folder}&port={self.PORT}"
        self._process = self._started()
        self.await_ready()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def version(self) -> str:
        """Of the server."""
        told = subprocess.run(
            [self._programs / "postgres", "--version"], check=True, capture_output=True, text=True
        )
        return told.stdout.strip()

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        """Start it again; the processes of the one before may have to end first."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            self._process = self._started()
            if self.await_ready():
                return
            self._process.wait()
            time.sleep(0.1)
        raise SystemExit("PostgreSQL does not start again.")

    def await_ready(self) -> bool:
        """Whether it answers; False where it has ended."""
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        ready += ["-p", str(self.PORT), "-U", "twofold"]
        while self._process.poll() is None:
            if subprocess.run(ready, check=False).returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """End it in order."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def _started(self) -> "subprocess.Popen[bytes]":
        words = ["-D", str(self._data), "-k", str(self._folder), "-p", str(self.PORT)]
        return subprocess.Popen(
            [self._programs / "postgres", *words, "-c", "listen_addresses="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder, **self._user,
        )  # fmt: skip


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, Postgres | None]]:
    """Where a new gallery shall be: a file, or a PostgreSQL server that is ended afterwards."""
    if kind == "sqlite":
        yield str(folder / "people.gallery"), None
        return
    running = Postgres(folder)
    try:
        yield running.url, running
    finally:
        running.close()
        shutil.rmtree(folder / "postgres", ignore_errors=True)


def children(pid: int) -> list[int]:
    """Processes that a process has started, as Linux tells them."""
    return [one for one in map(int, _numbers()) if _fields(one)[1:2] == [str(pid)]]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet waited for does not."""
    return _fields(pid)[:1] not in ([], ["Z"])


def resident(pid: int) -> float:
    """Memory of a process in MiB."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Processor time of a process."""
    return sum(map(int, _fields(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _numbers() -> list[str]:
    return [one.name for one in Path("/proc").iterdir() if one.name.isdecimal()]


def _fields(pid: int) -> list[str]:
    """State, parent and so on of a process; empty where there is none."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _run(*words: str) -> None:
    done = subprocess.run([*_TWOFOLD, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"twofold {' '.join(words[:2])} failed: {done.stderr}")
