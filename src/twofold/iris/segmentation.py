"""What a segmentation of an eye is, and who makes one.

Two segmenters stand behind one interface: a classical one (`classical`) and a compact network
(`segmentation_network`). `segment` asks one of them first, and the other where the first finds
nothing or its result fails its checks.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

POINTS = 256  # on each boundary


@dataclass(frozen=True)
class Circle:
    """Centre and radius in pixels; the centre of the top left pixel is (0, 0), y runs down."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Boundaries:
    """Outlines of pupil and iris in pixels (x, y); the centre of the top left pixel is (0, 0).

    Attributes:
        pupil: float64 (256, 2), a closed contour at equal angles around `pupil_circle`'s centre;
            the first point lies to the right, then clockwise as seen (y runs down).
        limbus: the same for the outer boundary, around `iris_circle`'s centre, also where lids
            or the edge of the picture hide it.
        pupil_circle: the circle that fits the pupil best.
        iris_circle: the circle that fits the limbus best.
    """

    pupil: Points
    limbus: Points
    pupil_circle: Circle
    iris_circle: Circle


@dataclass(frozen=True)
class Segmentation:
    """Where the iris is, and where it can be seen.

    Attributes:
        boundaries: outlines of pupil and iris.
        mask: bool (height, width), True where iris can be seen: no lid, lash, shadow, highlight.
        upper_lid: float64 (K, 2), the lid's edge from left to right as (x, y) in pixels, or None
            where it does not reach the iris.
        lower_lid: the same for the lower lid.
        highlights: bool (height, width), reflections on and near the iris.
        lashes: bool (height, width), lashes and deep shadow on the iris.
        method: "classical" or "network".
        checks: figures measured by the segmenter, by name.
    """

    boundaries: Boundaries
    mask: Mask
    upper_lid: Points | None
    lower_lid: Points | None
    highlights: Mask
    lashes: Mask
    method: str
    checks: dict[str, float] = field(default_factory=dict)


class Segmenter(Protocol):
    """Finds the iris in a picture of an eye."""

    def segment(self, grey: Pixels) -> Segmentation:
        """Segment a grey picture, uint8 (height, width).

        Raises:
            AcquisitionError: no iris is found, or too little of one.
        """
        ...


def segment(grey: Pixels) -> Segmentation:
    """Segment a grey picture, uint8 (height, width), with the default segmenter or the other.

    The other is asked where the default finds no iris or its result is doubtful; of two results
    the one is taken that is more like an eye.

    Raises:
        AcquisitionError: no iris is found, or too little of one.
    """
    from twofold.iris.choosing import segment_best

    return segment_best(grey)
