"""What a caller gave as pictures, put in order: one or several, with eye and light of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from twofold.errors import OptionError
from twofold.images import Source
from twofold.template import Eye, Light

Sources = Source | Sequence[Source]
Eyes = Eye | None | Sequence[Eye | None]
Lights = Light | None | Sequence[Light | None]
_Named = TypeVar("_Named", Eye, Light)
_EYES: tuple[Eye, Eye] = ("left", "right")
_LIGHTS: tuple[Light, Light] = ("nir", "visible")


@dataclass(frozen=True)
class Picture:
    """One picture as it was given.

    Attributes:
        source: path, bytes or array.
        name: for messages.
        eye, light: None where not named.
    """

    source: Source
    name: str
    eye: Eye | None = None
    light: Light | None = None


@dataclass(frozen=True)
class Person:
    """The pictures of one subject, for `Recognizer.extract_many`; fields as for `extract`."""

    face: Sources | None = None
    iris: Sources | None = None
    eye: Eyes = None
    light: Lights = None


def pictures(
    given: Sources | None, named: str, eye: Eyes = None, light: Lights = None
) -> list[Picture]:
    """One entry a picture.

    Args:
        given: one source, several, or None.
        named: the modality, for messages.
        eye: of all pictures, or one for each.
        light: the same.

    Raises:
        OptionError: eyes or lights do not fit the pictures.
    """
    if given is None:
        sources: list[Source] = []
    elif isinstance(given, (str, bytes, Path, np.ndarray)):
        sources = [given]
    else:
        sources = list(given)
    eyes = _each(eye, len(sources), "eye", _EYES)
    lights = _each(light, len(sources), "light", _LIGHTS)
    names = [
        str(source)
        if isinstance(source, (str, Path))
        else f"the {named} picture{f' {place + 1}' if len(sources) > 1 else ''}"
        for place, source in enumerate(sources)
    ]
    return [Picture(*one) for one in zip(sources, names, eyes, lights, strict=True)]


def _each(
    given: _Named | Sequence[_Named | None] | None,
    count: int,
    field: str,
    known: tuple[_Named, _Named],
) -> list[_Named | None]:
    values: list[_Named | None]
    if given is None or isinstance(given, str):
        values = [given] * count
    else:
        values = list(given)
        if len(values) != count:
            raise OptionError(
                f"{field}: {len(values)} given for {count} iris picture(s). Give one for all, or "
                "one for each (None where unknown)."
            )
    for value in values:
        if value not in (None, *known):
            raise OptionError(
                f"{field} {value!r}: expected {known[0]}, {known[1]} or None for unknown."
            )
    return values
