"""Clients of the service: at saturation each asks again at once, at half load requests arrive by
chance whether or not others are answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from benchmarks.service_people import FORM, Person

WARMING = 2.0
_PATIENCE = 60.0
_BROKEN = 0  # counted as this status: no answer


@dataclass
class Answers:
    """What clients got in a while.

    Attributes:
        seconds: it lasted.
        answered: seconds of each 200, from the first try on where there were several.
        refused: seconds until each 429 or 503.
        statuses: of all answers; 0 for none.
        matches: verifications that matched.
        times: when each 200 was asked for and had come, monotonic.
        spent: seconds of processor time meanwhile, of what was watched.
    """

    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    matches: int = 0
    times: list[tuple[float, float]] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """For the result."""
        return {
            "seconds": round(self.seconds, 1),
            "answered": len(self.answered),
            "per_second": round(len(self.answered) / self.seconds, 2),
            "matches": self.matches,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "latency_seconds": percentiles(self.answered),
            "refusal_seconds": percentiles(self.refused),
        }


class Clients:
    """Clients with a connection each.

    Args:
        base: URL of the service.
        key: API key.
        people: whom they verify; client n is person n.
    """

    def __init__(self, base: str, key: str, people: Sequence[Person]) -> None:
        self._base, self._people = base, people
        self._headers = FORM | {"Authorization": f"Bearer {key}"}
        self.answers = Answers()
        self.asking = True

    def saturate(
        self, clients: int, seconds: float, watch: Callable[[], dict[str, float]] = dict
    ) -> Answers:
        """So many clients, each asking again as soon as it is answered, or may after a refusal.

        Args:
            clients: at once.
            seconds: that are counted, after a while to warm up.
            watch: tells processor times, in seconds.
        """

        async def run() -> Answers:
            self.asking = True
            running = [asyncio.create_task(self.client(number)) for number in range(clients)]
            await asyncio.sleep(WARMING)
            self.answers = Answers()
            begun, before = time.monotonic(), watch()
            await asyncio.sleep(seconds)
            found, self.answers = self.answers, Answers()
            found.seconds = time.monotonic() - begun
            found.spent = {name: after - before[name] for name, after in watch().items()}
            self.asking = False
            await asyncio.gather(*running)
            return found

        return asyncio.run(run())

    def arrive(self, per_second: float, seconds: float) -> Answers:
        """Requests that arrive by chance, so many a second, whether or not others are answered."""

        async def run() -> Answers:
            self.answers = found = Answers()
            gaps = np.random.default_rng(1).exponential(1 / per_second, round(per_second * seconds))
            begun = time.monotonic()
            limits = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(limits=limits, timeout=_PATIENCE) as client:
                running = []
                for number, due in enumerate(begun + np.cumsum(gaps)):
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    running.append(asyncio.create_task(self._ask(client, number, due)))
                await asyncio.gather(*running)
            found.seconds = time.monotonic() - begun
            return found

        return asyncio.run(run())

    async def client(self, number: int) -> None:
        """One client, until `asking` ends."""
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits, timeout=_PATIENCE) as client:
            while self.asking:
                await self._ask(client, number, time.monotonic())

    async def _ask(self, client: httpx.AsyncClient, number: int, begun: float) -> None:
        """One verification, tried again while it is refused; `begun` is when it was due."""
        forms = self._people[number % len(self._people)].forms
        form = forms[number // len(self._people) % len(forms)]
        while True:
            asked = time.monotonic()
            try:
                answer = await client.post(
                    f"{self._base}/v1/verify", content=form, headers=self._headers
                )
            except httpx.TransportError:
                self.answers.statuses[_BROKEN] += 1
                await asyncio.sleep(0.1)
                if not self.asking:
                    return
                continue
            came = time.monotonic()
            found = self.answers
            found.statuses[answer.status_code] += 1
            if answer.status_code in (429, 503):
                found.refused.append(came - asked)
                if not self.asking:
                    return
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            if answer.status_code == 200:
                found.answered.append(came - begun)
                found.times.append((asked, came))
                found.matches += bool(answer.json()["match"])
            return


def percentiles(seconds: Sequence[float]) -> dict[str, float] | None:
    """Of times; None where there are none."""
    if not seconds:
        return None
    shares = {"p50": 50, "p95": 95, "p99": 99, "most": 100}
    return {name: round(float(np.percentile(seconds, one)), 4) for name, one in shares.items()}
