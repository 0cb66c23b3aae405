"""A cap of hair: where it grows, how far it stands off the skull, and how its strands look."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tools.faces.people import Hair, Person

# The hairline at rest: height over depth (z to the viewer), from the nape over the ear to the brow.
_DEPTH = (-0.4, 0.0, 0.2, 0.34, 0.62, 0.74, 0.95, 1.15, 1.3, 1.45)
_LINE = (6.45, 6.55, 6.85, 7.02, 7.05, 7.45, 7.78, 7.98, 8.05, 8.08)
_CENTRE = np.array([0.0, 7.35, 0.45])


def growth(person: Person, rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decimetres (n,) above the hairline at points (n, 3) at rest; negative on bare skin."""
    hair = person.hair
    rng = np.random.default_rng([person.texture, 2])
    line = np.interp(rest[:, 2], _DEPTH, _LINE) + hair.hairline * np.clip(rest[:, 2], 0, 1)
    corner = np.exp(-(((np.abs(rest[:, 0]) - 0.45) / 0.17) ** 2)) * np.clip(rest[:, 2], 0, 1)
    line = line + hair.temples * 1.6 * corner
    if hair.style != "back":
        line = line + hair.sides * np.exp(-(((rest[:, 2] - 0.62) / 0.1) ** 2))
    wave = rng.uniform(0, 2 * np.pi, 3)
    ragged = sum(
        0.014 * np.sin(f * rest[:, 0] + p) for f, p in zip((11, 23, 41), wave, strict=True)
    )
    if hair.style == "parted":
        # The fringe is swept to one side of the parting.
        line = line - 0.12 * np.exp(-(((rest[:, 0] + hair.parting) / 0.4) ** 2)) * (
            rest[:, 2] > 0.9
        ) * np.clip((rest[:, 2] - 0.9) * 4, 0, 1)
    above = rest[:, 1] - line + ragged
    if hair.style == "bald":  # a wreath from ear to ear, none on top
        above = np.minimum(above, 7.72 - rest[:, 1] + 0.25 * (0.3 - rest[:, 2]))
    return np.asarray(above)


def thickness(
    person: Person, rest: NDArray[np.float64], ears: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far the cap stands off the skin (n,), decimetres."""
    hair = person.hair
    above = growth(person, rest)
    edge = np.clip(above / 0.22, 0, 1) ** 0.75
    high = np.clip((rest[:, 1] - 7.3) / 0.9, 0, 1)
    if hair.style in ("short", "parted"):
        edge = edge * (0.4 + 0.8 * high)
    if hair.style == "parted":
        groove = np.exp(-(((rest[:, 0] - hair.parting) / 0.07) ** 2)) * (rest[:, 1] > 8)
        edge = edge * (1 - 0.55 * groove) + 0.35 * np.clip(rest[:, 2] - 0.8, 0, 0.6) * edge
    rng = np.random.default_rng([person.texture, 3])
    wave = rng.normal(0, 1, (8, 3)) * ({"curly": 11, "short": 6}.get(hair.style, 4))
    lumps = np.mean([np.sin(rest @ k + p) for k, p in zip(wave, rng.uniform(0, 6, 8), strict=True)],
                    axis=0)  # fmt: skip
    rough = {"curly": 0.5, "short": 0.5, "parted": 0.4}.get(hair.style, 0.15)
    return hair.thick * edge * (1 + rough * lumps) * np.clip(1 - 1.4 * ears, 0, 1)


def cover(hair: Hair, above: NDArray[np.float64], ears: NDArray[np.float64],
          strands: NDArray[np.float32]) -> NDArray[np.float64]:  # fmt: skip
    """How much of the skin the hair hides, 0 to 1 (n,)."""
    soft = 0.16 if hair.style in ("shaved", "bald") else 0.1
    shown = np.clip((above + 0.014 * strands) / soft + 0.1, 0, 1)
    most = {"shaved": 0.62, "bald": 0.55}.get(hair.style, 0.97)
    return most * shown * np.clip(1 - 2.5 * ears, 0, 1)


def strand_noise(person: Person, rest: NDArray[np.float64]) -> NDArray[np.float32]:
    """Tone of the strands at points (n, 3), about -1 to 1, drawn out the way they are combed."""
    rng = np.random.default_rng([person.texture, 4])
    hair = person.hair
    away = rest - _CENTRE
    if hair.style == "curly":
        cells, reach = (220, 220), 1.0
    elif hair.style == "shaved":
        cells, reach = (420, 420), 1.0
    else:
        cells, reach = (20, 420), 1.0
    plane = rng.standard_normal(cells, np.float32)
    plane = cv2.resize(plane, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.standard_normal((cells[0] // 2, cells[1] // 4), np.float32), (1024, 1024))
    plane = 0.6 * plane + 0.6 * fine
    # Strands run from the crown (or the parting) down: the second coordinate counts strands.
    across = np.arctan2(away[:, 0] - (hair.parting if hair.style == "parted" else 0),
                        away[:, 2] + 0.25)  # fmt: skip
    if hair.style == "back":
        across = np.arctan2(away[:, 0], away[:, 1] + 0.4)
    down = np.arctan2(np.hypot(away[:, 0], away[:, 2]), away[:, 1])
    column = ((across / np.pi + 1) * 0.5 * 1023 * reach).astype(np.float32)[None]
    row = (down / np.pi * 1023).astype(np.float32)[None]
    parts = [
        cv2.remap(plane, column[:, k : k + 30000], row[:, k : k + 30000], cv2.INTER_LINEAR,
                  borderMode=cv2.BORDER_WRAP)
        for k in range(0, column.shape[1], 30000)
    ]  # fmt: skip
    return np.concatenate(parts, axis=1)[0]
