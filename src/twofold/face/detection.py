"""Finding faces with five landmarks each.

Wu, Peng, Yu: YuNet: a tiny millisecond-level face detector. Machine Intelligence Research 20
(2023), run by OpenCV. It wants a face of some size with a margin around it, so a picture is shown
to it in several views (`views`): enlarged or shrunk, then also with a border, then larger.
"""

import threading
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Detection:
    """One face found.

    Attributes:
        box: (left, top, width, height) in pixels of the picture; may reach beyond it.
        landmarks: float64 (5, 2), x then y: the eye on the left of the picture, the eye on the
            right, tip of the nose, the corner of the mouth on the left, on the right.
        score: of the detector, 0 to 1; not a probability.
    """

    box: tuple[float, float, float, float]
    landmarks: Points
    score: float

    @property
    def eye_distance(self) -> float:
        """Between the centres of the eyes, pixels."""
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))


@dataclass(frozen=True)
class View:
    """How a picture is shown to the detector.

    Attributes:
        border: added on each side, as a part of the longer side of the picture.
        side: longer side of what is shown, pixels.
    """

    border: float
    side: int


# Tried in turn until one shows a face. Chosen on half of the people of ORL at 46x56 and of LFW.
VIEWS = (View(0.0, 320), View(0.25, 320), View(0.25, 416))
# For faces that are small in a large picture.
LARGE_VIEWS = (View(0.0, 640), View(0.0, 1280))
_REFINE_BELOW = 0.25  # of the longer side of the picture: smaller faces are looked at again
_CLOSE = 2.2  # sides of the box in the second look
_LEAST_VISIBLE = 0.3  # part of a face's box that must be inside the picture
_LEAST_SIDE = 64  # of what is shown, pixels
_SURE = 0.93  # no upside-down face reached this score, so that no check is needed above it
_TURN_MARGIN = 0.02  # by which a turned view must be better


def views(width: int, height: int) -> tuple[View, ...]:
    """The views for a picture of this size, in the order in which they are tried."""
    longer = max(width, height)
    return VIEWS + tuple(view for view in LARGE_VIEWS if longer > view.side / 2)


class FaceDetector:
    """YuNet on prepared views of a picture. Safe to share between threads.

    Args:
        weights: the ONNX file, checked.
        least_score: below which a finding is dropped.
    """

    def __init__(self, weights: bytes, least_score: float = 0.6) -> None:
        self.least_score = least_score
        self._weights = np.frombuffer(weights, np.uint8)
        self._own = threading.local()  # OpenCV's detector keeps state between its calls

    def _net(self) -> cv2.FaceDetectorYN:
        net: cv2.FaceDetectorYN | None = getattr(self._own, "net", None)
        if net is None:
            net = cv2.FaceDetectorYN.create(
                "onnx", self._weights, np.empty(0, np.uint8), (320, 320), self.least_score
            )
            self._own.net = net
        return net

    def look(self, rgb: Pixels, view: View) -> list[Detection]:
        """Faces in one view, the best score first.

        Args:
            rgb: uint8 (H, W, 3).
            view: how to show it.
        """
        height, width = rgb.shape[:2]
        factor = view.side / (max(height, width) * (1 + 2 * view.border))
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        shown = cv2.cvtColor(cv2.resize(rgb, size, interpolation=method), cv2.COLOR_RGB2BGR)
        edge = round(view.border * max(height, width) * factor)
        if edge:
            shown = cv2.copyMakeBorder(shown, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        if (short := _LEAST_SIDE - min(shown.shape[:2])) > 0:
            # OpenCV's decoder reads beyond its outputs on narrower strips.
            below, beside = (short, 0) if shown.shape[0] < shown.shape[1] else (0, short)
            shown = cv2.copyMakeBorder(shown, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        net = self._net()
        net.setInputSize((shown.shape[1], shown.shape[0]))
        found = net.detect(shown)[1]
        scale = np.array([size[0] / width, size[1] / height])
        faces = []
        for row in [] if found is None else found.astype(np.float64):
            if not np.isfinite(row).all():
                continue
            points = np.vstack([row[0:2], row[0:2] + row[2:4], row[4:14].reshape(5, 2)])
            # Centres of pixels have whole coordinates, in the view as in the picture.
            points = (points - edge + 0.5) / scale - 0.5
            (left, top), (right, bottom) = points[0].tolist(), points[1].tolist()
            box = (left, top, right - left, bottom - top)
            faces.append(Detection(box, points[2:], float(row[14])))
        return sorted(faces, key=lambda face: -face.score)

    def find(self, rgb: Pixels) -> list[Detection]:
        """All faces of a picture, the most prominent first; the first view with any decides.

        A face that is small in a large picture is looked at again, closer, for its landmarks.

        Args:
            rgb: uint8 (H, W, 3).
        """
        height, width = rgb.shape[:2]
        for view in views(width, height):
            faces = [face for face in self.look(rgb, view) if _mostly_inside(face, width, height)]
            if faces:
                faces = by_prominence(faces, width, height)
                if max(faces[0].box[2:]) < _REFINE_BELOW * max(width, height):
                    faces[0] = self._closer(rgb, faces[0])
                return faces
        return []

    def _closer(self, rgb: Pixels, face: Detection) -> Detection:
        corner, part = _around(rgb, face, _CLOSE)
        centre = np.array(face.box[:2]) + np.array(face.box[2:]) / 2
        for seen in self.look(part, VIEWS[0]):
            box = (seen.box[0] + float(corner[0]), seen.box[1] + float(corner[1]), *seen.box[2:])
            moved = np.array(box[:2]) + np.array(box[2:]) / 2 - centre
            if np.hypot(*moved) < 0.5 * max(face.box[2:]):
                return replace(seen, box=box, landmarks=seen.landmarks + corner)
        return face

    def turned(self, rgb: Pixels, face: Detection | None) -> int:
        """By how many degrees clockwise a face must be turned to stand upright: 0, 90, 180 or 270.

        The detector also reports faces that stand on their head, with the eyes where the mouth is;
        it likes them better once they are turned.

        Args:
            rgb: uint8 (H, W, 3).
            face: found in it, or None to look for faces in the whole picture.
        """
        if face is None:
            part, view, best = rgb, VIEWS[0], 0.0
        elif face.score >= _SURE:
            return 0
        else:
            part, view = _around(rgb, face, 1.5)[1], View(0.1, 160)
            best = max((seen.score for seen in self.look(part, view)), default=0.0)
            best = best + _TURN_MARGIN if best else face.score
        answer = 0
        for turns in (1, 2, 3):
            seen = self.look(np.ascontiguousarray(np.rot90(part, -turns)), view)
            if seen and seen[0].score > best:
                answer, best = turns * 90, seen[0].score
        return answer


def _around(rgb: Pixels, face: Detection, factor: float) -> tuple[Points, Pixels]:
    """A square part of the picture around a face, `factor` boxes wide: its corner (2,), pixels."""
    left, top, wide, high = face.box
    half = max(wide, high, 8.0) * factor / 2
    x, y = left + wide / 2, top + high / 2
    height, width = rgb.shape[:2]
    x0, x1 = int(max(0, min(width - 8, x - half))), int(min(width, max(8, x + half)))
    y0, y1 = int(max(0, min(height - 8, y - half))), int(min(height, max(8, y + half)))
    return np.array([x0, y0], np.float64), rgb[y0:y1, x0:x1]


def visible_area(face: Detection, width: int, height: int) -> float:
    """The part of a face's box inside a picture of this size, square pixels."""
    left, top, wide, high = face.box
    across = max(0.0, min(width, left + wide) - max(0.0, left))
    return across * max(0.0, min(height, top + high) - max(0.0, top))


def _mostly_inside(face: Detection, width: int, height: int) -> bool:
    """Whether enough of a face is inside the picture for it to be one: not made up of a border."""
    return visible_area(face, width, height) >= _LEAST_VISIBLE * face.box[2] * face.box[3]


def prominence(face: Detection, width: int, height: int) -> float:
    """How much a face is the subject of a picture: its visible area, less towards the rim.

    A neighbour who is cut off by the rim often has the larger box: on LFW, where the person meant
    is in the middle, the largest box was a neighbour's in 2.3 % of the pictures, and the most
    prominent face in none.

    Args:
        face: found in the picture.
        width, height: of the picture, pixels.

    Returns:
        Square pixels; at a corner half of what it is in the middle.
    """
    left, top, wide, high = face.box
    away = np.hypot(left + wide / 2 - width / 2, top + high / 2 - height / 2)
    offset = min(1.0, float(away / np.hypot(width / 2, height / 2)))
    return visible_area(face, width, height) * (1 - offset / 2)


def by_prominence(faces: list[Detection], width: int, height: int) -> list[Detection]:
    """The faces from the most prominent to the least."""
    return sorted(faces, key=lambda face: -prominence(face, width, height))
