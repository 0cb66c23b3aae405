"""The pool of worker processes, and who may wait for them.

Decoders of pictures have had bugs that crash or hang a process. Here each runs in a process that is
ended when it takes too long, and replaced when it dies. As many requests as there are workers are
worked on, a few more may wait, and all others are refused at once.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from twofold.images import Limits
from twofold.service import processes, tasks
from twofold.service.errors import ApiError, busy
from twofold.service.metrics import Metrics
from twofold.service.samples import Extracted, Given, Judged
from twofold.service.settings import ServiceSettings

if TYPE_CHECKING:
    from twofold.recognizer.recognizer import Purpose

_Result = TypeVar("_Result")
_BEGINNING = 120.0  # seconds in which a worker must have its models


class Extraction:
    """Extracts templates of untrusted pictures. Used from the event loop.

    Args:
        settings: limits.
        face_model: name of the embedder's card.
        metrics: that count workers lost.

    Attributes:
        metrics: the same.
    """

    def __init__(self, settings: ServiceSettings, face_model: str, metrics: Metrics) -> None:
        self._settings, self.metrics = settings, metrics
        self._places = settings.places
        self._taken = 0
        self._ended = False
        limits = Limits(settings.max_picture_bytes, settings.max_pixels)
        self._made = partial(
            ProcessPool, settings.workers, initializer=tasks.begin, initargs=(face_model, limits),
            context=processes.context(),
        )  # fmt: skip
        self._pool: ProcessPool = self._made()

    @property
    def taken(self) -> int:
        """Requests at a worker or waiting for one."""
        return self._taken

    def require_room(self) -> None:
        """Refuse who would be refused anyway, before anything is done for them.

        Raises:
            ApiError: all workers are busy and all places to wait are taken (503).
        """
        if self._taken >= self._places:
            raise busy("all workers are busy. Try again in a moment.")

    def start(self) -> None:
        """Let the workers begin, without waiting for them."""
        threading.Thread(target=self._usable, daemon=True).start()

    async def begin(self) -> None:
        """Wait until a worker has its models."""
        await asyncio.to_thread(self._usable)  # which waits until the processes are there
        await self._run(tasks.ready, (), _BEGINNING)

    def close(self) -> None:
        """End all workers."""
        self._ended = True
        _end(self._pool)

    @property
    def alive(self) -> bool:
        """Whether the pool takes work."""
        return bool(self._usable().active)

    async def extract(self, pictures: Sequence[Given], purpose: "Purpose") -> Extracted:
        """The template of one person.

        Raises:
            ApiError: no worker is free (503), or the pictures crash or hang the decoder (422).
        """
        return await self._admitted(tasks.extract, pictures, purpose)

    async def judge(self, pictures: Sequence[Given], purpose: "Purpose") -> list[Judged]:
        """How fit each picture is; raises as `extract`."""
        return await self._admitted(tasks.judge, pictures, purpose)

    async def _admitted(
        self, work: Callable[..., _Result], pictures: Sequence[Given], purpose: "Purpose"
    ) -> _Result:
        self.require_room()
        self._taken += 1
        self.metrics.extracting.set(self._taken)
        try:
            given = (list(pictures), purpose)
            # Killed from outside, or by a picture: the same pictures, once more, decide it.
            for _ in range(2):
                try:
                    return await self._run(work, given, self._settings.extraction_seconds)
                except (ProcessExpired, BrokenProcessPool):
                    self.metrics.replaced.inc()
            raise ApiError(
                422, "image", "a picture could not be decoded. Save it anew and send that."
            )
        except FutureTimeoutError:
            self.metrics.replaced.inc()
            raise ApiError(
                422, "too_slow",
                f"the pictures took more than {self._settings.extraction_seconds:g} s. Send fewer "
                "or smaller ones.",
            ) from None  # fmt: skip
        finally:
            self._taken -= 1
            self.metrics.extracting.set(self._taken)

    async def _run(
        self, work: Callable[..., _Result], given: tuple[Any, ...], seconds: float
    ) -> _Result:
        try:
            future = self._usable().schedule(work, args=given, timeout=seconds)
        except RuntimeError:
            raise busy("the service is ending or beginning. Try again in a moment.") from None
        return await asyncio.wrap_future(future)

    def _usable(self) -> ProcessPool:
        """The pool, or a new one where it broke: it does when a worker dies that had nothing to
        do."""
        if not self._pool.active and not self._ended:
            threading.Thread(target=_end, args=(self._pool,), daemon=True).start()
            self._pool = self._made()
        return self._pool


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
