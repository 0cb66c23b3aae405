"""How fit a face picture is for recognition, in the terms of ISO/IEC 29794-5.

Each component is a value from 0 (unfit) to 100 (nothing to object to) made from one measured
quantity by lines between fixed points. The overall value is 100 times the product of the components
as fractions, each to the power of its weight, so that one bad component cannot hide behind good
ones. The measures follow the standard's ideas (exposure, dynamic range, illumination uniformity as
the overlap of the two halves' histograms, sharpness, inter-eye distance, pose, crop, occlusion),
not its reference software: the values are Twofold's own and not comparable with other products'.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.errors import AcquisitionError
from twofold.face.detection import Detection, visible_area
from twofold.face.pose import pose
from twofold.images import Pixels

ENROL_MINIMUM = 20.0
PROBE_MINIMUM = 2.0
_SIDE = 112  # of the grey crop that is measured, aligned to the ArcFace template
# Where the landmarks are in that crop, rounded.
_EYES = ((38, 52), (74, 52))
_MOUTH = (56, 92)


@dataclass(frozen=True)
class Quality:
    """Quality of one face sample.

    Attributes:
        overall: 0 (unfit) to 100.
        components: name to value, 0 (bad) to 100 (nothing to object to).
        measures: name to the quantity measured: pixels, degrees, grey levels, shares.
        reasons: what is amiss, worst first, one short clause each; empty when nothing is.
    """

    overall: float
    components: dict[str, float]
    measures: dict[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Component:
    measure: str
    points: tuple[tuple[float, float], ...]  # (measured, value), ascending
    weight: float
    reason: str  # given below a value of 50: {} is the measured quantity


_COMPONENTS: dict[str, _Component] = {
    "inter_eye_distance": _Component(
        "inter_eye_distance",
        ((6, 0), (12, 35), (20, 60), (40, 85), (60, 100)),
        1.0,
        "the eyes are only {:.0f} pixels apart; use a larger picture of the face",
    ),
    "sharpness": _Component(
        "sharpness",
        ((0.02, 0), (0.05, 25), (0.1, 65), (0.2, 100)),
        1.0,
        "the face is blurred; hold still and focus",
    ),
    "noise": _Component(
        "noise",
        ((0.14, 100), (0.25, 50), (0.45, 10)),
        1.0,
        "the picture is noisy; use more light or a better copy",
    ),
    "exposure": _Component(
        "luminance",
        ((15, 0), (45, 50), (85, 100), (175, 100), (215, 50), (245, 0)),
        1.0,
        "the face is too dark or too bright (mean grey level {:.0f}); change the light",
    ),
    "saturation": _Component(
        "saturated",
        ((0.02, 100), (0.15, 60), (0.5, 0)),
        0.5,
        "{:.0%} of the face is pure black or white; change the light or the exposure",
    ),
    "dynamic_range": _Component(
        "entropy",
        ((2.0, 0), (4.5, 50), (6.2, 100)),
        0.5,
        "the face has little contrast ({:.1f} bits); use better light or a better copy",
    ),
    "illumination_uniformity": _Component(
        "illumination_uniformity",
        ((0.05, 25), (0.25, 50), (0.55, 100)),
        0.5,
        "one side of the face is lit unlike the other; light it from the front",
    ),
    "yaw": _Component(
        "yaw",
        ((15, 100), (40, 60), (60, 30), (85, 5)),
        1.0,
        "the head is turned about {:.0f} degrees to the side; look into the camera",
    ),
    "pitch": _Component(
        "pitch",
        ((15, 100), (30, 60), (45, 30), (70, 5)),
        0.5,
        "the head is raised or lowered about {:.0f} degrees; look into the camera",
    ),
    "roll": _Component(
        "roll",
        ((20, 100), (45, 50), (90, 0)),
        0.3,
        "the head leans {:.0f} degrees; hold it upright",
    ),
    "crop": _Component(
        "visible",
        ((0.4, 0), (0.7, 50), (0.92, 100)),
        0.5,
        "only {:.0%} of the face is inside the picture; step back",
    ),
    "eyes_visible": _Component(
        "eye_detail",
        ((0.1, 25), (0.35, 50), (0.6, 100)),
        0.5,
        "an eye is hard to see; take off dark glasses and move hair away",
    ),
    "mouth_visible": _Component(
        "mouth_detail",
        ((0.1, 25), (0.25, 50), (0.5, 100)),
        0.3,
        "the mouth is hard to see; nothing may cover the face",
    ),
    "detection": _Component(
        "detection",
        ((0.6, 10), (0.75, 50), (0.9, 100)),
        1.0,
        "it hardly looks like a face to the detector (score {:.2f}); part of it may be covered",
    ),
}


def judge(rgb: Pixels, face: Detection, aligned: Pixels) -> Quality:
    """Measure a face.

    Args:
        rgb: the picture, uint8 (H, W, 3).
        face: found in it.
        aligned: uint8 (112, 112, 3), aligned to the ArcFace template.
    """
    measures = measure(rgb, face, aligned)
    components: dict[str, float] = {}
    overall = 100.0
    for name, component in _COMPONENTS.items():
        measured, values = zip(*component.points, strict=True)
        value = float(np.interp(measures[component.measure], measured, values))
        components[name] = round(value, 1)
        overall *= (value / 100) ** component.weight
    bad = sorted((value, name) for name, value in components.items() if value < 50)
    reasons = tuple(
        _COMPONENTS[name].reason.format(measures[_COMPONENTS[name].measure]) for _, name in bad
    )
    return Quality(round(overall, 1), components, measures, reasons)


def measure(rgb: Pixels, face: Detection, aligned: Pixels) -> dict[str, float]:
    """The quantities behind the components; arguments as for `judge`."""
    grey = np.asarray(cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY), np.uint8)
    inner = grey[30:104, 22:90]  # brows to chin, cheek to cheek
    contrast = max(float(inner.std()), 4.0)
    fine = cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 0.8), cv2.CV_32F)[30:104, 22:90]
    histogram = np.bincount(inner.ravel(), minlength=256) / inner.size
    seen = histogram[histogram > 0]
    height, width = rgb.shape[:2]
    angles = pose(face.landmarks)
    detail = _detail(grey, contrast)
    return {
        "inter_eye_distance": face.eye_distance,
        "sharpness": float(fine.std()) / contrast,
        "noise": _noise(inner) / contrast,
        "luminance": float(inner.mean()),
        "saturated": float(histogram[:8].sum() + histogram[248:].sum()),
        "entropy": float(-(seen * np.log2(seen)).sum()),
        "illumination_uniformity": _overlap(grey[34:100, 20:54], grey[34:100, 58:92]),
        "yaw": abs(angles.yaw),
        "pitch": abs(angles.pitch),
        "roll": abs(angles.roll),
        "visible": visible_area(face, width, height) / max(face.box[2] * face.box[3], 1.0),
        "eye_detail": min(detail(x, y, 12, 7) for x, y in _EYES),
        "mouth_detail": detail(*_MOUTH, 16, 8),
        "detection": face.score,
        "colour": _colour(aligned),
    }


def _noise(grey: Pixels) -> float:
    """Standard deviation of the noise, grey levels.

    Immerkær: Fast noise variance estimation. Computer Vision and Image Understanding 64 (1996).
    Without it, noise passes for sharpness.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = cv2.filter2D(grey.astype(np.float32), -1, mask)[1:-1, 1:-1]
    return float(np.abs(response).mean() * np.sqrt(np.pi / 2) / 6)


def _overlap(left: Pixels, right: Pixels) -> float:
    """Shared part of two grey histograms of 32 bins: 1 when they are the same, 0 when apart."""
    one, other = (
        np.histogram(side, bins=32, range=(0, 256))[0] / side.size for side in (left, right)
    )
    return float(np.minimum(one, other).sum())


def _detail(grey: Pixels, contrast: float) -> Callable[[int, int, int, int], float]:
    """Spread of grey levels in a part of the crop, as a multiple of the whole face's."""

    def at(x: int, y: int, across: int, down: int) -> float:
        part = grey[y - down : y + down + 1, x - across : x + across + 1]
        return float(part.std()) / contrast

    return at


def _colour(rgb: Pixels) -> float:
    """Mean difference between the strongest and the weakest channel, grey levels; 0 for grey."""
    channels: NDArray[np.int16] = rgb.astype(np.int16)
    return float((channels.max(axis=2) - channels.min(axis=2)).mean())


def require(quality: Quality, minimum: float, name: str) -> None:
    """Refuse a picture below a minimum.

    Raises:
        AcquisitionError: with the reasons ("low_quality").
    """
    if quality.overall < minimum:
        reasons = "; ".join(quality.reasons) or "several components are weak"
        raise AcquisitionError(
            f"{name}: the quality of the face is {quality.overall:.0f} of 100, below the minimum "
            f"of {minimum:.0f}: {reasons}.",
            "low_quality",
        )
