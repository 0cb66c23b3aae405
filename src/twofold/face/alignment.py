"""Aligning a face: a similarity transform brings five landmarks to fixed places in a fixed crop.

Alignment matters more than anything else in a face recogniser: an embedder sees at test time what
it saw in training, or fails.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels


@dataclass(frozen=True)
class Template:
    """Where the landmarks belong: (5, 2) in pixels of a crop of `side`, x then y."""

    side: int
    points: tuple[tuple[float, float], ...]

    def scaled(self, width: int, height: int) -> NDArray[np.float64]:
        """The points for a crop of another size, float64 (5, 2)."""
        points: NDArray[np.float64] = np.array(self.points)
        return points * (np.array([width, height]) / self.side)


# Order: the eye on the left of the picture, the eye on the right, nose, mouth left, mouth right.
TEMPLATES = {
    # Deng et al.: ArcFace, CVPR 2019, for 112x112 crops.
    "arcface": Template(
        112,
        (
            (38.2946, 51.6963),
            (73.5318, 51.5014),
            (56.0252, 71.7366),
            (41.5493, 92.3655),
            (70.7299, 92.2041),
        ),
    ),
    # dlib's 150x150 chips with a padding of 0.25: the mean face of its `get_face_chip_details`, the
    # six points around each eye averaged.
    "dlib": Template(
        150,
        ((47.55, 46.60), (100.48, 46.60), (74.01, 76.56), (50.41, 103.02), (97.61, 103.02)),
    ),
}


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares rotation, uniform scale and shift (no mirroring) from points to points.

    Umeyama: Least-squares estimation of transformation parameters between two point patterns,
    IEEE TPAMI 13 (1991), in its closed form for the plane.

    Args:
        source, target: float (N, 2), N >= 2, not all the same point.

    Returns:
        float64 (2, 3): target ≈ matrix @ (x, y, 1).
    """
    from_centre, to_centre = source.mean(axis=0), target.mean(axis=0)
    a, b = source - from_centre, target - to_centre
    spread = float((a**2).sum()) or 1.0
    cosine = float((a * b).sum()) / spread
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, to_centre - turn @ from_centre])


def align(
    pixels: Pixels,
    landmarks: NDArray[np.float64],
    width: int,
    height: int,
    template: Template,
) -> Pixels:
    """Cut out a face so that its landmarks fall on the template's.

    Args:
        pixels: uint8 (H, W) or (H, W, 3).
        landmarks: (5, 2) in pixels of the picture, x then y, in the template's order.
        width, height: of the crop.
        template: where the landmarks belong.

    Returns:
        uint8 (height, width) or (height, width, 3); what lies outside the picture is black.
    """
    matrix = similarity(landmarks, template.scaled(width, height))
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        # Shrink by area first: interpolating across skipped pixels would alias.
        shrunk = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        factor = np.array(shrunk) / (pixels.shape[1], pixels.shape[0])
        pixels = np.asarray(cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
        # Pixel centres: (x + 0.5) * factor - 0.5.
        landmarks = (landmarks + 0.5) * factor - 0.5
        matrix = similarity(landmarks, template.scaled(width, height))
    flags = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=flags), np.uint8)
