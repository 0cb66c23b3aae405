"""`twofold train`: refusals, interruption, and going on."""

import json
import shutil
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import QUICK
from tests.cli.terminal import files_in, finish, refused, start, twofold, until
from twofold.cli import train
from twofold.cli.training_display import TrainingDisplay
from twofold.network.run import BRANCHES, Predictions, RunFolder


def same_predictions(one: Path, other: Path) -> None:
    for number in (1, 2):
        said = [
            Predictions.load(RunFolder(root).fold(number) / "predictions.npz",
                             RunFolder(root).read_labels())
            for root in (one, other)
        ]  # fmt: skip
        assert said[0].names == said[1].names
        assert (said[0].truth == said[1].truth).all()
        for branch in BRANCHES:
            np.testing.assert_allclose(
                getattr(said[0], branch), getattr(said[1], branch), atol=1e-5
            )


def test_a_finished_run(trained: Path, people: Path) -> None:
    run = RunFolder(trained)
    run.require_complete()
    data = run.read_json(run.data)
    assert (data["pairs"], data["subjects"], data["left_out"]) == (32, 8, [])
    assert (data["root"], data["synthetic"]) == (str(people), True)
    assert run.report.is_file()
    assert run.read_json(run.metrics)["synthetic"] is True
    assert not [path for path in files_in(trained) if "unfinished" in path.name]
    assert not [path for path in files_in(trained) if "checkpoint" in path.name]


def test_what_is_there_is_not_overwritten(trained: Path, people: Path, tmp_path: Path) -> None:
    refused(twofold("train", people, "--out", trained, *QUICK), "holds a run already", "--resume")
    (tmp_path / "notes.txt").write_text("mine")
    refused(twofold("train", people, "--out", tmp_path, *QUICK), "not empty")
    assert [path.name for path in files_in(tmp_path)] == ["notes.txt"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--seed", 2), "--seed 2: the run was begun with 1"),
        (("--batch-size", 7), "--batch-size 7: the run was begun with None"),
        (("--protocol", "holdout"), "--protocol holdout: the run was begun with kfold"),
        (("--preset", "report"), "--preset report: the run was begun with compact"),
        (("--weights", "imagenet"), "weights imagenet: the run was begun with None"),
        (("--logs",), "--logs True: the run was begun with False"),
    ],
)
def test_going_on_with_other_options_is_refused(
    option: tuple[object, ...], words: str, trained: Path, people: Path
) -> None:
    refused(twofold("train", people, "--out", trained, "--resume", *option), words)


def test_going_on_with_other_data_or_another_split_is_refused(
    trained: Path, people: Path, tmp_path: Path
) -> None:
    others, split = tmp_path / "others", tmp_path / "split.json"
    shutil.copytree(people, others)
    (others / "7_3.BMP").unlink()
    (others / "7_3.png").unlink()
    refused(twofold("train", others, "--out", trained, "--resume"), "split.json", "7_3")
    for name in ("7_3.BMP", "7_3.png"):
        with Image.open(people / name) as picture:
            picture.rotate(180).save(others / name)
    refused(twofold("train", others, "--out", trained, "--resume"), "split.json", "7_3")
    record = json.loads((trained / "split.json").read_text())
    record["folds/1"], record["folds/2"] = record["folds/2"], record["folds/1"]
    split.write_text(json.dumps(record))
    told = twofold("train", people, "--out", trained, "--resume", "--split", split)
    refused(told, "begun with another split")


def test_a_config_of_another_version_is_refused(people: Path, tmp_path: Path) -> None:
    for content in ('{"preset": "compact"}', "[]", "{"):
        (tmp_path / "config.json").write_text(content)
        refused(twofold("train", people, "--out", tmp_path, "--resume"), "config.json")


def test_comparing_with_other_data_is_refused_before_training(
    trained: Path, people: Path, tmp_path: Path
) -> None:
    other, out = tmp_path / "other", tmp_path / "run"
    shutil.copytree(trained, other)
    data = json.loads((other / "data.json").read_text())
    (other / "data.json").write_text(json.dumps({**data, "digest": "another"}))
    told = twofold("train", people, "--out", out, *QUICK, "--compare", other)
    refused(told, str(other), "made from other data")
    refused(twofold("train", people, "--out", out, "--compare", tmp_path), "not a run folder")
    assert files_in(out) == []


def test_a_finished_run_gone_on_with_is_reported_anew(
    trained: Path, people: Path, tmp_path: Path
) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    shutil.copytree(trained, run)
    shutil.copytree(trained, other)
    before = (run / "model.onnx").stat().st_mtime_ns
    (run / "report.html").unlink()
    told = twofold("train", people, "--out", run, "--resume", *QUICK, "--compare", other)
    assert told.code == 0, told
    assert (run / "model.onnx").stat().st_mtime_ns == before
    assert "other" in (run / "report.html").read_text(encoding="utf-8")


def test_choices_that_do_not_exist(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for option, words in {
        ("--face-backbone", "alexnet"): "choose from compact, vgg16, vgg19, resnet50v2",
        ("--weights", "imagenet"): "the compact backbone learns from nothing",
        ("--folds", "1"): "at least 2",
        ("--epochs", "0"): "epochs 0",
        ("--batch-size", "-3"): "batch-size -3",
        ("--seed", "-1"): "seed -1",
        ("--protocol=report", "--seed=-1"): "seed -1",
        ("--holdout", "1.5"): "holdout 1.5",
        ("--protocol=report", "--split=split.json"): "the protocol report makes its own split",
        ("--folds", "5"): "5 folds need as many",
        ("--split", "missing.json"): "missing.json",
    }.items():
        refused(twofold("train", people, "--out", out, *option), words)
    assert twofold("train", people, "--out", out, "--preset", "vast").code == 2
    assert files_in(out) == []


def test_weights_that_cannot_be_had(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(name: str, *_: object, **__: object) -> str:
        raise OSError(f"URL fetch failure on {name}: unreachable")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    out, wrong = tmp_path / "run", tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"no weights")
    report = ("train", people, "--out", out, "--preset", "report")
    refused(
        twofold(*report),
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        str(tmp_path / "keras" / "models"),
        "--weights none",
    )
    refused(twofold(*report, "--weights", tmp_path / "none.h5"), "none.h5", "no such file")
    refused(twofold(*report, "--weights", wrong), "wrong.weights.h5", "do not fit vgg16")
    keras.utils.clear_session()
    assert files_in(out) == []  # the folder is free for another try


def test_interrupted_with_a_given_split_and_gone_on_with(
    trained: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, given = tmp_path / "run", trained / "split.json"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TrainingDisplay, "end", interrupt)  # after the first fold
        told = twofold("train", people, "--out", out, "--seed", 9, "--split", given, *QUICK)
    assert (told.code, told.err) == (130, "twofold: interrupted.\n")
    assert (out / "folds/1/done.json").is_file()
    assert not (out / "model.json").exists()
    # Another seed would have made other folds; without --split it still goes on with the same.
    told = twofold("train", people, "--out", out, "--resume")
    assert told.code == 0, told
    assert json.loads((out / "split.json").read_text()) == json.loads(given.read_text())
    scored = [
        Predictions.load(RunFolder(out).fold(number) / "predictions.npz",
                         RunFolder(out).read_labels()).names
        for number in (1, 2)
    ]  # fmt: skip
    split = json.loads(given.read_text())
    assert [list(names) for names in scored] == [
        split["folds/1"]["test"],
        split["folds/2"]["test"],
    ]


def test_ctrl_c_prints_one_line(people: Path, tmp_path: Path) -> None:
    process = start("train", people, "--out", tmp_path / "run")
    until((tmp_path / "run" / "config.json").is_file, process)
    process.send_signal(signal.SIGINT)
    told = finish(process)
    assert (told.code, told.err) == (130, "twofold: interrupted.\n")


def test_killed_in_the_middle_and_gone_on_with(
    trained: Path, people: Path, strangers: Path, tmp_path: Path
) -> None:
    out, answers = tmp_path / "run", tmp_path / "answers.csv"
    often = "from twofold.network import fit; fit.CHECKPOINT_SECONDS = 0"
    process = start("train", people, "--out", out, *QUICK, before=often)
    until((out / "folds/2/checkpoint.json").is_file, process)
    process.kill()
    assert finish(process).code == -signal.SIGKILL
    refused(twofold("predict", out, strangers, "--out", answers), "unfinished", "--resume")
    assert not answers.exists()
    told = twofold("train", people, "--out", out, "--resume")
    assert told.code == 0, told
    same_predictions(out, trained)
    assert not [path for path in files_in(out) if path.name.startswith("checkpoint")]


def test_out_of_memory(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(train, "train_and_report", too_much)
    refused(twofold("train", people, "--out", tmp_path / "run"), "--batch-size")
