"""Pictures to send: paths, bytes or open files, one or several of each."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypedDict, cast

from twofold.api import Light
from twofold.errors import ImageError, OptionError

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
Sources: TypeAlias = Source | Iterable[Source]
File: TypeAlias = tuple[str, tuple[str, bytes]]


class Pictures(TypedDict, total=False):
    """Of one person; each a path, bytes, an open binary file, or several of those.

    Attributes:
        face: of the face.
        left, right: of that iris.
        iris: of an iris, the eye not known.
    """

    face: Sources | None
    left: Sources | None
    right: Sources | None
    iris: Sources | None


class PicturesAndLight(Pictures, total=False):
    """Pictures, and the light that the irises were taken in; grey pictures do not tell it."""

    light: Light | None


FIELDS = tuple(Pictures.__annotations__)


def files(given: Mapping[str, Any], prefix: str = "") -> list[File]:
    """The pictures as parts of a form. Names of files are not told: they may name a person.

    Args:
        given: pictures by field.
        prefix: of the fields in the form.

    Raises:
        OptionError: there is no picture, or a field that there is not.
        ImageError: a picture cannot be read.
    """
    unknown = sorted(set(given) - {*FIELDS, "light"})
    if unknown:
        raise OptionError(f"{unknown[0]}: no such pictures. Give {', '.join(FIELDS)}.")
    found = [
        (prefix + field, (f"{field}-{number}", _content(one, f"{prefix}{field} {number}")))
        for field in FIELDS
        for number, one in enumerate(_several(given.get(field)))
    ]
    if not found:
        raise OptionError(f"no picture: give at least one as {', '.join(FIELDS)}.")
    return found


def _several(given: Sources | None) -> Iterable[Source]:
    if given is None:
        return ()
    if isinstance(given, str | bytes | bytearray | memoryview | os.PathLike) or _is_file(given):
        return (cast(Source, given),)
    return given


def _content(one: Source, name: str) -> bytes:
    if isinstance(one, bytes | bytearray | memoryview):
        return bytes(one)
    if isinstance(one, str | os.PathLike):
        try:
            return Path(one).read_bytes()
        except OSError as error:
            raise ImageError(f"{one}: {error.strerror}. Check the path.") from None
    if _is_file(one):
        content = one.read()
        if isinstance(content, bytes):
            return content
    raise OptionError(f"{name}: expected a path, bytes or a file opened for reading bytes.")


def _is_file(given: object) -> bool:
    return callable(getattr(given, "read", None))
