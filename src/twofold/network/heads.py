"""From feature maps to features, and from features to subjects."""

from typing import Any

import keras

# The report says "L2" without a strength; this is Keras' default for the name.
_L2 = "l2"


def report_face_features(feature_map: Any) -> Any:
    """The report's layers after the face backbone: 256, then 128 features."""
    x = keras.layers.Flatten()(feature_map)
    x = keras.layers.Dense(256, activation="relu", kernel_regularizer=_L2)(x)
    return keras.layers.Dense(128, activation="relu", kernel_regularizer=_L2, name="face_features")(
        x
    )


def report_iris_features(feature_map: Any) -> Any:
    """The report's layers after the iris backbone: 512, dropout, 256, then 128 features."""
    x = keras.layers.MaxPooling2D(2)(feature_map)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(512, activation="relu", kernel_regularizer=_L2)(x)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.Dense(256, activation="relu", kernel_regularizer=_L2)(x)
    return keras.layers.Dense(128, activation="relu", kernel_regularizer=_L2, name="iris_features")(
        x
    )


def cosine_similarity(features: Any, subjects: int, name: str) -> Any:
    """Cosine between features and one learned direction per subject: (n, subjects), -1 to 1.

    Bounded whatever the length of the features, so that two branches of different strength stay
    comparable (Wang et al., "CosFace", CVPR 2018, without the margin).
    """
    unit = keras.layers.UnitNormalization()(features)
    return keras.layers.Dense(
        subjects, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=0), name=name
    )(unit)
