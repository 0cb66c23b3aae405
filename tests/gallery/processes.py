"""Run as a process of its own: forks children that use one gallery at the same time.

`python -m tests.gallery.processes enrol URL`: for each number on standard input a child enrols,
updates and erases without end, and says on standard output what was acknowledged, until it is
killed. `python -m tests.gallery.processes together URL`: writers and readers at once.
"""

import os
import sys
from collections.abc import Callable

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


def serve(url: str) -> None:
    """Fork a child for each number that is asked for, and say when it is gone."""
    opened(url).close()  # made once, and everything is imported
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                enrol(url, int(line))
            finally:
                os._exit(1)
        say(f"started {child}")
        _, status = os.waitpid(child, 0)
        say(f"gone {status}")


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
    with opened(url) as gallery:
        for subject in range(SUBJECTS):
            gallery.enroll(f"subject {subject}", person(subject))
    children = [_forked(write, url, number) for number in range(WRITERS)]
    children += [_forked(read, url, number) for number in range(READERS)]
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


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
    if sys.argv[1] == "enrol":
        serve(sys.argv[2])
    else:
        sys.exit(together(sys.argv[2]))
