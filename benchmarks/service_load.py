"""The service under load, as an operator runs it: `twofold serve` in processes of its own.

- `extraction`: what the cores can do, the same pictures through the same worker code without HTTP.
- `saturation`: verifications by clients that ask again at once, in turns with `extraction`; `ratio`
  is the share of it that is left. Clients run on the same cores and their time counts.
- `half`: requests that arrive by chance at half the rate of saturation.
- `overload`: many more clients than there are places; refusals, memory and the queue.
- `chaos`: workers, the service and PostgreSQL are killed under load (`benchmarks.service_chaos`).

The limits on rates are lifted, so that they cost what they cost but refuse nobody.
"""

import argparse
import json
import os
import platform
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.service_chaos import Chaos
from benchmarks.service_clients import Clients, percentiles
from benchmarks.service_cores import Cores
from benchmarks.service_people import FORM, Person, people
from benchmarks.service_running import (
    Postgres,
    Server,
    cpu_seconds,
    database,
    make_site,
    resident,
)
from twofold.service.settings import cores

PARTS = ("saturation", "half", "overload", "chaos")
_PACKAGES = ("twofold", "fastapi", "uvicorn", "pebble", "sqlalchemy", "onnxruntime",
             "opencv-python-headless", "numpy", "httpx")  # fmt: skip


@dataclass(frozen=True)
class Load:
    """How much of it.

    Attributes:
        seconds: of each measurement.
        rounds: of extraction and saturation in turns.
        clients: at saturation.
        crowd: clients at overload.
        pause: seconds of load before and after each kill.
    """

    seconds: float = 20.0
    rounds: int = 3
    clients: int = 16
    crowd: int = 64
    pause: float = 5.0


def measure(
    kind: str,
    folder: Path,
    who: Sequence[Person],
    workers: int,
    load: Load,
    only: Sequence[str] = PARTS,
) -> dict[str, Any]:
    """Everything on one kind of gallery, "sqlite" or "postgresql", kept in an empty folder."""
    found: dict[str, Any] = {}
    with database(kind, folder) as (url, postgres):
        if postgres is not None:
            found["database"] = postgres.version()
        server = Server(make_site(folder, url), workers)
        try:
            found["enrolment"] = _enrol(server, who)
            found |= _measured(server, who, load, only, postgres)
        finally:
            server.close()
    return found


def _measured(
    server: Server,
    who: Sequence[Person],
    load: Load,
    only: Sequence[str],
    postgres: Postgres | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    clients = Clients(server.base, server.site.door, who)
    rate = None
    if "saturation" in only or "half" in only:
        found |= _saturation(server, clients, who, load)
        rate = found["saturation"]["per_second"]
    if "half" in only and rate:
        found["half"] = clients.arrive(rate / 2, load.seconds).told() | {
            "asked": round(rate / 2, 2)
        }
    if "overload" in only:
        found["overload"] = _overload(server, clients, load)
    if "chaos" in only:
        found["chaos"] = Chaos(server, who, postgres).run(load.clients // 2, load.pause)
    return found


def _enrol(server: Server, who: Sequence[Person]) -> dict[str, Any]:
    headers = FORM | {"Authorization": f"Bearer {server.site.admin}"}
    with httpx.Client(base_url=server.base, headers=headers, timeout=60) as client:
        begun = time.perf_counter()
        for one in who:
            answer = client.post("/v1/subjects", content=one.reference.form(one.name))
            if answer.status_code != 201:
                raise SystemExit(f"enrolment failed: {answer.text}")
        seconds = time.perf_counter() - begun
    return {"subjects": len(who), "one_after_another_per_second": round(len(who) / seconds, 2)}


def _saturation(
    server: Server, clients: Clients, who: Sequence[Person], load: Load
) -> dict[str, Any]:
    """In turns, so that a slow spell of the machine hits both alike."""
    bench = Cores([one.probes[0].given for one in who], server.workers)
    bench.measure(1.0)
    alone, ratios, rounds = [], [], []
    try:
        for _ in range(load.rounds):
            alone.append(bench.measure(load.seconds))
            rounds.append(_busy(server, clients, load))
            ratios.append(rounds[-1]["per_second"] / alone[-1])
    finally:
        bench.close()
    middle = sorted(rounds, key=lambda one: float(one["per_second"]))[len(rounds) // 2]
    return {
        "extraction": {"per_second": round(median(alone), 2), "runs": _rounded(alone)},
        "saturation": {
            "clients": load.clients, "ratio": round(median(ratios), 3), "ratios": _rounded(ratios),
            **middle,
        },
    }  # fmt: skip


def _busy(server: Server, clients: Clients, load: Load) -> dict[str, Any]:
    """One round of saturation, and whose processor time it took for each answer."""
    pids = {"server": [server.pid], "workers": server.worker_pids(), "clients": [os.getpid()]}

    def watch() -> dict[str, float]:
        return {name: sum(map(cpu_seconds, some)) for name, some in pids.items()}

    answers = clients.saturate(load.clients, load.seconds, watch)
    return answers.told() | {
        "cpu_milliseconds_an_answer": {
            name: round(1000 * seconds / max(1, len(answers.answered)), 1)
            for name, seconds in answers.spent.items()
        }
    }


def _overload(server: Server, clients: Clients, load: Load) -> dict[str, Any]:
    pids = [server.pid, *server.worker_pids()]

    def memory() -> dict[str, float]:
        of_workers = [round(resident(pid)) for pid in pids[1:]]
        return {"server_mib": round(resident(pids[0])), "largest_worker_mib": max(of_workers)}

    before, queue, waits = memory(), [], []
    with ThreadPoolExecutor(1) as beside, httpx.Client(base_url=server.base, timeout=60) as client:
        running = beside.submit(clients.saturate, load.crowd, load.seconds)
        while not running.done():
            asked = time.perf_counter()
            headers = {"Authorization": f"Bearer {server.site.admin}"}
            answer = client.get("/v1/summary", headers=headers)
            waits.append(time.perf_counter() - asked)
            queue.append(int(answer.json()["queue"]))
            time.sleep(0.25)
        answers = running.result()
    return {
        "clients": load.crowd,
        **answers.told(),
        "most_at_workers_or_waiting": max(queue),
        "summary_seconds": percentiles(waits),
        "memory_before": before,
        "memory_after": memory(),
    }


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(one, 3) for one in values]


def _show(results: dict[str, Any]) -> None:
    """One row a measurement; the whole is in the JSON."""
    table = Table(title="The service under load", caption="Seconds; cores: " + str(cores()))
    titles = (
        "Database",
        "Measured",
        "Answers/s",
        "p50",
        "p95",
        "p99",
        "Refused in (p99)",
        "Statuses",
    )
    for title in titles:
        table.add_column(title, justify="left" if title in titles[:2] else "right")
    chaos = Table(title="Killed under load")
    for title in ("Database", "What", "First answer after", "Else"):
        chaos.add_column(title, overflow="fold")
    for kind, found in results["measured"].items():
        if "extraction" in found:
            table.add_row(kind, "extraction alone", str(found["extraction"]["per_second"]))
        for name in ("saturation", "half", "overload"):
            if name in found:
                table.add_row(kind, _titled(name, found[name]), *_cells(found[name]))
        for name, one in found.get("chaos", {}).items():
            rest = one if not isinstance(one, dict) else {
                key: value for key, value in one.items() if key != "first_answer_seconds"
            }  # fmt: skip
            first = one.get("first_answer_seconds", "") if isinstance(one, dict) else ""
            chaos.add_row(kind, name, str(first), json.dumps(rest))
    console = Console()
    for shown in (table, chaos):
        if shown.rows:
            console.print(shown)


def _titled(name: str, found: dict[str, Any]) -> str:
    return f"{name} ({found['ratio']:.0%} of extraction)" if "ratio" in found else name


def _cells(found: dict[str, Any]) -> list[str]:
    latency, refusal = found["latency_seconds"] or {}, found["refusal_seconds"] or {}
    statuses = ", ".join(f"{count} x {status}" for status, count in found["statuses"].items())
    return [
        str(found["per_second"]),
        *(str(latency.get(one, "")) for one in ("p50", "p95", "p99")),
        str(refusal.get("p99", "")),
        statuses,
    ]


def main() -> None:
    """Measure, print a table, and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=Load.seconds, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=Load.rounds)
    parser.add_argument("--subjects", type=int, default=64)
    parser.add_argument("--clients", type=int, default=Load.clients, help="at saturation")
    parser.add_argument("--crowd", type=int, default=Load.crowd, help="clients at overload")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--pause", type=float, default=Load.pause, help="seconds beside each kill")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--data", type=Path, help="labelled pairs of real people; else synthetic")
    parser.add_argument("--scratch", type=Path, help="on the disk to be measured; else here")
    parser.add_argument("--out", type=Path, default=Path("runs/service_load.json"))
    given = parser.parse_args()
    load = Load(given.seconds, given.rounds, given.clients, given.crowd, given.pause)
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    who = people(given.subjects, given.workers, given.data)
    results: dict[str, Any] = {
        "machine": platform.platform(),
        "cores": cores(),
        "workers": given.workers,
        "synthetic": given.data is None,
        "subjects": len(who),
        "picture_bytes": {
            "face": round(median(len(one.reference.face) for one in who)),
            "iris": round(median(len(one.reference.iris) for one in who)),
        },
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in _PACKAGES},
        "measured": {},
    }
    for kind in kinds:
        # On a disk, not a file system in memory.
        with TemporaryDirectory(dir=given.scratch or Path.cwd()) as folder:
            Path(folder).chmod(0o755)  # PostgreSQL has an account of its own
            results["measured"][kind] = measure(
                kind, Path(folder), who, given.workers, load, given.only
            )
    _show(results)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
