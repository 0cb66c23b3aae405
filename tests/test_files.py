"""Writing: all or nothing."""

import errno
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from twofold.errors import OutputError
from twofold.files import make_folder, replacing, write_bytes, write_json, write_text


def failing(number: int) -> Callable[..., None]:
    """A stand-in for a system call on a full disk or a read-only file system."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_text_and_json(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "naïve 한글\n")
    write_json(tmp_path / "a.json", {"name": "한글", "n": [1, 2]})
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "naïve 한글\n"
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["name"] == "한글"


def test_a_name_that_is_not_utf8_can_still_be_recorded(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"file": os.fsdecode(b"caf\xe9.png")})
    assert b"caf" in (tmp_path / "a.json").read_bytes()


def test_an_error_in_the_block_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(file) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert names_in(tmp_path) == ["kept.txt"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("old")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OutputError, match="No space left") as refused:
        write_text(file, "new")
    assert str(file) in str(refused.value) and "\n" not in str(refused.value)
    assert file.read_text() == "old"
    assert names_in(tmp_path) == ["kept.txt"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError), replacing(tmp_path / "a.txt"):
        pass
    assert names_in(tmp_path) == []


def test_a_folder_that_does_not_exist_or_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="No such file"):
        write_bytes(tmp_path / "missing" / "a.txt", b"x")
    with pytest.raises(OutputError, match="Not a directory"):
        write_bytes(tmp_path / "file" / "a.txt", b"x")
    with pytest.raises(OutputError, match="File exists"):
        make_folder(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            make_folder(tmp_path)
        with pytest.raises(OutputError, match="Permission denied"):
            write_bytes(tmp_path / "a.txt", b"x")
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only file system")]
)
def test_make_folder_notices_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", failing(number))
    with pytest.raises(OutputError, match=words):
        make_folder(tmp_path / "new" / "deep")


def test_the_longest_name_and_the_suffix_are_kept(tmp_path: Path) -> None:
    file = tmp_path / ("é" * 125 + ".png")
    with replacing(file) as temporary:
        assert temporary.suffix == ".png" and temporary.parent == tmp_path
        temporary.write_bytes(b"x")
    assert file.read_bytes() == b"x"


def test_threads_write_side_by_side(tmp_path: Path) -> None:
    def write(number: int) -> None:
        write_bytes(tmp_path / f"{number}.bin", bytes([number]) * 1000)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(write, range(40)))
    assert all((tmp_path / f"{n}.bin").read_bytes() == bytes([n]) * 1000 for n in range(40))
