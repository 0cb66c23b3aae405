"""`twofold train --method matchers`, and the answers of such a run."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.terminal import files_in, refused, twofold
from twofold.data.synthetic import KEY
from twofold.matchers.references import load
from twofold.network.run import Predictions, RunFolder


@pytest.fixture(scope="module")
def enrolled(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of matchers on `people`; to be read only."""
    run = tmp_path_factory.mktemp("enrolled") / "run"
    told = twofold("train", people, "--out", run, "--method", "matchers", "--folds", 2)
    assert told.code == 0, told
    assert "Result:" in told.out
    return run


def test_a_finished_run(enrolled: Path, people: Path) -> None:
    run = RunFolder(enrolled)
    run.require_complete()
    assert run.method == "matchers"
    assert run.read_json(run.config)["folds"] == 2
    assert "backend" in run.read_json(run.environment)
    card = run.read_json(run.model_card)
    kept = load(run.references)
    assert len(kept) == 32
    assert card["references"] == 32 - len(card["without_template"])
    assert {one.subject for one in kept} == {str(label) for label in range(8)}
    assert not list(enrolled.glob("extracted-*"))
    assert not [path for path in files_in(enrolled) if "unfinished" in path.name]
    for number in (1, 2):
        said = Predictions.load(run.fold(number) / "predictions.npz", run.read_labels())
        # Eight synthetic people are told apart; a gross mistake in pairing them would show here.
        assert (said.fused.argmax(axis=1) == said.truth).mean() >= 0.9


def test_the_report_is_of_matchers(enrolled: Path) -> None:
    metrics = json.loads((enrolled / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["method"], metrics["preset"], metrics["synthetic"]) == ("matchers", None, True)
    assert metrics["answering"]["pairs_per_minute"] > 0
    page = (enrolled / "report.html").read_text(encoding="utf-8")
    assert "No network was trained" in page
    assert "--method matchers" in page
    assert "Loss and accuracy by epoch" not in page


def test_beside_a_network_in_one_table(
    enrolled: Path, trained: Path, people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "beside"
    told = twofold(
        "train", people, "--out", out, "--method", "matchers", "--folds", 2, "--compare", trained
    )
    assert told.code == 0, told
    page = (out / "report.html").read_text(encoding="utf-8")
    table = page[page.index('id="comparison"') :]
    assert ">matchers<" in table
    assert ">compact<" in table
    assert table.count(" / min<") == 2


def test_answers(enrolled: Path, strangers: Path, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    told = twofold("predict", enrolled, strangers, "--out", out, "--top-k", 2)
    assert told.code == 0, told
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (people.parent / KEY).open(encoding="utf-8", newline="") as file:
        key = {row["Image"]: row["Answer"] for row in csv.DictReader(file)}
    assert len(rows) == 8
    assert sum(row["Answer"] == key[row["Image"]] for row in rows) >= 7
    for row in rows:
        assert 0 <= float(row["Score 2"]) <= float(row["Score"]) <= 1


def test_pictures_that_show_nothing_get_no_answer(enrolled: Path, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    blank = tmp_path / "blank"
    blank.mkdir()
    for seed, name in enumerate(("0.BMP", "0.png")):
        noise = np.random.default_rng(seed).integers(100, 140, (112, 92), dtype=np.uint8)
        Image.fromarray(noise).save(blank / name)
    out = tmp_path / "answers.csv"
    told = twofold("predict", enrolled, blank, "--out", out)
    assert told.code == 0, told
    assert "No answer, since neither picture gave a template: 0" in told.out
    assert out.read_text(encoding="utf-8") == "Image,Answer\n0,\n"


def test_scored_on_other_pairs(enrolled: Path, people: Path, tmp_path: Path) -> None:
    told = twofold("evaluate", enrolled, people, "--out", tmp_path / "again")
    assert told.code == 0, told
    assert "Scored on its own training data" in (tmp_path / "again" / "report.html").read_text(
        encoding="utf-8"
    )


def test_going_on(people: Path, enrolled: Path, tmp_path: Path) -> None:
    refused(
        twofold("train", people, "--out", enrolled, "--method", "matchers", "--folds", 2),
        "holds a run already", "--resume",
    )  # fmt: skip
    refused(
        twofold("train", people, "--out", enrolled, "--method", "matchers", "--resume"),
        "other options",
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--epochs", 3), "--epochs: of networks only"),
        (("--preset", "report"), "--preset: of networks only"),
        (("--protocol", "report"), "no leaky order"),
        (("--folds", 1), "folds 1: give at least 2"),
    ],
)
def test_options_that_do_not_fit(
    options: tuple[object, ...], words: str, people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    refused(twofold("train", people, "--out", out, "--method", "matchers", *options), words)
    assert not out.exists()


def test_altered_references(enrolled: Path, strangers: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(enrolled, copy)
    with (copy / "references.zip").open("ab") as file:
        file.write(b"x")
    told = twofold("predict", copy, strangers, "--out", tmp_path / "answers.csv")
    refused(told, "references.zip", "altered since")
