"""The pool: what hangs is ended, what crashes is replaced, who comes too late is refused."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import misbehaving
from tests.service.serving import eye_png, face_png, often
from twofold.service.errors import ApiError
from twofold.service.extraction import Extraction
from twofold.service.metrics import Metrics
from twofold.service.samples import Given
from twofold.template import Template


@pytest.fixture(scope="module")
def pool() -> Iterator[tuple[Extraction, Metrics]]:
    """One worker, one place to wait, 2 seconds."""
    metrics = Metrics()
    made = Extraction(often(workers=1, queue=1, extraction_seconds=2.0), "sface", metrics)
    asyncio.run(made.begin())
    yield made, metrics
    made.close()


def ask(pool: Extraction, work: Callable[..., Any], content: bytes = b"") -> Any:
    return asyncio.run(pool._admitted(work, [Given("face", 0, content)], "probe"))


def test_pictures_to_a_template(pool: tuple[Extraction, Metrics]) -> None:
    given = [
        Given("face", 0, face_png(0)), Given("left", 0, eye_png(0), "nir"),
        Given("face", 1, b"nothing"), Given("right", 0, face_png(0)),
    ]  # fmt: skip
    found = asyncio.run(pool[0].extract(given, "probe"))
    assert found.template is not None
    template = Template.from_bytes(found.template)
    assert len(template.faces) == len(template.irises) == 1
    assert template.irises[0].eye == "left"
    assert template.irises[0].light == "nir"
    assert [(one.field, one.number) for one in found.refusals] == [("face", 1), ("right", 0)]
    assert [one.unreadable for one in found.refusals] == [True, False]
    assert "bytes" not in found.refusals[0].message


def test_a_hanging_decoder_is_ended(pool: tuple[Extraction, Metrics]) -> None:
    made, _ = pool
    with pytest.raises(ApiError) as refused:
        ask(made, misbehaving.hang)
    assert (refused.value.status, refused.value.code) == (422, "too_slow")
    assert made.taken == 0
    found = asyncio.run(made.judge([Given("face", 0, face_png(1))], "enrol"))
    assert found[0].face is not None, "a new worker has come"


def test_a_crash_is_not_the_end(pool: tuple[Extraction, Metrics], tmp_path: Path) -> None:
    made, metrics = pool
    before = metrics.replaced._value.get()
    with pytest.raises(ApiError) as refused:
        ask(made, misbehaving.crash)
    assert (refused.value.status, refused.value.code) == (422, "image")
    assert ask(made, misbehaving.crash_once, str(tmp_path / "mark").encode()) == 1
    assert metrics.replaced._value.get() == before + 3  # twice, and once
    assert made.alive


def test_a_worker_that_dies_with_nothing_to_do_is_replaced(
    pool: tuple[Extraction, Metrics],
) -> None:
    made, _ = pool
    asyncio.run(made.begin())
    for pid in made._pool._pool_manager.worker_manager.workers:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)  # the pool has noticed
    assert made.alive
    assert asyncio.run(made.judge([Given("face", 0, face_png(1))], "enrol"))[0].face is not None


def test_who_comes_too_late_is_refused_at_once(pool: tuple[Extraction, Metrics]) -> None:
    made, _ = pool

    async def three() -> list[Any]:
        given = [Given("face", 0, b"")]
        begun = time.monotonic()
        first = [
            asyncio.create_task(made._admitted(misbehaving.slow, given, "probe")) for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await made._admitted(misbehaving.slow, given, "probe")
        assert time.monotonic() - begun < 0.5
        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"] == "1"
        return list(await asyncio.gather(*first))

    assert asyncio.run(three()) == [1, 1]
