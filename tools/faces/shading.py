"""Colours what the rasteriser saw: skin, hair, eyes, teeth, cloth; then the camera."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tools.faces import hair, skin
from tools.faces.model import CURTAIN, EYE, GLASSES, SKIN, TEETH, TONGUE
from tools.faces.people import Capture, Person


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _mix(low: NDArray, high: NDArray, part: NDArray) -> NDArray[np.float64]:
    return np.asarray(low + (high - low) * part[:, None])


def _eyeball(
    person: Person, capture: Capture, rest: NDArray[np.float64], eyes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Albedo (k, 3) of the eyeballs: sclera, iris, pupil."""
    centre = np.where(rest[:, :1] > 0, eyes[:1], eyes[1:])
    across, up = capture.gaze
    look = _unit(np.array([[across, up, 1.0]]))[0]
    away = np.arccos(np.clip(_unit(rest - centre) @ look, -1, 1))
    white = np.array([0.66, 0.62, 0.58])
    iris = person.iris * (1.25 - 0.6 * np.clip(away / 0.44, 0, 1))[:, None]
    colour = _mix(iris, white[None], np.clip((away - 0.42) / 0.07, 0, 1))
    return _mix(np.full((1, 3), 0.008), colour, np.clip((away - 0.17) / 0.05, 0, 1))


def _albedo(
    person: Person,
    capture: Capture,
    paint: skin.Paint,
    rest: NDArray[np.float64],
    masks: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Albedo (k, 3) of skin and hair and cloth; cover by hair (k,); by cloth (k,)."""
    lips, ears = masks.T
    front = np.clip((rest[:, 2] - 0.45) / 0.3, 0, 1)
    tint = np.stack([skin.sample(paint.tint[..., k].copy(), rest) for k in range(3)], axis=1)
    colour = person.skin * (1 + front[:, None] * (tint - 1))
    colour = _mix(colour, person.lips * np.ones((1, 3)), np.clip(lips * 1.3, 0, 1) * 0.85)
    colour = _mix(colour, colour * [1.0, 0.86, 0.84], np.clip(ears, 0, 1) * 0.5)
    beard = skin.sample(paint.ink, rest) * np.clip((rest[:, 2] - 0.35) / 0.3, 0, 1)
    beard = beard * (rest[:, 1] > 5.95) * np.clip(1 - 1.6 * lips, 0, 1)
    strands = hair.strand_noise(person, rest)
    above = hair.growth(person, rest)
    cap = hair.cover(person.hair, above, ears, strands)
    tone = person.hair.colour * np.clip(1 + 0.35 * strands, 0.3, 2)[:, None]
    # Brows stay darker than the hair and than the skin.
    brow = np.minimum(np.minimum(person.hair.colour * 0.8, 0.1), person.skin * 0.4)
    colour = _mix(colour, brow * np.ones((1, 3)), np.clip(beard, 0, 1))
    colour = _mix(colour, tone, cap)
    collar = 5.72 + 0.25 * rest[:, 0] ** 2 - 0.2 * np.clip(rest[:, 2] - 0.2, -0.5, 1)
    cloth = np.clip((collar - rest[:, 1]) / 0.02, 0, 1)
    return _mix(colour, capture.shirt[None], cloth), cap, cloth


def shade(
    person: Person,
    capture: Capture,
    paint: skin.Paint,
    toward: NDArray[np.float64],
    surface: NDArray[np.float64],
    kind: NDArray[np.int64],
    eyes: NDArray[np.float64],
    camera: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Linear RGB (k, 3) of the fragments.

    Args:
        surface: (k, 13): rest, normal, place, key, sky, lips, ears.
        kind: (k,), the part each fragment belongs to.
        eyes: (2, 3) centres of the eyeballs at rest.
    """
    rest, normal, place = surface[:, :3], _unit(surface[:, 3:6]), surface[:, 6:9]
    key, sky = surface[:, 9], surface[:, 10]
    albedo, cap, cloth = _albedo(person, capture, paint, rest, surface[:, 11:13])
    falling = kind == CURTAIN
    if falling.any():
        strands = hair.strand_noise(person, rest[falling])
        albedo[falling] = person.hair.colour * np.clip(1 + 0.35 * strands, 0.3, 2)[:, None]
    cap, cloth = np.where(falling, 1.0, cap), np.where(falling, 0.0, cloth)
    is_eye = kind == EYE
    albedo[is_eye] = _eyeball(person, capture, rest[is_eye], eyes)
    albedo[kind == TEETH] = [0.62, 0.57, 0.49]
    albedo[kind == TONGUE] = [0.35, 0.12, 0.11]
    rims = kind == GLASSES
    darkness = person.glasses[4] if person.glasses else 0.0
    albedo[rims] = 0.02 + 0.3 * max(0.0, darkness - 0.6)

    bright, fill, open_sky = capture.strength
    view = _unit(camera - place)
    # The sheet of falling hair is seen from inside, too.
    inside = falling & ((normal * view).sum(1) < 0)
    normal = np.where(inside[:, None], -normal, normal)
    sky = np.where(inside, 0.45 * sky, sky)
    facing = normal @ toward
    # Light bleeds through skin a little, red the most, so its terminator is soft.
    wrap = np.where((kind == SKIN) & (cap < 0.5) & (cloth < 0.5), 1.0, 0.3)[:, None] * [
        0.34, 0.22, 0.16
    ]  # fmt: skip
    lit = np.clip((facing[:, None] + wrap) / (1 + wrap), 0, None) * key[:, None]
    other = _unit(np.array([[-0.8 * np.sign(toward[0] + 1e-6), 0.15, 0.75]]))[0]
    filled = np.clip(normal @ other + 0.35, 0, None) / 1.35 * (0.35 + 0.65 * sky)
    dome = sky * (0.62 + 0.38 * normal[:, 1])
    bounce = np.stack([sky**0.75, sky, sky], axis=1)  # creases in skin glow warm
    light = bright * lit + (fill * filled)[:, None] + open_sky * dome[:, None] * bounce
    half = _unit(view + toward)
    glance = (1 - np.clip((normal * view).sum(1), 0, 1)) ** 4
    gloss = np.clip((normal * half).sum(1), 0, 1)
    shine = 0.055 * gloss**18 + 0.03 * gloss**60
    shine = shine * (1 - cap) * (1 - cloth) + cap * 0.05 * gloss**12 * (
        person.hair.style != "shaved"
    )
    wet = is_eye | (kind == TEETH)
    shine = np.where(wet, 1.3 * gloss**90 + 0.1 * gloss**30, shine)
    shine = np.where(rims, 0.35 * gloss**40, shine)
    light = np.where(is_eye[:, None], light * (0.45 + 0.55 * sky[:, None]), light)
    special = (shine * bright * key)[:, None] + (0.05 * glance * sky * (1 - cap))[:, None]
    return np.asarray(albedo * light + special)


def background(
    capture: Capture, size: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float64]:
    """A wall out of focus, linear RGB (height, width, 3)."""
    height, width = size
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    level, across, down = capture.background
    blobs = cv2.resize(rng.standard_normal((5, 4)), (width, height), interpolation=cv2.INTER_CUBIC)
    wall = np.clip(level * (1 + across * x + down * y + 0.06 * blobs), 0.01, 1)
    warm = rng.uniform(0.92, 1.08, 3)
    return np.asarray(wall[..., None] * warm)


def develop(
    picture: NDArray[np.float64], capture: Capture, size: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Expose, blur, shrink to `size`, encode and add noise."""
    linear = np.clip(picture * capture.exposure, 0, None)
    mapped = np.where(linear < 0.6, linear, 0.6 + 0.4 * (1 - np.exp(-(linear - 0.6) / 0.4)))
    ratio = picture.shape[0] / size[0]
    soft = cv2.GaussianBlur(mapped, (0, 0), capture.blur * ratio * max(1.0, size[0] / 224))
    small = cv2.resize(soft, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    bright = np.clip(small, 0, 1) ** (1 / 2.2)
    # A camera's contrast: an S over the grey values, gentle.
    encoded = 255 * (0.5 * bright + 0.5 * bright * bright * (3 - 2 * bright))
    grain = rng.standard_normal(encoded.shape[:2])[..., None] + 0.4 * rng.standard_normal(
        encoded.shape
    )
    return np.clip(np.round(encoded + capture.noise * grain), 0, 255).astype(np.uint8)
