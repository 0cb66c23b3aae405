"""The two networks: the report's to the layer, and ours."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.network.numbered import SIZES, numbered
from twofold.data.loading import InputSize
from twofold.errors import OptionError
from twofold.network.presets import COMPACT, REPORT, Preset
from twofold.network.stream import Items, Pictures, ScoringBatches
from twofold.network.two_branch import answering_network, build_network, mean_features

DENSE = replace(COMPACT, join="dense")


def pictures(preset: Preset, n: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return {
        modality: rng.uniform(0, 255, (n, *size.shape)).astype(np.float32)
        for modality, size in preset.sizes.items()
    }


def answers(preset: Preset, subjects: int) -> keras.Model:
    means = None
    if preset.join == "dense":
        rng = np.random.default_rng(1)
        means = {m: rng.normal(size=128).astype(np.float32) for m in ("face", "iris")}
    return answering_network(build_network(preset, subjects), preset, means)


def test_a_dense_join_answers_after_it_was_loaded_from_a_checkpoint(tmp_path: Path) -> None:
    keras.utils.clear_session()
    build_network(DENSE, 3).save(tmp_path / "checkpoint.keras")
    keras.utils.clear_session()  # names are counted anew, as in another process
    network = keras.models.load_model(tmp_path / "checkpoint.keras")
    means = {m: np.zeros(128, np.float32) for m in ("face", "iris")}
    said = answering_network(network, DENSE, means).predict(pictures(DENSE, 2), verbose=0)
    assert said["face_probabilities"].shape == (2, 3)


@pytest.fixture(scope="module")
def report() -> Any:
    """The report's network for 64 subjects, with random weights."""
    untrained = replace(REPORT, weights={"face": "none", "iris": "none"})
    yield build_network(untrained, 64)
    keras.utils.clear_session()


def path_to(layer: Any, kinds: tuple[str, ...]) -> list[Any]:
    """The layers of the given kinds from a layer back to its backbone, nearest first."""
    found = []
    while type(layer).__name__ not in ("Functional", "InputLayer"):
        found.append(layer)
        layer = layer.input._keras_history.operation
    assert all(type(one).__name__ in kinds for one in found), found
    return [*found, layer]


def test_the_report_face_branch(report: Any) -> None:
    features, hidden, flat, backbone = path_to(
        report.get_layer("face_features"), ("Dense", "Flatten")
    )
    assert (type(flat).__name__, backbone.name) == ("Flatten", "vgg16")
    assert [features.units, hidden.units] == [128, 256]
    assert backbone.input.shape[1:] == (56, 46, 3)
    assert not backbone.trainable_weights  # all frozen
    assert backbone.output.shape[1:] == (1, 1, 512)


def test_the_report_iris_branch(report: Any) -> None:
    chain = path_to(
        report.get_layer("iris_features"), ("Dense", "Dropout", "Flatten", "MaxPooling2D")
    )
    kinds = [type(layer).__name__ for layer in chain[:-1]]
    assert kinds == ["Dense", "Dense", "Dropout", "Dense", "Flatten", "MaxPooling2D"]
    assert [chain[0].units, chain[1].units, chain[3].units] == [128, 256, 512]
    assert chain[2].rate == 0.5
    assert chain[5].pool_size == (2, 2)
    backbone = chain[-1]
    assert backbone.name == "resnet50v2"
    assert backbone.input.shape[1:] == (115, 153, 3)
    assert not any(layer.trainable for layer in backbone.layers[:44])
    assert all(layer.trainable for layer in backbone.layers[44:])
    assert backbone.trainable_weights


def test_the_report_join(report: Any) -> None:
    last = report.get_layer("fused")
    assert (last.units, last.activation.__name__) == (64, "softmax")
    assert last.input.shape[1:] == (256,)
    assert type(last.input._keras_history.operation).__name__ == "Concatenate"
    dense = [layer for layer in report.layers if type(layer).__name__ == "Dense"]
    assert len(dense) == 6
    for layer in dense:
        if layer is not last:
            assert layer.activation.__name__ == "relu"
            assert type(layer.kernel_regularizer).__name__ == "L2"
    assert len([layer for layer in report.layers if type(layer).__name__ == "Rescaling"]) == 2


@pytest.mark.parametrize("preset", [COMPACT, DENSE], ids=["cosine", "dense"])
@pytest.mark.parametrize(
    ("face", "iris", "subjects"),
    [
        (InputSize(56, 48, 1), InputSize(72, 96, 3), 64),
        (InputSize(33, 47, 3), InputSize(40, 25, 1), 2),
        (InputSize(16, 16, 1), InputSize(100, 20, 3), 5),
    ],
)
def test_any_size_and_any_number_of_subjects(
    preset: Preset, face: InputSize, iris: InputSize, subjects: int
) -> None:
    sized = replace(preset, sizes={"face": face, "iris": iris})
    said = answers(sized, subjects).predict(pictures(sized, 3), verbose=0)
    assert set(said) == {
        "face_probabilities",
        "iris_probabilities",
        "fused_probabilities",
        "face_features",
        "iris_features",
    }
    for name, values in said.items():
        if name.endswith("features"):
            assert values.shape == (3, 128)
            continue
        assert values.shape == (3, subjects)
        assert (values >= 0).all()
        np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("preset", [COMPACT, DENSE], ids=["cosine", "dense"])
def test_a_branch_alone_does_not_look_at_the_other(preset: Preset) -> None:
    network = answers(preset, 6)
    one, other = pictures(preset, 4, seed=1), pictures(preset, 4, seed=2)
    said = network.predict(one, verbose=0)
    for modality, absent in (("face", "iris"), ("iris", "face")):
        changed = network.predict({**one, absent: other[absent]}, verbose=0)
        for output in (f"{modality}_probabilities", f"{modality}_features"):
            np.testing.assert_allclose(changed[output], said[output], atol=1e-6)
        assert (
            np.abs(changed[f"{absent}_probabilities"] - said[f"{absent}_probabilities"]).max() > 0
        )
        assert np.abs(changed["fused_probabilities"] - said["fused_probabilities"]).max() > 0


def test_an_answer_does_not_depend_on_the_rest_of_the_batch() -> None:
    network = answers(COMPACT, 5)
    batch = pictures(COMPACT, 4)
    together = network.predict(batch, verbose=0)
    alone = network.predict({name: x[2:3] for name, x in batch.items()}, verbose=0)
    for name, values in alone.items():
        np.testing.assert_allclose(values[0], together[name][2], atol=1e-5)


def test_the_more_reliable_modality_weighs_more() -> None:
    network = build_network(COMPACT, 4, {"face": 1.0, "iris": 0.25})
    logits = network.predict(pictures(COMPACT, 3), verbose=0)
    np.testing.assert_allclose(logits["fused"], logits["face"] + 0.25 * logits["iris"], atol=1e-4)
    assert np.abs(logits["face"]).max() <= COMPACT.scale + 1e-4


def test_mean_features() -> None:
    preset = replace(DENSE, sizes=SIZES)
    network = build_network(preset, 3)
    source, items = Pictures(numbered(5), 1), Items.of(range(5))
    means = mean_features(network, ScoringBatches(source, items, batch_size=2))
    said = answering_network(network, preset, means).predict(source.batch(items), verbose=0)
    for modality in ("face", "iris"):
        assert means[modality].shape == (128,)
        np.testing.assert_allclose(
            means[modality], said[f"{modality}_features"].mean(axis=0), atol=1e-5
        )


def test_the_dense_join_needs_the_means() -> None:
    with pytest.raises(ValueError, match="mean features"):
        answering_network(build_network(DENSE, 3), DENSE)


@pytest.mark.parametrize("size", [InputSize(56, 46, 1), InputSize(31, 60, 3)])
def test_sizes_that_an_application_cannot_take(size: InputSize) -> None:
    preset = replace(
        REPORT,
        weights={"face": "none", "iris": "none"},
        sizes={"face": size, "iris": REPORT.sizes["iris"]},
    )
    with pytest.raises(OptionError, match="backbone 'vgg16' takes colour pictures"):
        build_network(preset, 4)
