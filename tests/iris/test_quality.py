"""Quality of an eye picture: each component falls where its quantity gets worse."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.iris.test_segmentation import drawn
from twofold.errors import AcquisitionError
from twofold.iris.classical import ClassicalSegmenter
from twofold.iris.quality import ENROL_MINIMUM, Quality, judge, require


def of(grey: np.ndarray) -> Quality:
    return judge(grey, ClassicalSegmenter().segment(grey))


def test_a_good_eye_is_good() -> None:
    quality = of(drawn(0, size=(480, 640))[0])
    assert quality.overall > 60
    assert all(0 <= value <= 100 for value in quality.components.values())
    assert 20 < quality.measures["pupil_iris_ratio"] < 70
    require(quality, ENROL_MINIMUM)


def test_blur_costs_sharpness() -> None:
    grey = drawn(0)[0]
    blurred = cv2.GaussianBlur(grey, (0, 0), 4)
    sharp, soft = of(grey), of(blurred)
    assert soft.components["sharpness"] < sharp.components["sharpness"] - 25
    assert soft.overall < sharp.overall


def test_small_eyes_cost_radius() -> None:
    grey = drawn(1)[0]
    small = cv2.resize(grey, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    large, little = of(grey), of(small)
    assert little.measures["radius"] == pytest.approx(0.4 * large.measures["radius"], rel=0.1)
    assert little.components["radius"] < large.components["radius"]


def test_a_low_lid_costs_usable_area() -> None:
    wide, low = (of(drawn(5, opening=o)[0]) for o in (1.1, 0.55))
    assert low.measures["usable_area"] < wide.measures["usable_area"] - 8
    assert low.measures["upper_lid"] > wide.measures["upper_lid"]


def test_flat_light_costs_contrast() -> None:
    grey = drawn(2)[0]
    flat = np.clip(128 + 0.3 * (grey.astype(float) - 128), 0, 255).astype(np.uint8)
    found = ClassicalSegmenter().segment(grey)
    full, little = judge(grey, found), judge(flat, found)
    for name in ("iris_pupil_contrast", "grey_scale_utilisation"):
        assert little.measures[name] < full.measures[name]
        assert little.components[name] <= full.components[name]


def test_margin_shrinks_towards_the_edge() -> None:
    grey, _, truth = drawn(3)
    left = int(truth.limbus()[:, 0].min())
    whole, near = of(grey), of(np.ascontiguousarray(grey[:, max(0, left - 4) :]))
    assert near.measures["margin"] < whole.measures["margin"]
    assert near.components["margin"] < whole.components["margin"]


def test_refusal_names_the_worst() -> None:
    good = of(drawn(0)[0])
    bad = replace(
        good,
        overall=4.0,
        components={**good.components, "upper_lid": 10.0},
        reasons=("upper lid covers 58 % of the iris",),
    )
    with pytest.raises(AcquisitionError, match="upper lid covers 58 % of the iris") as caught:
        require(bad, ENROL_MINIMUM)
    assert caught.value.code == min(bad.components, key=lambda name: bad.components[name])
