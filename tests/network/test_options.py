"""Choices that exist and fit are put into the preset; the others are refused by name."""

from pathlib import Path

import pytest

from twofold.errors import OptionError
from twofold.network.options import TrainingOptions, weights_file
from twofold.network.presets import COMPACT, REPORT


def test_without_choices_it_is_the_preset() -> None:
    assert TrainingOptions().resolved() == COMPACT
    assert TrainingOptions(preset="report").resolved() == REPORT


def test_choices_are_put_in(tmp_path: Path) -> None:
    weights = tmp_path / "own.weights.h5"
    weights.touch()
    chosen = TrainingOptions(
        preset="report",
        face_backbone="vgg19",
        iris_weights=str(weights),
        batch_size=8,
        epochs=3,
    ).resolved()
    assert chosen.backbones == {"face": "vgg19", "iris": "resnet50v2"}
    assert chosen.weights == {"face": "imagenet", "iris": str(weights)}
    assert (chosen.batch_size, chosen.epochs) == (8, 3)
    assert chosen.sizes == REPORT.sizes


def test_epochs_that_are_asked_for_are_meant() -> None:
    chosen = TrainingOptions(epochs=2).resolved()
    assert (chosen.epochs, chosen.min_items, chosen.min_updates) == (2, 0, 1)
    assert TrainingOptions(batch_size=256).resolved().min_updates == COMPACT.min_updates


def test_a_backbone_of_the_other_preset_brings_its_size() -> None:
    chosen = TrainingOptions(face_backbone="vgg16", iris_backbone="compact").resolved()
    assert chosen.sizes == {"face": REPORT.sizes["face"], "iris": COMPACT.sizes["iris"]}
    chosen = TrainingOptions(preset="report", face_backbone="compact").resolved()
    assert chosen.sizes == {"face": COMPACT.sizes["face"], "iris": REPORT.sizes["iris"]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (TrainingOptions(preset="huge"), "preset 'huge': choose from compact, report"),
        (TrainingOptions(protocol="loo"), "choose from kfold"),  # type: ignore[arg-type]
        (TrainingOptions(folds=1), "folds 1: give at least 2, or 0"),
        (TrainingOptions(folds=-2), "folds -2"),
        (TrainingOptions(batch_size=0), "batch-size 0"),
        (TrainingOptions(epochs=-1), "epochs -1"),
        (TrainingOptions(seed=-1), "seed -1"),
        (TrainingOptions(seed=2**32), "seed 4294967296"),
        (TrainingOptions(holdout=0.0), "holdout"),
        (TrainingOptions(holdout=float("nan")), "holdout"),
        (TrainingOptions(face_backbone="alexnet"), "face-backbone 'alexnet': choose from compact"),
        (TrainingOptions(iris_weights="imagenet"), "the compact backbone learns from nothing"),
        (TrainingOptions(preset="report", face_weights="nowhere.h5"), "'nowhere.h5': no such file"),
    ],
)
def test_other_choices_are_refused(options: TrainingOptions, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        options.resolved()


def test_weights_file(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    path.touch()
    assert weights_file(str(path)) == path
    with pytest.raises(OptionError):
        weights_file(str(tmp_path))
