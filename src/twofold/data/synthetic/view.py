"""Where and how one picture of a synthetic eye is taken, and where its outlines fall.

Every outline is a closed formula, so that the truth of a picture is exact. Pixels are counted from
the centre of the top left pixel, which is (0, 0); x runs to the right and y down.

The pupil widens as a flat ring of one linear elastic, isotropic material does whose outer edge is
held: Lamé's displacement u(r) = a (r - 1/r) (Timoshenko and Goodier, "Theory of Elasticity", on
thick-walled cylinders). Beside the linear rubber sheet of Daugman, tissue is squeezed or stretched
more near the pupil and less near the limbus. That is a plain stand-in: real tissue is fibrous and
strained far. For models of it see Wyatt, "A 'minimum-wear-and-tear' meshwork for the iris" (Vision
Research 40, 2000), and Clark, Kulp, Herron and Ross, "A theoretical model for describing iris
dynamics" (Handbook of Iris Recognition, Springer 2013).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twofold.data.synthetic.eye import Eye, Line
from twofold.data.synthetic_camera import Plane

Light = Literal["visible", "nir"]

REST = 0.36  # the pupil's radius in the texture of an eye at rest
_REACH = 1.8  # from the eyeball's centre to the plane of the iris, in iris radii
_POINTS = 180  # on a contour


@dataclass(frozen=True)
class View:
    """The circumstances of one picture; lengths in iris radii unless told otherwise.

    Attributes:
        light: white light, or near infrared.
        radius: of the iris, in picture heights (distance).
        place: (x, y) of the eye, in picture widths and heights.
        roll: of the head, in radians.
        gaze: (towards the temple, down), sines of the angles off the camera's axis.
        pupil: radius.
        opening: of the upper lid, 1 is usual.
        torsion: rotation of the eyeball, in turns.
        defocus, motion: blur in thousandths of the picture's height.
        motion_angle: in radians.
        noise: standard deviation in grey levels.
        exposure: brightness, 1 is usual.
        cast: RGB gain of the light.
        lamp: (x, y) direction of the light, 0 in front.
        highlights: rows of (x, y, half width, half height, roundness) on the cornea.
        reflections: rows of (x, y, half width, half height, slant, strength) on glasses.
        noise_seed: seeds the sensor's noise.
    """

    light: Light
    radius: float
    place: tuple[float, float]
    roll: float
    gaze: tuple[float, float]
    pupil: float
    opening: float
    torsion: float
    defocus: float
    motion: float
    motion_angle: float
    noise: float
    exposure: float
    cast: tuple[float, float, float]
    lamp: tuple[float, float]
    highlights: tuple[tuple[float, ...], ...]
    reflections: tuple[tuple[float, ...], ...]
    noise_seed: int


def draw_view(rng: np.random.Generator, eye: Eye, light: Light = "visible") -> View:
    """Draw the circumstances of one picture of `eye`."""

    def normal(mean: float, deviation: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(mean, deviation), low, high))

    infrared = light == "nir"
    lamp = rng.normal(0, 0.35), rng.normal(-0.35, 0.25)
    gain = rng.normal(1, 0.02, 3) if not infrared else np.ones(3)
    return View(
        light=light,
        radius=0.28 * normal(1, 0.035, 0.88, 1.12),
        place=(normal(0.5, 0.014, 0.45, 0.55), normal(0.52, 0.018, 0.46, 0.58)),
        roll=normal(0, 0.035, -0.1, 0.1),
        gaze=(normal(0, 0.045, -0.2, 0.2), normal(0, 0.03, -0.12, 0.12)),
        pupil=normal(eye.pupil + (0.03 if infrared else 0), 0.04, 0.25, 0.52),
        opening=normal(0.98, 0.07, 0.68, 1.12),
        torsion=rng.normal(0, 2.5) / 360,
        defocus=rng.uniform(0.8, 2.6),
        motion=float(rng.choice([0, 0, rng.uniform(1.5, 6)])),
        motion_angle=rng.uniform(0, math.pi),
        noise=rng.uniform(1, 4),
        exposure=normal(1, 0.08, 0.75, 1.2),
        cast=(float(gain[0]), float(gain[1]), float(gain[2])),
        lamp=(float(lamp[0]), float(lamp[1])),
        highlights=_highlights(rng, lamp, infrared),
        reflections=_reflections(rng) if eye.glasses and rng.random() < 0.5 else (),
        noise_seed=int(rng.integers(2**31)),
    )


def _highlights(
    rng: np.random.Generator, lamp: tuple[float, float], infrared: bool
) -> tuple[tuple[float, ...], ...]:
    """A window or a soft box in white light, small lamps beside the lens in infrared."""
    x, y = 0.3 * lamp[0] + rng.normal(0, 0.05), 0.3 * lamp[1] + rng.normal(0, 0.05)
    if infrared:
        size, gap = rng.uniform(0.035, 0.055), rng.uniform(0.12, 0.2)
        count = int(rng.integers(1, 3))
        places = [(x - gap / 2, y), (x + gap / 2, y)][:count]
        return tuple((px, py, size, size, 1.0) for px, py in places)
    wide = rng.uniform(0.06, 0.12)
    main = (x, y, wide, wide * rng.uniform(0.8, 1.4), float(rng.integers(0, 2)))
    second = (x + rng.normal(0, 0.3), y + rng.uniform(0.15, 0.35), 0.04, 0.03, 1.0)
    return (main, second) if rng.random() < 0.3 else (main,)


def _reflections(rng: np.random.Generator) -> tuple[tuple[float, ...], ...]:
    x, y = rng.normal(0, 1.1), rng.normal(-0.2, 0.6)
    wide, high = rng.uniform(0.3, 0.8), rng.uniform(0.2, 0.5)
    slant, strength = rng.normal(0, 0.3), rng.uniform(0.25, 0.6)
    pane = (x, y, wide, high, slant, strength)
    return (pane, (x + 2.15 * wide, y, wide * 0.9, high, slant, strength))


class Outlines:
    """Maps between the picture of one `view` of `eye`, its face, and the plane of its iris."""

    def __init__(self, eye: Eye, view: View, size: tuple[int, int], zoom: int = 1) -> None:
        """`size` is the picture's (height, width); `zoom` draws it so many times larger."""
        self.eye, self.view = eye, view
        height, width = size[0] * zoom, size[1] * zoom
        self.unit = view.radius * height  # pixels in an iris radius
        mirror = -1 if eye.side == "right" else 1
        cos, sin = self.unit * math.cos(view.roll), self.unit * math.sin(view.roll)
        centre = np.array([[width * view.place[0] - 0.5], [height * view.place[1] - 0.5]])
        # Face to picture, 2 x 3.
        self.face = np.hstack([np.array([[mirror * cos, -sin], [mirror * sin, cos]]), centre])
        # Plane of the iris to picture: the disc turns away by the gaze and is seen as an ellipse.
        gaze = np.array(view.gaze)
        tilt = math.sqrt(1 - float(gaze @ gaze))
        along = gaze / max(float(np.hypot(*gaze)), 1e-9)
        seen = np.eye(2) + (tilt - 1) * np.outer(along, along)
        seen = seen @ np.diag([1.0, 1 - eye.oval])
        self.gaze = _REACH * gaze
        self.iris = np.hstack(
            [self.face[:, :2] @ seen, centre + self.face[:, :2] @ self.gaze[:, None]]
        )

    def pupil_radius(self, angle: Line) -> Line:
        """From the pupil's centre to its edge, in iris radii."""
        waves = np.ones_like(angle)
        for number, (cosine, sine) in enumerate(self.eye.pupil_waves.T, start=2):
            waves = waves + cosine * np.cos(number * angle) + sine * np.sin(number * angle)
        return self.view.pupil * waves

    def limbus_radius(self, angle: Line) -> Line:
        """From the pupil's centre to the limbus, a unit circle about the iris's centre."""
        x, y = self.eye.pupil_centre
        along = x * np.cos(angle) + y * np.sin(angle)
        radius: Line = np.sqrt(1 - (x**2 + y**2 - along**2)) - along
        return radius

    def pupil(self) -> Line:
        """The pupil's edge in the picture, (180, 2)."""
        return self._contour(self.pupil_radius)

    def limbus(self) -> Line:
        """The limbus in the picture, (180, 2); point k lies behind point k of the pupil."""
        return self._contour(self.limbus_radius)

    def _contour(self, radius: Callable[[Line], Line]) -> Line:
        angle = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
        ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = np.array(self.eye.pupil_centre) + radius(angle)[:, None] * ray
        return to_picture(self.iris, points)

    def lid_heights(self, x: Plane) -> tuple[Plane, Plane, Plane]:
        """Upper and lower lid at `x` of the face, and 1 - (x / half)²."""
        lids = self.eye.lids
        part = x / lids.half
        arch = 1 - part**2
        shape = arch * (1 + lids.skew * part + lids.flat * part**2)
        upper = lids.upper * self.view.opening - 0.45 * float(self.gaze[1])
        flat = arch * (1 - 0.5 * lids.skew * part)
        lower = lids.lower + 0.2 * float(self.gaze[1])
        return lids.tilt * x - upper * shape, lids.tilt * x + lower * flat, arch

    def lids(self) -> tuple[Line, Line]:
        """The edges of the upper and the lower lid in the picture, (91, 2) each."""
        x = np.linspace(-1, 1, _POINTS // 2 + 1) * self.eye.lids.half
        top, bottom, _ = self.lid_heights(x)
        upper, lower = (np.stack([x, y], axis=1) for y in (top, bottom))
        return to_picture(self.face, upper), to_picture(self.face, lower)

    def at_rest(self, depth: Plane) -> Plane:
        """Where tissue seen at `depth` (0 pupil to 1 limbus) lies at rest, 0 to 1."""
        pupil = self.view.pupil
        pull = (pupil - REST) / (REST - 1 / REST)
        radius = pupil + depth * (1 - pupil)
        rest = (radius + np.sqrt(radius**2 + 4 * pull * (1 + pull))) / (2 * (1 + pull))
        share: Plane = (rest - REST) / (1 - REST)
        return share


def to_picture(matrix: Line, points: Line) -> Line:
    """Map points (..., 2) by a 2 x 3 matrix."""
    mapped: Line = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped


def grid(matrix: Line, box: tuple[int, int, int, int], step: float = 1) -> tuple[Plane, Plane]:
    """Coordinates (x, y), float32, at the pixels of a box (left, top, right, bottom).

    `matrix` maps to the picture; with a `step` of 4 every fourth pixel is taken.
    """
    inverse = np.linalg.inv(matrix[:, :2])
    shift = -inverse @ matrix[:, 2]
    start = (step - 1) / 2
    columns = np.arange(box[0] + start, box[2], step)[None]
    rows = np.arange(box[1] + start, box[3], step)[:, None]
    planes = [
        ((inverse[k, 0] * columns + shift[k]).astype(np.float32))
        + (inverse[k, 1] * rows).astype(np.float32)
        for k in (0, 1)
    ]
    return planes[0], planes[1]
