"""Figures hold what they should, at any number of subjects, whatever the names."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fabricated import make_dataset, make_predictions
from PIL import Image

from twofold.data.dataset import Dataset, Pair
from twofold.evaluation import figures, pictures, style
from twofold.evaluation.classification import Estimate, classify
from twofold.evaluation.results import Training
from twofold.evaluation.scores import score


def made_up(labels, wrong=0.1, pairs_each=4):
    pairs = [
        Pair(f"{i}_{k}", Path("none.BMP"), Path("none.png"), label)
        for i, label in enumerate(labels)
        for k in range(pairs_each)
    ]
    dataset = Dataset(Path(), "flat", "stem", tuple(pairs))
    shares = dict.fromkeys(("face", "iris", "fused"), wrong)
    return score(make_predictions(dataset, labels, range(len(pairs)), 3, shares))


def drawn(figure, path):
    """The written picture's pixels, uint8 (height, width, 3)."""
    style.save(figure, path)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("count", [2, 5, 64, 200])
def test_confusion_matrix_at_any_size(tmp_path, count):
    result = made_up([str(i) for i in range(count)]).fused
    figure = figures.confusion_matrix(result)
    (axes,) = figure.axes
    off = result.confusion - np.diag(np.diag(result.confusion))
    assert sorted(texts(axes)) == sorted(str(n) for n in off[off > 0])
    assert drawn(figure, tmp_path / "c.png").std() > 1
    # Names are never set closer than they are high.
    points = axes.get_window_extent().height / figure.dpi * 72
    assert points / len(axes.get_yticks()) >= axes.get_yticklabels()[0].get_size()
    assert max(figure.get_size_inches()) < 20


def test_confusion_matrix_leaves_out_who_does_not_occur():
    predictions = made_up(["a", "b", "c", "d"], wrong=0).predictions
    some = predictions.truth < 2
    result = classify(predictions.truth[some], predictions.fused[some], predictions.labels)
    (axes,) = figures.confusion_matrix(result).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]


@pytest.mark.parametrize("count", [1, 6, 64, 130])
def test_every_subject_has_its_f1_bar(tmp_path, count):
    result = made_up([f"subject {i}" for i in range(count)], wrong=0.1 if count > 4 else 0).fused
    figure = figures.label_scores(result)
    bars = [bar.get_height() for axes in figure.axes for bar in axes.patches]
    assert bars == pytest.approx([s.f1 for s in result.per_label])
    assert drawn(figure, tmp_path / "f.png").std() > 1


def test_branch_bars_show_value_and_interval(tmp_path):
    estimates = {"face": Estimate(0.8, 0.7, 0.9, 50, 10), "iris": Estimate(1, None, None, 4, 1)}
    figure = figures.branch_accuracy({"one": estimates, "two": estimates}, 0.1, ["two"])
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [0.8, 1, 0.8, 1]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, False, True, True]
    assert "80.0 % [70.0, 90.0]" in texts(axes)
    assert "two  LEAKY" in texts(axes)
    assert drawn(figure, tmp_path / "b.png").std() > 1


def test_learning_curves_draw_every_fold_and_their_mean(tmp_path):
    def training(epochs, validated=True):
        line = np.linspace(1, 0, epochs)
        unknown = np.full(epochs, np.nan)
        columns = {"loss": line, "accuracy": 1 - line}
        checks = {f"val_{k}": v if validated else unknown for k, v in columns.items()}
        return Training("fold", columns | checks, {}, None)

    figure = figures.learning_curves([training(5), training(8)], training(6, validated=False))
    loss, _ = figure.axes
    # Two folds and a mean for training and for validation, and the final network.
    assert sorted(line.get_xdata().size for line in loss.lines) == [5, 5, 5, 5, 6, 8, 8]
    assert drawn(figure, tmp_path / "l.png").std() > 1
    empty = figures.learning_curves([], training(1, validated=False))
    assert len(empty.axes[0].lines) == 1


def test_validation_that_is_taken_now_and_then_is_still_a_line():
    sparse = np.array([np.nan, 4.0, np.nan, 2.0])
    history = {"loss": np.array([5.0, 4.0, 3.0, 2.0]), "val_loss": sparse}
    fold = Training("fold 1", history, {}, None)
    loss, _ = figures.learning_curves([fold], Training("final", {}, {}, None)).axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in loss.lines}
    assert lines["validation, 1 fold"] == [[2, 4.0], [4, 2.0]]


def test_hostile_names_are_drawn_as_they_are(tmp_path):
    labels = ["$\\frac{", "a\nb", "x" * 300, "_^${}", "\udcff"]
    scores = made_up(labels, wrong=0.5)
    for figure in (
        figures.confusion_matrix(scores.fused),
        figures.label_scores(scores.fused),
        pictures.sample_predictions(scores.fused, scores.predictions, {}),
        pictures.confused_subjects(scores.fused, scores.predictions, {}),
    ):
        assert drawn(figure, tmp_path / "h.png").std() > 1


def test_samples_show_errors_first_with_their_pictures(tmp_path):
    dataset = make_dataset(tmp_path / "set", [str(i) for i in range(8)])
    (dataset.pairs[3].face).unlink()
    shares = {"face": 0, "iris": 0, "fused": 0.3}
    scores = score(make_predictions(dataset, dataset.subjects, range(32), 1, shares))
    pairs = {pair.name: pair for pair in dataset.pairs}
    figure = pictures.sample_predictions(scores.fused, scores.predictions, pairs, some_right=6)
    said = [text for text in texts(figure.axes[0]) if text[0] in "✗✓"]
    errors = len(scores.fused.errors)
    assert errors > 3
    assert [text[0] for text in said] == ["✗"] * errors + ["✓"] * 6
    first = scores.fused.errors[0]
    assert said[0] == f"✗ {first.truth} → {first.predicted}"
    assert len(figure.axes[0].images) >= 2 * (errors + 6) - 1
    assert drawn(figure, tmp_path / "s.png").std() > 1


def test_a_missing_picture_and_a_copy(tmp_path):
    dataset = make_dataset(tmp_path / "set", ["a", "b"], pairs_each=1)
    pairs = {pair.name: pair for pair in dataset.pairs}
    assert pictures.find_pair(pairs, "1_0 (copy 3)") is dataset.pairs[1]
    assert pictures.find_pair(pairs, "9_9") is None
    dataset.pairs[0].face.write_text("not a picture")
    tiles = [pictures.Tile(dataset.pairs[0], "", ""), pictures.Tile(None, "", "")]
    figure = pictures.sheet(tiles, columns=2)
    notes = [text for text in texts(figure.axes[0]) if text]
    assert notes == ["not\nreadable", "not in\nthis dataset", "not in\nthis dataset"]


def test_no_global_setting_is_left_behind(tmp_path):
    before = dict(matplotlib.rcParams)
    style.save(figures.confusion_matrix(made_up(["a", "b"]).fused), tmp_path / "c.png")
    assert dict(matplotlib.rcParams) == before
