"""Conversion of a Keras model to ONNX in a process of its own: `python -m ... KERAS ONNX`.

The converter copies every weight many times over. In a process that has trained, what it takes
comes on top of what the training left behind; its own process gives all of it back.
"""

import subprocess
import sys
import warnings
from pathlib import Path

from twofold.errors import ModelError
from twofold.network.keras_backend import quiet_stderr, require_keras


def convert_apart(keras_file: Path, onnx_file: Path) -> None:
    """Convert a saved model in another process.

    Raises:
        ModelError: that process failed, or was ended for want of memory.
    """
    words = [sys.executable, "-m", __name__, str(keras_file), str(onnx_file)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if done.returncode > 0 and said else f"ended by signal {-done.returncode}"
        raise ModelError(
            f"{keras_file.name}: the conversion to ONNX failed ({reason}). It takes up to 70 times "
            "the file's size in memory. Free some and go on with --resume."
        )


def convert(keras_file: Path, onnx_file: Path) -> None:
    """Convert a saved model in this process."""
    require_keras()
    import keras

    import twofold.network.compact  # noqa: F401  its layers register themselves

    network = keras.models.load_model(keras_file)
    nothing = {name: keras.ops.zeros((1, *one.shape[1:])) for name, one in network.input.items()}
    network(nothing)  # one that was never called has no graph to export
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")
        network.export(onnx_file, format="onnx", verbose=False)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
