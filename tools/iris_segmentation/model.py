"""The network: a small U-shaped one, and the loss it is trained with."""

from typing import Any

import keras
from keras import layers, ops
from tools.iris_segmentation.randomise import COLUMNS, ROWS, TARGETS

WIDTHS = (16, 24, 40, 56, 80)
"""Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size."""


def build() -> keras.Model:
    """Grey (rows, columns, 1), 0 to 1, to logits (rows, columns, 4) of `TARGETS`.

    Ronneberger, Fischer and Brox, "U-Net" (MICCAI 2015), with strided convolutions, sums in place
    of concatenations, and its last step a rearrangement of channels into pixels (Shi et al., CVPR
    2016), so that nothing is computed at full size.
    """
    picture = keras.Input((ROWS, COLUMNS, 1), name="picture")
    x = _step(layers.Rescaling(2.0, -1.0)(picture), WIDTHS[0], size=5, strides=2)
    kept = [x]
    for width in WIDTHS[1:]:
        x = _step(_step(x, width, strides=2), width)
        kept.append(x)
    # Half of an iris may lie behind a lid: its whole is guessed from afar.
    x = layers.Add()([x, _step(_step(x, WIDTHS[-1]), WIDTHS[-1])])
    for width, past in zip(WIDTHS[-2::-1], kept[-2::-1], strict=True):
        x = layers.Conv2D(width, 1, use_bias=False)(x)
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = _step(layers.Add()([x, past]), width)
    x = layers.Conv2D(4 * len(TARGETS), 3, padding="same")(x)
    x = layers.Reshape((ROWS // 2, COLUMNS // 2, 2, 2, len(TARGETS)))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return keras.Model(picture, layers.Reshape((ROWS, COLUMNS, len(TARGETS)))(x), name="segment")


def _step(x: Any, width: int, size: int = 3, strides: int = 1) -> Any:
    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.98)(x))


def loss(truth: Any, logits: Any) -> Any:
    """Cross-entropy, heavier at outlines, and the Dice loss of each target."""
    near = ops.abs(truth - ops.average_pool(truth, 7, strides=1, padding="same"))
    entropy = ops.maximum(logits, 0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits)))
    entropy = ops.mean((1 + 6 * near) * entropy)
    guess = ops.sigmoid(logits)
    axes = (0, 1, 2)
    shared = 2 * ops.sum(guess * truth, axes) + 50
    both = ops.sum(guess, axes) + ops.sum(truth, axes) + 50
    return entropy + 0.5 * ops.mean(1 - shared / both)


def answering(network: keras.Model) -> keras.Model:
    """The network with shares 0 to 1 in place of logits: what is exported."""
    picture = keras.Input((ROWS, COLUMNS, 1), name="picture")
    shares = layers.Activation("sigmoid", name="shares")(network(picture))
    return keras.Model(picture, {"shares": shares}, name="iris_segmentation")
