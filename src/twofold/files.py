"""Writing results so that nothing half-written is ever left under its final name."""

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from twofold.errors import OutputError


def _refusal(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(
        f"cannot write {path}: {reason}. Free some space or choose a folder that you may write to."
    )


def make_folder(path: Path) -> Path:
    """Create `path` with its parents and check that files can be written there.

    Raises:
        OutputError: it is a file, may not be written to, or the disk is full.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0")
            probe.flush()
    except OSError as error:
        raise _refusal(path, error) from error
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path of the same suffix, moved to `path` when the block ends well.

    On any error the temporary file is removed and `path` keeps what it held before.

    Raises:
        OutputError: the folder is read-only, or the disk is full.
    """
    # A short stem: the final name may already be as long as the file system allows. A random one:
    # threads and machines may write into one folder at the same time.
    temporary = path.with_name(f".{secrets.token_hex(4)}-unfinished{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as done:
            os.fsync(done.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        with suppress(OSError):  # the folder may not exist; the error above says so
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, all or nothing."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8 to `path`, all or nothing."""
    # File names that are not UTF-8 reach Python as lone surrogates, which UTF-8 cannot hold.
    write_bytes(path, content.encode("utf-8", "backslashreplace"))


def write_json(path: Path, content: Any, default: Callable[[Any], Any] | None = None) -> None:
    """Write `content` as readable JSON to `path`, all or nothing."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=default) + "\n")
