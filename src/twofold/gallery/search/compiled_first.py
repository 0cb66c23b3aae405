"""First bounds in machine code, without the GIL: every face, and the most that irises could add."""

import numpy as np

from twofold.face.compiled_search import dot
from twofold.lanes import compiled


@compiled
def _cosine_bound(cosine, quality, table):  # type: ignore[no-untyped-def]
    cells = table.shape[1]
    cell = int((cosine + 1.0) * (0.5 * cells))
    return table[quality // 100, min(max(cell, 0), cells - 1)]


@compiled
def _faces_bound(  # type: ignore[no-untyped-def]
    vectors, qualities, first, last, probes, probe_qualities, table, slack
):
    """Of the mean of the likelihood ratios of all pairs."""
    top, total = -np.inf, 0.0
    for row in range(first, last):
        for probe in range(len(probes)):
            quality = min(np.int64(qualities[row]), probe_qualities[probe])
            cosine = dot(vectors[row], probes[probe])
            bound = np.float64(_cosine_bound(cosine + slack, quality, table))
            if bound > top:
                total = total * np.exp(top - bound) + 1.0 if total > 0 else 1.0
                top = bound
            else:
                total += np.exp(bound - top)
    pairs = (last - first) * len(probes)
    return top + np.log(total / pairs) + 1e-6 if pairs > 1 and top < np.inf else top


@compiled
def most(caps, kinds, qualities, first, last, named):  # type: ignore[no-untyped-def]
    """The largest ratio that irises may say; minus infinity where none may be compared."""
    unknown, left, right = -np.inf, -np.inf, -np.inf
    apart = named
    for row in range(first, last):
        apart = apart and kinds[row] >= 3
        cap = np.float64(caps[kinds[row], qualities[row] // 100])
        if kinds[row] >= 6:
            right = max(right, cap)
        elif kinds[row] >= 3:
            left = max(left, cap)
        else:
            unknown = max(unknown, cap)
    if max(unknown, left, right) == -np.inf:
        return -np.inf
    if apart:
        return max(left, 0.0) + max(right, 0.0)
    return max(unknown, left, right, 0.0)


@compiled
def first_bounds(  # type: ignore[no-untyped-def]
    vectors, face_qualities, face_starts, probes, probe_qualities, table, slack,
    iris_qualities, kinds, iris_starts, caps, named, ended, change, start, stop, faces, bounds,
):  # fmt: skip
    """Bounds without a look at iris codes.

    Args:
        vectors, face_qualities, face_starts, iris_qualities, kinds, iris_starts: see `Rows`.
        probes: float32 (P, dimension); probe_qualities: int64 (P,), hundredths.
        table: `Bounds.face`; slack: more than a cosine in float32 is off.
        caps: float32 (9, 101), most that an iris of a kind and quality says beside the probe.
        named: whether all irises of the probe have their eye named.
        ended: int64 (S,) or (0,); change: slots that ended by then do not count.
        start, stop: slots to do.
        faces: float32 (S,), bound of the faces; minus infinity where there are none.
        bounds: float32 (S,), of the fused ratio; minus infinity where nothing can be compared.
    """
    for slot in range(start, stop):
        faces[slot] = -np.inf
        bounds[slot] = -np.inf
        if len(ended) > 0 and ended[slot] <= change:
            continue
        first, last = face_starts[slot], face_starts[slot + 1]
        face = -np.inf
        if len(probes) == 1 and last == first + 1:  # the common case, without a loop
            quality = min(np.int64(face_qualities[first]), probe_qualities[0])
            cosine = dot(vectors[first], probes[0])
            face = np.float64(_cosine_bound(cosine + slack, quality, table))
        elif len(probes) > 0 and last > first:
            face = _faces_bound(
                vectors, face_qualities, first, last, probes, probe_qualities, table, slack
            )
        first, last = iris_starts[slot], iris_starts[slot + 1]
        if last == first + 1:  # here too
            iris = np.float64(caps[kinds[first], iris_qualities[first] // 100])
        else:
            iris = most(caps, kinds, iris_qualities, first, last, named)
        faces[slot] = face
        if face > -np.inf or iris > -np.inf:
            bounds[slot] = (face if face > -np.inf else 0.0) + (iris if iris > 0.0 else 0.0)
