"""The binary form of a template, version 1; docs/templates.md describes it byte by byte.

Bytes that are read are untrusted: the sizes are worked out from the counts and compared with the
bytes that there are before anything is allocated, and every field is checked. The checksum finds
damage, not forgery: who must rule that out signs or encrypts the bytes.
"""

import struct
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError, OptionError
from twofold.face.search import quantise
from twofold.iris.code import LAYOUT_VERSION, CodeLayout, IrisCode
from twofold.template import (
    MOST_BITS,
    Eye,
    FaceFeature,
    IrisFeature,
    Light,
    Template,
    VectorForm,
)

MAGIC = b"TWFT"
VERSION = 1

_START = struct.Struct("<4sH")  # of every version: magic, version
_HEADER = struct.Struct("<4sHHIBBH")  # magic, version, 0, length, faces, irises, 0
_FACES = struct.Struct("<32sHBB")  # contract, dimension, form, 0
_IRISES = struct.Struct("<32sBBHHH")  # contract, layout's version, planes, bands, angles, 0
_FACE = struct.Struct("<HH")  # quality in hundredths, 0
_IRIS = struct.Struct("<BBH")  # eye, light, quality in hundredths
_CHECKSUM = struct.Struct("<I")

_FORMS: tuple[VectorForm, ...] = ("float32", "int8")
_WIDTH = {"float32": 4, "int8": 1}
_EYES: tuple[Eye | None, ...] = (None, "left", "right")
_LIGHTS: tuple[Light | None, ...] = (None, "nir", "visible")


def write(template: Template, vectors: VectorForm = "float32") -> bytes:
    """The bytes of a template.

    Raises:
        OptionError: there is no such form of vectors.
    """
    if vectors not in _FORMS:
        raise OptionError(f"vectors {vectors!r}: expected float32 or int8.")
    parts = [b""]  # the header's place: it tells the length
    if template.faces:
        dimension = template.faces[0].vector.size
        contract = bytes.fromhex(template.face_contract or "")
        parts.append(_FACES.pack(contract, dimension, _FORMS.index(vectors), 0))
    for face in template.faces:
        parts += [_FACE.pack(round(100 * face.quality), 0), _vector_bytes(face.vector, vectors)]
    if template.irises:
        layout = template.irises[0].code.layout
        contract = bytes.fromhex(template.iris_contract or "")
        sides = (layout.planes, layout.bands, layout.angles)
        parts.append(_IRISES.pack(contract, LAYOUT_VERSION, *sides, 0))
    for iris in template.irises:
        facts = (_EYES.index(iris.eye), _LIGHTS.index(iris.light), round(100 * iris.quality))
        parts.append(_IRIS.pack(*facts))
        parts += [words.astype("<u8").tobytes() for words in (iris.code.bits, iris.code.mask)]
    length = _HEADER.size + sum(map(len, parts)) + _CHECKSUM.size
    counts = (len(template.faces), len(template.irises))
    parts[0] = _HEADER.pack(MAGIC, VERSION, 0, length, *counts, 0)
    content = b"".join(parts)
    return content + _CHECKSUM.pack(zlib.crc32(content))


def read(data: bytes) -> Template:
    """The template in some bytes, of this version or an older one.

    Raises:
        ModelError: damaged, no template, or written by a newer version.
    """
    data = bytes(memoryview(data))
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise ModelError(
            "these bytes are no template (they do not begin with TWFT). Give what "
            "`Template.to_bytes` made."
        )
    version = _START.unpack_from(data)[1]
    if version > VERSION:
        raise ModelError(
            f"the template was written by a newer Twofold (version {version} of the form; this one "
            f"reads up to {VERSION}). Update Twofold, or enrol again."
        )
    reader = _READERS.get(version)
    if reader is None:
        raise _damaged(f"version {version}")
    return reader(data)


def _read_1(data: bytes) -> Template:
    if len(data) < _HEADER.size + _CHECKSUM.size:
        raise _damaged(f"cut off after {len(data)} bytes")
    _, _, flags, length, faces, irises, spare = _HEADER.unpack_from(data)
    if length != len(data):
        raise _damaged(f"{len(data)} bytes where the header says {length}")
    content = data[: -_CHECKSUM.size]
    if _CHECKSUM.unpack_from(data, len(content))[0] != zlib.crc32(content):
        raise _damaged("the checksum does not fit")
    if flags or spare:
        raise _damaged("a reserved field is not 0")
    source = _Bytes(content, _HEADER.size)
    try:
        face_contract, read_faces = _read_faces(source, faces) if faces else (None, ())
        iris_contract, read_irises = _read_irises(source, irises) if irises else (None, ())
        source.finish()
        return Template(read_faces, read_irises, face_contract, iris_contract)
    except OptionError as error:
        raise _damaged(str(error).rstrip(".")) from error


_READERS: dict[int, Callable[[bytes], Template]] = {1: _read_1}


def _read_faces(source: "_Bytes", count: int) -> tuple[str, tuple[FaceFeature, ...]]:
    contract, dimension, form, spare = source.unpack(_FACES)
    if form >= len(_FORMS) or spare:
        raise _damaged("face vectors of an unknown form")
    size = _WIDTH[_FORMS[form]] * dimension
    source.expect(count * (_FACE.size + size))
    found = []
    for _ in range(count):
        quality, spare = source.unpack(_FACE)
        if spare:
            raise _damaged("a reserved field is not 0")
        vector = _vector(source.take(size), _FORMS[form])
        found.append(FaceFeature(vector, quality / 100))
    return contract.hex(), tuple(found)


def _read_irises(source: "_Bytes", count: int) -> tuple[str, tuple[IrisFeature, ...]]:
    contract, version, planes, bands, angles, spare = source.unpack(_IRISES)
    if spare:
        raise _damaged("a reserved field is not 0")
    if version != LAYOUT_VERSION:
        raise _damaged(f"iris codes of layout version {version}")
    layout = CodeLayout(angles, bands, planes)
    if layout.bits % 64 or layout.bits > MOST_BITS:
        raise _damaged(f"iris codes of {layout.bits} bits")
    size = layout.bits // 8
    source.expect(count * (_IRIS.size + 2 * size))
    found = []
    for _ in range(count):
        eye, light, quality = source.unpack(_IRIS)
        if eye >= len(_EYES) or light >= len(_LIGHTS):
            raise _damaged(f"eye {eye}, light {light}")
        bits, mask = (np.frombuffer(source.take(size), "<u8").astype(np.uint64) for _ in range(2))
        code = IrisCode(layout, bits, mask)
        found.append(IrisFeature(code, quality / 100, _EYES[eye], _LIGHTS[light]))
    return contract.hex(), tuple(found)


class _Bytes:
    """Bytes that are read from front to back and never past their end."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content, self.place = content, place

    def expect(self, size: int) -> None:
        if size > len(self.content) - self.place:
            raise _damaged(f"cut off: {size} more bytes expected at byte {self.place}")

    def take(self, size: int) -> bytes:
        self.expect(size)
        taken = self.content[self.place : self.place + size]
        self.place += size
        return taken

    def unpack(self, form: struct.Struct) -> tuple:  # type: ignore[type-arg]
        return form.unpack(self.take(form.size))

    def finish(self) -> None:
        if rest := len(self.content) - self.place:
            raise _damaged(f"{rest} bytes too many")


def _vector_bytes(vector: NDArray[np.float32], form: VectorForm) -> bytes:
    if form == "float32":
        return vector.astype("<f4").tobytes()
    return quantise(vector[None]).values.tobytes()


def _vector(content: bytes, form: VectorForm) -> NDArray[np.float32]:
    if form == "float32":
        return np.frombuffer(content, "<f4").astype(np.float32)
    values = np.frombuffer(content, np.int8).astype(np.float64)
    if values.min(initial=0) < -127 or np.abs(values).max(initial=0) != 127:
        raise _damaged("a face vector of int8 that is not scaled to 127")
    return (values / np.linalg.norm(values)).astype(np.float32)


def _damaged(why: str) -> ModelError:
    return ModelError(
        f"the template is damaged ({why}). Restore it from a copy, or enrol the person again."
    )
