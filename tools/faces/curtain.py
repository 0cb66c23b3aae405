"""Hair that falls: a sheet from the temples around the back of the head, open to the face."""

import numpy as np
from numpy.typing import NDArray
from tools.faces.people import Person

_CENTRE_Z = 0.45
# Half axes of the sheet at rest over height: beside the head (x) and behind it (z).
_HEIGHT = (5.6, 6.0, 6.5, 6.9, 7.2, 7.6, 7.9, 8.1)
_BESIDE = (0.98, 0.94, 0.9, 0.92, 0.95, 0.86, 0.75, 0.64)
_BEHIND = (0.66, 0.66, 0.78, 0.88, 0.93, 0.95, 0.88, 0.8)


def build(
    person: Person, rest: NDArray[np.float64], skull: NDArray[np.float64], scalp: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Hang the sheet on a head.

    Args:
        rest, skull: (n, 3) the head at rest and this person's, without its hair.
        scalp: (n,) the vertices that hair covers, by which one is scaled to the other.

    Returns:
        Vertices (v, 3), the same at rest, and quads.
    """
    rng = np.random.default_rng([person.texture, 5])
    hair = person.hair
    columns, rows = 90, 28
    turn = np.linspace(-1, 1, columns)[None]
    down = np.linspace(0, 1, rows)[:, None]
    bottom = 7.2 - hair.length + 0.1 * np.interp(turn, [-1, 0, 1], [0, -1, 0])
    ragged = np.interp(turn[0], np.linspace(-1, 1, 40), rng.normal(0, 0.025, 40))[None]
    y = 8.05 + (bottom + ragged - 8.05) * down
    # The front edge runs from the temple down before the ear, then back a little.
    widest = np.deg2rad(rng.uniform(112, 119)) + 0.12 * np.exp(-((down / 0.12) ** 2)) - 0.16 * down
    angle = turn * widest
    wavy = rng.uniform(0.008, 0.035)
    swing = wavy * np.sin(rng.uniform(7, 13) * down + 9 * np.abs(turn) + rng.uniform(0, 6))
    locks = np.interp(turn[0], np.linspace(-1, 1, 30), rng.normal(0, 0.018, 30))[None]
    out = 1 + (swing + locks) * np.clip(down * 2.5 - 0.3, 0, 1) + 0.5 * (hair.thick - 0.1)
    tucked = 1 - 0.1 * hair.curl * np.clip(down - 0.75, 0, 1) * 4 * (hair.length < 1.1)
    beside = np.interp(y, _HEIGHT, _BESIDE) * out * tucked
    behind = np.interp(y, _HEIGHT, _BEHIND) * out * tucked
    sheet = np.stack(
        [beside * np.sin(angle), y, _CENTRE_Z - behind * np.cos(angle)], axis=-1
    ).reshape(-1, 3)

    low, high = rest[scalp].min(0), rest[scalp].max(0)
    own_low, own_high = skull[scalp].min(0), skull[scalp].max(0)
    placed = own_low + (sheet - low) * (own_high - own_low) / (high - low)
    number = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1)
    return placed, sheet, quads.reshape(-1, 4)
