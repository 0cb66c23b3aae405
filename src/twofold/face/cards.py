"""Model cards: what a face model is, where its weights are, and how a picture is prepared for it.

A card is a TOML file. Those of the models that install with Twofold are shipped beside this file;
a user's own cards, with their weights, live in one folder of the user (see `models_folder`).
"""

import os
import re
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from twofold.errors import ModelError, OptionError

FOLDER_VARIABLE = "TWOFOLD_MODELS"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(_Part):
    """Where the weights are, and the digest that they must have.

    Attributes:
        distribution: name of the installed package that carries the file; None: the file lies
            beside the card.
        file: path inside that package, or name of the file beside the card.
        sha256: hexadecimal digest of the whole file.
    """

    distribution: str | None = None
    file: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        path = Path(value)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("must be a relative path without '..'")
        return value


class Input(_Part):
    """How an aligned face becomes the model's input: (pixel - mean) * scale, planes by channel.

    Attributes:
        width, height: of the aligned crop, pixels.
        channels: their order.
        mean: subtracted from each channel (0 to 255), in that order.
        scale: multiplied afterwards.
        template: name of the landmark positions to align to (`alignment.TEMPLATES`).
    """

    width: int = Field(ge=16, le=1024)
    height: int = Field(ge=16, le=1024)
    channels: Literal["rgb", "bgr", "grey"] = "rgb"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    template: Literal["arcface", "dlib"] = "arcface"

    @model_validator(mode="after")
    def _one_mean_a_channel(self) -> "Input":
        expected = 1 if self.channels == "grey" else 3
        if len(self.mean) != expected:
            raise ValueError(f"mean needs {expected} value(s) for channels = {self.channels!r}")
        return self


class Output(_Part):
    """Length of the vector."""

    dimension: int = Field(ge=2, le=8192)


class NonMated(_Part):
    """Mean and standard deviation of a model's non-mated comparison scores, to fuse it with others.

    Attributes:
        measured_on: the data behind the two figures.
    """

    mean: float
    deviation: float = Field(gt=0)
    measured_on: str = Field(min_length=1)


class ModelCard(_Part):
    """One face model.

    Attributes:
        name: by which it is chosen; lower-case letters, digits, dot, dash and underscore.
        role: "detector" or "embedder".
        runtime: what runs it: "yunet" (OpenCV), "onnx" (ONNX Runtime) or "dlib".
        licence, source, training_data, threshold_source, paper: for people; shown by
            `twofold models list --long`.
        weights, input, output, non_mated: see there; a detector has the first only.
        folder: of the card, for weights beside it; None for shipped cards.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    role: Literal["detector", "embedder"] = "embedder"
    runtime: Literal["yunet", "onnx", "dlib"] = "onnx"
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    training_data: str = Field(min_length=1)
    threshold_source: str = Field(min_length=1)
    paper: str = ""
    weights: Weights
    input: Input | None = None
    output: Output | None = None
    non_mated: NonMated | None = None
    folder: Path | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _embedders_say_how(self) -> "ModelCard":
        if self.role == "embedder" and (self.input is None or self.output is None):
            raise ValueError("an embedder needs [input] and [output]")
        return self

    @property
    def shipped(self) -> bool:
        """Whether the card came with Twofold."""
        return self.folder is None


def models_folder() -> Path:
    """The user's folder of model cards: what TWOFOLD_MODELS says, or the platform's data folder."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "twofold" / "models"


def parse_card(text: str, name: str, folder: Path | None = None) -> ModelCard:
    """Read a card.

    Args:
        text: TOML.
        name: of the file, for messages.
        folder: where weights beside the card are looked for.

    Raises:
        ModelError: not TOML, or a field is missing, unknown or wrong.
    """
    try:
        return ModelCard(**{**tomllib.loads(text), "folder": folder})
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{name}: not a TOML file ({error}). Mend the card.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the card"
        raise ModelError(
            f"{name}: {field}: {first['msg']}. Mend the card; docs/face.md shows a whole one."
        ) from error


def read_card(path: Path) -> ModelCard:
    """Read the card in a file; weights beside it are looked for in its folder.

    Raises:
        ModelError: unreadable or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path}: the model card cannot be read ({reason}).") from error
    return parse_card(text, str(path), path.parent)


def shipped_cards() -> dict[str, ModelCard]:
    """The cards that came with Twofold, by name."""
    cards = {}
    for file in sorted((files("twofold.face") / "cards").iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            card = parse_card(file.read_text(encoding="utf-8"), file.name)
            cards[card.name] = card
    return cards


def user_cards() -> dict[str, ModelCard]:
    """The user's own cards, by name.

    Raises:
        ModelError: one of them is wrong.
    """
    folder = models_folder()
    cards = {}
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
        card = read_card(path)
        cards[card.name] = card
    return cards


def all_cards() -> dict[str, ModelCard]:
    """Shipped and own cards by name; a shipped name cannot be taken over."""
    return {**user_cards(), **shipped_cards()}


def find_card(name: str, role: str = "embedder") -> ModelCard:
    """The card of that name.

    Raises:
        OptionError: there is none, or it has another role.
        ModelError: the card is wrong.
    """
    cards = {key: card for key, card in shipped_cards().items() if card.role == role}
    if name in cards:
        return cards[name]
    cards |= {key: card for key, card in user_cards().items() if card.role == role}
    if name not in cards:
        raise OptionError(
            f"no face model {re.sub(r'[^ -~]', '?', name)!r}. Choose one of {', '.join(cards)}, or "
            "add a card with `twofold models add`."
        )
    return cards[name]
