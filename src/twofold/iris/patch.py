"""A square piece of a picture around an iris, at a size at which every iris is equally large."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels
from twofold.iris.polar import Contour
from twofold.iris.segmentation import Circle, Mask, Points

Floats = NDArray[Any]  # float32; OpenCV's type hints promise less

RADIUS = 72.0  # of the iris in a patch, in pixels
REACH = 1.45  # half a side of a patch over that radius
SIDE = 2 * round(RADIUS * REACH) + 1


@dataclass(frozen=True)
class Patch:
    """A piece of a picture and how to get back from it.

    Attributes:
        picture: float32 (SIDE, SIDE), 0 to 255; beyond the picture's edge it repeats the edge.
        within: bool (SIDE, SIDE), False beyond the picture's edge.
        x, y: where the patch's pixel (0, 0) lies in the picture, in its pixels.
        scale: pixels of the picture per pixel of the patch.
    """

    picture: Floats
    within: Mask
    x: float
    y: float
    scale: float

    def circle_in(self, circle: Circle) -> Circle:
        """A circle of the picture, in pixels of the patch."""
        return Circle(
            (circle.x - self.x) / self.scale,
            (circle.y - self.y) / self.scale,
            circle.radius / self.scale,
        )

    def contour_out(self, contour: Contour) -> Contour:
        """A contour of the patch, in pixels of the picture."""
        return Contour(
            contour.x * self.scale + self.x,
            contour.y * self.scale + self.y,
            contour.series * self.scale,
        )

    def points_out(self, points: Points) -> Points:
        """Points (K, 2) of the patch, in pixels of the picture."""
        return np.asarray(points * self.scale + np.array([self.x, self.y]), np.float64)

    def mask_out(self, mask: Mask, shape: tuple[int, int]) -> Mask:
        """A mask of the patch as one of the picture, bool (height, width); False elsewhere."""
        matrix = np.array([[1 / self.scale, 0, -self.x / self.scale],
                           [0, 1 / self.scale, -self.y / self.scale]])  # fmt: skip
        large = np.zeros(shape, np.bool_)
        left, top = max(0, int(self.x)), max(0, int(self.y))
        right = min(shape[1], int(np.ceil(self.x + SIDE * self.scale)) + 1)
        bottom = min(shape[0], int(np.ceil(self.y + SIDE * self.scale)) + 1)
        if right <= left or bottom <= top:
            return large
        matrix[:, 2] += matrix[:, :2] @ np.array([left, top])
        part = cv2.warpAffine(
            mask.astype(np.uint8) * 255, matrix, (right - left, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )  # fmt: skip
        large[top:bottom, left:right] = part > 127
        return large


def cut(grey: Pixels, iris: Circle) -> Patch:
    """The patch around an iris, smoothed before it is shrunk.

    Args:
        grey: uint8 (height, width).
        iris: in pixels of `grey`.
    """
    scale = iris.radius / RADIUS
    half = SIDE // 2
    x, y = iris.x - half * scale, iris.y - half * scale
    height, width = grey.shape
    source: NDArray[Any] = grey
    inner, offset = scale, (x, y)
    if scale > 1.3:  # shrink by areas first, only the part that is needed
        margin = 2 + int(np.ceil(scale))
        left, top = max(0, int(x) - margin), max(0, int(y) - margin)
        right = min(width, int(x + SIDE * scale) + margin + 1)
        bottom = min(height, int(y + SIDE * scale) + margin + 1)
        part = grey[top : max(bottom, top + 2), left : max(right, left + 2)]
        size = (max(2, round(part.shape[1] / scale)), max(2, round(part.shape[0] / scale)))
        source = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        inner = scale * size[0] / part.shape[1]
        offset = ((x - left + 0.5) / part.shape[1] * size[0] - 0.5,
                  (y - top + 0.5) / part.shape[0] * size[1] - 0.5)  # fmt: skip
    matrix = np.array([[inner, 0, offset[0]], [0, inner, offset[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(
        source.astype(np.float32), matrix, (SIDE, SIDE), flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    columns = x + scale * np.arange(SIDE)
    rows = y + scale * np.arange(SIDE)
    within = ((rows >= -0.5) & (rows <= height - 0.5))[:, None] & (
        (columns >= -0.5) & (columns <= width - 0.5)
    )[None, :]
    return Patch(picture, within, x, y, scale)


def inside(contour: Contour, shape: tuple[int, int] = (SIDE, SIDE)) -> Mask:
    """The pixels inside a contour: bool of `shape`."""
    out = np.zeros(shape, np.uint8)
    points = np.round(contour.points(128) * 16).astype(np.int32)
    cv2.fillPoly(out, [points], 1, shift=4)
    return out.astype(np.bool_)
