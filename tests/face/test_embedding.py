"""Any ONNX embedder by its card; the card's preprocessing is what reaches the network."""

import numpy as np
import pytest

from tests.face.conftest import rgb_face
from tests.face.networks import write_model
from twofold.errors import ModelError
from twofold.face import cards
from twofold.face.embedding import open_embedder, providers, unit
from twofold.face.extraction import FaceExtractor


def _crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize(("channels", "order"), [("rgb", [0, 1, 2]), ("bgr", [2, 1, 0])])
def test_channels_mean_and_scale_are_those_of_the_card(tmp_path, channels, order) -> None:
    card = cards.read_card(write_model(tmp_path, channels=channels))
    expected = (_crop().reshape(-1, 3).mean(axis=0)[order] - [1, 2, 3]) * 0.5
    vector = open_embedder(card).embed(_crop())
    assert vector.dtype == np.float32
    assert np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)


def test_a_grey_network_gets_one_plane(tmp_path) -> None:
    path = write_model(tmp_path, channels="grey", mean=(7.0,), dimension=2)
    with pytest.raises(ModelError, match="answers 1 numbers, and its card says 2"):
        open_embedder(cards.read_card(path)).embed(_crop())


def test_an_own_model_is_used_by_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(cards.FOLDER_VARIABLE, str(tmp_path))
    write_model(tmp_path)
    extractor = FaceExtractor("tiny")
    sample = extractor.extract(rgb_face())
    assert sample.vector.shape == (3,) and sample.aligned.shape == (32, 32, 3)
    assert extractor.contract != FaceExtractor().contract


def test_a_card_that_does_not_fit_the_network_is_refused(tmp_path) -> None:
    card = cards.read_card(write_model(tmp_path, side=48))
    with pytest.raises(ModelError, match=r"cannot take a crop of 48x48.*Mend \[input\]"):
        open_embedder(card).embed(np.zeros((48, 48, 3), np.uint8))


def test_a_file_that_is_no_network_is_refused(tmp_path) -> None:
    path = write_model(tmp_path)
    import hashlib

    content = b"\x08\x08\x3a\x02\x12\x00"  # a message, but an empty graph
    old = cards.read_card(path).weights.sha256
    (tmp_path / "tiny.onnx").write_bytes(content)
    path.write_text(path.read_text().replace(old, hashlib.sha256(content).hexdigest()))
    with pytest.raises(ModelError, match="ONNX Runtime refuses"):
        open_embedder(cards.read_card(path))


def test_an_altered_own_file_is_refused(tmp_path) -> None:
    path = write_model(tmp_path)
    with (tmp_path / "tiny.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=r"tiny\.onnx.*altered.*example\.org/tiny"):
        open_embedder(cards.read_card(path))


@pytest.mark.parametrize("vector", [np.zeros(4, np.float32), np.array([np.nan, 1], np.float32)])
def test_a_vector_without_direction_is_refused(vector) -> None:
    with pytest.raises(ModelError, match="without direction"):
        unit(vector)


def test_a_gpu_is_used_only_where_it_is_installed(monkeypatch) -> None:
    from twofold.inference import onnx_runtime

    def with_providers(*names: str) -> None:
        monkeypatch.setattr(onnx_runtime(), "get_available_providers", lambda: list(names))

    with_providers("CPUExecutionProvider")
    assert providers() == providers("cpu") == ["CPUExecutionProvider"]
    with pytest.raises(ModelError, match="onnxruntime-gpu"):
        providers("gpu")
    with_providers("CUDAExecutionProvider", "CPUExecutionProvider")
    assert providers()[0] == providers("gpu")[0] == "CUDAExecutionProvider"
    assert providers("cpu") == ["CPUExecutionProvider"]
