"""Templates of nobody, made by a formula: the same on every machine and for ever."""

import numpy as np

from twofold.iris.code import CodeLayout, IrisCode
from twofold.template import Eye, FaceFeature, IrisFeature, Light, Template

FACE_CONTRACT = "fa" * 32
IRIS_CONTRACT = "1e" * 32
LAYOUT = CodeLayout(angles=32, bands=4, planes=2)


def face(number: int = 0, dimension: int = 16, quality: float = 80.5) -> FaceFeature:
    values = (np.arange(dimension) * (7 + number) + 3) % 31 - 15.0
    return FaceFeature((values / np.linalg.norm(values)).astype(np.float32), quality)


def iris(
    number: int = 0,
    eye: Eye | None = None,
    light: Light | None = None,
    quality: float = 61.25,
    layout: CodeLayout = LAYOUT,
) -> IrisFeature:
    places = np.arange(layout.words, dtype=np.uint64) + np.uint64(number + 1)
    bits = places * np.uint64(0x9E3779B97F4A7C15)
    mask = bits ^ np.uint64(0xFFFF_0000_FFFF_FFFF)
    return IrisFeature(IrisCode(layout, bits, mask), quality, eye, light)


def template(*, faces: int = 2, irises: int = 3) -> Template:
    kinds: list[tuple[Eye | None, Light | None]] = [
        ("left", "nir"),
        ("right", "visible"),
        (None, None),
    ]
    return Template(
        tuple(face(number, quality=20.0 + number) for number in range(faces)),
        tuple(iris(number, *kinds[number % 3]) for number in range(irises)),
        FACE_CONTRACT if faces else None,
        IRIS_CONTRACT if irises else None,
    )
