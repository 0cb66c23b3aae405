"""What a worker process does when a decoder goes wrong; run there by the tests of the pool."""

import os
import signal
import time
from pathlib import Path
from typing import Any


def hang(*_: Any) -> None:
    """Never end."""
    while True:
        time.sleep(1)


def crash(*_: Any) -> None:
    """As a decoder that writes where it must not."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash_once(pictures: list[Any], _: Any) -> int:
    """Die the first time; the content of the one picture is the path of a mark that is left."""
    mark = Path(pictures[0].content.decode())
    if mark.is_dir():
        return 1
    mark.mkdir()
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def slow(*_: Any) -> int:
    """Take a moment."""
    time.sleep(0.6)
    return 1
