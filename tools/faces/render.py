"""Takes one picture of one person."""

import numpy as np
from numpy.typing import NDArray
from tools.faces import curtain, glasses, hair, light, shading, skin
from tools.faces.mesh import normals, triangles
from tools.faces.model import CURTAIN, EYE, GLASSES, LASH, SKIN, Model
from tools.faces.people import Capture, Person
from tools.faces.rasteriser import rasterise

_DISTANCE = 11.0  # decimetres from the camera to the head
_SUPERSAMPLING = 2
_HEAD = 0.77  # of the picture's height, chin to top, of the average head


def _turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _smooth(value: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    part = np.clip((value - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


def _deformed(
    model: Model, person: Person, capture: Capture
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Base vertices (n, 3) with the expression, the neutral head's frame, and its height."""
    neutral = model.shape(person.weights)
    units = np.zeros(len(model.names))
    for name, amount in capture.units.items():
        units[model.names.index(f"unit/{name}")] = amount
    chin, top = (neutral[vertex] for vertex in model.landmarks)
    frame = np.array([0.0, (chin[1] + top[1]) / 2, neutral[model.pivot].mean(0)[2]])
    return neutral + (model.morphs.T @ units).reshape(-1, 3), frame, float(top[1] - chin[1])


def render(
    model: Model,
    person: Person,
    capture: Capture,
    size: tuple[int, int],
    rng: np.random.Generator,
    paint: skin.Paint,
) -> NDArray[np.uint8]:
    """A colour picture, uint8 (height, width, 3) RGB; `paint` is skin.paint(person)."""
    base, frame, head = _deformed(model, person, capture)
    vertices = model.refine @ base
    normal = normals(vertices, model.quads)
    bare = np.zeros(len(vertices), bool)
    bare[model.quads[model.parts != SKIN]] = True
    cap = hair.thickness(person, model.rest, model.ears) * ~bare
    skull = vertices
    vertices = vertices + cap[:, None] * normal
    shoulder = (model.rest[:, 1] < 5.9) & ~bare
    vertices[shoulder] += 0.03 * normal[shoulder]

    quads, parts, rest = model.quads, model.parts, model.rest
    eyes = np.stack([base[side].mean(0) for side in model.eyes])
    if person.glasses is not None and capture.glasses:
        quads, parts, rest, vertices = _with_glasses(model, person, vertices, eyes)

    if person.hair.length > 0:
        scalp = (cap > 0.3 * person.hair.thick) & ~bare
        sheet, sheet_rest, faces = curtain.build(person, model.rest, skull, scalp)
        quads = np.concatenate([quads, faces + len(vertices)])
        parts = np.concatenate([parts, np.full(len(faces), CURTAIN)])
        rest, vertices = np.concatenate([rest, sheet_rest]), np.concatenate([vertices, sheet])

    pivot = base[model.pivot].mean(0)
    turn = _turn(capture.yaw, capture.pitch, capture.roll)
    share = _smooth(rest[:, 1] + 0.5 * np.clip(rest[:, 2] - 0.6, 0, 1), 5.55, 6.35)[:, None]
    placed = vertices + share * ((vertices - pivot) @ turn.T + pivot - vertices)
    # Shoulders follow the head a little.
    normal = normals(placed, quads)

    height, width = size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING
    zoom = _HEAD * height / 2.32 * capture.scale * (2.32 / head) ** 0.5
    centre = frame + (turn @ (frame - pivot) + pivot - frame) * 0.75
    centre[1] -= 0.06
    seen = placed - centre
    depth = _DISTANCE - seen[:, 2]
    points = np.stack(
        [
            width * (0.5 + capture.shift[0]) + zoom * _DISTANCE * seen[:, 0] / depth,
            height * (0.5 + capture.shift[1]) - zoom * _DISTANCE * seen[:, 1] / depth,
        ],
        axis=1,
    )
    corners = triangles(quads)
    kind = np.repeat(parts, 2)
    blockers = np.zeros(len(placed), bool)
    blockers[quads[np.isin(parts, (SKIN, EYE, CURTAIN))]] = True
    toward = _turn(capture.key[0], -capture.key[1], 0) @ np.array([0.0, 0.0, 1.0])
    key, sky = light.reach(placed, normal, blockers, toward)
    key, sky = light.smooth(key, quads), light.smooth(sky, quads)

    solid = kind != LASH
    fragments = rasterise(points, depth, corners[solid], (height, width), kind[solid] == CURTAIN)
    ambient = np.column_stack([rest, normal, placed, key, sky, *_marks(model, len(placed))])
    surface = fragments.interpolate(ambient, corners[solid])
    eye_rest = np.stack([model.base[side].mean(0) for side in model.eyes])
    colour = shading.shade(
        person, capture, paint, toward, surface, kind[solid][fragments.triangle], eye_rest,
        centre + np.array([0, 0, _DISTANCE]),
    )  # fmt: skip
    picture = shading.background(capture, (height, width), rng).reshape(-1, 3)
    picture[fragments.pixels] = colour

    lashes = rasterise(
        points, depth, corners[~solid], (height, width), np.ones((~solid).sum(), bool)
    )
    buffer = np.full(height * width, np.inf)
    buffer[fragments.pixels] = fragments.depth
    front = lashes.depth < buffer[lashes.pixels] + 0.01
    at = lashes.pixels[front]
    picture[at] *= 1 - (0.5 if person.male < 0.5 else 0.33)
    return shading.develop(picture.reshape(height, width, 3), capture, size, rng)


def _marks(model: Model, count: int) -> tuple[NDArray[np.float64], ...]:
    """Masks of lips and ears for `count` vertices; added ones (glasses) have none."""
    more = count - len(model.rest)
    return tuple(np.pad(mask, (0, more)) for mask in (model.lips, model.ears))


def _with_glasses(
    model: Model, person: Person, vertices: NDArray[np.float64], eyes: NDArray[np.float64]
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Quads, parts, coordinates at rest and vertices with the person's glasses added."""
    assert person.glasses is not None
    near = (np.abs(model.rest[:, 0]) < 0.12) & (np.abs(model.rest[:, 1] - 7.3) < 0.1)
    bridge = float(vertices[near & (model.rest[:, 2] > 1.2), 2].max()) + 0.04
    ears = []
    for side in (1, -1):
        place = np.array([side * 0.8, 7.36, 0.42])
        found = vertices[np.argmin(((model.rest - place) ** 2).sum(1))]
        ears.append(found + np.array([-side * 0.03, 0.03, 0]))
    points, faces = glasses.build(person.glasses, eyes, bridge, np.array(ears))
    return (
        np.concatenate([model.quads, faces + len(vertices)]),
        np.concatenate([model.parts, np.full(len(faces), GLASSES)]),
        np.concatenate([model.rest, np.tile([0.0, 7.3, 1.5], (len(points), 1))]),
        np.concatenate([vertices, points]),
    )
