"""What is known of one picture file once it has been decoded and its pixels dropped again."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twofold import images
from twofold.data.dataset import Problem, content_digest, printable
from twofold.data.layouts.listing import PICTURE_FORMATS
from twofold.errors import ImageError

_WORKERS = 2  # decoding is C code that releases the GIL
_BATCH = 256  # files handed to the workers at a time, so that waiting work stays small


@dataclass(frozen=True)
class PictureFacts:
    """What was found out about one file.

    Attributes:
        digest: SHA-256 of the file's bytes; empty where it could not be read.
        pixels: SHA-256 of the decoded picture, the same for one picture in two file formats;
            empty where it could not be decoded.
        info: header, or None.
        problem: why it cannot be used, or None.
    """

    digest: str
    pixels: str
    info: images.ImageInfo | None
    problem: Problem | None


def look_at_all(paths: Sequence[Path]) -> Iterator[tuple[Path, PictureFacts]]:
    """Decode each file once and tell what it is, in the order given; nothing is raised."""
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="inspect") as workers:
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            yield from zip(batch, workers.map(look_at, batch), strict=True)


def look_at(path: Path) -> PictureFacts:
    """Decode one file and tell what it is; what is wrong with it is in the answer, not raised."""
    digest, info = "", None
    try:
        # The header first: it refuses what is too large to be read or decoded.
        info = images.inspect(path)
        digest = content_digest(path)
        pixels = _pixel_digest(images.read(path))
    except ImageError as error:
        kind = "unreadable" if info is None else "truncated"
        if info is None and _is_empty(path):
            kind = "empty"
        return PictureFacts(digest, "", info, _problem(kind, path, str(error)))
    except OSError as error:
        problem = _problem("unreadable", path, f"cannot be read ({error.strerror}).")
        return PictureFacts(digest, "", info, problem)
    wrong_name = None
    if info.format != PICTURE_FORMATS.get(path.suffix.lower()):
        message = (
            f"named {printable(path.suffix) or 'without a suffix'} but its content is "
            f"{info.format}. Find out which file it is, and name it by its content."
        )
        wrong_name = _problem("format", path, message)
    return PictureFacts(digest, pixels, info, wrong_name)


def _problem(kind: str, path: Path, message: str) -> Problem:
    return Problem(kind, path, message.removeprefix(f"{path}: "))


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _pixel_digest(pixels: images.Pixels) -> str:
    if pixels.ndim == 3 and (pixels == pixels[:, :, :1]).all():
        pixels = pixels[:, :, 0]  # grey, saved as colour
    total = hashlib.sha256(repr(pixels.shape).encode())
    total.update(np.ascontiguousarray(pixels).data)
    return total.hexdigest()
