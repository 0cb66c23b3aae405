"""A run from beginning to end, broken off and gone on with."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.network.conftest import MakeData
from tests.network.watching import KilledError, Killer, Silent
from twofold.errors import DatasetError, ModelError, OutputError
from twofold.network import fit
from twofold.network.answering import Answerer
from twofold.network.options import TrainingOptions
from twofold.network.run import BRANCHES, Predictions, RunFolder
from twofold.network.stream import Items, Truth
from twofold.network.training import train

QUICK = TrainingOptions(folds=2, epochs=6, batch_size=8, logs=False)


def _predictions(run: RunFolder, part: str) -> Predictions:
    return Predictions.load(run.root / part / "predictions.npz", run.read_labels())


@pytest.fixture(scope="module")
def finished(make_data: MakeData, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(make_data(QUICK), QUICK, tmp_path_factory.mktemp("run") / "run", Silent())


def test_a_finished_run_holds_everything(finished: RunFolder) -> None:
    finished.require_complete()
    for part in ("folds/1", "folds/2", "final"):
        folder = finished.root / part
        with (folder / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [int(row["epoch"]) for row in rows] == list(range(1, 7))
        assert all(float(row["loss"]) > 0 for row in rows)
        done = json.loads((folder / "done.json").read_text())
        assert done["epochs"] == 6
        assert done["seconds"] > 0
        assert not list(folder.glob("checkpoint*"))
    split = json.loads(finished.split.read_text())
    tested = split["folds/1"]["test"] + split["folds/2"]["test"]
    assert sorted(tested) == sorted(split["final"]["train"])
    environment = json.loads(finished.environment.read_text())
    assert {"python", "backend", "packages", "cores"} <= set(environment)


def test_onnx_answers_as_keras_did_for_the_same_pairs(
    finished: RunFolder, make_data: MakeData
) -> None:
    import keras

    from twofold.data.loading import PairImages

    answerer = Answerer(finished)
    pairs = make_data(QUICK).dataset.pairs[:5]
    said = answerer(pairs, batch_size=2)
    network = keras.models.load_model(finished.keras_model)
    expected = network.predict(PairImages(pairs, answerer.sizes).batch(range(5)), verbose=0)
    for branch in BRANCHES:
        np.testing.assert_allclose(
            getattr(said, branch), expected[f"{branch}_probabilities"], atol=1e-4
        )
    assert said.names == tuple(pair.name for pair in pairs)


def test_the_same_command_gives_the_same_figures(
    finished: RunFolder, make_data: MakeData, tmp_path: Path
) -> None:
    again = train(make_data(QUICK), QUICK, tmp_path / "again", Silent())
    for part in ("folds/1", "folds/2"):
        np.testing.assert_allclose(
            _predictions(finished, part).fused, _predictions(again, part).fused, atol=1e-5
        )


@pytest.mark.parametrize(
    ("part", "epoch"),
    [pytest.param("folds/1", 3, marks=pytest.mark.slow), ("folds/2", 1), ("final", 4)],
)
def test_a_killed_run_goes_on_and_ends_with_the_same_figures(
    finished: RunFolder,
    make_data: MakeData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    epoch: int,
) -> None:
    monkeypatch.setattr(fit, "CHECKPOINT_SECONDS", 0.0)  # a checkpoint after every epoch
    data, root = make_data(QUICK), tmp_path / "run"
    with pytest.raises(KilledError):
        train(data, QUICK, root, Killer(part, epoch))
    with pytest.raises(ModelError, match="unfinished"):
        RunFolder(root).require_complete()
    run = train(data, QUICK, root, Silent())
    for name in ("folds/1", "folds/2"):
        np.testing.assert_allclose(
            _predictions(run, name).fused, _predictions(finished, name).fused, atol=1e-5
        )
    pairs = data.dataset.pairs
    np.testing.assert_allclose(
        Answerer(run)(pairs).fused, Answerer(finished)(pairs).fused, atol=1e-4
    )


def test_a_run_is_not_mixed_with_other_options_or_data(
    finished: RunFolder, make_data: MakeData
) -> None:
    data = make_data(QUICK)
    with pytest.raises(OutputError, match="seed was 1, now 2"):
        train(data, replace(QUICK, seed=2), finished.root, Silent())
    other = replace(data, card={**data.card, "digest": "another"})
    with pytest.raises(OutputError, match="other data"):
        train(other, QUICK, finished.root, Silent())


@pytest.mark.parametrize("name", ["model.onnx", "labels.json"])
def test_an_altered_model_is_refused(finished: RunFolder, tmp_path: Path, name: str) -> None:
    for kept in ("config.json", "labels.json", "model.json", "model.onnx"):
        (tmp_path / kept).write_bytes((finished.root / kept).read_bytes())
    Answerer(RunFolder(tmp_path))
    content = (tmp_path / name).read_bytes()
    if name == "labels.json":  # two subjects change places
        content = content.replace(b'"0"', b'"x"').replace(b'"1"', b'"0"').replace(b'"x"', b'"1"')
    else:
        content = content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: altered since it was trained"):
        Answerer(RunFolder(tmp_path))


def test_a_damaged_checkpoint_says_what_to_delete(make_data: MakeData, tmp_path: Path) -> None:
    (tmp_path / "folds/1").mkdir(parents=True)
    (tmp_path / "folds/1/checkpoint.json").write_text("{")
    with pytest.raises(ModelError, match=r"Delete .*folds/1"):
        train(make_data(QUICK), QUICK, tmp_path, Silent())


def test_the_report_protocol_leaks_and_counts_it(make_data: MakeData, tmp_path: Path) -> None:
    options = replace(QUICK, protocol="report", epochs=1)
    run = train(make_data(options), options, tmp_path / "run", Silent())
    data = json.loads(run.data.read_text())
    # 32 pairs x 5 = 160 items, a fifth of them tested, each picture of a pair counted.
    assert data["test_images"] == 2 * 32
    assert 0.8 * data["test_images"] < data["leaked_images"] <= data["test_images"]
    assert len(_predictions(run, "final").names) == 32
    assert any("(copy " in name for name in _predictions(run, "final").names)
    assert len(run.fold_folders()) == 4


def test_a_held_out_part_is_scored_by_the_final_network(
    make_data: MakeData, tmp_path: Path
) -> None:
    options = replace(QUICK, protocol="holdout", folds=0, epochs=1)
    run = train(make_data(options), options, tmp_path / "run", Silent())
    assert len(_predictions(run, "final").names) == 8  # one of each of the eight people
    assert run.fold_folders() == ()


def test_one_subject_cannot_be_told_apart(make_data: MakeData, tmp_path: Path) -> None:
    data = make_data(QUICK)
    pairs = tuple(pair for pair in data.dataset.pairs if pair.subject == "0")
    lonely = replace(data, dataset=replace(data.dataset, pairs=pairs))
    with pytest.raises(DatasetError, match="at least two"):
        train(lonely, QUICK, tmp_path / "run", Silent())


def test_unequal_numbers_of_pairs_are_evened_out() -> None:
    truth = Truth(np.array([0, 0, 0, 1, 2, 2]), 3)
    weights = truth.weights(Items.of(range(6)))
    assert weights is not None
    np.testing.assert_allclose(weights * [3, 1, 2], 2.0)
    assert truth.weights(Items.of([0, 3, 4])) is None


def test_looking_on_costs_a_bounded_share(make_data: MakeData) -> None:
    """The validation curve is taken on all items of an ordinary fold, on some of a large part."""
    from twofold.data.loading import PairImages
    from twofold.network.presets import COMPACT
    from twofold.network.stream import Pictures
    from twofold.network.two_branch import build_network

    pairs = make_data(QUICK).dataset.pairs
    pictures = Pictures(PairImages(pairs, COMPACT.sizes), 1)
    truth = Truth(np.zeros(len(pairs), dtype=np.int64), 2)
    network = build_network(COMPACT, 2)
    few, many = Items.of(range(32)), Items.of(range(32), 9)
    for watch, expected in ((few, 32), (many, 100), (None, None)):
        task = fit.Task(Path("nowhere"), few, watch, truth, 1)
        looked = fit._watched(task, pictures, network, 100)
        assert (looked and len(looked.items)) == expected
        if watch is many and looked is not None:
            assert set(looked.items.pairs.tolist()) == set(range(32))
            assert len(set(looked.items.copies.tolist())) > 5
