"""Several processes, and processes that are killed: nothing acknowledged is lost, nothing half."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gallery import processes
from tests.gallery.conftest import Open
from tests.gallery.people import person

Worker = subprocess.Popen[str]
ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX's fork and SIGKILL")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """`tests.gallery.processes`, ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gallery.processes"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield running
        running.stdin.close()


def _ask(worker: Worker, task: str) -> list[str]:
    """Give a task; the words of the answer."""
    assert worker.stdin is not None
    worker.stdin.write(f"{task}\n")
    worker.stdin.flush()
    return _told(worker)


def _told(worker: Worker) -> list[str]:
    assert worker.stdout is not None
    return worker.stdout.readline().split()


def _killed_again_and_again(worker: Worker, url: str, times: int) -> dict[str, set[str]]:
    """Names that were told as "enrolled", "updated", "erasing" (about to be) and "erased"."""
    told: dict[str, set[str]] = {
        "enrolled": set(), "updated": set(), "erasing": set(), "erased": set(),
    }  # fmt: skip
    rng = random.Random(7)
    for number in range(times):
        word, child = _ask(worker, f"enrol {url} {number}")
        assert word == "started"
        # Wherever it stands: while it opens, or so many acknowledgements on, and a bit.
        for _ in range(rng.choice([0, 1, 5, 6, 7, 8, 9, 10])):
            word, name = _told(worker)
            told[word].add(name)
        time.sleep(rng.uniform(0.0, 0.04))
        os.kill(int(child), signal.SIGKILL)
        while (answer := _told(worker))[0] != "gone":
            told[answer[0]].add(answer[1])
        assert int(answer[1]) == signal.SIGKILL
    return told


def _killed(worker: Worker, url: str, open_gallery: Open, times: int) -> None:
    told = _killed_again_and_again(worker, url, times)
    enrolled, updated, erasing, erased = told.values()
    assert len(enrolled) > times
    assert updated
    assert erased
    gallery = open_gallery()
    there = {one.name: one for one in gallery.subjects()}
    assert enrolled - erasing <= set(there), "acknowledged and lost"
    assert not erased & set(there), "erased and still there"
    for name, subject in there.items():
        number = int(name.partition("-")[2])
        template = gallery.template(name)
        if subject.references == 1:
            assert name not in updated
            assert template == person(number)
        else:
            assert template == person(number).merged(person(number, sample=1))
    report = gallery.verify_audit()
    assert report.ok, report.problems
    events = gallery.audit(limit=10**6, action="enrol")
    assert len(events) >= len(enrolled)
    gallery.enroll("Ada", person(99_999))


def test_ten_kills_lose_nothing_acknowledged(worker: Worker, url: str, open_gallery: Open) -> None:
    _killed(worker, url, open_gallery, 10)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_acknowledged(
    worker: Worker, url: str, open_gallery: Open
) -> None:
    _killed(worker, url, open_gallery, 100)


def test_writers_and_readers_at_once_lose_no_update(
    worker: Worker, url: str, open_gallery: Open
) -> None:
    assert _ask(worker, f"together {url}") == ["failed", "0"]
    gallery = open_gallery()
    added = processes.WRITERS * processes.ROUNDS
    for subject in range(processes.SUBJECTS):
        assert gallery.get(f"subject {subject}").revision == 1 + added
        faces = gallery.template(f"subject {subject}").faces
        expected = {person(subject, sample).faces[0] for sample in range(1 + added)}
        assert len(faces) == 1 + added
        assert set(faces) == expected
    assert len(gallery) == processes.SUBJECTS + added
    report = gallery.verify_audit()
    assert report.ok, report.problems
    decisions = 2 * processes.ROUNDS * processes.READERS
    assert report.events == 1 + 2 * processes.SUBJECTS - processes.SUBJECTS + (
        added * processes.SUBJECTS + added + decisions
    )
