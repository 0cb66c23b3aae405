"""Extractors are made once: loading the networks takes longer than using them."""

import numpy as np
import pytest

from twofold.data.rendered_faces import rendered_face
from twofold.face.extraction import FaceExtractor
from twofold.images import Pixels


@pytest.fixture(scope="session")
def extractor() -> FaceExtractor:
    return FaceExtractor()


def rgb_face(subject: int = 0, sample: int = 0) -> Pixels:
    """A rendered face (nobody's) as RGB, uint8 (112, 92, 3)."""
    return np.repeat(rendered_face(subject, sample)[:, :, np.newaxis], 3, axis=2)


def scene(width: int, height: int, *places: tuple[int, int, Pixels]) -> Pixels:
    """A mid-grey picture with faces at (left, top)."""
    picture = np.full((height, width, 3), 120, np.uint8)
    for left, top, face in places:
        picture[top : top + face.shape[0], left : left + face.shape[1]] = face
    return picture
