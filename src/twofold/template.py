"""What is kept of a person: face vectors and iris codes, with the contracts of their models.

A template holds any number of samples of each modality, and one modality may be missing. It holds
no picture. Only features of one contract (`FaceExtractor.contract`, `IrisExtractor.contract`) may
be compared. Its binary form is described byte by byte in docs/templates.md.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError, OptionError
from twofold.iris.code import IrisCode

Light = Literal["nir", "visible"]
Eye = Literal["left", "right"]
Modality = Literal["face", "iris"]
VectorForm = Literal["float32", "int8"]

MOST_SAMPLES = 255  # of a modality
MOST_BITS = 1 << 16  # of an iris code
DIMENSIONS = (2, 8192)  # of a face vector
_UNIT = 1e-4  # by which a vector's length may differ from 1
_Scalar = TypeVar("_Scalar", bound=np.generic)
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, eq=False)
class FaceFeature:
    """One sample of a face.

    Attributes:
        vector: float32 (dimension,), unit length; read-only.
        quality: of the picture, 0 to 100, rounded to hundredths.

    Raises:
        OptionError: the vector or the quality is nothing of the kind.
    """

    vector: NDArray[np.float32]
    quality: float

    def __post_init__(self) -> None:
        vector = _kept(self.vector, np.float32, "a face vector")
        if not DIMENSIONS[0] <= vector.size <= DIMENSIONS[1]:
            raise OptionError(
                f"a face vector of {vector.size} numbers; expected {DIMENSIONS[0]} to "
                f"{DIMENSIONS[1]}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            length = float(np.linalg.norm(vector.astype(np.float64)))
        if not abs(length - 1) <= _UNIT:  # also NaN
            raise OptionError(
                f"a face vector of length {length:g}; expected 1. Give the extractor's own vector."
            )
        object.__setattr__(self, "vector", vector)
        object.__setattr__(self, "quality", _rounded(self.quality))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FaceFeature):
            return NotImplemented
        return self.quality == other.quality and np.array_equal(self.vector, other.vector)

    def __hash__(self) -> int:
        return hash((self.quality, self.vector.tobytes()))


@dataclass(frozen=True, eq=False)
class IrisFeature:
    """One sample of an iris.

    Attributes:
        code: bits and mask; read-only.
        quality: of the picture, 0 to 100, rounded to hundredths.
        eye: which eye; None where unknown.
        light: that the picture was taken in; None where unknown.

    Raises:
        OptionError: a field is nothing of the kind.
    """

    code: IrisCode
    quality: float
    eye: Eye | None = None
    light: Light | None = None

    def __post_init__(self) -> None:
        layout = self.code.layout
        sides = (layout.angles, layout.bands, layout.planes)
        if min(sides) < 1 or layout.bits % 64 or layout.bits > MOST_BITS:
            raise OptionError(
                f"an iris code of {sides[0]} x {sides[1]} x {sides[2]} bits; expected a multiple "
                f"of 64, {MOST_BITS} at most."
            )
        bits = _kept(self.code.bits, np.uint64, "an iris code")
        mask = _kept(self.code.mask, np.uint64, "the mask of an iris code")
        if not bits.size == mask.size == layout.words:
            raise OptionError(
                f"an iris code of {bits.size} and {mask.size} words; its layout has {layout.words}."
            )
        if self.eye not in (None, "left", "right"):
            raise OptionError(f"eye {self.eye!r}: expected left, right or None for unknown.")
        if self.light not in (None, "nir", "visible"):
            raise OptionError(f"light {self.light!r}: expected nir, visible or None for unknown.")
        object.__setattr__(self, "code", IrisCode(layout, bits, mask))
        object.__setattr__(self, "quality", _rounded(self.quality))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IrisFeature):
            return NotImplemented
        return (
            (self.quality, self.eye, self.light, self.code.layout)
            == (other.quality, other.eye, other.light, other.code.layout)
            and np.array_equal(self.code.bits, other.code.bits)
            and np.array_equal(self.code.mask, other.code.mask)
        )

    def __hash__(self) -> int:
        return hash((self.quality, self.eye, self.light, self.code.bits.tobytes()))


@dataclass(frozen=True)
class Failure:
    """A sample that was given and yielded nothing (ISO/IEC 19795-1: failure to acquire).

    Attributes:
        modality: of the sample.
        number: of the sample among those of its modality, from 0.
        code: short stable name of the reason, such as "no_face".
        message: what was wrong and what to do.
    """

    modality: Modality
    number: int
    code: str
    message: str


@dataclass(frozen=True)
class Template:
    """What is kept of one subject. Immutable, hashable, comparable with ==.

    Attributes:
        faces: of one contract and one length; may be empty.
        irises: of one contract and one layout; may be empty, but not both.
        face_contract: hex SHA-256 of what made the faces; None exactly where there are none.
        iris_contract: the same of the irises.
        failures: samples that were given and yielded nothing. Like `notes` they tell about the
            making: they are not kept in the bytes, and templates that differ in them are equal.
        notes: what a person should know about the making, such as a passed-over second face.

    Raises:
        OptionError: the parts do not fit together, or there are none.
    """

    faces: tuple[FaceFeature, ...] = ()
    irises: tuple[IrisFeature, ...] = ()
    face_contract: str | None = None
    iris_contract: str | None = None
    failures: tuple[Failure, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        for name in ("faces", "irises", "failures", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.faces and not self.irises:
            raise OptionError("a template of nothing: give a face, an iris or both.")
        for named, samples, contract in (
            ("face", self.faces, self.face_contract),
            ("iris", self.irises, self.iris_contract),
        ):
            if len(samples) > MOST_SAMPLES:
                raise OptionError(
                    f"{len(samples)} {named} samples in one template; keep the best "
                    f"{MOST_SAMPLES} at most."
                )
            if (contract is None) != (not samples):
                raise OptionError(
                    f"a template with {len(samples)} {named} sample(s) and the {named} contract "
                    f"{contract!r}: give a contract exactly where there are samples."
                )
            if contract is not None and not _HEX.fullmatch(contract):
                raise OptionError(
                    f"{named} contract {contract[:80]!r}: expected 64 hexadecimal digits, as the "
                    "extractor's `contract` gives them."
                )
        if len({face.vector.size for face in self.faces}) > 1:
            raise OptionError("face vectors of several lengths: extract all with one model.")
        if len({iris.code.layout for iris in self.irises}) > 1:
            raise OptionError("iris codes of several layouts: extract all with one model.")

    @property
    def contract(self) -> str:
        """Both contracts as one line of text, such as "face:fc7c… iris:17c6…"."""
        parts = (("face", self.face_contract), ("iris", self.iris_contract))
        return " ".join(f"{name}:{contract}" for name, contract in parts if contract)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Those that there are samples of."""
        face: tuple[Modality, ...] = ("face",) if self.faces else ()
        return (*face, "iris") if self.irises else face

    def merged(self, other: "Template") -> "Template":
        """This template with the samples of another one of the same subject behind its own.

        Raises:
            ModelError: their contracts differ.
            OptionError: together they have too many samples.
        """
        require_same_contracts(self, other)
        return Template(
            self.faces + other.faces,
            self.irises + other.irises,
            self.face_contract or other.face_contract,
            self.iris_contract or other.iris_contract,
            self.failures + other.failures,
            self.notes + other.notes,
        )

    def only(self, modality: Modality) -> "Template":
        """The part of one modality.

        Raises:
            OptionError: it has no sample of it.
        """
        if modality == "face":
            return replace(self, irises=(), iris_contract=None)
        return replace(self, faces=(), face_contract=None)

    def to_bytes(self, vectors: VectorForm = "float32") -> bytes:
        """The binary form (docs/templates.md).

        Args:
            vectors: how face vectors are kept: "float32" to the last digit, or "int8" in a quarter
                of the bytes, rounded.
        """
        from twofold.template_format import write

        return write(self, vectors)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Template":
        """Read the binary form; every field is checked.

        Raises:
            ModelError: damaged, no template, or written by a newer version.
        """
        from twofold.template_format import read

        return read(data)


def require_same_contracts(one: Template, other: Template) -> None:
    """Refuse templates whose samples of a modality come from different models.

    Raises:
        ModelError: a modality that both have is of two contracts.
    """
    for named, a, b in (
        ("face", one.face_contract, other.face_contract),
        ("iris", one.iris_contract, other.iris_contract),
    ):
        if a is not None and b is not None and a != b:
            raise ModelError(
                f"the {named} samples of the two templates come from different models (contracts "
                f"{a[:16]} and {b[:16]}), whose results cannot be compared. Extract both with one."
            )


def _kept(array: NDArray[_Scalar], kind: type[_Scalar], named: str) -> NDArray[_Scalar]:
    """A read-only copy of a one-dimensional array of that type."""
    if array.ndim != 1 or array.dtype != kind:
        raise OptionError(
            f"{named} of {array.dtype} {array.shape}; expected {kind.__name__} in one dimension."
        )
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _rounded(quality: float) -> float:
    if not 0 <= quality <= 100:  # also NaN
        raise OptionError(f"quality {quality}: expected 0 to 100.")
    return round(float(quality), 2)
