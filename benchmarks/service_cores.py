"""What the cores can do: the service's own worker code in several processes, without HTTP."""

import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from benchmarks.service_people import LIMITS, MODEL
from twofold.service import worker
from twofold.service.samples import Given


class Cores:
    """Processes that extract without end while they are asked to.

    Args:
        people: pictures of each.
        processes: as many as the service has workers.
    """

    def __init__(self, people: Sequence[list[Given]], processes: int) -> None:
        context = get_context("spawn")
        self._pipes, self._processes = [], []
        for number in range(processes):
            ours, theirs = context.Pipe()
            one = context.Process(target=_work, args=(theirs, list(people), number), daemon=True)
            one.start()
            self._pipes.append(ours)
            self._processes.append(one)
        for pipe in self._pipes:
            pipe.recv()

    def measure(self, seconds: float) -> float:
        """People a second, all processes together."""
        for pipe in self._pipes:
            pipe.send(seconds)
        return sum(float(pipe.recv()) for pipe in self._pipes)

    def close(self) -> None:
        """End them."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(None)
            process.join()


def _work(pipe: Connection, people: list[list[Given]], first: int) -> None:
    worker.begin(MODEL, LIMITS)
    pipe.send(True)
    while (seconds := pipe.recv()) is not None:
        done, begun = 0, time.perf_counter()
        while time.perf_counter() < begun + seconds:
            worker.extract(people[(first + done) % len(people)], "probe")
            done += 1
        pipe.send(done / (time.perf_counter() - begun))
