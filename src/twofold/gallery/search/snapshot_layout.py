"""Where the arrays of a snapshot lie, as follows from the counts in its header."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import ModelError
from twofold.gallery.search.segments import Shape
from twofold.iris.code import CodeLayout
from twofold.template import DIMENSIONS, MOST_BITS

START = struct.Struct("<8sII32s")  # magic, version, length and SHA-256 of the header's text
CHUNK = 1 << 26  # bytes under one digest
TYPES = {
    "subjects": "<i8",
    "face_starts": "<i8",
    "vectors": "<f4",
    "face_qualities": "<u2",
    "iris_starts": "<i8",
    "codes": "<u8",
    "iris_qualities": "<u2",
    "kinds": "u1",
}
_PAGE = 4096
_MOST = 1 << 48
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Plan:
    """Arrays of a number of subjects and samples.

    Attributes:
        subjects, faces, irises: rows of the arrays.
        shape: of the samples.
    """

    subjects: int
    faces: int
    irises: int
    shape: Shape

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each array, in their order in the file."""
        words = self.shape.layout.words if self.shape.layout else 0
        return {
            "subjects": (self.subjects,),
            "face_starts": (self.subjects + 1,),
            "vectors": (self.faces, self.shape.dimension or 0),
            "face_qualities": (self.faces,),
            "iris_starts": (self.subjects + 1,),
            "codes": (self.irises, 2, words),
            "iris_qualities": (self.irises,),
            "kinds": (self.irises,),
        }

    @property
    def chunks(self) -> dict[str, int]:
        """Digests of each array."""
        return {name: -(-size // CHUNK) for name, size in self._sizes().items()}

    def places(self, text: int) -> tuple[dict[str, int], int]:
        """Offset of each array behind a header of so many bytes of text, and the file's end."""
        found, offset = {}, _whole_pages(START.size + text)
        for name, size in self._sizes().items():
            found[name] = offset
            offset += _whole_pages(size)
        return found, offset

    def _sizes(self) -> dict[str, int]:
        return {
            name: int(np.prod(form)) * np.dtype(TYPES[name]).itemsize
            for name, form in self.shapes.items()
        }


def described(path: Path, content: dict[str, Any]) -> Plan:
    """The plan of a header, every field checked.

    Raises:
        ModelError: a field is missing or cannot be.
    """
    try:
        counts = [content[name] for name in ("subjects", "faces", "irises", "position")]
        dimension, sides = content["dimension"], content["layout"]
        contracts = content["face_contract"], content["iris_contract"]
    except KeyError as error:
        raise damaged(path, f"its header lacks {error}") from error
    least, most = DIMENSIONS
    if not (
        all(type(count) is int and 0 <= count < _MOST for count in counts)
        and (dimension is None or (type(dimension) is int and least <= dimension <= most))
        and (sides is None or _is_layout(sides))
        and all(one is None or (type(one) is str and _HEX.fullmatch(one)) for one in contracts)
        and (counts[1] == 0 or (dimension is not None and contracts[0] is not None))
        and (counts[2] == 0 or (sides is not None and contracts[1] is not None))
    ):
        raise damaged(path, "its header has a count, a layout or a contract that cannot be")
    layout = None if sides is None else CodeLayout(*sides)
    shape = Shape(dimension, layout, *contracts)
    return Plan(counts[0], counts[1], counts[2], shape)


def damaged(path: Path, why: str) -> ModelError:
    """The error for a file that is not what was written."""
    return ModelError(
        f"{path}: the snapshot is damaged ({why}). Delete it and make it again from the gallery."
    )


def _is_layout(sides: Any) -> bool:
    if not (isinstance(sides, list) and len(sides) == 3 and all(type(n) is int for n in sides)):
        return False
    bits: int = sides[0] * sides[1] * sides[2]
    return bool(min(sides) > 0) and bits % 64 == 0 and bits <= MOST_BITS


def _whole_pages(size: int) -> int:
    return -(-size // _PAGE) * _PAGE
