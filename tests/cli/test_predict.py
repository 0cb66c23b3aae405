"""`twofold predict` and `twofold evaluate` on a finished run."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.terminal import files_in, finish, refused, start, twofold
from twofold.data.layouts import read_dataset
from twofold.network.answering import Answerer
from twofold.network.run import RunFolder


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_one_row_for_each_pair_in_numeric_order(
    trained: Path, strangers: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for path in strangers.iterdir():
        shutil.copyfile(path, many / path.name)
        shutil.copyfile(path, many / f"{int(path.stem) + 8}{path.suffix}")
    out = tmp_path / "new folder" / "answers.csv"
    told = twofold("predict", trained, many, "--out", out)
    assert told.code == 0, told
    assert f"16 answers: {out}" in told.out
    columns, *rows = table(out)
    assert columns == ["Image", "Answer"]
    assert [row[0] for row in rows] == [str(number) for number in range(16)]
    assert {row[1] for row in rows} <= {str(label) for label in range(8)}
    assert [row[1] for row in rows[:8]] == [row[1] for row in rows[8:]]


def test_several_answers_with_scores(trained: Path, strangers: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    assert twofold("predict", trained, strangers, "--out", out, "--top-k", 3).code == 0
    columns, *rows = table(out)
    assert columns == ["Image", "Answer", "Score", "Answer 2", "Score 2", "Answer 3", "Score 3"]
    for row in rows:
        scores = [float(score) for score in row[2::2]]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= sum(scores) <= 1 + 1e-5
        assert len(set(row[1::2])) == 3


@pytest.mark.parametrize("top_k", [0, 9])
def test_more_answers_than_subjects(
    top_k: int, trained: Path, strangers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answers.csv"
    told = twofold("predict", trained, strangers, "--out", out, "--top-k", top_k)
    refused(told, f"top-k {top_k}: give 1 to 8")
    assert not out.exists()


def test_answering_needs_no_keras(trained: Path, strangers: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    without = "import sys; sys.modules['keras'] = sys.modules['tensorflow'] = None"
    told = finish(start("predict", trained, strangers, "--out", out, before=without))
    assert told.code == 0, told
    assert len(table(out)) == 9
    told = finish(start("train", strangers.parent / "04_multimodal_training", "--out",
                        tmp_path / "run", before=without))  # fmt: skip
    refused(told, "pip install 'twofold[train]'")


def test_evaluating_the_training_pairs_says_so(trained: Path, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    told = twofold("evaluate", trained, people, "--out", out)
    assert told.code == 0, told
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["leaky"] is True
    assert metrics["scores"]["fused"]["accuracy"]["pairs"] == 32
    assert (out / "report.html").is_file()


def test_evaluating_other_pairs(trained: Path, people: Path, tmp_path: Path) -> None:
    run, others = tmp_path / "run", tmp_path / "others"
    shutil.copytree(trained, run)
    others.mkdir()
    for path in people.glob("[0-2]_*"):
        shutil.copyfile(path, others / path.name)
        shutil.copyfile(path, others / f"9{path.name}")  # subjects 90 to 92, unknown to the run
    told = twofold("evaluate", run, others)
    assert told.code == 1  # the same pictures under two subjects
    refused(told, "error(s)")
    for path in others.glob("9*"):
        path.unlink()
    told = twofold("evaluate", run, others)
    assert told.code == 0, told
    assert (run / "evaluations" / "others" / "metrics.json").is_file()


def test_unlabelled_pairs_cannot_be_scored(trained: Path, strangers: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    refused(twofold("evaluate", trained, strangers, "--out", out), "unlabelled", "twofold predict")
    assert files_in(out) == []
    refused(twofold("train", strangers, "--out", tmp_path / "run"), "unlabelled")


def no_model(run: Path) -> str:
    (run / "model.onnx").unlink()
    return "model.onnx"


def damaged_model(run: Path) -> str:
    path = run / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    return "altered since it was trained"


def no_card(run: Path) -> str:
    (run / "model.json").unlink()
    return "unfinished"


def empty_card(run: Path) -> str:
    (run / "model.json").write_text("{}")
    return "model.json"


def no_object(run: Path) -> str:
    (run / "model.json").write_text("[]")
    return "model.json"


def torn_card(run: Path) -> str:
    (run / "model.json").write_text('{"format": 1')
    return "model.json"


def fewer_labels(run: Path) -> str:
    (run / "labels.json").write_text('["0", "1"]')
    return "labels.json: altered since it was trained"


def no_labels(run: Path) -> str:
    (run / "labels.json").unlink()
    return "labels.json"


@pytest.mark.parametrize(
    "spoil",
    [no_model, damaged_model, no_card, empty_card, no_object, torn_card, fewer_labels, no_labels],
    ids=lambda spoil: spoil.__name__,
)
def test_a_damaged_run_is_refused(
    spoil: Callable[[Path], str], trained: Path, strangers: Path, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "answers.csv"
    run.mkdir()
    for name in ("config.json", "labels.json", "model.json", "model.onnx"):
        shutil.copyfile(trained / name, run / name)
    words = spoil(run)
    refused(twofold("predict", run, strangers, "--out", out), words)
    assert not out.exists()


def test_what_is_no_run(strangers: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    refused(twofold("predict", tmp_path / "none", strangers, "--out", out), "not a run folder")
    refused(twofold("predict", tmp_path, strangers, "--out", out), "not a run folder")


def test_the_fused_embedding(trained: Path, strangers: Path) -> None:
    pairs = read_dataset(strangers).pairs
    network = Answerer(RunFolder(trained))
    told: list[tuple[int, int]] = []
    found = network.features(pairs, batch_size=5, progress=lambda *done: told.append(done))
    assert found.shape == (8, 256)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found[:, :128], axis=1), 0.5**0.5, atol=1e-5)
    np.testing.assert_allclose(found, network.features(pairs), atol=1e-5)
    assert told == [(5, 8), (8, 8)]
