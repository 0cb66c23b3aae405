"""What goes to a worker and what comes back: plain values that travel between processes."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from twofold.template import Eye, Light, Modality

Field = Literal["face", "left", "right", "iris"]
FIELDS: tuple[Field, ...] = ("face", "left", "right", "iris")
_EYES: dict[Field, Eye] = {"left": "left", "right": "right"}


@dataclass(frozen=True)
class Given:
    """One picture of a request.

    Attributes:
        field: of the request that it came in.
        number: among those of its field, from 0.
        content: encoded bytes; not shown.
        light: of an iris, as the caller said.
    """

    field: Field
    number: int
    content: bytes = dataclasses.field(repr=False)
    light: Light | None = None

    @property
    def modality(self) -> Modality:
        """Of the picture."""
        return "face" if self.field == "face" else "iris"

    @property
    def eye(self) -> Eye | None:
        """Which eye; None where it is not known."""
        return _EYES.get(self.field)


@dataclass(frozen=True)
class Refusal:
    """A picture that yields no template, and why.

    Attributes:
        field, number: which picture.
        code: short stable name.
        message: what was wrong.
        unreadable: whether it is the file's fault and not the person's.
    """

    field: str
    number: int
    code: str
    message: str
    unreadable: bool = False


@dataclass(frozen=True)
class Extracted:
    """What the pictures of one person gave.

    Attributes:
        template: its bytes; None where no picture yielded anything.
        refusals: pictures that yielded nothing.
        notes: such as a second face that was passed over.
    """

    template: bytes | None = dataclasses.field(repr=False)
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """How fit one picture is, and what was found in it.

    Attributes:
        field, number: which picture.
        refusal: why it would be refused; None where it would not.
        quality: overall, 0 to 100; None where nothing was found.
        components: of the quality, by name, 0 to 100.
        reasons: what is amiss, worst first.
        width, height: pixels of the picture, upright; 0 where it is unreadable.
        face: box (left, top, width, height) and five landmarks, in pixels.
        iris: outlines of pupil, limbus and lids, in pixels.
    """

    field: str
    number: int
    refusal: Refusal | None
    quality: float | None = None
    components: dict[str, float] = dataclasses.field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    face: dict[str, Any] | None = None
    iris: dict[str, Any] | None = None
