"""The classical segmenter: circles by gradients, judged in pairs, then drawn out."""

import cv2
import numpy as np

from twofold.errors import AcquisitionError
from twofold.images import Pixels
from twofold.iris.circles import Hypothesis, find
from twofold.iris.delineation import Outline, complete, outline
from twofold.iris.highlights import fill, find_highlights, find_surround
from twofold.iris.judging import judge
from twofold.iris.segmentation import Circle, Segmentation

_SIDE = 320  # longest side of the picture in which circles are sought


_RIVALS = 4


class ClassicalSegmenter:
    """Segments with gradients and smooth curves; no learned part."""

    def segment(self, grey: Pixels) -> Segmentation:
        """See `Segmenter.segment`."""
        best, best_worth = None, -np.inf
        for pair in find_circles(grey)[:_RIVALS]:
            found = outline(grey, pair.iris, pair.pupil)
            worth = 0.5 * pair.score + _worth(found)
            if worth > best_worth:
                best, best_worth = found, worth
            if best is found and _sure(found):
                break
        if best is None:
            raise AcquisitionError("no iris found: give a picture of one open eye", "no_iris")
        return complete(best, grey.shape, "classical")


def _worth(found: Outline) -> float:
    return found.steadiness + found.limbus.steadiness


def _sure(found: Outline) -> bool:
    """Whether boundaries are so clear that rivals need not be looked at."""
    pupil, limbus = found.steadiness, found.limbus.steadiness
    return (pupil > 0.7 and limbus > 0.48) or (pupil > 0.5 and limbus > 0.65)


def find_circles(grey: Pixels) -> list[Hypothesis]:
    """Pairs of pupil and iris as circles, in pixels of `grey`, uint8, the likeliest first."""
    height, width = grey.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    work = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    work = fill(work, find_surround(work))
    work = fill(work, find_highlights(work))
    smooth = cv2.GaussianBlur(work, (0, 0), 1.0)
    pairs = sorted((judge(smooth, pair) for pair in find(work, 8)), key=lambda p: -p.score)
    factors = width / size[0], height / size[1]
    return [Hypothesis(_scaled(p.pupil, factors), _scaled(p.iris, factors), p.score) for p in pairs]


def _scaled(circle: Circle, factors: tuple[float, float]) -> Circle:
    fx, fy = factors
    return Circle(
        (circle.x + 0.5) * fx - 0.5, (circle.y + 0.5) * fy - 0.5, circle.radius * (fx + fy) / 2
    )
