"""Broken and hostile uploads are refused in the one shape; nothing leaks, stays or falls over."""

import base64
import logging
import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.service.serving import Served
from tests.service.uploads import Upload, upload

FEW, FIRST, MANY = 200, 500, 5_000
LEAKS = re.compile(
    r"Traceback|site-packages|\.py\b|/(work|home|root|tmp|usr|var|etc)/|object at 0x|"
    r"\b(Type|Value|Key|Attribute|Index|Unicode\w+|Runtime|Assertion|OS|Memory)Error\b"
)
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def send(served: Served, numbers: Iterable[int]) -> dict[int, int]:
    """Send uploads, four at once; how often each status came back."""
    statuses: dict[int, int] = {}
    with served.http() as http, ThreadPoolExecutor(4) as pool:

        def one(number: int) -> int:
            given = upload(number)
            headers = {"Content-Type": given.content_type.encode("latin-1")}
            answer = http.post(given.path, content=given.body, headers=headers)
            check(number, given, answer)
            if answer.status_code == 201:
                http.delete(answer.headers["location"]).raise_for_status()
            return answer.status_code

        for status in pool.map(one, numbers):
            statuses[status] = statuses.get(status, 0) + 1
    return statuses


def check(number: int, given: Upload, answer: httpx.Response) -> None:
    told = f"upload {number} ({given.kind}, {given.path}): {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, told
    body = answer.json()
    if answer.status_code >= 400:
        assert set(body) == {"error", "request_id"} and body["error"]["message"].strip(), told
    assert not LEAKS.search(answer.text), told
    assert len(answer.content) < 20_000, told


def test_bad_uploads_are_refused_and_leave_nothing_behind(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.INFO):
        statuses = send(served, range(FEW))
    assert {200, 400, 415, 422} <= set(statuses)
    assert not list(tmp_path.iterdir()) and not list(served.temporary.iterdir())
    printed = capfd.readouterr()
    logged = caplog.text + printed.out + printed.err
    assert "Traceback" not in logged
    secrets = [upload(number).secret for number in range(FEW)]
    for secret in [one for one in secrets if len(set(one)) > 8]:
        text = secret.decode("latin-1")
        assert text not in logged and base64.b64encode(secret)[4:-4].decode() not in logged
    assert all(key not in logged for key in served.keys.values())


def memory() -> int:
    """Bytes that the service and its workers hold."""
    processes = [os.getpid(), *(one.pid for one in multiprocessing.active_children())]
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in processes]
    return sum(pages) * _PAGE


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs Linux' /proc")
def test_five_thousand_bad_uploads_hold_no_memory(served: Served) -> None:
    send(served, range(FIRST))
    before = memory()
    send(served, range(FIRST, MANY))
    assert memory() < 1.1 * before, f"{before / 2**20:.0f} to {memory() / 2**20:.0f} MiB"
