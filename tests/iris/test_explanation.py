"""Drawings of the steps say what the steps said."""

import numpy as np
import pytest

from tests.iris.drawing import true_eye
from twofold.iris.comparison import compare
from twofold.iris.encoding import encode
from twofold.iris.explanation import draw, draw_agreement, draw_comparison
from twofold.iris.extraction import IrisSample
from twofold.iris.quality import judge
from twofold.iris.unwrapping import unwrap

GREEN, RED, VIOLET = (70, 170, 95), (215, 65, 55), (110, 40, 140)


def sample(subject: int, number: int) -> tuple[IrisSample, np.ndarray]:
    grey, found = true_eye(subject, number)
    strip = unwrap(grey, found)
    return IrisSample(encode(strip), found, strip, judge(grey, found)), grey


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour, np.uint8)).all(axis=2).sum())


@pytest.mark.parametrize("channels", [1, 3])
def test_every_step_is_drawn(channels: int) -> None:
    one, grey = sample(1, 0)
    pixels = grey if channels == 1 else np.repeat(grey[:, :, None], 3, axis=2)
    drawn = draw(one, pixels)
    assert list(drawn) == ["boundaries", "mask", "strip", "code"]
    for picture in drawn.values():
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
    assert drawn["boundaries"].shape == (480, 640, 3)
    assert count(drawn["boundaries"], (235, 70, 60)) > 50
    assert count(drawn["boundaries"], (250, 200, 40)) > 100
    # The code's picture shows as many masked places as the mask has.
    layout = one.code.layout
    square = drawn["code"].shape[1] // layout.angles
    masked = layout.bits - int(np.bitwise_count(one.code.mask).sum())
    assert count(drawn["code"], VIOLET) == masked * square**2


def test_agreement_counts_what_the_comparison_counts() -> None:
    (a, _), (b, _) = sample(1, 0), sample(1, 1)
    found = compare(a.code, b.code)
    picture = draw_agreement(a.code, b.code)
    square = picture.shape[1] // a.code.layout.angles
    agreeing, differing = (count(picture, colour) // square**2 for colour in (GREEN, RED))
    assert agreeing + differing == found.bits
    assert differing == round(found.hamming_distance * found.bits)
    assert list(draw_comparison(a, b)) == ["agreement"]


def test_a_sample_agrees_with_itself_everywhere() -> None:
    one, _ = sample(2, 0)
    picture = draw_agreement(one.code, one.code)
    assert count(picture, RED) == 0
    assert count(picture, GREEN) > 0
