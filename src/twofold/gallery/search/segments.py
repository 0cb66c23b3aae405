"""Templates of many subjects as arrays: a row for each sample, a slot for each subject.

A segment is only ever appended to. Who searches holds the number of slots that were there when the
search began (`View`), and for each slot the change that ended it, so that no search sees half a
change and no change waits for a search.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twofold.iris.code import CodeLayout, IrisCode
from twofold.template import MOST_SAMPLES, Eye, FaceFeature, IrisFeature, Light, Template

EYES: tuple[Eye | None, ...] = (None, "left", "right")
LIGHTS: tuple[Light | None, ...] = (None, "nir", "visible")
ALIVE = np.iinfo(np.int64).max
_SMALL, _LARGE = 1 << 10, 1 << 16  # slots of a segment that grows
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class Shape:
    """What all templates of an index have in common; None where not known yet.

    Attributes:
        dimension: numbers of a face vector.
        layout: of iris codes.
        face_contract, iris_contract: of the models.
    """

    dimension: int | None = None
    layout: CodeLayout | None = None
    face_contract: str | None = None
    iris_contract: str | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Samples of subjects in arrays.

    Attributes:
        subjects: int64 (S,), the id of each slot.
        face_starts: int64 (S + 1,): slot s has the face rows from face_starts[s] to [s + 1].
        vectors: float32 (F, dimension).
        face_qualities: uint16 (F,), in hundredths.
        iris_starts: int64 (S + 1,), likewise.
        codes: uint64 (I, 2, words): bits, then mask.
        iris_qualities: uint16 (I,), in hundredths.
        kinds: uint8 (I,): 3 * eye + light; 0 unknown, 1 left or near-infrared, 2 right or visible.
    """

    subjects: NDArray[np.int64]
    face_starts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    face_qualities: NDArray[np.uint16]
    iris_starts: NDArray[np.int64]
    codes: NDArray[np.uint64]
    iris_qualities: NDArray[np.uint16]
    kinds: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.subjects)

    def template(self, slot: int, shape: Shape) -> Template:
        """The template in a slot."""
        faces = range(int(self.face_starts[slot]), int(self.face_starts[slot + 1]))
        irises = range(int(self.iris_starts[slot]), int(self.iris_starts[slot + 1]))
        return Template(
            tuple(
                FaceFeature(np.asarray(self.vectors[row]), int(self.face_qualities[row]) / 100)
                for row in faces
            ),
            tuple(self._iris(row, shape) for row in irises),
            shape.face_contract if faces else None,
            shape.iris_contract if irises else None,
        )

    def _iris(self, row: int, shape: Shape) -> IrisFeature:
        assert shape.layout is not None
        eye, light = divmod(int(self.kinds[row]), 3)
        bits, mask = (np.asarray(self.codes[row, part]) for part in (0, 1))
        code = IrisCode(shape.layout, bits, mask)
        return IrisFeature(code, int(self.iris_qualities[row]) / 100, EYES[eye], LIGHTS[light])


def kind(iris: IrisFeature) -> int:
    """Eye and light as `Rows.kinds` has them."""
    return 3 * EYES.index(iris.eye) + LIGHTS.index(iris.light)


def empty(slots: int, faces: int, irises: int, shape: Shape) -> Rows:
    """Room for that many; pages that nothing is written to take no memory."""
    words = shape.layout.words if shape.layout else 0
    return Rows(
        np.empty(slots, np.int64),
        np.zeros(slots + 1, np.int64),
        np.empty((faces, shape.dimension or 0), np.float32),
        np.empty(faces, np.uint16),
        np.zeros(slots + 1, np.int64),
        np.empty((irises, 2, words), np.uint64),
        np.empty(irises, np.uint16),
        np.empty(irises, np.uint8),
    )


@dataclass(eq=False)
class Segment:
    """Rows, how many of them are taken, and which have ended.

    Attributes:
        rows: the room, filled from the front.
        shape: of its samples.
        used: slots taken.
        ended: int64 for each slot: the change that removed it, or `ALIVE`; None: none ended yet.
        by_subject: newest slot of each subject; None where `rows.subjects` rises.
    """

    rows: Rows
    shape: Shape
    used: int
    ended: NDArray[np.int64] | None = None
    by_subject: dict[int, int] | None = field(default=None)

    def find(self, subject: int) -> int | None:
        """The slot of a subject that has not ended."""
        if self.by_subject is not None:
            slot = self.by_subject.get(subject, -1)
        else:
            slot = int(np.searchsorted(self.rows.subjects[: self.used], subject))
            if slot == self.used or self.rows.subjects[slot] != subject:
                slot = -1
        if slot < 0 or (self.ended is not None and self.ended[slot] != ALIVE):
            return None
        return slot

    def end(self, slot: int, change: int) -> None:
        """Let a slot end with a change; `ALIVE` takes that back."""
        if self.ended is None:
            if change == ALIVE:
                return
            self.ended = np.full(len(self.rows), ALIVE)
        self.ended[slot] = change

    def fits(self, template: Template, shape: Shape) -> bool:
        """Whether `append` has room for a template."""
        rows, used = self.rows, self.used
        return (
            self.by_subject is not None
            and shape == self.shape
            and used < len(rows)
            and rows.face_starts[used] + len(template.faces) <= len(rows.vectors)
            and rows.iris_starts[used] + len(template.irises) <= len(rows.codes)
        )

    def undo_append(self, subject: int) -> Callable[[], None]:
        """What takes the next `append` back, as long as no view was made of it."""
        assert self.by_subject is not None
        used, slots, before = self.used, self.by_subject, self.by_subject.get(subject)

        def undo() -> None:
            self.used = used
            if before is None:
                slots.pop(subject, None)
            else:
                slots[subject] = before

        return undo

    def append(self, subject: int, template: Template) -> None:
        """Fill the next slot."""
        rows, slot = self.rows, self.used
        face, iris = int(rows.face_starts[slot]), int(rows.iris_starts[slot])
        for one in template.faces:
            rows.vectors[face] = one.vector
            rows.face_qualities[face] = round(100 * one.quality)
            face += 1
        for eye in template.irises:
            rows.codes[iris, 0], rows.codes[iris, 1] = eye.code.bits, eye.code.mask
            rows.iris_qualities[iris] = round(100 * eye.quality)
            rows.kinds[iris] = kind(eye)
            iris += 1
        rows.subjects[slot] = subject
        rows.face_starts[slot + 1], rows.iris_starts[slot + 1] = face, iris
        assert self.by_subject is not None
        self.by_subject[subject] = slot
        self.used = slot + 1


@dataclass(frozen=True, eq=False)
class View:
    """A segment as it was at a change.

    Attributes:
        segment: whose rows beyond `used` may be written to meanwhile.
        used: slots that were there.
        ended: as the segment's, None where nothing had ended.
    """

    segment: Segment
    used: int
    ended: NDArray[np.int64] | None

    @property
    def rows(self) -> Rows:
        return self.segment.rows

    def alive(self, change: int) -> NDArray[np.bool_]:
        """Bool (used,): slots that are there at a change."""
        if self.ended is None:
            return np.ones(self.used, np.bool_)
        return self.ended[: self.used] > change


def room(living: int, template: Template, shape: Shape) -> Segment:
    """A segment that grows, for templates like this one among so many subjects."""
    words = shape.layout.words if shape.layout else 0
    each = 4 * (shape.dimension or 0) * len(template.faces) + 16 * words * len(template.irises)
    slots = max(1, min(max(living, _SMALL), _LARGE, _MOST_BYTES // (each + 1)))
    faces, irises = (slots * len(one) + MOST_SAMPLES for one in (template.faces, template.irises))
    return Segment(empty(slots, faces, irises, shape), shape, 0, by_subject={})
