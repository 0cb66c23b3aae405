"""Backbones from keras.applications: where their weights come from, and what is said if not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from twofold.errors import ModelError, OptionError
from twofold.network.backbones import APPLICATIONS, application
from twofold.network.presets import BACKBONES

SHAPE = (32, 32, 3)


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    keras.utils.clear_session()


def test_every_backbone_on_offer_exists() -> None:
    assert set(BACKBONES) == {"compact", *APPLICATIONS}


def test_random_weights_and_a_file() -> None:
    model = application("vgg16", SHAPE, "none")
    assert (model.name, model.output.shape[-1]) == ("vgg16", 512)


def test_moving_averages_follow_quickly_from_random_weights_only(tmp_path: Path) -> None:
    model = application("resnet50v2", SHAPE, "none")
    path = tmp_path / "own.weights.h5"
    model.save_weights(path)
    for weights, momentum in (("none", 0.9), (str(path), 0.99)):
        layers = application("resnet50v2", SHAPE, weights).layers
        averages = [one for one in layers if isinstance(one, keras.layers.BatchNormalization)]
        assert len(averages) == 49
        assert {one.momentum for one in averages} == {momentum}


def test_weights_of_a_file(tmp_path: Path) -> None:
    model = application("vgg16", SHAPE, "none")
    path = tmp_path / "own.weights.h5"
    model.save_weights(path)
    again = application("vgg16", SHAPE, str(path))
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ModelError, match=r"own\.weights\.h5: these weights do not fit resnet50v2"):
        application("resnet50v2", SHAPE, str(path))


def test_a_file_that_holds_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "photo.h5"
    path.write_bytes(b"BM" + bytes(100))
    with pytest.raises(ModelError, match=r"photo\.h5: these weights do not fit vgg16"):
        application("vgg16", SHAPE, str(path))


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_imagenet_without_a_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def offline(file: str, *_: object, **__: object) -> str:
        asked.append(file)
        raise OSError("unreachable")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(ModelError) as refusal:
        application(name, SHAPE, "imagenet")
    told = str(refusal.value)
    assert asked[0] in told  # the very file that Keras looked for
    assert str(tmp_path / "models") in told
    assert "--weights none" in told


def test_what_does_not_exist() -> None:
    with pytest.raises(OptionError, match="alexnet"):
        application("alexnet", SHAPE, "none")
    with pytest.raises(OptionError, match=r"gone\.h5.*no such file"):
        application("vgg16", SHAPE, "gone.h5")
