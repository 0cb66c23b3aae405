"""Importing Keras: with a clear error when it is missing, and without its backend's chatter."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from twofold.errors import MissingExtraError


def require_keras() -> None:
    """Import Keras and its backend once, quietly.

    Raises:
        MissingExtraError: Keras or its backend is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Every fold is a new network, which TensorFlow takes for careless retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        with quiet_stderr():
            import keras  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"training needs Keras and a backend ({error}). Install them: "
            "pip install 'twofold[train]'."
        ) from error


def keras_cache() -> Path:
    """Folder in which Keras looks for downloaded weights."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native code prints on file descriptor 2; show it after all on an error."""
    with TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
