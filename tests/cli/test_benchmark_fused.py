"""`twofold benchmark-fused` as it is typed, on synthetic people."""

import json
from pathlib import Path

import pytest

from tests.cli.terminal import files_in, refused, twofold

WRITTEN = {"report.html", "metrics.json", "scores.csv", "failures.csv"}


def test_labelled_pairs_from_folder_to_report(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = twofold(
        "benchmark-fused", "--pairs", people, "--pairings", 2, "--degrade", "iris", "--how",
        "missing", "--jobs", 1, "--out", out,
    )  # fmt: skip
    assert told.code == 0, told
    assert "Pairs as the dataset labels them" in told.out and "EER" in told.out
    assert {path.name for path in files_in(out)} == WRITTEN
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["chimeric"] is False and metrics["synthetic"] is True
    assert metrics["data"]["face"]["people"] == 8
    assert metrics["conditions"][0]["systems"]["fused"]["eer"]["value"] <= 0.05
    assert metrics["command"].endswith("--pairings 2 --degrade iris --how missing --out out")
    page = (out / "report.html").read_text("utf-8")
    assert "Synthetic people" in page and "data:image/jpeg" in page


def test_faces_and_irises_apart_are_paired_at_random(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = twofold(
        "benchmark-fused", people, people, "--pairings", 2, "--jobs", 1, "--seed", 4, "--out", out
    )
    assert told.code == 0, told
    assert "Chimeric: no person here has both. 2 random pairings" in " ".join(told.out.split())
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["chimeric"] is True and metrics["protocol"]["seed"] == 4


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((), "--pairs DATASET"),
        (("FACES",), "--pairs DATASET"),
        (("FACES", "FACES", "--pairs", "FACES"), "not both"),
        (("FACES", "FACES", "--degrade", "nose", "--how", "blur"), "expected face or iris"),
        (("FACES", "FACES", "--degrade", "face", "--how", "rain"), "occlusion"),
        (("FACES", "FACES", "--degrade", "face"), "go together"),
        (("FACES", "FACES", "--degrade", "face", "--how", "blur", "--share", "2"), "--share"),
        (("FACES", "gone"), "Check the path"),
    ],
)
def test_bad_input_is_one_line(
    people: Path, tmp_path: Path, given: tuple[str, ...], wanted: str
) -> None:
    words = [people if word == "FACES" else word for word in given]
    refused(twofold("benchmark-fused", *words, "--out", tmp_path / "out"), wanted)
