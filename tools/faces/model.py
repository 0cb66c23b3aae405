"""The head as a subdivided mesh that people and expressions deform."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from tools.faces.mesh import subdivide
from tools.faces.source import Source, morph_matrix

SKIN, EYE, TEETH, TONGUE, LASH, GLASSES, CURTAIN = range(7)
_PARTS = {
    "body": SKIN,
    "helper-l-eye": EYE,
    "helper-r-eye": EYE,
    "helper-upper-teeth": TEETH,
    "helper-lower-teeth": TEETH,
    "helper-tongue": TONGUE,
    "helper-l-eyelashes-2": LASH,
    "helper-r-eyelashes-2": LASH,
}
# Landmarks on the base mesh at rest (decimetres); the vertex nearest to each is taken.
_CHIN, _TOP = (0, 6.19, 1.46), (0, 8.49, 0.4)


@dataclass(frozen=True)
class Model:
    """What all people share.

    Attributes:
        base: float (n, 3), the base mesh at rest.
        names: the targets, in the order of their weights.
        morphs: sparse (k, 3n).
        refine: sparse (v, n), from base vertices to those of the subdivided head.
        rest: float (v, 3), the subdivided head at rest: the coordinates that textures live in.
        quads: int (q, 4) of the subdivided head.
        parts: int (q,), SKIN to LASH.
        lips, ears: float (v,), 0 to 1, where they are.
        eyes: (vertex numbers in the base of the left eyeball, of the right one).
        landmarks: base vertices of chin tip and top of the skull.
        pivot: base vertices around which the head turns.
    """

    base: NDArray[np.float64]
    names: list[str]
    morphs: sparse.csr_matrix
    refine: sparse.csr_matrix
    rest: NDArray[np.float64]
    quads: NDArray[np.int64]
    parts: NDArray[np.int64]
    lips: NDArray[np.float64]
    ears: NDArray[np.float64]
    eyes: tuple[NDArray[np.int64], NDArray[np.int64]]
    landmarks: tuple[int, int]
    pivot: NDArray[np.int64]

    def shape(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The base mesh (n, 3) under these weights (k,)."""
        return self.base + (self.morphs.T @ weights).reshape(-1, 3)


def build(source: Source, levels: int = 1) -> Model:
    """Cut the head and shoulders out of the base mesh and subdivide them `levels` times."""
    parts = np.array([_PARTS.get(group, -1) for group in source.groups])
    corner = source.vertices[source.quads]
    near = (corner[..., 1].min(1) > 4.4) & (np.abs(corner[..., 0]).max(1) < 2.4)
    kept = (parts >= 0) & near
    quads, parts = source.quads[kept], parts[kept]
    refine = sparse.identity(len(source.vertices), format="csr")
    for _ in range(levels):
        step, quads = subdivide(refine.shape[0], quads)
        refine, parts = step @ refine, np.repeat(parts, 4)
    used, quads = np.unique(quads, return_inverse=True)
    quads = quads.reshape(-1, 4)
    refine = refine[used]

    def sampled(mask: str) -> NDArray[np.float64]:
        picture = source.masks[mask]
        column = np.clip(source.places[:, 0] * 512, 0, 511).astype(int)
        row = np.clip((1 - source.places[:, 1]) * 512, 0, 511).astype(int)
        return refine @ picture[row, column].astype(np.float64)

    def members(group: str) -> NDArray[np.int64]:
        return np.unique(source.quads[source.groups == group])

    def nearest(place: tuple[float, float, float]) -> int:
        body = members("body")
        return int(body[np.argmin(((source.vertices[body] - place) ** 2).sum(1))])

    names = sorted(source.targets)
    return Model(
        base=source.vertices,
        names=names,
        morphs=morph_matrix(source, names),
        refine=refine,
        rest=refine @ source.vertices,
        quads=quads,
        parts=parts,
        lips=sampled("lips"),
        ears=sampled("ears"),
        eyes=(members("helper-l-eye"), members("helper-r-eye")),
        landmarks=(nearest(_CHIN), nearest(_TOP)),
        pivot=members("joint-head"),
    )
