"""Our own backbones and join: small enough to learn from three pictures of a person, from nothing.

Nothing in them depends on the other pictures of a batch, so the batch size only sets the step.
"""

from typing import Any

import keras
from keras import ops

from twofold.data.dataset import Modality

CHANNELS = (24, 48, 64)
FEATURES = 128
_NEIGHBOURHOOD: dict[Modality, int] = {"face": 15, "iris": 17}


@keras.saving.register_keras_serializable(package="twofold")
class LocalContrast(keras.layers.Layer):  # type: ignore[misc]
    """Each pixel less the mean of its neighbourhood, over the neighbourhood's deviation.

    Lighting goes, texture stays (after Jarrett et al., "What is the best multi-stage architecture
    for object recognition?", ICCV 2009; with a box for the window).

    Args:
        side: of the square neighbourhood, in pixels.

    Takes pixels 0 to 255 (n, height, width, channels); gives about -3 to 3, the same shape.
    """

    def __init__(self, side: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def call(self, pixels: Any) -> Any:
        x = pixels / 255.0
        x = x - self._mean(x)
        return x / (ops.sqrt(self._mean(x * x)) + 0.03)

    def _mean(self, x: Any) -> Any:
        rows = ops.average_pool(x, (self.side, 1), 1, "same")
        return ops.average_pool(rows, (1, self.side), 1, "same")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}


def compact_features(modality: Modality, picture: Any) -> Any:
    """128 features of a face or an iris picture, from a layer named MODALITY_features.

    The feature map is flattened, not averaged: parts of a face or an eye matter by where they are.
    """
    x = LocalContrast(_NEIGHBOURHOOD[modality])(picture)
    for place, channels in enumerate(CHANNELS):
        x = keras.layers.Conv2D(
            channels,
            5 if place == 0 else 3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.2)(x)
    return keras.layers.Dense(FEATURES, name=f"{modality}_features")(x)
