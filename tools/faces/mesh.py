"""Catmull-Clark subdivision as a sparse matrix, and normals."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def subdivide(count: int, quads: NDArray[np.int64]) -> tuple[sparse.csr_matrix, NDArray[np.int64]]:
    """One Catmull-Clark step over `count` vertices.

    Returns:
        The matrix (new vertices, count) that makes the new vertices from the old ones, and the new
        quads (4m, 4); the four children of quad i are rows 4i to 4i + 3.
    """
    faces = len(quads)
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, edge_of, uses = np.unique(
        np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    edge_of = edge_of.reshape(faces, 4)

    def matrix(rows: int, row: NDArray[np.int64], column: NDArray[np.int64]) -> sparse.csr_matrix:
        ones = np.ones(row.size)
        return sparse.csr_matrix((ones, (row.ravel(), column.ravel())), shape=(rows, count))

    centre = matrix(faces, np.repeat(np.arange(faces), 4), quads) / 4
    middle = matrix(len(edges), np.repeat(np.arange(len(edges)), 2), edges) / 2
    of_edge = sparse.csr_matrix(
        (np.ones(4 * faces), (edge_of.ravel(), np.repeat(np.arange(faces), 4))),
        shape=(len(edges), faces),
    )
    inner = sparse.diags((uses == 2) * 0.5)
    edge_points = (sparse.identity(len(edges)) - inner) @ middle + inner @ (of_edge @ centre) / 2

    def mean_at(row: NDArray[np.int64], column: NDArray[np.int64], size: int) -> sparse.csr_matrix:
        table = sparse.csr_matrix(
            (np.ones(row.size), (row.ravel(), column.ravel())), shape=(count, size)
        )
        return sparse.diags(1 / np.maximum(np.asarray(table.sum(1)).ravel(), 1)) @ table

    valence = np.bincount(edges.ravel(), minlength=count)
    around = mean_at(quads, np.repeat(np.arange(faces), 4), faces) @ centre
    numbers = np.repeat(np.arange(len(edges)), 2)
    along = mean_at(edges, numbers, len(edges)) @ middle
    rim = uses == 1
    border = np.zeros(count, bool)
    border[edges[rim]] = True
    used = np.zeros(count, bool)
    used[quads] = True
    smooth = used & ~border
    share = sparse.diags(np.where(smooth, 1 / np.maximum(valence, 1), 0))
    rest = sparse.diags(np.where(smooth, (valence - 3) / np.maximum(valence, 1), 0))
    own = rest + share @ (around + 2 * along)
    outline = mean_at(edges[rim], np.repeat(np.arange(rim.sum()), 2), int(rim.sum())) @ middle[rim]
    own = own + sparse.diags(border * 0.5) @ (sparse.identity(count) + outline)
    own = own + sparse.diags((~used) * 1.0)

    at_edge, at_face = count + edge_of, count + len(edges) + np.arange(faces)
    children = [
        np.stack([quads[:, k], at_edge[:, k], at_face, at_edge[:, k - 1]], axis=1) for k in range(4)
    ]
    return sparse.vstack([own, edge_points, centre]).tocsr(), np.stack(children, 1).reshape(-1, 4)


def triangles(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut each quad in two, int (2m, 3); quad i gives rows 2i and 2i + 1."""
    return np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


def normals(vertices: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.float64]:
    """Unit normals (n, 3) of the vertices, weighted by area."""
    corner = vertices[quads]
    flat = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    total = np.zeros_like(vertices)
    for axis in range(3):
        total[:, axis] = np.bincount(
            quads.ravel(), np.repeat(flat[:, axis], 4), minlength=len(vertices)
        )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
