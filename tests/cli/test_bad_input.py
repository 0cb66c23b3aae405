"""Bad input of every kind: one clear line, a non-zero exit, and nothing that looks finished."""

import csv
import errno
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import QUICK
from tests.cli.terminal import START, Told, files_in, finish, refused, start, twofold

Spoil = Callable[[Path], tuple[str, ...]]
"""Damages a dataset; tells what the one line must say."""


@pytest.fixture
def some(people: Path, tmp_path: Path) -> Path:
    """Two pairs each of the subjects 0 to 3, to be damaged."""
    root = tmp_path / "some"
    root.mkdir()
    for subject in range(4):
        for sample in range(2):
            for suffix in (".BMP", ".png"):
                name = f"{subject}_{sample}{suffix}"
                shutil.copyfile(people / name, root / name)
    return root


def emptied(root: Path) -> tuple[str, ...]:
    for path in root.iterdir():
        path.unlink()
    return ("some", "no pictures in it")


def without_irises(root: Path) -> tuple[str, ...]:
    for path in root.glob("*.png"):
        path.unlink()
    return ("some", "8 faces (*.BMP) but no irises")


def without_faces(root: Path) -> tuple[str, ...]:
    for path in root.glob("*.BMP"):
        path.unlink()
    return ("some", "8 irises (*.png) but no faces")


def swapped(root: Path) -> tuple[str, ...]:
    for face in root.glob("*.BMP"):
        iris = face.with_suffix(".png")
        content = face.read_bytes()
        face.write_bytes(iris.read_bytes())
        iris.write_bytes(content)
    return ("0_0.BMP", "its content is PNG", "16 error(s)")


def truncated(root: Path) -> tuple[str, ...]:
    path = root / "1_1.png"
    path.write_bytes(path.read_bytes()[:-2000])
    return ("1_1.png", "truncated")


def truncated_face(root: Path) -> tuple[str, ...]:
    path = root / "1_0.BMP"
    path.write_bytes(path.read_bytes()[:-100])
    return ("1_0.BMP", "truncated")


def zero_bytes(root: Path) -> tuple[str, ...]:
    (root / "2_0.BMP").write_bytes(b"")
    return ("2_0.BMP", "empty (0 bytes)")


def text(root: Path) -> tuple[str, ...]:
    (root / "2_1.png").write_text("an iris, they said")
    return ("2_1.png", "not a picture")


def sixteen_bit(root: Path) -> tuple[str, ...]:
    deep = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16
    Image.fromarray(deep).save(root / "3_0.png")
    return ("3_0.png", "more than 8 bits")


def cmyk(root: Path) -> tuple[str, ...]:
    Image.new("CMYK", (46, 56), (10, 20, 30, 40)).save(root / "3_1.BMP", "JPEG")
    return ("3_1.BMP", "CMYK")


def alpha(root: Path) -> tuple[str, ...]:
    Image.new("RGBA", (64, 48), (10, 20, 30, 40)).save(root / "0_1.png")
    return ("0_1.png", "alpha")


def bomb(root: Path) -> tuple[str, ...]:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    (root / "0_0.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)
    return ("0_0.png", "bomb")


def unequal_labels(root: Path) -> tuple[str, ...]:
    for path in sorted(root.iterdir()):  # no name is shared, so that sorted order pairs them
        path.rename(root / f"{path.stem}{'f' if path.suffix == '.BMP' else 'i'}{path.suffix}")
    (root / "3_1i.png").rename(root / "4_1i.png")
    return ("4_1i.png", "label 4 does not align with 3 of 3_1f.BMP")


def unpaired(root: Path) -> tuple[str, ...]:
    (root / "2_1.png").rename(root / "7_1.png")
    return ("2_1.BMP", "without an iris")


def one_subject(root: Path) -> tuple[str, ...]:
    for path in root.iterdir():
        if not path.name.startswith("0_"):
            path.unlink()
    return ("one subject only (0)", "at least two")


FAULTS = [
    emptied,
    without_irises,
    without_faces,
    swapped,
    truncated,
    truncated_face,
    zero_bytes,
    text,
    sixteen_bit,
    cmyk,
    alpha,
    bomb,
    unequal_labels,
    unpaired,
]


@pytest.mark.parametrize("spoil", [*FAULTS, one_subject], ids=lambda spoil: spoil.__name__)
def test_training_refuses(spoil: Spoil, some: Path, tmp_path: Path) -> None:
    words = spoil(some)
    out = tmp_path / "run"
    refused(twofold("train", some, "--out", out, *QUICK), *words)
    assert files_in(out) == []


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_answering_refuses(spoil: Spoil, some: Path, trained: Path, tmp_path: Path) -> None:
    words = spoil(some)
    out = tmp_path / "answers.csv"
    refused(twofold("predict", trained, some, "--out", out), *words)
    assert not out.exists()


def test_evaluating_refuses(some: Path, trained: Path, tmp_path: Path) -> None:
    words = truncated(some)
    refused(twofold("evaluate", trained, some, "--out", tmp_path / "report"), *words)
    assert files_in(tmp_path / "report") == []


def test_in_a_process_of_its_own(some: Path, tmp_path: Path) -> None:
    words = truncated(some)
    refused(finish(start("train", some, "--out", tmp_path / "run")), *words)


def test_every_error_is_listed(some: Path, tmp_path: Path) -> None:
    zero_bytes(some), cmyk(some), text(some)
    told = twofold("train", some, "--out", tmp_path / "run")
    refused(told, "3 error(s)")
    for name in ("2_0.BMP", "3_1.BMP", "2_1.png"):
        assert name in told.out


def test_strange_names_work_and_bad_files_are_left_out_and_counted(
    people: Path, tmp_path: Path
) -> None:
    root = tmp_path / "사람들 [set]"
    root.mkdir()
    names = {}
    for subject in range(3):
        for sample in range(4):
            short = f"{subject}_{sample}"
            long = f"{short}_김서연_{'é' * 3}_{'x' * 200}"
            names[short] = long
            for suffix in (".BMP", ".png"):
                try:
                    shutil.copyfile(people / f"{short}{suffix}", root / f"{long}{suffix}")
                except OSError as error:
                    pytest.skip(f"this file system does not take such names ({error})")
    (root / f"{names['1_1']}.BMP").write_bytes(b"")
    (root / f"{names['2_0']}.png").write_text("no iris")
    out = tmp_path / "rün [1]"
    told = twofold("train", root, "--out", out, "--skip-bad", "--epochs", 1, "--folds", 2,
                   "--no-logs")  # fmt: skip
    assert told.code == 0, told
    assert "Left out 2 file(s)" in told.out
    assert f"{out / 'report.html'}\n" in told.out  # brackets are no markup
    data = json.loads((out / "data.json").read_text(encoding="utf-8"))
    left_out = {(Path(one["file"]).name, one["pair"]) for one in data["left_out"]}
    assert left_out == {
        (f"{names['1_1']}.BMP", names["1_1"]),
        (f"{names['2_0']}.png", names["2_0"]),
    }
    assert data["pairs"] == 10
    split = json.loads((out / "split.json").read_text(encoding="utf-8"))
    kept = {name for short, name in names.items() if short not in ("1_1", "2_0")}
    assert set(split["final"]["train"]) == kept

    answers = tmp_path / "réponses.csv"
    refused(twofold("predict", out, root, "--out", answers), "2 error(s)")
    assert twofold("predict", out, root, "--out", answers, "--skip-bad").code == 0
    with answers.open(encoding="utf-8", newline="") as file:
        assert {row["Image"] for row in csv.DictReader(file)} == kept


def test_nothing_left_after_leaving_out(some: Path, tmp_path: Path) -> None:
    for path in some.glob("*.png"):
        path.write_bytes(b"")
    refused(twofold("train", some, "--out", tmp_path / "run", "--skip-bad"), "no pair is left")


LONG = "x" * 300


def test_names_over_the_limit(some: Path, trained: Path, tmp_path: Path) -> None:
    refused(twofold("train", some, "--out", tmp_path / LONG), LONG, "too long")
    refused(twofold("train", some / LONG, "--out", tmp_path / "run"), LONG, "too long")
    refused(twofold("predict", trained, some, "--out", tmp_path / f"{LONG}.csv"), LONG, "too long")
    refused(twofold("inspect", some / LONG), LONG, "too long")
    manifest = tmp_path / "people.csv"
    manifest.write_text(f"subject,face,iris\n1,{LONG}.png,some/0_0.png\n2,some/1_0.BMP,x.png\n")
    refused(twofold("train", manifest, "--out", tmp_path / "run"), "people.csv")
    assert not files_in(tmp_path / "run")


def test_output_below_a_file(some: Path, trained: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    refused(twofold("train", some, "--out", file / "run"), str(file), "cannot write")
    refused(twofold("train", some, "--out", file), str(file), "cannot write")
    refused(twofold("predict", trained, some, "--out", file / "a.csv"), str(file), "cannot write")
    refused(twofold("evaluate", trained, some, "--out", file / "r"), str(file), "cannot write")
    refused(twofold("synth", file / "people", "--subjects", 2), str(file), "cannot write")
    refused(twofold("demo", "--out", file / "demo"), str(file), "cannot write")
    refused(twofold("inspect", some, "--json", file / "found.json"), str(file), "cannot write")
    assert file.read_text() == "kept"


def test_a_read_only_folder(some: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        pytest.skip("permissions do not bind this user (root)")
    refused(twofold("train", some, "--out", locked / "run"), "locked", "Permission denied")


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_before_the_first_result(
    some: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("of yesterday")
    monkeypatch.setattr(os, "fsync", _full)
    out = tmp_path / "run"
    refused(twofold("train", some, "--out", out, *QUICK), "run", "No space left")
    assert files_in(out) == []
    refused(twofold("predict", trained, some, "--out", answers), "answers.csv", "No space left")
    assert answers.read_text() == "of yesterday"
    refused(twofold("evaluate", trained, some, "--out", tmp_path / "r"), "No space left")
    assert not (tmp_path / "r" / "metrics.json").exists()


def _on_a_small_disk(most: int, *arguments: object) -> Told:
    """A command whose files may not grow beyond `most` bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    ended = subprocess.run(
        [sys.executable, "-c", START, *map(str, arguments)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Told(ended.returncode, ended.stdout, ended.stderr)


def test_a_disk_that_fills_up_when_the_model_is_written(
    some: Path, strangers: Path, trained: Path, tmp_path: Path
) -> None:
    out, answers = tmp_path / "run", tmp_path / "answers.csv"
    told = _on_a_small_disk(100_000, "train", some, "--out", out, "--epochs", 1, "--folds", 0)
    refused(told, "model.keras", "File too large")
    left = {path.name for path in files_in(out)}
    assert "config.json" in left
    assert not left & {"model.keras", "model.onnx", "model.json", "metrics.json", "report.html"}
    assert not [name for name in left if "unfinished" in name]
    refused(twofold("predict", out, strangers, "--out", answers), "unfinished", "--resume")
    refused(twofold("evaluate", out, some), "unfinished", "--resume")
    assert not answers.exists()
    # With space again, the same run comes to its end.
    assert twofold("train", some, "--out", out, "--resume").code == 0
    assert twofold("predict", out, strangers, "--out", answers).code == 0
