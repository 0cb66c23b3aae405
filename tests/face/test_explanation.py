"""The drawn steps show what was found."""

import numpy as np
import pytest

from tests.face.conftest import rgb_face, scene
from twofold.face.explanation import draw
from twofold.face.extraction import FaceExtractor


@pytest.mark.parametrize("grey", [True, False])
def test_every_step_is_drawn(extractor: FaceExtractor, grey: bool) -> None:
    pixels = rgb_face()[:, :, 0] if grey else rgb_face()
    sample = extractor.extract(pixels)
    drawn = draw(sample, pixels)
    assert set(drawn) == {"detection", "aligned", "quality"}
    for picture in drawn.values():
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
        assert picture.std() > 5
    # A red dot at each landmark.
    factor = 640 / 112
    for x, y in sample.detection.landmarks * factor:
        red, green, blue = drawn["detection"][round(y), round(x)].astype(int)
        assert red > green + 80 and red > blue + 80
    assert np.array_equal(drawn["aligned"][1::3, 1::3], sample.aligned)


def test_reasons_take_room_and_further_faces_are_told(extractor: FaceExtractor) -> None:
    pixels = (scene(420, 240, (60, 60, rgb_face(3)), (250, 60, rgb_face(5))) * 0.3).astype(np.uint8)
    sample = extractor.extract(pixels)
    assert sample.quality.reasons and sample.notes
    plain = draw(extractor.extract(rgb_face()), rgb_face())["quality"]
    told = draw(sample, pixels)["quality"]
    assert told.shape[0] == plain.shape[0] + 30 * len(sample.quality.reasons)
