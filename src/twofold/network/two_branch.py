"""The two-branch network: built for training, and again for answering.

Two ways to join the branches:

- "dense" is the report's: both feature vectors concatenated into one softmax over the subjects.
  Each branch alone is then asked by giving the other branch's features their training mean.
- "cosine" is ours: each branch learns to name the subject by itself, so that the branch that learns
  faster cannot starve the other, and their cosines are added, each weighted by how reliable its
  modality is.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.data.loading import MODALITIES, InputSize
from twofold.errors import OptionError
from twofold.network.backbones import application
from twofold.network.compact import compact_features
from twofold.network.heads import (
    cosine_similarity,
    report_face_features,
    report_iris_features,
)
from twofold.network.presets import Preset


def build_network(
    preset: Preset, subjects: int, reliability: dict[Modality, float] | None = None
) -> keras.Model:
    """The network to train.

    Args:
        preset: backbones, sizes and join.
        subjects: number of classes.
        reliability: weight of each branch in the cosine join, 0 to 1 (see `network.reliability`).

    Returns:
        A model from {"face", "iris"} (float, pixels 0 to 255) to {"fused": probabilities} for the
        dense join, or {"face", "iris", "fused": logits} for the cosine join.

    Raises:
        OptionError, ModelError: see `backbones.application`.
    """
    inputs = {
        modality: keras.Input(preset.sizes[modality].shape, name=modality)
        for modality in MODALITIES
    }
    features = {modality: _features(preset, modality, inputs[modality]) for modality in MODALITIES}
    if preset.join == "dense":
        joined = keras.layers.Concatenate()([features["face"], features["iris"]])
        fused = keras.layers.Dense(subjects, activation="softmax", name="fused")(joined)
        return keras.Model(inputs, {"fused": fused})
    weights: dict[Modality, float] = reliability or {"face": 1.0, "iris": 1.0}
    cosines = {m: cosine_similarity(features[m], subjects, f"{m}_cosine") for m in MODALITIES}
    alone = {m: keras.layers.Rescaling(preset.scale)(cosines[m]) for m in MODALITIES}
    fused = keras.layers.Add()(
        [keras.layers.Rescaling(preset.scale * weights[m])(cosines[m]) for m in MODALITIES]
    )
    return keras.Model(inputs, alone | {"fused": fused})


def _features(preset: Preset, modality: Modality, picture: Any) -> Any:
    """128 features of one branch, from a layer named MODALITY_features."""
    name = preset.backbones[modality]
    if name == "compact":
        return compact_features(modality, picture)
    size = preset.sizes[modality]
    _check_size(name, size)
    backbone = application(name, size.shape, preset.weights[modality])
    _freeze(backbone)
    # The report divides by 255 and no more, whatever the backbone was trained with.
    feature_map = backbone(keras.layers.Rescaling(1 / 255)(picture))
    return (report_face_features if modality == "face" else report_iris_features)(feature_map)


def _freeze(backbone: Any) -> None:
    """As the report: a VGG wholly, a ResNet50V2 in its first 44 layers."""
    frozen = backbone.layers[:44] if backbone.name == "resnet50v2" else backbone.layers
    for layer in frozen:
        layer.trainable = False


def _check_size(name: str, size: InputSize) -> None:
    if size.channels != 3 or min(size.height, size.width) < 32:
        raise OptionError(
            f"backbone {name!r} takes colour pictures of at least 32x32 pixels, "
            f"not {size.width}x{size.height} with {size.channels} channel(s)."
        )


def mean_features(
    network: keras.Model, batches: keras.utils.PyDataset
) -> dict[str, NDArray[np.float32]]:
    """Mean of each branch's features over some pictures: float32 (128,) per modality."""
    tap = keras.Model(network.input, {m: _tensor(network, f"{m}_features") for m in MODALITIES})
    features = tap.predict(batches, verbose=0)
    return {m: np.asarray(features[m], dtype=np.float32).mean(axis=0) for m in MODALITIES}


def answering_network(
    network: keras.Model, preset: Preset, means: dict[str, NDArray[np.float32]] | None = None
) -> keras.Model:
    """The trained network as it is used and exported.

    Args:
        network: as `build_network` made it, trained.
        preset: the same.
        means: `mean_features` of the training pictures; needed by the dense join.

    Returns:
        A model from {"face", "iris"} to {"face_probabilities", "iris_probabilities",
        "fused_probabilities": (n, subjects), "face_features", "iris_features": (n, 128)}; the
        first two are each branch alone.
    """
    features = {m: _tensor(network, f"{m}_features") for m in MODALITIES}
    if preset.join == "cosine":
        softmax = keras.layers.Softmax()
        said = {branch: softmax(logits) for branch, logits in network.output.items()}
    elif means is None:
        raise ValueError("the dense join needs the mean features of the training pictures")
    else:
        head = network.get_layer("fused")
        join = keras.layers.Concatenate(name="answering_join")  # the network has a "concatenate"
        absent = {m: ops.zeros_like(features[m]) + means[m] for m in MODALITIES}
        said = {
            "face": head(join([features["face"], absent["iris"]])),
            "iris": head(join([absent["face"], features["iris"]])),
            "fused": network.output["fused"],
        }
    outputs = {f"{branch}_probabilities": value for branch, value in said.items()}
    return keras.Model(network.input, outputs | {f"{m}_features": features[m] for m in MODALITIES})


def _tensor(network: keras.Model, layer: str) -> Any:
    return network.get_layer(layer).output
