"""The trained network as ONNX, checked to answer as Keras does."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError
from twofold.files import replacing
from twofold.inference import onnx_runtime
from twofold.network.conversion import convert_apart
from twofold.network.keras_backend import quiet_stderr

TOLERANCE = 1e-4
"""Largest difference in a probability between Keras and ONNX Runtime that is accepted."""

LARGE = 10_000_000
"""Weights from which on a network is converted in a process of its own."""


def export_onnx(
    network: keras.Model, path: Path, pictures: dict[str, NDArray[np.float32]]
) -> float:
    """Write the answering network as ONNX and compare it with Keras.

    Args:
        network: from `two_branch.answering_network`.
        path: the `.onnx` file to write.
        pictures: float32 (n, height, width, channels) per modality, to compare on.

    Returns:
        The largest absolute difference over all outputs and pictures.

    Raises:
        ModelError: the two disagree by more than `TOLERANCE`, or the conversion failed.
        OutputError: the file cannot be written.
    """
    expected = network.predict(pictures, batch_size=32, verbose=0)
    with replacing(path) as temporary:
        _convert(network, temporary)
        session = onnx_runtime().InferenceSession(temporary, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        answers = dict(zip(names, session.run(names, pictures), strict=True))
        difference = max(float(np.abs(answers[name] - expected[name]).max()) for name in expected)
        if not difference <= TOLERANCE:
            raise ModelError(
                f"{path.name} answers differently from Keras by {difference:.2g}; it was not kept."
            )
    return difference


def _convert(network: keras.Model, path: Path) -> None:
    if network.count_params() >= LARGE:
        with TemporaryDirectory() as folder:
            saved = Path(folder) / "model.keras"
            network.save(saved)
            convert_apart(saved, path)
        return
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")
        network.export(path, format="onnx", verbose=False)
