"""How worker processes begin, and how this one is shut off from them."""

import ctypes
import multiprocessing
import sys
from contextlib import suppress
from typing import Any

# What workers need, of which some is loaded late elsewhere. Not ONNX Runtime: it makes a thread.
_WORKERS = (
    "twofold.service.worker",
    "twofold.face.extraction",
    "twofold.iris.classical",
    "twofold.iris.segmentation_network",
)
_PR_SET_DUMPABLE = 4


def context() -> Any:
    """By a fork of a process that has no threads and has imported all, where there is such a thing,
    so that a new worker is there at once."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([*_WORKERS])
    return found


def preload() -> None:
    """Begin the process that workers are forks of, without waiting until it has imported all."""
    if context().get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()


def shut() -> None:
    """Keep other processes of the same user out of this one's memory, and memory out of files.

    A worker that a crafted picture has taken over runs as the same user, and could otherwise read
    the gallery's keys by ptrace or /proc/PID/mem. Workers begin with an exec, which undoes it for
    them. Linux only; core dumps are off everywhere but on Windows.
    """
    with suppress(ImportError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
