"""Synthetic people: a face and two eyes that belong together.

Every picture depends on (seed, subject, eye, sample) alone, so that the same seed gives the same
bytes in any order and for any number of people.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twofold.data.synthetic.eye import Eye, Side, make_eye
from twofold.data.synthetic.eye_camera import Covers, draw_eye
from twofold.data.synthetic.view import Light, View, draw_view
from twofold.data.synthetic_camera import Plane
from twofold.data.synthetic_face import Face, draw_face, make_face
from twofold.images import Pixels

_SKIN = np.array([[92, 58, 42], [232, 186, 160]], dtype=np.float32)  # RGB, darkest and lightest
# What a random stream is for; part of its key, so that streams never meet.
PERSON, SAMPLE, ORDER, EYE, EYE_SAMPLE, RENDERED = range(6)
_SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True)
class Person:
    """A face and two eyes, with one skin and one colour of the irises.

    Attributes:
        seed, subject: who it is; eyes are invented from them when they are asked for.
        face: the face.
        skin: RGB, 0 to 255.
        melanin: of the irises, 0 for light blue to 1 for dark brown.
    """

    seed: int
    subject: int
    face: Face
    skin: Plane
    melanin: float

    @cached_property
    def left(self) -> Eye:
        return self._invent("left")

    @cached_property
    def right(self) -> Eye:
        return self._invent("right")

    def eye(self, side: Side) -> Eye:
        return self.left if side == "left" else self.right

    def _invent(self, side: Side) -> Eye:
        rng = np.random.default_rng([self.seed, EYE, self.subject, _SIDES.index(side)])
        shade = self.melanin + rng.normal(0, 0.012)  # both eyes are nearly of one colour
        return make_eye(rng, side, self.skin, shade, self.face.hair_tone, bool(self.face.glasses))


def make_person(seed: int, subject: int) -> Person:
    """Invent the person number `subject` (from 0) of the population `seed`."""
    rng = np.random.default_rng([seed, PERSON, subject])
    tone = rng.uniform(0, 1) ** 0.8
    skin = _SKIN[0] + tone * (_SKIN[1] - _SKIN[0]) * rng.uniform(0.97, 1.03, 3)
    face = make_face(rng, 0.42 + 0.46 * tone)
    # Pale irises are commoner in pale people; all others are brown.
    melanin = float(rng.beta(1.1, 1.0)) if tone > 0.4 else rng.uniform(0.7, 1)
    return Person(seed, subject, face, skin.astype(np.float32), melanin)


def draw_iris(
    person: Person,
    seed: int,
    subject: int,
    sample: int,
    *,
    side: Side = "left",
    size: tuple[int, int] = (150, 200),
    light: Light = "visible",
    truth: bool = False,
) -> tuple[Pixels, View, Covers | None]:
    """Take one picture of an eye.

    Returns:
        The picture, uint8 (height, width, 3) RGB or in infrared (height, width) grey; its
        circumstances; and with `truth` what covers what.
    """
    rng = np.random.default_rng([seed, EYE_SAMPLE, subject, sample, _SIDES.index(side)])
    eye = person.eye(side)
    view = draw_view(rng, eye, light)
    picture, covers = draw_eye(eye, view, size, truth=truth)
    return picture, view, covers


def draw_pair(
    person: Person,
    seed: int,
    subject: int,
    sample: int,
    *,
    iris_size: tuple[int, int] = (150, 200),
    face_size: tuple[int, int] = (56, 46),
    side: Side = "left",
    light: Light = "visible",
) -> tuple[Pixels, Pixels]:
    """Take one picture of the face and one of an eye.

    Returns:
        The face, uint8 (height, width), and the iris, uint8 (height, width, 3) RGB or in infrared
        (height, width).
    """
    rng = np.random.default_rng([seed, SAMPLE, subject, sample])
    face = draw_face(person.face, rng, face_size)
    return face, draw_iris(person, seed, subject, sample, side=side, size=iris_size, light=light)[0]
