"""The ONNX form is kept only where it answers as Keras does."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest

from twofold.data.loading import InputSize
from twofold.errors import ModelError, OutputError
from twofold.network import export
from twofold.network.conversion import convert_apart
from twofold.network.export import TOLERANCE, export_onnx
from twofold.network.presets import COMPACT
from twofold.network.two_branch import answering_network, build_network

SMALL = replace(COMPACT, sizes={"face": InputSize(16, 18, 1), "iris": InputSize(17, 20, 3)})


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return answering_network(build_network(SMALL, 3), SMALL)


@pytest.fixture(scope="module")
def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {
        modality: rng.uniform(0, 255, (5, *size.shape)).astype(np.float32)
        for modality, size in SMALL.sizes.items()
    }


def test_both_forms_agree(
    network: keras.Model, pictures: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    assert 0 <= export_onnx(network, path, pictures) <= TOLERANCE
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert {one.name for one in session.get_inputs()} == {"face", "iris"}
    assert {one.name for one in session.get_outputs()} == set(network.output)
    # Any number of pairs at a time, not only as many as it was compared on.
    for n in (1, 4):
        some = {name: x[:n] for name, x in pictures.items()}
        (said,) = session.run(["fused_probabilities"], some)
        expected = network.predict(some, verbose=0)["fused_probabilities"]
        np.testing.assert_allclose(said, expected, atol=TOLERANCE)


def test_a_large_network_is_converted_in_a_process_of_its_own(
    network: keras.Model,
    pictures: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "LARGE", 1)
    asked = []
    monkeypatch.setattr(export, "convert_apart", lambda *paths: asked.append(convert_apart(*paths)))
    assert export_onnx(network, tmp_path / "model.onnx", pictures) <= TOLERANCE
    assert asked == [None]


def test_a_conversion_that_fails_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"model\.keras: the conversion to ONNX failed.*--resume"):
        convert_apart(tmp_path / "model.keras", tmp_path / "model.onnx")


def test_a_form_that_disagrees_is_not_kept(
    network: keras.Model,
    pictures: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    path = tmp_path / "model.onnx"
    path.write_bytes(b"the one before")
    with pytest.raises(ModelError, match=r"model\.onnx answers differently from Keras"):
        export_onnx(network, path, pictures)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert path.read_bytes() == b"the one before"


def test_answers_that_are_no_numbers_are_not_kept(
    network: keras.Model, pictures: dict[str, np.ndarray], tmp_path: Path
) -> None:
    broken = {**pictures, "face": pictures["face"] * np.float32(np.nan)}
    with pytest.raises(ModelError):
        export_onnx(network, tmp_path / "model.onnx", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist(
    network: keras.Model, pictures: dict[str, np.ndarray], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OutputError, match=r"cannot write .*model\.onnx"):
        export_onnx(network, file / "model.onnx", pictures)
