"""Several processes, and processes that are killed: nothing acknowledged is lost, nothing half."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gallery import processes
from tests.gallery.conftest import Open
from tests.gallery.people import person

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX's fork and SIGKILL")


def _killed_again_and_again(url: str, times: int) -> tuple[set[str], set[str], set[str], set[str]]:
    """Names that were acknowledged as enrolled, updated, about to be erased, and erased."""
    told: dict[str, set[str]] = {
        "enrolled": set(), "updated": set(), "erasing": set(), "erased": set(),
    }  # fmt: skip
    rng = random.Random(7)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gallery.processes", "enrol", url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as worker:  # fmt: skip
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        for number in range(times):
            worker.stdin.write(f"{number}\n")
            worker.stdin.flush()
            word, child = worker.stdout.readline().split()
            assert word == "started"
            # Wherever it stands: while it opens, or so many acknowledgements on, and a bit.
            for _ in range(rng.choice([0, 1, 5, 6, 7, 8, 9, 10])):
                word, name = worker.stdout.readline().split()
                told[word].add(name)
            time.sleep(rng.uniform(0.0, 0.04))
            os.kill(int(child), signal.SIGKILL)
            while True:
                word, name = worker.stdout.readline().split()
                if word == "gone":
                    assert int(name) == signal.SIGKILL
                    break
                told[word].add(name)
        worker.stdin.close()
    return told["enrolled"], told["updated"], told["erasing"], told["erased"]


def _killed(url: str, open_gallery: Open, times: int) -> None:
    enrolled, updated, erasing, erased = _killed_again_and_again(url, times)
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


def test_ten_kills_lose_nothing_acknowledged(url: str, open_gallery: Open) -> None:
    _killed(url, open_gallery, 10)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_acknowledged(url: str, open_gallery: Open) -> None:
    _killed(url, open_gallery, 100)


def test_writers_and_readers_at_once_lose_no_update(url: str, open_gallery: Open) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gallery.processes", "together", url],
        cwd=ROOT, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
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
