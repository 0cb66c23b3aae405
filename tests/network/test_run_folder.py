"""Predictions survive being kept, and what is damaged is refused."""

import numpy as np
import pytest

from twofold.errors import ModelError, OutputError
from twofold.network.run import Predictions, RunFolder


def predictions(n=5, k=3, seed=0):
    rng = np.random.default_rng(seed)
    outputs = rng.dirichlet(np.ones(k), (3, n)).astype(np.float32)
    truth = rng.integers(-1, k, n)
    labels = tuple(f"김 {i}" for i in range(k))
    return Predictions(tuple(f"p{i}" for i in range(n)), truth, labels, *outputs)


def test_kept_and_read_again(tmp_path):
    given = predictions()
    given.save(tmp_path / "predictions.npz")
    read = Predictions.load(tmp_path / "predictions.npz", given.labels)
    assert (read.names, read.labels, len(read)) == (given.names, given.labels, 5)
    assert read.truth.dtype == np.int64
    for branch in ("truth", "face", "iris", "fused"):
        assert (getattr(read, branch) == getattr(given, branch)).all()
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.npz"]


def test_no_predictions_can_be_kept_too(tmp_path):
    predictions(n=0).save(tmp_path / "none.npz")
    assert len(Predictions.load(tmp_path / "none.npz", predictions().labels)) == 0


def test_damage_is_refused(tmp_path):
    path = tmp_path / "predictions.npz"
    with pytest.raises(ModelError, match="missing"):
        Predictions.load(path, ("a",))
    path.write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="not readable"):
        Predictions.load(path, ("a",))
    np.savez(path, names=np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="not readable"):  # pickles are never opened
        Predictions.load(path, ("a",))
    predictions().save(path)
    with pytest.raises(ModelError, match="shape"):
        Predictions.load(path, ("a", "b"))


@pytest.mark.parametrize("value", [np.nan, -0.5, 2])
def test_rows_that_are_no_probabilities_are_refused(value):
    good = predictions()
    bad = good.face.copy()
    bad[2, 1] = value
    with pytest.raises(ModelError, match="face holds rows"):
        Predictions(good.names, good.truth, good.labels, bad, good.iris, good.fused)


def test_truth_outside_the_labels_is_refused():
    good = predictions()
    for truth in (good.truth * 0 + 3, good.truth * 0 - 2, good.truth[:2]):
        with pytest.raises(ModelError, match="truth"):
            Predictions(good.names, truth, good.labels, good.face, good.iris, good.fused)


def test_joined_keeps_the_order():
    one, two = predictions(3, seed=1), predictions(2, seed=2)
    both = Predictions.joined([one, two])
    assert both.names == one.names + two.names
    assert (both.fused[3:] == two.fused).all()
    with pytest.raises(ModelError, match="joined"):
        Predictions.joined([one, predictions(2, k=4)])
    with pytest.raises(ModelError, match="joined"):
        Predictions.joined([])


def test_a_folder_that_cannot_be_written_to(tmp_path):
    with pytest.raises(OutputError):
        predictions().save(tmp_path / "missing" / "predictions.npz")


def test_a_run_is_complete_once_its_model_card_exists(tmp_path):
    run = RunFolder(tmp_path)
    with pytest.raises(ModelError, match="not a run folder"):
        run.require_complete()
    run.config.write_text("{}")
    with pytest.raises(ModelError, match="unfinished"):
        run.require_complete()
    run.model_card.write_text("{}")
    run.require_complete()


def test_folds_come_in_numeric_order(tmp_path):
    run = RunFolder(tmp_path)
    assert run.fold_folders() == ()
    for name in ("10", "2", "1", "notes"):
        (run.folds / name).mkdir(parents=True)
    assert [path.name for path in run.fold_folders()] == ["1", "2", "10"]
    assert run.fold(2) == run.fold_folders()[1]


def test_labels_must_be_names(tmp_path):
    run = RunFolder(tmp_path)
    run.labels.write_text("[1, 2]")
    with pytest.raises(ModelError, match="not a list of names"):
        run.read_labels()
    run.labels.write_text('["김", "2"]', encoding="utf-8")
    assert run.read_labels() == ("김", "2")
