"""Drawn eyes and simple rings whose segmentation is known exactly, for tests of later steps."""

import cv2
import numpy as np

from twofold.data.synthetic.eye_camera import draw_eye
from twofold.data.synthetic.people import make_person
from twofold.data.synthetic.truth import label_map
from twofold.data.synthetic.view import Light, Outlines, draw_view
from twofold.images import Pixels
from twofold.iris.polar import Contour
from twofold.iris.segmentation import POINTS, Boundaries, Circle, Points, Segmentation


def ring(
    size: tuple[int, int], pupil: tuple[float, float, float], limbus: tuple[float, float, float]
) -> Segmentation:
    """An iris between two circles (x, y, radius), wholly visible."""
    y, x = np.mgrid[: size[0], : size[1]]
    inner, outer = Circle(*pupil), Circle(*limbus)
    mask = (np.hypot(x - outer.x, y - outer.y) < outer.radius + 2) & (
        np.hypot(x - inner.x, y - inner.y) > inner.radius - 2
    )
    none = np.zeros(size, np.bool_)
    contours = [Contour(c.x, c.y, np.array([c.radius])).points() for c in (inner, outer)]
    boundaries = Boundaries(contours[0], contours[1], inner, outer)
    return Segmentation(boundaries, mask, None, None, none, none, "classical")


def true_eye(
    subject: int, sample: int, light: Light = "nir", size: tuple[int, int] = (240, 320)
) -> tuple[Pixels, Segmentation]:
    """A drawn eye, grey, with its true segmentation."""
    eye = make_person(4711, subject).eye("left")
    view = draw_view(np.random.default_rng([7, subject, sample]), eye, light)
    picture, covers = draw_eye(eye, view, size, truth=True)
    assert covers is not None
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    labels, outlines = label_map(covers), Outlines(eye, view, size)
    pupil, limbus = outlines.pupil(), outlines.limbus()
    boundaries = Boundaries(_even(pupil), _even(limbus), _circle(pupil), _circle(limbus))
    visible, glare, lashes = ((labels & bit) > 0 for bit in (1, 32, 16))
    found = Segmentation(boundaries, visible, None, None, glare, lashes, "classical")
    return np.asarray(grey, np.uint8), found


def _circle(points: Points) -> Circle:
    (x, y), radius = cv2.minEnclosingCircle(points.astype(np.float32))
    return Circle(x, y, radius)


def _even(points: Points) -> Points:
    """A contour at equal angles around its middle, the first point to the right, clockwise."""
    middle = _circle(points)
    offset = points - np.array([middle.x, middle.y])
    angles = np.mod(np.arctan2(offset[:, 1], offset[:, 0]), 2 * np.pi)
    order = np.argsort(angles)
    wanted = np.arange(POINTS) * (2 * np.pi / POINTS)
    radii = np.interp(wanted, angles[order], np.hypot(*offset[order].T), period=2 * np.pi)
    return np.array([middle.x, middle.y]) + np.stack(
        [radii * np.cos(wanted), radii * np.sin(wanted)], axis=1
    )
