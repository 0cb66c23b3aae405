"""`twofold models`: what is there, and bringing, checking and removing another."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.face.networks import write_model
from twofold.cli.models import models_app
from twofold.errors import ModelError, OptionError
from twofold.face import cards
from twofold.face.extraction import FaceExtractor


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv(cards.FOLDER_VARIABLE, str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(models_app, list(arguments))


def test_list_shows_the_shipped_models() -> None:
    answer = _run("list")
    assert answer.exit_code == 0
    lines = [line.split() for line in answer.output.splitlines()]
    for name in ("yunet", "sface", "dlib"):
        assert any(line[0] == name and "shipped" in line for line in lines)


def test_long_list_shows_licence_source_and_training_data() -> None:
    said = _run("list", "--long").output
    assert "Licence: CC0-1.0" in said and "CASIA-WebFace" in said and "opencv_zoo" in said


def test_verify_runs_the_models() -> None:
    answer = _run("verify", "yunet", "sface")
    assert answer.exit_code == 0
    assert "sface: whole, and runs." in answer.output


def test_a_model_is_added_used_verified_and_removed(tmp_path: Path, own_folder: Path) -> None:
    card = write_model(tmp_path / "brought")
    assert _run("add", str(card)).exit_code == 0
    assert sorted(path.name for path in own_folder.iterdir()) == ["tiny-tiny.onnx", "tiny.toml"]
    assert "# beside the card" in (own_folder / "tiny.toml").read_text()
    assert "tiny: whole, and runs." in _run("verify", "tiny").output
    assert any(line.split()[:1] == ["tiny"] for line in _run("list").output.splitlines())
    assert FaceExtractor("tiny").dimension == 3
    assert _run("remove", "tiny").exit_code == 0
    assert list(own_folder.iterdir()) == []


def test_adding_twice_needs_replace(tmp_path: Path) -> None:
    card = write_model(tmp_path / "brought")
    assert _run("add", str(card)).exit_code == 0
    again = _run("add", str(card))
    assert isinstance(again.exception, OptionError) and "--replace" in str(again.exception)
    assert _run("add", str(card), "--replace").exit_code == 0


def test_a_model_that_fails_its_check_is_not_added(tmp_path: Path, own_folder: Path) -> None:
    card = write_model(tmp_path / "brought")
    (card.parent / "tiny.onnx").write_bytes(b"other")
    answer = _run("add", str(card))
    assert isinstance(answer.exception, ModelError) and "altered" in str(answer.exception)
    assert not own_folder.exists()


@pytest.mark.parametrize("name", ["sface", "yunet"])
def test_shipped_models_are_neither_replaced_nor_removed(name: str, tmp_path: Path) -> None:
    card = write_model(tmp_path / "brought", name)
    for arguments in (("add", str(card), "--replace"), ("remove", name)):
        answer = _run(*arguments)
        assert isinstance(answer.exception, OptionError) and "shipped" in str(answer.exception)


def test_verify_tells_of_an_altered_own_model_and_fails(tmp_path: Path, own_folder: Path) -> None:
    _run("add", str(write_model(tmp_path / "brought")))
    (own_folder / "tiny-tiny.onnx").write_bytes(b"altered")
    answer = _run("verify", "tiny")
    assert answer.exit_code == 1 and "altered" in answer.output


@pytest.mark.parametrize("arguments", [("verify", "nobody"), ("remove", "nobody")])
def test_unknown_names_are_refused(arguments: tuple[str, ...]) -> None:
    answer = _run(*arguments)
    assert isinstance(answer.exception, OptionError) and "nobody" in str(answer.exception)


def test_only_onnx_embedders_can_be_added(tmp_path: Path) -> None:
    card = write_model(tmp_path / "brought")
    card.write_text('runtime = "dlib"\n' + card.read_text())
    answer = _run("add", str(card))
    assert isinstance(answer.exception, OptionError) and "ONNX Runtime" in str(answer.exception)
