"""Run as a process of its own, once for all tests: forks children that use one gallery at a time.

Each line on standard input is a task. `enrol URL NUMBER`: a child enrols, updates and erases
without end, and says on standard output what was acknowledged, until it is killed. `together URL`:
writers and readers at once.
"""

import os
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory

from tests.gallery.conftest import KEY
from tests.gallery.people import person, recognizer
from twofold.gallery import Enrolment, Gallery, NewSubject

BATCH = 6
WRITERS, READERS, SUBJECTS, ROUNDS = 4, 2, 2, 3


def opened(url: str) -> Gallery:
    return Gallery.open(url, key=KEY, recognizer=recognizer(), actor=f"process {os.getpid()}")


def say(text: str) -> None:
    """One write, so that a line is there whole or not at all."""
    os.write(1, f"{text}\n".encode())


def enrol(url: str, number: int) -> None:
    """Enrol, update and erase until killed."""
    gallery = opened(url)
    for batch in range(10_000):
        first = batch * BATCH
        people = [
            NewSubject(f"{number}-{place}", person(place)) for place in range(first, first + BATCH)
        ]
        for made in gallery.enroll_many(people, duplicates="allow", batch=BATCH):
            assert isinstance(made, Enrolment)
            say(f"enrolled {made.subject.name}")
        gallery.update(f"{number}-{first}", person(first, sample=1))
        say(f"updated {number}-{first}")
        say(f"erasing {number}-{first + 1}")
        gallery.delete(f"{number}-{first + 1}")
        say(f"erased {number}-{first + 1}")


def serve() -> None:
    """Do one task after another; what takes long is done once, before the forks."""
    with TemporaryDirectory() as folder, opened(f"{folder}/people.gallery") as gallery:
        gallery.enroll("Ada", person(1), duplicates="allow")
        gallery.update("Ada", person(1, 1))
        gallery.verify("Ada", person(1, 2))
    say("ready")
    for line in sys.stdin:
        task, url, *rest = line.split()
        if task == "enrol":
            child = _forked(enrol, url, int(rest[0]))
            say(f"started {child}")
            say(f"gone {os.waitpid(child, 0)[1]}")
        else:
            say(f"failed {together(url)}")


def write(url: str, number: int) -> None:
    """Add references to the same subjects as the others do."""
    gallery = opened(url)
    for one in range(ROUNDS):
        for subject in range(SUBJECTS):
            sample = 1 + number * ROUNDS + one
            gallery.update(f"subject {subject}", person(subject, sample, eyes=()))
        gallery.enroll(f"writer {number}, {one}", person(100 + number * ROUNDS + one))
    gallery.close()


def read(url: str, number: int) -> None:
    """Look and decide meanwhile: always a whole subject, never fewer references than before."""
    gallery = opened(url)
    seen = 0
    for one in range(ROUNDS):
        subject = f"subject {one % SUBJECTS}"
        template = gallery.template(subject)
        assert template.faces[0] == person(one % SUBJECTS).faces[0]
        assert gallery.verify(subject, person(one % SUBJECTS, 999)).match
        best = gallery.identify(person(one % SUBJECTS, 998)).best
        assert best is not None
        assert best.subject == subject
        assert len(gallery) >= seen
        seen = len(gallery)
    gallery.close()


def together(url: str) -> int:
    """How many children failed."""
    first = _forked(begin, url, 0)
    failed = os.waitpid(first, 0)[1] != 0
    children = [_forked(write, url, number) for number in range(WRITERS)]
    children += [_forked(read, url, number) for number in range(READERS)]
    return failed + sum(os.waitpid(child, 0)[1] != 0 for child in children)


def begin(url: str, number: int) -> None:
    """Enrol whom the others work on."""
    with opened(url) as gallery:
        for subject in range(SUBJECTS):
            gallery.enroll(f"subject {subject}", person(subject))


def _forked(act: Callable[[str, int], None], url: str, number: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            act(url, number)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    return child


if __name__ == "__main__":
    serve()
