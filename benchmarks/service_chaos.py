"""Processes are killed under load: what was acknowledged stays, and the service comes back."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.service_clients import Clients
from benchmarks.service_people import FORM, Person
from benchmarks.service_running import Postgres, Server, alive

_LONGEST = 60.0
_POLL = 0.05


@dataclass
class Writer:
    """Enrols new subjects all the time, and notes which were acknowledged.

    Attributes:
        server: asked.
        people: whose pictures are used, under new names.
        acknowledged: names that were answered by 201.
        statuses: other answers.
    """

    server: Server
    people: Sequence[Person]
    acknowledged: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    async def write(self, going: Callable[[], bool]) -> None:
        """Until told otherwise; what is not answered is sent again under the same key."""
        headers = FORM | {"Authorization": f"Bearer {self.server.site.admin}"}
        number = 0
        async with httpx.AsyncClient(timeout=_LONGEST) as client:
            while going():
                name = f"new-{number}"
                once = {"Idempotency-Key": f"enrolment-{number}"}
                form = self.people[number % len(self.people)].reference.form(name)
                status = await self._send(client, form, headers | once)
                if status == 201:
                    self.acknowledged.append(name)
                if status != 503 and status != 0:
                    number += 1
                else:
                    await asyncio.sleep(0.2)

    async def _send(self, client: httpx.AsyncClient, form: bytes, headers: dict[str, str]) -> int:
        try:
            url = f"{self.server.base}/v1/subjects"
            status = (await client.post(url, content=form, headers=headers)).status_code
        except httpx.TransportError:
            status = 0
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status


class Chaos:
    """Kills, one after another, under load.

    Args:
        server: the service.
        people: enrolled, who verify themselves.
        postgres: its database's server, where it has one.
    """

    def __init__(self, server: Server, people: Sequence[Person], postgres: Postgres | None) -> None:
        self._server, self._people, self._postgres = server, people, postgres
        self._clients = Clients(server.base, server.site.door, people)
        self._writer = Writer(server, people)

    def run(self, clients: int, pause: float, idle: bool = True) -> dict[str, Any]:
        """What came of it.

        Args:
            clients: that verify all the time.
            pause: seconds of load between two kills.
            idle: also kill a worker that has nothing to do.
        """
        found: dict[str, Any] = {}
        if idle:
            found["idle worker"] = asyncio.run(self._idle())
        found |= asyncio.run(self._loaded(clients, pause))
        return found | asyncio.run(self._checked())

    async def _idle(self) -> dict[str, Any]:
        """Every worker killed while there is nothing to do: the next request is served."""
        for pid in self._server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(1.0)
        self._clients.asking = True
        begun = time.monotonic()
        one = asyncio.create_task(self._clients.client(0))
        seconds = await self._first(begun)
        self._clients.asking = False
        await one
        return {"first_answer_seconds": seconds}

    async def _loaded(self, clients: int, pause: float) -> dict[str, Any]:
        kills: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "worker": lambda: self._workers(1),
            "all workers": lambda: self._workers(self._server.workers),
            "server": self._server_killed,
        }
        if self._postgres is not None:
            kills["postgres"] = self._postgres_killed
        self._clients.asking = True
        running = [asyncio.create_task(self._clients.client(one)) for one in range(clients)]
        running.append(asyncio.create_task(self._writer.write(lambda: self._clients.asking)))
        found = {}
        for name, kill in kills.items():
            await asyncio.sleep(pause)
            before = self._clients.answers.statuses.copy()
            begun = time.monotonic()
            found[name] = await kill()
            found[name]["first_answer_seconds"] = await self._first(begun)
            await asyncio.sleep(pause)
            since = self._clients.answers.statuses - before
            found[name]["statuses"] = {str(one): count for one, count in sorted(since.items())}
        self._clients.asking = False
        await asyncio.gather(*running)
        return found

    async def _workers(self, count: int) -> dict[str, Any]:
        before = self._server.worker_pids()
        for pid in before[:count]:
            os.kill(pid, signal.SIGKILL)

        def replaced() -> bool:
            now = self._server.worker_pids()
            return len(now) == len(before) and not set(before[:count]) & set(now)

        return {"killed": count, "replaced_seconds": await _until(replaced)}

    async def _server_killed(self) -> dict[str, Any]:
        orphans = self._server.worker_pids()
        os.kill(self._server.pid, signal.SIGKILL)
        gone = await _until(lambda: not any(alive(pid) for pid in orphans))
        left = sum(alive(pid) for pid in orphans)
        return {"orphans_left": left, "orphans_gone_seconds": gone}

    async def _postgres_killed(self) -> dict[str, Any]:
        assert self._postgres is not None
        begun = time.monotonic()
        await asyncio.to_thread(self._postgres.kill)
        await asyncio.to_thread(self._postgres.start)
        return {"database_back_seconds": round(time.monotonic() - begun, 2)}

    async def _first(self, since: float) -> float | None:
        """Seconds until the first answer to a request that was sent after that time."""

        def later() -> list[float]:
            return [came for asked, came in self._clients.answers.times if asked > since]

        await _until(lambda: bool(later()))
        return round(min(later()) - since, 2) if later() else None

    async def _checked(self) -> dict[str, Any]:
        """Everybody who was acknowledged must be there, and the audit must be whole."""
        headers = {"Authorization": f"Bearer {self._server.site.admin}"}
        there: set[str] = set()
        after: int | None = 0
        async with httpx.AsyncClient(
            base_url=self._server.base, headers=headers, timeout=600
        ) as client:
            while after is not None:
                page = await client.get("/v1/subjects", params={"after": after, "limit": 200})
                there |= {one["subject"] for one in page.raise_for_status().json()["subjects"]}
                after = page.json()["next"]
            audit = (await client.post("/v1/audit/verify")).raise_for_status().json()
        known = {*self._writer.acknowledged, *(one.name for one in self._people)}
        return {
            "enrolments_acknowledged": len(self._writer.acknowledged),
            "enrolments_lost": len(known - there),
            "enrolment_statuses": {
                str(status): count for status, count in sorted(self._writer.statuses.items())
            },
            "audit": {"ok": audit["ok"], "events": audit["events"]},
        }


async def _until(met: Callable[[], bool]) -> float | None:
    """Seconds until something holds; None where it never does."""
    begun = time.monotonic()
    while time.monotonic() < begun + _LONGEST:
        if met():
            return round(time.monotonic() - begun, 2)
        await asyncio.sleep(_POLL)
    return None
