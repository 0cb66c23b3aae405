"""How fit a picture of an eye is for recognition, in the terms of ISO/IEC 29794-6.

Each component is a value from 0 (unfit) to 100 (nothing to object to), made from one measured
quantity by lines between fixed points. The overall value is 100 times the product of the
components as fractions, each to the power of its weight, so that one bad component cannot hide
behind good ones. The quantities are named in the terms of the standard: usable iris area,
iris-sclera and iris-pupil contrast, pupil to iris ratio, concentricity, circularity, grey scale
utilisation, iris radius, margin, sharpness; but how they are measured and valued is Twofold's own,
and not comparable with other products.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from twofold.errors import AcquisitionError
from twofold.images import Pixels
from twofold.iris.checks import Measures, measure
from twofold.iris.patch import cut
from twofold.iris.segmentation import Segmentation

ENROL_MINIMUM = 20.0
PROBE_MINIMUM = 8.0  # the worst eye of the development sets has 23, what is taken for one 0 to 5


@dataclass(frozen=True)
class Quality:
    """Quality of one iris sample.

    Attributes:
        overall: 0 (unfit) to 100.
        components: name to value, 0 (bad) to 100 (nothing to object to).
        measures: name to the quantity measured: pixels, per cent, grey levels, shares.
        reasons: what is amiss, worst first, one short clause each; empty when nothing is.
    """

    overall: float
    components: dict[str, float]
    measures: dict[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Component:
    points: tuple[tuple[float, float], ...]  # (measured, value), ascending
    weight: float
    reason: str  # given below a value of 50; {} is the measured quantity


_COMPONENTS: dict[str, _Component] = {
    "usable_area": _Component(
        ((8, 0), (20, 25), (45, 60), (70, 100)), 1.0, "only {:.0f} % of the iris is usable"
    ),
    "upper_lid": _Component(
        ((30, 100), (50, 55), (75, 10)), 0.3, "upper lid covers {:.0f} % of the iris"
    ),
    "lower_lid": _Component(
        ((15, 100), (35, 55), (60, 10)), 0.3, "lower lid covers {:.0f} % of the iris"
    ),
    "iris_sclera_contrast": _Component(
        ((2, 5), (6, 40), (15, 80), (30, 100)),
        0.5,
        "the iris hardly differs from the white of the eye (contrast {:.0f} of 100)",
    ),
    "iris_pupil_contrast": _Component(
        ((3, 10), (15, 50), (30, 80), (45, 100)),
        0.5,
        "the pupil hardly differs from the iris (contrast {:.0f} of 100); use near-infrared light",
    ),
    "pupil_iris_ratio": _Component(
        ((10, 5), (18, 60), (25, 100), (60, 100), (70, 55), (80, 5)),
        0.5,
        "the pupil is {:.0f} % as wide as the iris; change the light",
    ),
    "concentricity": _Component(
        ((75, 5), (85, 50), (92, 100)),
        0.3,
        "pupil and iris are not concentric ({:.0f} of 100); look into the camera",
    ),
    "circularity": _Component(
        ((65, 5), (80, 50), (90, 100)),
        0.3,
        "the iris is not round ({:.0f} of 100); look straight into the camera",
    ),
    "radius": _Component(
        ((10, 0), (24, 45), (45, 80), (80, 100)),
        0.7,
        "the iris is only {:.0f} pixels in radius; use a larger picture or come closer",
    ),
    "sharpness": _Component(
        ((0.3, 0), (1.0, 30), (3.0, 75), (6.0, 100)), 0.7, "the iris is blurred; hold still"
    ),
    "grey_scale_utilisation": _Component(
        ((2.0, 0), (3.5, 50), (5.0, 100)), 0.3, "the iris has few grey levels ({:.1f} bits)"
    ),
    "margin": _Component(
        ((-30, 5), (-8, 50), (0, 80), (30, 100)),
        0.3,
        "the iris is cut off by the edge of the picture",
    ),
}


def judge(grey: Pixels, found: Segmentation, measures: Measures | None = None) -> Quality:
    """Measure a segmented eye.

    Args:
        grey: uint8 (height, width).
        found: its segmentation.
        measures: those of `checks.measure`, if they are known already.
    """
    facts = quantities(grey, found, measures or measure(grey, found))
    components: dict[str, float] = {}
    overall = 100.0
    for name, component in _COMPONENTS.items():
        measured, values = zip(*component.points, strict=True)
        value = float(np.interp(facts[name], measured, values))
        components[name] = round(value, 1)
        overall *= (value / 100) ** component.weight
    bad = sorted((value, name) for name, value in components.items() if value < 50)
    reasons = tuple(_COMPONENTS[name].reason.format(facts[name]) for _, name in bad)
    return Quality(round(overall, 1), components, facts, reasons)


def quantities(grey: Pixels, found: Segmentation, measures: Measures) -> dict[str, float]:
    """The quantities behind the components; arguments as for `judge`."""
    pupil, iris, sclera = measures.levels
    weber = max(0.0, iris - pupil) / (20.0 + pupil)
    height, width = grey.shape
    limbus = found.boundaries.limbus
    low, high = limbus.min(axis=0), limbus.max(axis=0)
    room = min(low[0], low[1], width - 1 - high[0], height - 1 - high[1])
    seen = grey[found.mask]
    histogram = np.bincount(seen, minlength=256) / max(1, seen.size)
    used = histogram[histogram > 0]
    return {
        "usable_area": 100 * measures.visible,
        "upper_lid": 100 * measures.upper_lid,
        "lower_lid": 100 * measures.lower_lid,
        "iris_sclera_contrast": 100
        * max(0.0, sclera - iris)
        / max(sclera + iris - 2 * min(pupil, iris), 1.0),
        "iris_pupil_contrast": 100 * weber / (0.75 + weber),
        "pupil_iris_ratio": 100 * measures.ratio,
        "concentricity": 100 * max(0.0, 1 - measures.offset),
        "circularity": 100 * measures.roundness,
        "radius": measures.radius,
        "sharpness": sharpness(grey, found),
        "grey_scale_utilisation": float(-(used * np.log2(used)).sum()),
        "margin": 100 * float(room) / max(measures.radius, 1.0),
    }


def sharpness(grey: Pixels, found: Segmentation) -> float:
    """Grey levels of fine detail at the pupil's edge and in the iris, at one size of iris."""
    patch = cut(grey, found.boundaries.iris_circle)
    fine = np.abs(cv2.Laplacian(cv2.GaussianBlur(patch.picture, (0, 0), 1.5), cv2.CV_32F, ksize=3))
    hole = found.boundaries.pupil
    inside = np.zeros(fine.shape, np.uint8)
    points = (hole - np.array([patch.x, patch.y])) / patch.scale
    cv2.polylines(inside, [np.round(points).astype(np.int32)], True, 1, 5)
    edge = fine[inside > 0]
    return float(np.percentile(edge, 60)) if edge.size else 0.0


def require(quality: Quality, minimum: float) -> None:
    """Refuse a sample below a minimum.

    Raises:
        AcquisitionError: with the worst reasons; the code is the name of the worst component.
    """
    if quality.overall < minimum:
        worst = min(quality.components, key=lambda name: quality.components[name])
        reasons = "; ".join(quality.reasons[:3]) or "several components are weak"
        raise AcquisitionError(
            f"{reasons}: quality {quality.overall:.0f} of 100, below the minimum of {minimum:.0f}",
            worst,
        )
