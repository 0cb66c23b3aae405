"""The file of a snapshot: a header and arrays that are used where they lie, mapped into memory.

Version 1 (docs/search.md describes it byte by byte):

    8 bytes   magic, "TWFIDX" and two zeros
    u32       version
    u32       length of the header's text
    32 bytes  SHA-256 of the header's text
    text      JSON, UTF-8: change number, counts, contracts, layout, digests of the arrays
    zeros     to a multiple of 4,096
    arrays    little-endian, each from a multiple of 4,096 on, in the order of `Rows`

Where each array lies follows from the counts. A digest is of up to 64 MiB of an array, so that all
can be checked on several threads. Nothing is ever unpickled.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from twofold import files
from twofold.errors import ModelError
from twofold.gallery.search.merging import Order
from twofold.gallery.search.segments import Rows, Shape
from twofold.gallery.search.snapshot_layout import CHUNK, START, TYPES, Plan, damaged, described
from twofold.template import MOST_SAMPLES

MAGIC = b"TWFIDX\0\0"
VERSION = 1
_MOST_TEXT = 1 << 26


@dataclass(frozen=True)
class Opened:
    """A snapshot that has been read.

    Attributes:
        rows: arrays in the mapped file, read-only.
        shape: of the samples.
        position: that it was saved with.
    """

    rows: Rows
    shape: Shape
    position: int


def write(path: Path, order: Order, shape: Shape, position: int) -> None:
    """Write a snapshot, all or nothing, readable by its owner alone.

    Raises:
        OutputError: it cannot be written.
    """
    plan = Plan(len(order), order.faces, order.irises, shape)
    blank = {name: ["0" * 64] * count for name, count in plan.chunks.items()}
    offsets, end = plan.places(len(_text(plan, position, blank)))
    with files.replacing(path) as temporary:
        temporary.touch(mode=0o600)
        with temporary.open("r+b") as file:
            digests = {}
            for name, offset in offsets.items():
                file.seek(offset)
                digests[name] = _put(file, order.parts(name))
            file.truncate(end)
            text = _text(plan, position, digests)
            file.seek(0)
            file.write(START.pack(MAGIC, VERSION, len(text), hashlib.sha256(text).digest()))
            file.write(text)


def read(path: Path, verify: bool, workers: int) -> Opened:
    """Map a snapshot.

    Args:
        path: of the file.
        verify: whether to compare the digests of all arrays, which reads the whole file.
        workers: threads for that.

    Raises:
        ModelError: missing, damaged, no snapshot, or written by a newer version.
    """
    try:
        with path.open("rb") as file:
            content, length = _header(path, file)
            plan = described(path, content)
            offsets, end = plan.places(length)
            size = os.fstat(file.fileno()).st_size
            if size != end:
                raise damaged(path, f"{size} bytes where {end} are expected")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}). Check the path, or make the snapshot "
            "again from the gallery."
        ) from error
    arrays: dict[str, NDArray[Any]] = {}
    for name, form in plan.shapes.items():
        count = int(np.prod(form))
        arrays[name] = np.frombuffer(mapped, TYPES[name], count, offsets[name]).reshape(form)
    _check_structure(path, arrays)
    if verify:
        _check_digests(path, arrays, plan, content.get("digests"), workers)
    return Opened(Rows(**arrays), plan.shape, content["position"])


def _text(plan: Plan, position: int, digests: dict[str, list[str]]) -> bytes:
    layout = plan.shape.layout
    content = {
        "position": position,
        "subjects": plan.subjects,
        "faces": plan.faces,
        "irises": plan.irises,
        "dimension": plan.shape.dimension,
        "layout": layout and [layout.angles, layout.bands, layout.planes],
        "face_contract": plan.shape.face_contract,
        "iris_contract": plan.shape.iris_contract,
        "digests": digests,
    }
    return json.dumps(content).encode()


def _put(file: BinaryIO, parts: Iterator[NDArray[Any]]) -> list[str]:
    """Write arrays one after the other; the digests of what was written."""
    digests, current, filled = [], hashlib.sha256(), 0
    for part in parts:
        content = _bytes(part)
        file.write(content)
        while len(content):
            some = content[: CHUNK - filled]
            current.update(some)
            filled, content = filled + len(some), content[len(some) :]
            if filled == CHUNK:
                digests.append(current.hexdigest())
                current, filled = hashlib.sha256(), 0
    return [*digests, current.hexdigest()] if filled else digests


def _bytes(array: NDArray[Any]) -> memoryview:
    return memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _header(path: Path, file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header's content, and the length of its text."""
    start = file.read(START.size)
    if len(start) < START.size or not start.startswith(MAGIC):
        raise ModelError(f"{path}: no snapshot of an index. Make it again from the gallery.")
    _, version, length, digest = START.unpack(start)
    if version > VERSION:
        raise ModelError(
            f"{path}: written by a newer Twofold (version {version}; this one reads up to "
            f"{VERSION}). Update Twofold, or make the snapshot again."
        )
    text = file.read(length) if length <= _MOST_TEXT else b""
    if version < 1 or len(text) != length or hashlib.sha256(text).digest() != digest:
        raise damaged(path, "its header does not fit its digest")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, "its header is no JSON") from error
    if not isinstance(content, dict):
        raise damaged(path, "its header is no object")
    return content, length


def _check_structure(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Whether every index stays inside its array, and subjects rise."""
    subjects = arrays["subjects"]
    sound = bool((subjects[1:] > subjects[:-1]).all()) and bool((subjects[:1] >= 0).all())
    for starts, rows in (("face_starts", "vectors"), ("iris_starts", "codes")):
        bounds = arrays[starts]
        sound = sound and bounds[0] == 0 and bounds[-1] == len(arrays[rows])
        each = np.diff(bounds)  # what is compiled has room for so many of a subject
        sound = sound and bool(each.min(initial=0) >= 0 and each.max(initial=0) <= MOST_SAMPLES)
    for name, most in (("face_qualities", 10_000), ("iris_qualities", 10_000), ("kinds", 8)):
        sound = sound and bool(arrays[name].max(initial=0) <= most)
    if not sound:
        raise damaged(path, "its rows do not fit together")


def _check_digests(
    path: Path, arrays: dict[str, NDArray[Any]], plan: Plan, expected: Any, workers: int
) -> None:
    pieces: list[tuple[str, memoryview, str]] = []
    for name, count in plan.chunks.items():
        content = _bytes(arrays[name])
        wanted = expected.get(name) if isinstance(expected, dict) else None
        if not isinstance(wanted, list) or len(wanted) != count:
            raise damaged(path, f"the digests of {name} are missing")
        for number, digest in enumerate(wanted):
            pieces.append((name, content[number * CHUNK : (number + 1) * CHUNK], digest))

    def fits(piece: tuple[str, memoryview, str]) -> bool:
        return hashlib.sha256(piece[1]).hexdigest() == piece[2]

    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for (name, _, _), sound in zip(pieces, pool.map(fits, pieces), strict=True):
            if not sound:
                raise damaged(path, f"the digest of {name} does not fit")
