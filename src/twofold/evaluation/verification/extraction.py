"""Templates of all samples, in one process or several; failures are kept with their reason."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from twofold import images
from twofold.errors import AcquisitionError, ImageError, OptionError
from twofold.evaluation.verification.matcher import Matcher, MatcherFactory

Size = tuple[int, int]
Progress = Callable[[int, int], None]

UNREADABLE = "unreadable"
DEFECT = "defect"
_CHUNK = 4  # pictures handed to a process at a time


@dataclass(frozen=True)
class Failure:
    """Why a sample gave no template: a short stable code, and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True)
class Extracted:
    """What became of one sample.

    Attributes:
        template: as the matcher makes it, or None.
        failure: or None.
        seconds: CPU time of the extraction on one core, decoding the file not counted; None where
            the picture could not be read.
    """

    template: Any
    failure: Failure | None
    seconds: float | None


def extract_all(
    factory: MatcherFactory,
    paths: Sequence[Path],
    *,
    size: Size | None = None,
    jobs: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[Extracted]:
    """Extract the template of every picture.

    Args:
        factory: makes the matcher; must be fit for pickling where `jobs` is more than 1.
        paths: of n pictures.
        size: (height, width) to resize every picture to first.
        jobs: processes; each works on one core. The result is the same whatever their number.
        progress: called with how many are done, and n.

    Returns:
        n results in the order of `paths`.
    """
    done: list[Extracted] = []
    jobs = min(jobs, max(1, len(paths) // _CHUNK))
    with _results(factory, paths, size, jobs) as results:
        for one in results:
            done.append(one)
            progress(len(done), len(paths))
    return done


def read(path: Path, size: Size | None) -> images.Pixels:
    """The picture as it goes into the extraction.

    Raises:
        ImageError: it cannot be read.
    """
    return images.read(path, size=size)


@contextmanager
def _results(
    factory: MatcherFactory, paths: Sequence[Path], size: Size | None, jobs: int
) -> Iterator[Iterator[Extracted]]:
    if jobs == 1:
        matcher, threads = factory(), cv2.getNumThreads()
        cv2.setNumThreads(1)  # so that CPU time is that of one core
        try:
            yield (_extract(matcher, path, size) for path in paths)
        finally:
            cv2.setNumThreads(threads)
        return
    # Spawned, not forked: threads of ONNX Runtime and OpenMP do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, _prepare, (factory, size))
    try:
        yield pool.map(_extract_here, paths, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise OptionError(
            f"--jobs {jobs}: a process that extracts was ended from outside, most likely for want "
            "of memory. Use fewer jobs."
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_here: tuple[Matcher, Size | None] | None = None


def _prepare(factory: MatcherFactory, size: Size | None) -> None:
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process stops them all
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    cv2.setNumThreads(1)
    _here = factory(), size


def _extract_here(path: Path) -> Extracted:
    assert _here is not None, "the process was not prepared"
    return _extract(_here[0], path, _here[1])


def _extract(matcher: Matcher, path: Path, size: Size | None) -> Extracted:
    try:
        pixels = read(path, size)
    except ImageError as error:
        return Extracted(None, Failure(UNREADABLE, _plain(error, path)), None)
    start = time.process_time()
    template, failure = None, None
    try:
        template = matcher.extract(pixels)
    except AcquisitionError as error:
        failure = Failure(error.code, _plain(error, path))
    except ImageError as error:
        failure = Failure(UNREADABLE, _plain(error, path))
    except Exception as error:  # one bad picture must not cost the figures of all others
        failure = Failure(DEFECT, f"{type(error).__name__}: {_plain(error, path)}")
    return Extracted(template, failure, time.process_time() - start)


def _plain(error: Exception, path: Path) -> str:
    text = " ".join(str(error).split())
    for start in (f"{path}: ", "the array given: ", "the picture: "):
        text = text.removeprefix(start)
    return text
