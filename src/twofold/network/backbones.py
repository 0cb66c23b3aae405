"""Backbones from keras.applications, and where their weights come from."""

import warnings
from typing import Any

import keras

from twofold.errors import ModelError, OptionError
from twofold.network.keras_backend import keras_cache
from twofold.network.options import weights_file

APPLICATIONS = {
    "vgg16": keras.applications.VGG16,
    "vgg19": keras.applications.VGG19,
    "resnet50v2": keras.applications.ResNet50V2,
}
_WEIGHT_FILES = {
    "vgg16": "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "vgg19": "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "resnet50v2": "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
}


def application(name: str, shape: tuple[int, int, int], weights: str) -> Any:
    """One of keras.applications without its top.

    Args:
        name: "vgg16", "vgg19" or "resnet50v2".
        shape: (height, width, 3).
        weights: "none" (random), "imagenet" (Keras' cache, else fetched by Keras), or the path of
            a file of weights without top (`.h5` or `.weights.h5`).

    Returns:
        The Keras model from pictures to a feature map.

    Raises:
        OptionError: no such backbone, or no such file.
        ModelError: the weights cannot be had or do not fit.
    """
    if name not in APPLICATIONS:
        raise OptionError(f"backbone {name!r}: choose from {', '.join(APPLICATIONS)}, compact.")
    build = APPLICATIONS[name]
    if weights == "none":
        model = build(include_top=False, weights=None, input_shape=shape, name=name)
        _quicken(model)
        return model
    if weights == "imagenet":
        try:
            return build(include_top=False, weights="imagenet", input_shape=shape, name=name)
        except Exception as error:
            raise ModelError(
                f"ImageNet weights of {name} are neither in Keras' cache nor can be fetched "
                f"({error}). Download {_WEIGHT_FILES[name]} from Keras Applications and put it in "
                f"{keras_cache()}, give the file's path as the weights, or train without: "
                "--weights none."
            ) from error
    path = weights_file(weights)
    model = build(include_top=False, weights=None, input_shape=shape, name=name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what does not fit is raised too
            model.load_weights(path)
    except Exception as error:
        raise ModelError(f"{path}: these weights do not fit {name} ({error}).") from error
    return model


def _quicken(model: Any) -> None:
    """Let moving averages that start from nothing follow the batches ten times faster.

    Keras' 0.99 suits weights that are trained already. From random ones the first trained layers
    of ResNet50V2 see a variance near 4e-4, and an average that starts at 1 needs about a thousand
    updates to come down to it; until then every answer is the same.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
