"""Face vectors turned by a keyed rotation, which keeps every cosine.

The rotation is drawn from the uniform (Haar) distribution over the orthogonal matrices: the product
of reflections of which each takes an axis to a uniform direction among those that are left
(G. Stewart, "The efficient generation of random orthogonal matrices", SIAM J. Numerical Analysis
17(3), 1980; P. Diaconis and M. Shahshahani, "The subgroup algorithm for generating uniform random
variables", Probability in the Engineering and Informational Sciences 1, 1987). So where no other
vector is turned with the same key, the turned one lies anywhere on the sphere with equal
probability, whatever it was: it tells nothing of the face.

With the key the turn is undone exactly. Without it, d pairs of a vector and its turned form are
enough to solve for it (docs/protection.md).
"""

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.gallery.protection import keystream

Rotation = NDArray[np.float64]
Vector = NDArray[np.float32]
MOST_NUMBERS = 2048  # of a vector; the matrix takes 32 MB then, and a minute to make


def rotation(key: bytes, dimension: int) -> Rotation:
    """Orthogonal float64 matrix (dimension, dimension).

    Raises:
        OptionError: the vectors are too long.
    """
    if dimension > MOST_NUMBERS:
        raise OptionError(
            f"face vectors of {dimension} numbers are too long to be protected: at most "
            f"{MOST_NUMBERS}. Use a model with shorter ones."
        )
    drawn = keystream.normals(key, dimension * (dimension + 1) // 2)
    made = np.eye(dimension)
    made[-1, -1] = np.copysign(1.0, drawn[0])
    for size in range(2, dimension + 1):
        start = size * (size - 1) // 2
        axis = drawn[start : start + size].copy()
        sign = np.copysign(1.0, axis[0])
        axis[0] += sign * np.sqrt(np.sum(axis * axis))
        part = made[-size:, -size:]
        # einsum, as the threads of a matrix product cost more than one so small
        along = np.einsum("i,ij->j", axis, part) * (2 / np.sum(axis * axis))
        mirrored = axis[:, None] * along
        if sign > 0:
            np.subtract(mirrored, part, out=part)
        else:
            np.subtract(part, mirrored, out=part)
    return made


def turn(vector: Vector, by: Rotation) -> Vector:
    """The float32 vector, turned; cosines between turned vectors stay within 1e-6."""
    return np.asarray(np.einsum("ij,j->i", by, vector.astype(np.float64)), np.float32)


def turn_back(vector: Vector, by: Rotation) -> Vector:
    """The vector before `turn`, but for the rounding to float32."""
    return np.asarray(np.einsum("ji,j->i", by, vector.astype(np.float64)), np.float32)
