"""Model cards: the shipped ones are whole, and a wrong one says which field."""

from pathlib import Path

import pytest

from twofold.errors import ModelError, OptionError
from twofold.face import cards

CARD = """
name = "mine"
licence = "MIT"
source = "https://example.org/model"
training_data = "none"
threshold_source = "none"
[weights]
file = "model.onnx"
sha256 = "{digest}"
[input]
width = 112
height = 112
[output]
dimension = 4
"""
TEXT = CARD.format(digest="0" * 64)


def test_the_shipped_cards_say_everything() -> None:
    shipped = cards.shipped_cards()
    assert set(shipped) == {"yunet", "sface", "dlib"}
    for card in shipped.values():
        assert card.shipped and card.paper and card.weights.distribution
        assert card.source.startswith("https://")


def test_a_card_has_defaults() -> None:
    card = cards.parse_card(TEXT, "card.toml", Path("/somewhere"))
    assert card.role == "embedder" and card.runtime == "onnx" and not card.shipped
    assert card.input is not None and card.input.channels == "rgb"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "mine"', 'name = "../mine"', "name"),
        ('file = "model.onnx"', 'file = "../model.onnx"', "weights.file"),
        ('file = "model.onnx"', 'file = "/etc/passwd"', "weights.file"),
        ("0" * 64, "xyz", "weights.sha256"),
        ("width = 112", "width = 0", "input.width"),
        ("width = 112", "width = 112\nmean = [1.0]", "mean needs 3"),
        ("width = 112", "width = 112\nmargin = 3", "input.margin"),
        ('licence = "MIT"', "", "licence"),
        ("[output]\ndimension = 4", "", r"needs \[input\] and \[output\]"),
        ("dimension = 4", "dimension =", "not a TOML file"),
    ],
)
def test_a_wrong_card_names_the_field(old: str, new: str, field: str) -> None:
    assert old in TEXT
    with pytest.raises(ModelError, match=field) as refused:
        cards.parse_card(TEXT.replace(old, new), "card.toml")
    assert "card.toml" in str(refused.value) and "\n" not in str(refused.value)


def test_own_cards_come_from_the_folder_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cards.FOLDER_VARIABLE, str(tmp_path / "models"))
    assert cards.user_cards() == {}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.toml").write_text(TEXT)
    assert cards.find_card("mine").weights.file == "model.onnx"
    # A card of a shipped name does not take its place.
    (tmp_path / "models" / "sface.toml").write_text(TEXT.replace('"mine"', '"sface"'))
    assert cards.find_card("sface").shipped and cards.all_cards()["sface"].shipped


def test_a_broken_own_card_does_not_stop_the_shipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cards.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / "broken.toml").write_text("name =")
    assert cards.find_card("sface").name == "sface"
    with pytest.raises(ModelError, match=r"broken\.toml"):
        cards.find_card("mine")


def test_an_unknown_model_lists_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cards.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(OptionError, match="dlib, sface"):
        cards.find_card("yunet")  # a detector is no embedder


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cards.FOLDER_VARIABLE, raising=False)
    assert cards.models_folder().parts[-2:] == ("twofold", "models")
    assert cards.models_folder().is_absolute()


def test_an_unreadable_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        cards.read_card(tmp_path / "absent.toml")
