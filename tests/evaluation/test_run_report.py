"""Reports of made-up runs: every file, honest words, nothing of a name taken as HTML."""

import base64
import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from fabricated import make_dataset, make_predictions, make_run
from PIL import Image

from twofold.data.dataset import Dataset
from twofold.errors import DatasetError, ModelError, OptionError
from twofold.evaluation.report import write_evaluation, write_report
from twofold.network.run import Predictions, RunFolder

FIGURES = {"branches", "confusion", "curves", "labels", "samples", "confused"}


def metrics_of(folder: Path):
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def assert_figures(folder: Path, names):
    found = {path.stem: path for path in folder.iterdir()}
    assert set(found) == set(names)
    for path in found.values():
        with Image.open(path) as picture:
            assert np.asarray(picture.convert("L")).std() > 1, f"{path} is blank"


@pytest.mark.parametrize("count", [6, 64])
def test_a_cross_validated_run(tmp_path, count):
    dataset = make_dataset(tmp_path / "set", [str(i) for i in range(count)])
    wrong = {"face": 0.2, "iris": 0.15, "fused": 0.1}
    run = make_run(tmp_path / "run", dataset, wrong=wrong)
    report = write_report(run, dataset)
    assert report == run / "report.html"
    assert_figures(run / "figures", FIGURES)
    page = report.read_text(encoding="utf-8")
    embedded = [base64.b64decode(code) for code in re.findall(r'base64,([^"]+)"', page)]
    assert len(embedded) == len(FIGURES)
    assert (run / "figures" / "confusion.png").read_bytes() in embedded
    assert "http" not in page.replace("http-equiv", "")
    assert "LEAK" not in page
    assert "assume that the two modalities are independent" in page
    assert "--protocol kfold" in page

    metrics = metrics_of(run)
    assert {"schema", "run", "preset", "protocol", "leaky", "synthetic", "data_digest", "interval",
            "headline", "accuracy", "leak", "seconds", "cpu_seconds", "cross_validation",
            "held_out"} <= set(metrics)  # fmt: skip
    crossed = metrics["cross_validation"]
    assert metrics["held_out"] is None
    assert crossed["pooled"]["fused"]["pairs"] == 4 * count
    assert metrics["accuracy"]["fused"] == crossed["pooled"]["fused"]["accuracy"]["value"]
    fused = [row["fused"] for row in crossed["folds"]]
    assert crossed["mean"]["fused"] == pytest.approx(np.mean(fused))
    assert crossed["deviation"]["fused"] == pytest.approx(np.std(fused, ddof=1))
    assert metrics["seconds"] == pytest.approx(5 * 31.4)
    assert len(crossed["pooled"]["fused"]["errors"]) == round(
        (1 - metrics["accuracy"]["fused"]) * 4 * count
    )


def test_a_flawless_run_says_what_it_leaves_open(tmp_path, six):
    run = make_run(tmp_path / "run", six, wrong=dict.fromkeys(("face", "iris", "fused"), 0))
    page = write_report(run, six).read_text(encoding="utf-8")
    assert_figures(run / "figures", FIGURES - {"confused"})
    assert "100.0 %" in page
    assert "No error among 6 subjects" in page
    assert metrics_of(run)["cross_validation"]["deviation"]["fused"] == 0


def test_a_held_out_part_is_the_headline(tmp_path, six):
    run = make_run(tmp_path / "run", six, protocol="holdout")
    write_report(run, six)
    metrics = metrics_of(run)
    assert metrics["headline"] == "held-out part"
    assert metrics["held_out"]["fused"]["pairs"] == 6
    assert metrics["cross_validation"]["pooled"]["fused"]["pairs"] == 18
    assert metrics["accuracy"]["fused"] == metrics["held_out"]["fused"]["accuracy"]["value"]


def test_the_reports_protocol_is_named_leaky(tmp_path, six):
    run = make_run(tmp_path / "run", six, protocol="report", preset="report")
    page = write_report(run, six).read_text(encoding="utf-8")
    assert "These figures LEAK" in page
    assert "10 of 12 test images have a copy in the training part" in page
    metrics = metrics_of(run)
    assert metrics["leaky"] is True
    assert metrics["leak"] == {"leaked_images": 10, "test_images": 12}


def test_synthetic_people_are_called_so(tmp_path, six):
    run = make_run(tmp_path / "run", six, synthetic=True)
    assert "figures say nothing about real ones" in write_report(run, six).read_text("utf-8")
    assert metrics_of(run)["synthetic"] is True


def test_runs_are_compared_on_the_same_data_only(tmp_path, six):
    run = make_run(tmp_path / "run", six, preset="report", seed=4)
    leaky = make_run(tmp_path / "leaky", six, protocol="report", preset="report")
    page = write_report(run, six, [leaky, run]).read_text(encoding="utf-8")
    assert "LEAKY" in page
    assert "Preset report: the leak moves face by" in page
    assert "These figures LEAK" not in page
    assert_figures(run / "figures", FIGURES | {"comparison"} - _none_wrong(run))

    other = make_run(tmp_path / "other", six, digest="f" * 64)
    with pytest.raises(OptionError, match="trained on other data"):
        write_report(run, six, [other])


def _none_wrong(run: Path):
    errors = metrics_of(run)["cross_validation"]["pooled"]["fused"]["errors"]
    return set() if errors else {"confused"}


def test_hostile_names_stay_text(tmp_path):
    labels = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(2)>',
        "{{ 7 * 7 }}",
        "김&철수",
    ]
    dataset = make_dataset(tmp_path / "set", labels)
    renamed = [dataclasses.replace(p, name=f"<b>{p.name}\udcff\n") for p in dataset.pairs]
    dataset = dataclasses.replace(dataset, pairs=tuple(renamed))
    wrong = dict.fromkeys(("face", "iris", "fused"), 0.5)
    run = make_run(tmp_path / "<i>run", dataset, wrong=wrong)
    page = write_report(run, dataset).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert page.count("<img src=x") == 0
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert "김&amp;철수" in page
    assert metrics_of(run)["cross_validation"]["pooled"]["fused"]["per_label"][0]["label"] in labels


def test_an_unfinished_or_damaged_run_is_refused_and_nothing_looks_finished(tmp_path, six):
    with pytest.raises(ModelError, match="not a run folder"):
        write_report(tmp_path, six)
    run = make_run(tmp_path / "run", six)
    (run / "model.json").rename(run / "kept")
    with pytest.raises(ModelError, match="unfinished"):
        write_report(run, six)
    (run / "kept").rename(run / "model.json")
    (run / "folds" / "2" / "predictions.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"predictions\.npz"):
        write_report(run, six)
    (run / "folds" / "2" / "predictions.npz").unlink()
    with pytest.raises(ModelError, match=r"predictions\.npz: missing"):
        write_report(run, six)
    assert not (run / "metrics.json").exists()


@pytest.mark.parametrize("name", ["config.json", "data.json", "labels.json"])
def test_broken_json_is_named(tmp_path, six, name):
    run = make_run(tmp_path / "run", six)
    (run / name).write_text("12")
    with pytest.raises(ModelError, match=name):
        write_report(run, six)
    (run / name).write_text("{")
    with pytest.raises(ModelError, match=name):
        write_report(run, six)


def test_a_broken_history_is_named(tmp_path, six):
    run = make_run(tmp_path / "run", six)
    (run / "folds" / "1" / "history.csv").write_text("epoch,loss\n1,much\n")
    with pytest.raises(ModelError, match=r"history\.csv"):
        write_report(run, six)


def test_a_run_without_folds_or_held_out_part_has_nothing_to_report(tmp_path, six):
    run = make_run(tmp_path / "run", six)
    for number in "1234":
        for file in (run / "folds" / number).iterdir():
            file.unlink()
        (run / "folds" / number).rmdir()
    with pytest.raises(ModelError, match="no predictions"):
        write_report(run, six)


def test_evaluation_on_another_dataset(tmp_path, six):
    run = make_run(tmp_path / "run", six)
    other = make_dataset(tmp_path / "other", ["0", "1", "2", "stranger"])
    wrong = {"face": 0.3, "iris": 0.3, "fused": 0.3}
    said = make_predictions(other, six.subjects, range(16), 2, wrong)
    report = write_evaluation(said, other, tmp_path / "out", run)
    page = report.read_text(encoding="utf-8")
    assert_figures(tmp_path / "out" / "figures", FIGURES - {"curves"})
    assert "Run run on other" in page
    assert "4 pairs of subjects that the run does not know" in page
    metrics = metrics_of(tmp_path / "out")
    assert (metrics["unknown_pairs"], metrics["unknown_subjects"]) == (4, 1)
    assert metrics["scores"]["fused"]["pairs"] == 12
    assert metrics["leaky"] is False
    assert not (run / "metrics.json").exists()


def test_evaluation_on_the_training_data_is_called_so(tmp_path, six):
    run = make_run(tmp_path / "run", six)
    said = make_predictions(six, six.subjects, range(24))
    page = write_evaluation(said, six, tmp_path / "out", run).read_text(encoding="utf-8")
    assert "Scored on its own training data" in page
    assert metrics_of(tmp_path / "out")["leaky"] is True


def test_evaluation_of_strangers_alone_is_refused(tmp_path, six):
    run = make_run(tmp_path / "run", six)
    other: Dataset = make_dataset(tmp_path / "other", ["x", "y"])
    said: Predictions = make_predictions(other, six.subjects, range(8))
    with pytest.raises(DatasetError, match="nothing to score"):
        write_evaluation(said, other, tmp_path / "out", run)
    assert not RunFolder(tmp_path / "out").metrics.exists()
