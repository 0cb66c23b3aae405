"""A probe as the scan wants it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.gallery.search.bounds import CELLS, CONFLICT, QUALITIES, Bounds, pair_lights
from twofold.gallery.search.segments import kind
from twofold.iris.code import CodeLayout, Words
from twofold.iris.comparison import DEFAULT
from twofold.iris.kernel import roll
from twofold.recognizer.protection import Protection
from twofold.template import Template

_NONE = (0, 1, 2, 1)  # shape of rotations of no iris


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays of one probe.

    Attributes:
        vectors: float32 (P, dimension).
        face_qualities: int64 (P,), hundredths.
        slack: more than a cosine with one of the vectors is off in float32.
        rotations: uint64 (Q, S, 2, words), bits and mask at each shift.
        kinds: uint8 (Q,), as `Rows.kinds`; iris_qualities: int64 (Q,), hundredths.
        pairs: int64 (Q, 3), see `pair_lights`.
        named: whether every iris has its eye named.
        caps: float32 (9, 101): most that a reference iris of each kind and quality may say.
    """

    vectors: NDArray[np.float32]
    face_qualities: NDArray[np.int64]
    slack: float
    rotations: Words
    kinds: NDArray[np.uint8]
    iris_qualities: NDArray[np.int64]
    pairs: NDArray[np.int64]
    named: bool
    caps: NDArray[np.float32]


def prepare(
    probe: Template,
    tables: Bounds,
    dimension: int | None,
    layout: CodeLayout | None,
    protection: Protection | None = None,
) -> Prepared:
    """The arrays of a probe; a modality that the index has none of is left out.

    Args:
        probe: fits the index; with `protection`, what its `probe` made.
        tables: of the model.
        dimension, layout: of the index, None where it has no faces, no irises.
        protection: of the references.
    """
    faces = probe.faces if dimension else ()
    irises = probe.irises if layout else ()
    vectors = np.array([face.vector for face in faces], np.float32)
    vectors = vectors.reshape(len(faces), dimension or 0)
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    slack = float(lengths.max(initial=1.0)) * max(vectors.shape[1], 1) * 2.0**-22
    kinds = np.array([kind(iris) for iris in irises], np.uint8)
    qualities = np.array([round(100 * iris.quality) for iris in irises], np.int64)
    pairs = pair_lights(kinds % 3)
    return Prepared(
        vectors,
        np.array([round(100 * face.quality) for face in faces], np.int64),
        slack,
        _rotations(probe, layout, protection) if irises and layout else np.zeros(_NONE, "u8"),
        kinds,
        qualities,
        pairs,
        all(iris.eye for iris in irises),
        _caps(kinds, qualities, pairs, tables),
    )


def _rotations(probe: Template, layout: CodeLayout, protection: Protection | None) -> Words:
    # in order, so that neighbours are masked at like places
    steps = [shift * layout.planes * layout.bands for shift in sorted(DEFAULT.shifts(layout))]
    bits = np.stack([iris.code.bits for iris in probe.irises])
    masks = np.stack([iris.code.mask for iris in probe.irises])
    rolled = np.stack([roll(bits, steps), roll(masks, steps)], axis=2)
    return rolled if protection is None else protection.rotations(layout, rolled)


def _caps(
    kinds: NDArray[np.uint8],
    qualities: NDArray[np.int64],
    pairs: NDArray[np.int64],
    tables: Bounds,
) -> NDArray[np.float32]:
    caps = np.full((9, QUALITIES), -np.inf, np.float32)
    for mine, quality, lights in zip(kinds, qualities, pairs, strict=True):
        worse = np.minimum(np.arange(QUALITIES), quality // 100)
        for other in range(9):
            table = lights[other % 3]
            if table == CONFLICT or (mine >= 3 and other >= 3 and mine // 3 != other // 3):
                continue
            caps[other] = np.maximum(caps[other], tables.iris[table, worse, CELLS - 1])
    return caps
