"""Templates of people who do not exist, for galleries: synthetic numbers, no pictures."""

from collections.abc import Iterable

import numpy as np

from tests.recognition import made_up_model
from tests.templates import FACE_CONTRACT, IRIS_CONTRACT
from twofold.iris.code import CodeLayout, IrisCode
from twofold.recognizer import Recognizer
from twofold.template import Eye, FaceFeature, IrisFeature, Light, Template

DIMENSION = 32
LAYOUT = CodeLayout(angles=32, bands=4, planes=2)


def recognizer() -> Recognizer:
    """Compares these templates by made-up calibrations."""
    return Recognizer(fusion=made_up_model(FACE_CONTRACT, IRIS_CONTRACT))


def face(person: int, sample: int = 0) -> FaceFeature:
    """Cosines are about 0.9 for one person, and about 0 otherwise."""
    own = np.random.default_rng([1, person]).normal(size=DIMENSION)
    noise = np.random.default_rng([2, person, sample]).normal(size=DIMENSION)
    vector = own + 0.3 * noise
    return FaceFeature((vector / np.linalg.norm(vector)).astype(np.float32), 80.0)


def iris(
    person: int, sample: int = 0, eye: Eye | None = "left", light: Light | None = "nir"
) -> IrisFeature:
    """Similarities are about 0.85 for one eye, and about 0.5 otherwise."""
    side = {"left": 0, "right": 1, None: 0}[eye]
    own = np.random.default_rng([3, person, side]).random(LAYOUT.bits) < 0.5
    flipped = np.random.default_rng([4, person, side, sample]).random(LAYOUT.bits) < 0.08
    bits = np.packbits(own ^ flipped, bitorder="little").view(np.uint64)
    full = np.full(LAYOUT.words, 0xFFFF_FFFF_FFFF_FFFF, np.uint64)
    return IrisFeature(IrisCode(LAYOUT, bits.copy(), full), 70.0, eye, light)


def person(
    number: int,
    sample: int = 0,
    *,
    faces: int = 1,
    eyes: Iterable[Eye] = ("left",),
) -> Template:
    """The template of a person; samples are numbered from `sample` on."""
    irises = tuple(iris(number, sample, eye) for eye in eyes)
    return Template(
        tuple(face(number, sample + one) for one in range(faces)),
        irises,
        FACE_CONTRACT if faces else None,
        IRIS_CONTRACT if irises else None,
    )
