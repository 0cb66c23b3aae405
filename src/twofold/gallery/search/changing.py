"""A change of an index is seen whole or not at all, also where it fails half way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Undo = list[Callable[[], object]]


@contextmanager
def all_or_nothing(published: Callable[[], bool]) -> Iterator[Undo]:
    """Take back what was done where an error comes before the change was published.

    Args:
        published: whether searches can see the change already; then it stays.

    Yields:
        A list for the steps that take each step back; they are called from the last to the first.
    """
    undo: Undo = []
    try:
        yield undo
    except BaseException:  # want of memory, and the user's Ctrl-C
        if not published():
            while undo:
                undo.pop()()
        raise
