"""The networks on offer, each with its input sizes and the way it is trained."""

from dataclasses import dataclass
from typing import Literal

from twofold.data.dataset import Modality
from twofold.data.loading import InputSize

Augmentation = Literal["copies", "continuous"]
Join = Literal["dense", "cosine"]
Schedule = Literal["constant", "cosine"]

BACKBONES = ("compact", "vgg16", "vgg19", "resnet50v2")


@dataclass(frozen=True)
class Preset:
    """Everything about a network that is not the data.

    Attributes:
        name: what `--preset` calls it.
        backbones: name of the backbone per modality (see `network.backbones`).
        weights: "none", "imagenet" or a path, per modality; compact backbones know only "none".
        sizes: input size per modality; the loader resizes to it.
        epochs: passes over the training items, before the floors below.
        batch_size: pairs an update.
        learning_rate: of Adam, at `reference_batch`.
        join: how the branches meet (see `network.two_branch`).
        schedule: "constant" learning rate, or warm-up and "cosine" decay with the rate fitted to
            the batch size (see `network.schedule`).
        augmentation: "copies" trains on fixed extra copies of each picture, as the report does;
            "continuous" alters each picture anew in every pass.
        copies: extra copies a picture where `augmentation` is "copies" or the protocol is the
            report's.
        patience: epochs without a lower training loss before training stops early. The training
            loss, since the part that is scored must not choose when to stop.
        label_smoothing: share of the target spread over all subjects, 0 to 1.
        weight_decay: of AdamW, under the cosine schedule.
        scale: of the cosine logits.
        min_items, min_updates: floors on the pictures shown and on the updates made, for small
            datasets and for large batches.
        reference_batch: batch size for which `learning_rate` is meant.
    """

    name: str
    backbones: dict[Modality, str]
    weights: dict[Modality, str]
    sizes: dict[Modality, InputSize]
    epochs: int
    batch_size: int
    learning_rate: float
    augmentation: Augmentation
    join: Join
    schedule: Schedule
    copies: int = 4
    patience: int = 5
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    scale: float = 16.0
    min_items: int = 0
    min_updates: int = 1
    reference_batch: int = 32


REPORT = Preset(
    name="report",
    backbones={"face": "vgg16", "iris": "resnet50v2"},
    weights={"face": "imagenet", "iris": "imagenet"},
    sizes={"face": InputSize(56, 46, 3), "iris": InputSize(115, 153, 3)},
    epochs=12,
    batch_size=32,
    learning_rate=1e-4,
    augmentation="copies",
    join="dense",
    schedule="constant",
    patience=3,
    # The report does not say how long it trained; 16 people fill only 8 batches an epoch.
    min_updates=150,
)

COMPACT = Preset(
    name="compact",
    backbones={"face": "compact", "iris": "compact"},
    weights={"face": "none", "iris": "none"},
    sizes={"face": InputSize(56, 48, 1), "iris": InputSize(72, 96, 3)},
    epochs=50,
    batch_size=32,
    learning_rate=2e-3,
    augmentation="continuous",
    join="cosine",
    schedule="cosine",
    patience=40,
    label_smoothing=0.1,
    weight_decay=0.02,
    min_items=8000,
    min_updates=120,
)

PRESETS = {preset.name: preset for preset in (COMPACT, REPORT)}
