"""Attacks on protected templates without the key, for `template_protection`."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import skew

from twofold.gallery.protection import Transform
from twofold.iris.code import CodeLayout, IrisCode, pack, unpack
from twofold.iris.comparison import pack_codes

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


def procrustes(plain: Floats, protected: Floats) -> Floats:
    """The rotation R (d, d) that turns known vectors (m, d) into their protected ones best.

    P. Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 31,
    1966. Where m < d the rest of R is arbitrary.
    """
    left, _, right = np.linalg.svd(protected.T @ plain)
    return np.asarray(left @ right)


def cosines(one: Floats, other: Floats) -> Floats:
    """Of vectors row by row."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / lengths)


def solved_order(
    plain: list[IrisCode], protected: list[IrisCode], used: Bits, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Bits]:
    """What known pairs tell of the order of bits.

    A bit keeps its column of values over the pairs, but for one flip, and its column of masks. So
    columns that occur once are placed for certain, and of equal ones one is drawn.

    Args:
        plain, protected: m pairs.
        used: bool (bits,), places that are ever compared, which is no secret.
        rng: for the draws.

    Returns:
        For each protected place its old one (-1 where no column fits), and whether it is certain.
    """
    columns = []
    for codes in (plain, protected):
        bits = np.stack([unpack(c.bits, c.layout).ravel() for c in codes])
        masks = np.stack([unpack(c.mask, c.layout).ravel() for c in codes])
        columns.append(np.concatenate([bits[1:] ^ bits[:1], masks]).T)
    old, new = (np.packbits(part, axis=1) for part in columns)
    number = np.unique(np.concatenate([old, new]), axis=0, return_inverse=True)[1].ravel()
    old_number, new_number = np.split(number, 2)
    order = np.full(len(new), -1)
    certain = np.zeros(len(new), np.bool_)
    candidates: dict[int, list[int]] = {}
    for place in np.flatnonzero(used).tolist():
        candidates.setdefault(int(old_number[place]), []).append(place)
    found: dict[int, list[int]] = {}
    for place, value in enumerate(new_number.tolist()):
        found.setdefault(value, []).append(place)
    for value, places in found.items():
        guesses = candidates.get(value, [])
        if not guesses:
            continue
        certain[places] = len(places) == len(guesses) == 1
        shuffled = rng.permutation(guesses)
        for place, guess in zip(rng.permutation(places), shuffled, strict=False):
            order[place] = guess
    return order, certain


def unscrambled(
    code: IrisCode, order: NDArray[np.int64], known: tuple[IrisCode, IrisCode]
) -> IrisCode:
    """A protected code put back by a guessed order; flips are those of one known pair."""
    layout = code.layout
    bits, mask, plain, hidden = (
        unpack(words, layout).ravel()
        for words in (code.bits, code.mask, known[0].bits, known[1].bits)
    )
    there = order >= 0
    back = order[there]
    out, seen = np.zeros(layout.bits, np.bool_), np.zeros(layout.bits, np.bool_)
    out[back] = bits[there] ^ hidden[there] ^ plain[back]
    seen[back] = mask[there]
    shape = (layout.angles, layout.planes, layout.bands)
    return IrisCode(layout, pack(out.reshape(shape)), pack(seen.reshape(shape)))


def aligned_by_shape(public: Floats, protected: Floats) -> Floats:
    """A rotation guessed of nothing but the shape of a whole gallery's cloud of vectors.

    Mean and principal axes of faces anybody has are laid on those of the protected ones; the skew
    along an axis says which way it points.
    """
    axes = []
    for cloud in (public, protected):
        mean = cloud.mean(axis=0)
        around = cloud - mean
        axis = np.linalg.svd(around, full_matrices=False)[2]
        axis = axis * np.where(skew(around @ axis.T) < 0, -1.0, 1.0)[:, None]
        frame = np.concatenate([mean[None] / np.linalg.norm(mean), axis])
        turned, rest = np.linalg.qr(frame.T)
        axes.append(turned * np.where(np.diagonal(rest) < 0, -1.0, 1.0))
    return np.asarray(axes[1] @ axes[0].T)


def relations(similarity: Floats) -> Floats:
    """Sorted similarities (n, n - 1) of each template to all others of its gallery."""
    n = len(similarity)
    return np.sort(similarity[~np.eye(n, dtype=np.bool_)].reshape(n, n - 1), axis=1)


def linked_by_relations(one: Floats, other: Floats) -> Floats:
    """Scores (n, m) of templates of two galleries by how alike their relations are."""
    apart = np.abs(relations(one)[:, None] - relations(other)[None])
    return np.asarray(-apart.mean(axis=2))


def unrotated_agreement(codes: list[IrisCode]) -> Floats:
    """Share (n, n) of compared bits that agree where no code is rolled."""
    packed = pack_codes(codes)
    words = [
        (packed.bits[k] ^ packed.bits, packed.masks[k] & packed.masks) for k in range(len(codes))
    ]
    return np.stack([
        1
        - np.bitwise_count(unlike & seen).sum(axis=1, dtype=np.float64)
        / np.maximum(np.bitwise_count(seen).sum(axis=1), 1)
        for unlike, seen in words
    ])  # fmt: skip


def neighbours_found(codes: list[IrisCode], order: NDArray[np.int64], used: Bits) -> float:
    """Share of used places whose most dependent partner over a gallery is a true neighbour.

    Scrambled neighbours stay dependent, and enough codes under one key show it.

    Args:
        codes: protected with one key.
        order: of that key, for checking the guesses.
        used: bool (bits,), places before scrambling that are ever compared.
    """
    layout: CodeLayout = codes[0].layout
    bits = np.stack([unpack(c.bits, layout).ravel() for c in codes])
    masks = np.stack([unpack(c.mask, layout).ravel() for c in codes]).astype(np.float32)
    signs = np.where(bits, 1.0, -1.0).astype(np.float32) * masks
    both = masks.T @ masks
    dependence = np.abs(signs.T @ signs) / np.sqrt(np.maximum(both, 1))
    np.fill_diagonal(dependence, -1)
    places = np.flatnonzero(used[order])
    partner = dependence[places].argmax(axis=1)
    return float(np.mean(_neighbours(order[places], order[partner], layout)))


def _neighbours(one: NDArray[np.int64], other: NDArray[np.int64], layout: CodeLayout) -> Bits:
    """Whether bits are at most two angles and one band apart."""
    shape = (layout.angles, layout.planes, layout.bands)
    (a, _, b), (c, _, d) = np.unravel_index(one, shape), np.unravel_index(other, shape)
    around = np.abs(a - c)
    return np.asarray((np.minimum(around, layout.angles - around) <= 2) & (np.abs(b - d) <= 1))


def pair_features(left: Floats, right: Floats) -> Floats:
    """What two protected samples show that no key takes away, if anything: (n, k) for training.

    Args:
        left, right: (n, f) statistics of the samples (`face_statistics`, `iris_statistics`).
    """
    return np.concatenate([np.abs(left - right), left * right], axis=1)


def face_statistics(vectors: Floats) -> Floats:
    """Moments and extremes (n, 7) of each vector's numbers."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    spread = vectors.std(axis=1)
    moments = [(centred**k).mean(axis=1) / spread**k for k in (3, 4)]
    ends = np.quantile(np.abs(vectors), [0.25, 0.5, 0.75, 1.0], axis=1)
    return np.stack([vectors.mean(axis=1), *moments, *ends], axis=1)


def iris_statistics(codes: list[IrisCode]) -> Floats:
    """Numbers of set bits (n, 6): of the mask, of the code, of both, and of parts of them."""
    packed = pack_codes(codes)
    half = packed.layout.words // 2
    parts = [
        packed.masks,
        packed.bits,
        packed.bits & packed.masks,
        packed.masks[:, :half],
        packed.bits[:, :half],
        packed.masks ^ np.roll(packed.masks, 1, axis=1),
    ]
    counts = [np.bitwise_count(part).sum(axis=1, dtype=np.float64) for part in parts]
    return np.stack(counts, axis=1)


def transforms(count: int, seed: int) -> list[Transform]:
    """Transforms of keys that can be drawn again."""
    rng = np.random.default_rng(seed)
    return [Transform(rng.bytes(32)) for _ in range(count)]
