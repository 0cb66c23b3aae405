"""Run as a process of its own, once for all tests: forks children that do one thing at once.

A task on standard input is `lockout URL CHILDREN` or `rates URL CHILDREN`: each child opens the
database, waits for the others, tries `TRIES` times, and says how many attempts got in. After the
last one `end` is said, with how many children failed.
"""

import os
import sys
import traceback

from twofold.gallery.store.database import Database
from twofold.service.lockout import LockedError, Lockout
from twofold.service.rates import Limit, Rates

NOW = 2_000_000_000.0
TRIES = 6
SUBJECT = 7


def lockout(database: Database) -> int:
    """Attempts that were begun, and of which nothing was heard again."""
    count = 0
    one = Lockout(database, lambda: NOW)
    for _ in range(TRIES):
        try:
            one.begin(SUBJECT)
        except LockedError:
            continue
        count += 1
    return count


def rates(database: Database) -> int:
    """Requests that were let in."""
    one = Rates(database, lambda: NOW)
    return sum(one.take(Limit("one bucket", 60.0, 10)) == 0.0 for _ in range(TRIES))


def child(task: str, url: str, start: int) -> None:
    """Do a task once the pipe is closed, and say the result in one write."""
    database = Database(url)
    with database.reading():
        pass
    os.read(start, 1)
    got = {"lockout": lockout, "rates": rates}[task](database)
    os.write(1, f"{got}\n".encode())


def serve() -> None:
    """Do one task after another."""
    os.write(1, b"ready\n")
    for line in sys.stdin:
        task, url, count = line.split()
        start, go = os.pipe()
        children = []
        for _ in range(int(count)):
            children.append(os.fork())
            if children[-1] == 0:
                os.close(go)
                try:
                    child(task, url, start)
                    os._exit(0)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
        os.close(go)
        os.close(start)
        failed = sum(os.waitpid(one, 0)[1] != 0 for one in children)
        os.write(1, f"end {failed}\n".encode())


if __name__ == "__main__":
    serve()
