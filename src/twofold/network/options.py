"""What a user may choose about a training, and the preset that follows from it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from twofold.data.dataset import Modality
from twofold.data.loading import InputSize
from twofold.errors import OptionError
from twofold.network.presets import BACKBONES, PRESETS, Preset

Protocol = Literal["kfold", "holdout", "report"]


@dataclass(frozen=True)
class TrainingOptions:
    """The choices behind a run; None leaves a choice to the preset.

    Attributes:
        preset: "compact" or "report".
        protocol: "kfold" (stratified folds over everything, then a final network on everything),
            "holdout" (a part held out first, folds over the rest, the final network tested on the
            part held out) or "report" (the original order: copies first, then the split; leaks).
        folds: number of folds; 0 trains only the final network. The report's are always 4, or none.
        holdout: share of the pairs held out by the holdout protocol, 0 to 1.
        seed: of splits, weights, order and alterations; 0 to 2**32 - 1.
        batch_size, epochs: override the preset's.
        face_backbone, iris_backbone: "vgg16", "vgg19", "resnet50v2" or "compact".
        face_weights, iris_weights: "none", "imagenet" or the path of a file.
        logs: write TensorBoard logs.
    """

    preset: str = "compact"
    protocol: Protocol = "kfold"
    folds: int = 4
    holdout: float = 0.25
    seed: int = 1
    batch_size: int | None = None
    epochs: int | None = None
    face_backbone: str | None = None
    iris_backbone: str | None = None
    face_weights: str | None = None
    iris_weights: str | None = None
    logs: bool = True

    def resolved(self) -> Preset:
        """The preset with these choices in it.

        Raises:
            OptionError: a choice that does not exist or is out of range.
        """
        if self.preset not in PRESETS:
            raise OptionError(f"preset {self.preset!r}: choose from {', '.join(PRESETS)}.")
        if self.protocol not in get_args(Protocol):
            raise OptionError(
                f"protocol {self.protocol!r}: choose from {', '.join(get_args(Protocol))}."
            )
        if self.folds != 0 and self.folds < 2:
            raise OptionError(f"folds {self.folds}: give at least 2, or 0 for none.")
        if not 0 < self.holdout < 1:
            raise OptionError(f"holdout {self.holdout}: give a share between 0 and 1.")
        if not 0 <= self.seed < 2**32:
            raise OptionError(f"seed {self.seed}: must lie between 0 and {2**32 - 1}.")
        for name in ("batch_size", "epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name.replace('_', '-')} {value}: give at least 1.")
        preset = PRESETS[self.preset]
        backbones: dict[Modality, str] = {
            "face": self.face_backbone or preset.backbones["face"],
            "iris": self.iris_backbone or preset.backbones["iris"],
        }
        for modality, backbone in backbones.items():
            _check_backbone(modality, backbone, getattr(self, f"{modality}_weights"))
        return replace(
            preset,
            backbones=backbones,
            sizes={
                "face": _size(preset, "face", self.face_backbone),
                "iris": _size(preset, "iris", self.iris_backbone),
            },
            weights={
                "face": self.face_weights or preset.weights["face"],
                "iris": self.iris_weights or preset.weights["iris"],
            },
            batch_size=self.batch_size or preset.batch_size,
            epochs=self.epochs or preset.epochs,
            min_items=0 if self.epochs else preset.min_items,
            min_updates=1 if self.epochs else preset.min_updates,
        )


def weights_file(weights: str) -> Path:
    """The file that a choice of weights names.

    Raises:
        OptionError: there is none.
    """
    path = Path(weights)
    if not path.is_file():
        raise OptionError(f"weights {weights!r}: no such file. Give none, imagenet or a file.")
    return path


def _check_backbone(modality: Modality, backbone: str, weights: str | None) -> None:
    if backbone not in BACKBONES:
        raise OptionError(f"{modality}-backbone {backbone!r}: choose from {', '.join(BACKBONES)}.")
    if weights in (None, "none"):
        return
    if backbone == "compact":
        raise OptionError(
            f"{modality}-weights {weights!r}: the compact backbone learns from nothing and takes "
            f"none. Leave them out, or choose another {modality}-backbone."
        )
    if weights != "imagenet":
        weights_file(weights)


def _size(preset: Preset, modality: Modality, backbone: str | None) -> InputSize:
    """The preset's own size, or the report's when another of its backbones is put in."""
    if backbone in (None, preset.backbones[modality]):
        return preset.sizes[modality]
    source = "compact" if backbone == "compact" else "report"
    return PRESETS[source].sizes[modality]
