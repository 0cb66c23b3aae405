"""SYNTHETIC references whose scores are distributed much like those of strangers, and how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.chimeric import Pairing
from twofold.evaluation.verification.sides import Side
from twofold.iris.comparison import DEFAULT
from twofold.iris.kernel import PackedCodes, match

TAIL = (1e-2, 1e-3, 1e-4)  # of real non-mated scores, at which synthetic ones are checked
KEPT = 0.7  # of a stranger's way from the mean

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Strangers:
    """Features of people who are no probes.

    Attributes:
        vectors: float32 (k, d) of faces, one a person.
        codes: of irises.
        quality: of either modality's samples.
    """

    vectors: Singles
    codes: PackedCodes
    quality: dict[str, Floats]


def synthetic_vectors(strangers: Singles, count: int, rng: np.random.Generator) -> Singles:
    """Unit vectors around strangers' vectors (k, d), with their mean and covariance.

    A smoothed bootstrap (B. W. Silverman and G. A. Young, Biometrika 74, 1987): a stranger drawn at
    random, drawn towards the mean, and normal noise of the strangers' covariance. Plain normal
    vectors have too light a tail: people come in groups that look alike.
    """
    mean = strangers.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(strangers, rowvar=False))
    root = axes * np.sqrt(np.clip(values, 0.0, None))
    whose = strangers[rng.integers(0, len(strangers), count)]
    noise = rng.standard_normal((count, len(mean))) @ root.T
    drawn = mean + KEPT * (whose - mean) + np.sqrt(1 - KEPT**2) * noise
    made: Singles = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return made


def synthetic_codes(strangers: PackedCodes, count: int, rng: np.random.Generator) -> PackedCodes:
    """Codes of two parts, each of another stranger and turned a little; masks likewise.

    Parts meet at two random angles at least a quarter apart. What correlates within a code along
    radius and angle stays, but for the two seams.
    """
    layout = strangers.layout
    angles = layout.angles
    most = max(DEFAULT.shifts(layout)) // 4
    who = np.stack([rng.permutation(len(strangers))[:2] for _ in range(count)])
    turns = rng.integers(-most, most + 1, (count, 2))
    start = rng.integers(0, angles, count)
    length = rng.integers(angles // 4, 3 * angles // 4 + 1, count)
    place = np.arange(angles)
    second = (place - start[:, None]) % angles < length[:, None]
    made = []
    for words in (strangers.bits, strangers.masks):
        columns = words.astype("<u8").view(np.uint8).reshape(len(words), angles, -1)
        parts = [columns[who[:, k, None], (place - turns[:, k, None]) % angles] for k in (0, 1)]
        mixed = np.where(second[:, :, None], parts[1], parts[0])
        made.append(mixed.reshape(count, -1).view("<u8").astype(np.uint64))
    return PackedCodes(layout, *made)


def face_scores(side: Side, rows: Sequence[int] | NDArray[np.int64], vectors: Singles) -> Singles:
    """Cosines (rows, n) of a side's samples with vectors."""
    probes = np.stack([side.extracted[k].template.template for k in rows])
    return np.clip(probes @ vectors.T, -1.0, 1.0)


def iris_scores(side: Side, rows: Sequence[int] | NDArray[np.int64], codes: PackedCodes) -> Singles:
    """Scores (rows, n) of a side's samples with codes."""
    return match(
        packed([side.extracted[k].template.template for k in rows]), codes,
        DEFAULT.shifts(codes.layout), DEFAULT.reference_bits(codes.layout), DEFAULT.minimum_bits,
    ).scores  # fmt: skip


def packed(codes: Sequence[Any]) -> PackedCodes:
    return PackedCodes(
        codes[0].layout, np.stack([c.bits for c in codes]), np.stack([c.mask for c in codes])
    )


def strangers_of(
    face: Side, iris: Side, alone: Singles, pairing: Pairing, number: int
) -> Strangers:
    """Those with one face only, and the people of the other half."""
    faces = [k for k in range(len(face.samples))
             if pairing.face_half[face.person[k]] != number and not face.failed[k]]  # fmt: skip
    _, first = np.unique(face.person[faces], return_index=True)
    vectors = [face.extracted[faces[k]].template.template for k in first]
    irises = [k for k in range(len(iris.samples))
              if pairing.iris_half[iris.person[k]] != number and not iris.failed[k]]  # fmt: skip
    codes = packed([iris.extracted[k].template.template for k in irises])
    quality = {"face": face.quality[faces], "iris": iris.quality[irises]}
    return Strangers(np.vstack([alone, *vectors]), codes, quality)


def tails(real: Singles, made: Singles) -> dict[str, list[float]]:
    """Share of synthetic non-mated scores that reach what a share of the real ones does."""
    known = real[~np.isnan(real)]
    levels = np.quantile(known, [1 - share for share in TAIL])
    other = made[~np.isnan(made).any(axis=1)]
    return {f"{s:g}": [float(level), float((other >= level).mean())]
            for s, level in zip(TAIL, levels, strict=True)}  # fmt: skip
