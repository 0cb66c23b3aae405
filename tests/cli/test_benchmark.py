"""`twofold benchmark` as it is typed."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import files_in, finish, refused, start, twofold
from twofold.data.rendered_faces import rendered_face

FIGURES = {"det.png", "scores.png", "worst-false-matches.png", "worst-false-non-matches.png"}
TABLES = {"scores.csv", "failures.csv", "metrics.json"}


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight synthetic people with three pictures each, one of them no face; read only."""
    root = tmp_path_factory.mktemp("benchmark") / "faces"
    for subject in range(8):
        (root / str(subject)).mkdir(parents=True)
        for sample in range(3):
            picture = Image.fromarray(rendered_face(subject, sample))
            picture.save(root / str(subject) / f"{sample}.png")
    Image.fromarray(np.zeros((112, 92), np.uint8)).save(root / "7" / "2.png")
    (root / "SYNTHETIC.txt").write_text("made by a program")
    return root


def test_faces_from_folder_to_figures(faces: Path, tmp_path: Path) -> None:
    told = twofold("benchmark", "face", faces, "--out", tmp_path / "out", "--jobs", 1, "--halves")
    assert told.code == 0, told
    assert "24 samples of 8 subjects; SYNTHETIC people" in told.out
    assert "EER" in told.out and "not supported" in told.out and "Half 2" in told.out
    assert "Failures count as non-matches: 2 of the mated" in told.out
    assert {path.name for path in files_in(tmp_path / "out")} == FIGURES | TABLES | {"report.html"}
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["synthetic"] is True
    assert metrics["failure_codes"] == {"no_face": 1}
    assert metrics["eer"]["value"] < 0.1
    assert metrics["command"].startswith("twofold benchmark face ")


def test_several_processes_give_the_same_figures(faces: Path, tmp_path: Path) -> None:
    small = ("--resize", "46x56", "--out")
    assert twofold("benchmark", "face", faces, *small, tmp_path / "1", "--jobs", 1).code == 0
    told = finish(start("benchmark", "face", faces, *small, tmp_path / "2", "--jobs", 2))
    assert told.code == 0, told
    for name in ("scores.csv", "failures.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    one, two = (json.loads((tmp_path / k / "metrics.json").read_text()) for k in "12")
    assert one["dataset"]["resize"] == "46x56"
    for part in ("counts", "eer", "fnmr_at_fmr", "dataset", "model"):
        assert one[part] == two[part]


def test_bad_input_is_one_line(faces: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    refused(twofold("benchmark", "face", tmp_path / "gone", *out), "gone", "Check the path")
    refused(twofold("benchmark", "face", faces, *out, "--resize", "46"), "--resize 46", "46x56")
    refused(twofold("benchmark", "face", faces, *out, "--resize", "4x56"), "--resize 4x56")
    refused(twofold("benchmark", "face", faces, *out, "--model", "nobody"), "nobody")
    refused(twofold("benchmark", "iris", faces, *out, "--model", "sface"), "--model sface")
    refused(twofold("benchmark", "face", faces, *out, "--eyes", "LR"), "--eyes LR")
    refused(twofold("benchmark", "face", faces, *out, "--min-samples", "9"), "0 subject")
    file = tmp_path / "file"
    file.write_text("")
    refused(twofold("benchmark", "face", faces, "--out", file), "cannot write")
    assert not files_in(tmp_path / "out")


def test_a_synthetic_threshold_is_refused_before_the_work(faces: Path, tmp_path: Path) -> None:
    told = twofold(
        "benchmark", "face", faces, "--out", tmp_path / "out", "--thresholds", tmp_path / "th.json"
    )
    refused(told, "synthetic")
    assert not (tmp_path / "th.json").exists()


def test_a_protocol_and_subgroups(faces: Path, tmp_path: Path) -> None:
    lines = ["sample,role,part"]
    for person in range(8):
        part = "development" if person % 2 else "evaluation"
        lines.append(f"{person}/0.png,reference,{part}")
        lines += [f"{person}/{k}.png,probe,{part}" for k in (1, 2)]
    (tmp_path / "protocol.csv").write_text("\n".join(lines) + "\n")
    told = twofold(
        "benchmark", "face", faces, "--out", tmp_path / "out", "--jobs", 1,
        "--protocol", tmp_path / "protocol.csv",
    )  # fmt: skip
    assert told.code == 0, told
    assert "Protocol, development: subjects" in told.out
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    protocol = metrics["protocol_file"]
    assert protocol["name"] == "protocol.csv" and protocol["left_aside_samples"] == 0
    assert protocol["development"]["counts"]["mated_failed"] == 1  # person 7 without a face
    assert protocol["evaluation"]["counts"]["mated"] == 8
    assert metrics["command"].endswith("--protocol protocol.csv")
    refused(
        twofold("benchmark", "face", faces, "--out", tmp_path / "x", "--by", "sex"),
        "--by sex", "manifest",
    )  # fmt: skip
    refused(
        twofold("benchmark", "face", faces, "--out", tmp_path / "x", "--protocol", tmp_path / "no"),
        "no", "Check the path",
    )  # fmt: skip
