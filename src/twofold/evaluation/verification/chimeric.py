"""Pairings: which face sample and which iris sample are taken for one person's.

A chimeric pairing gives each face subject an iris identity (one eye of one person) at random. It
takes for granted that face and iris of a person are independent, and its figures depend on who was
given to whom: repeat it and report the spread (N. Poh and S. Bengio, "Can chimeric persons be used
in multimodal biometric authentication experiments?", MLMI 2005).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.errors import DatasetError
from twofold.evaluation.verification.sides import Side

DIVISIONS = 5  # ways in which people are halved; pairings take turns, since calibrations take time

Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Pairing:
    """Pairs of samples, by number, in two halves that share no person.

    Attributes:
        number: of this pairing, from 0.
        division: which way of halving the people, 0 to `DIVISIONS` - 1.
        chimeric: whether pairs were put together at random.
        face, iris: int32 (n,) numbers of the samples of each pair.
        unit: int32 (n,) number of the pair's subject, 0 to k - 1.
        half: int8 (k,) in which half of the people a subject is, 0 or 1.
        unit_face, unit_iris: int32 (k,) numbers of the subject's person on either side.
        face_half: int8 (people,) of every person on the face side; likewise `iris_half`.
        bad: bool (n,) pairs that are degraded as probes where that is asked for.
    """

    number: int
    division: int
    chimeric: bool
    face: Numbers
    iris: Numbers
    unit: Numbers
    half: NDArray[np.int8]
    unit_face: Numbers
    unit_iris: Numbers
    face_half: NDArray[np.int8]
    iris_half: NDArray[np.int8]
    bad: NDArray[np.bool_]


@dataclass(frozen=True)
class Trials:
    """The comparisons of one half of a pairing, all unordered pairs or all ordered ones.

    Attributes:
        probe, reference: int32 (m,) places in the pairing's pairs.
        mated: bool (m,), whether both are of one subject.
    """

    probe: Numbers
    reference: Numbers
    mated: NDArray[np.bool_]


def pair_up(face: Side, iris: Side, number: int, *, seed: int, share: float = 0.0) -> Pairing:
    """Pair two sets at random, people of the two halves apart.

    The people of either set are divided by chance; within a half every face subject gets an iris
    identity. Both eyes of a person are given only when there are more faces than people with
    irises, and are then never compared with one another. Of both the smaller number of samples is
    taken, which ones and in which order by chance.

    Args:
        face, iris: the two sets.
        number: of the pairing: with the seed it settles every draw.
        seed: of all pairings.
        share: of the pairs that are degraded as probes.
    """
    rng = np.random.default_rng([seed, number])
    face_half, iris_half = (_halves(side, number, seed) for side in (face, iris))
    faces, irises, units = [], [], []
    halves: list[int] = []
    unit_face: list[int] = []
    unit_iris: list[int] = []
    for half in (0, 1):
        people = rng.permutation(np.flatnonzero(face_half == half))
        eyes = _eyes(iris, np.flatnonzero(iris_half == half), rng)
        for person, eye in zip(people.tolist(), eyes, strict=False):
            of_face = rng.permutation(np.flatnonzero(face.person == person))
            of_iris = rng.permutation(np.flatnonzero(iris.identity == eye))
            together = min(len(of_face), len(of_iris))
            faces.append(of_face[:together])
            irises.append(of_iris[:together])
            units.append(np.full(together, len(halves)))
            halves.append(half)
            unit_face.append(person)
            unit_iris.append(int(iris.person[of_iris[0]]))
    return _pairing(
        number, True, np.concatenate(faces), np.concatenate(irises), np.concatenate(units),
        halves, unit_face, unit_iris, face_half, iris_half, rng, share,
    )  # fmt: skip


def as_labelled(face: Side, iris: Side, number: int, *, seed: int, share: float = 0.0) -> Pairing:
    """The pairs as a dataset has them (sample k of both sides); only the halves are drawn."""
    rng = np.random.default_rng([seed, number])
    half = _halves(face, number, seed)
    everyone = np.arange(len(face.samples))
    people = np.arange(len(face.persons))
    return _pairing(
        number, False, everyone, everyone, face.person, half, people, people, half, half,
        rng, share,
    )  # fmt: skip


def trials(pairing: Pairing, half: int, *, ordered: bool) -> Trials:
    """Every pair of samples with every other within one half of the people.

    Args:
        pairing: of which.
        half: 0 or 1.
        ordered: each pair of different samples once as probe and once as reference.
    """
    there = np.flatnonzero(pairing.half[pairing.unit] == half).astype(np.int32)
    count = len(there)
    places = np.nonzero(~np.eye(count, dtype=bool)) if ordered else np.triu_indices(count, 1)
    probe, reference = there[places[0]], there[places[1]]
    first, second = pairing.unit[probe], pairing.unit[reference]
    mated = first == second
    # Two eyes of one person that went to two subjects are neither mated nor of different people.
    proper = mated | (pairing.unit_iris[first] != pairing.unit_iris[second])
    return Trials(probe[proper], reference[proper], mated[proper])


def _halves(side: Side, number: int, seed: int) -> NDArray[np.int8]:
    people = len(side.persons)
    rng = np.random.default_rng([seed, number % DIVISIONS, people])
    half = np.zeros(people, dtype=np.int8)
    half[rng.permutation(people)[: people // 2]] = 1
    return half


def _eyes(iris: Side, people: NDArray[np.int64], rng: np.random.Generator) -> list[int]:
    """Identities in a random order: one eye of every person before any second one."""
    first, second = [], []
    for person in rng.permutation(people).tolist():
        eyes = rng.permutation(np.unique(iris.identity[iris.person == person])).tolist()
        first.append(eyes[0])
        second += eyes[1:]
    return [*first, *second]


def _pairing(
    number: int, chimeric: bool, face: NDArray[np.integer], iris: NDArray[np.integer],
    unit: NDArray[np.integer], halves: Sequence[int] | NDArray[np.int8],
    unit_face: Sequence[int] | NDArray[np.integer],
    unit_iris: Sequence[int] | NDArray[np.integer],
    face_half: NDArray[np.int8], iris_half: NDArray[np.int8],
    rng: np.random.Generator, share: float,
) -> Pairing:  # fmt: skip
    count = len(face)
    of_half = np.asarray(halves, dtype=np.int8)
    several = np.bincount(unit, minlength=len(of_half)) > 1
    for half in (0, 1):
        if (of_half == half).sum() < 2 or not several[of_half == half].any():
            raise DatasetError(
                f"too few people: half {half + 1} of pairing {number + 1} has "
                f"{int((of_half == half).sum())} subjects, "
                f"{int(several[of_half == half].sum())} of them with two pairs of samples. Give "
                "sets of at least 4 people with two samples each."
            )
    bad = np.zeros(count, dtype=np.bool_)
    bad[rng.permutation(count)[: round(share * count)]] = True
    return Pairing(
        number=number,
        division=number % DIVISIONS,
        chimeric=chimeric,
        face=face.astype(np.int32),
        iris=iris.astype(np.int32),
        unit=unit.astype(np.int32),
        half=of_half,
        unit_face=np.asarray(unit_face, dtype=np.int32),
        unit_iris=np.asarray(unit_iris, dtype=np.int32),
        face_half=face_half,
        iris_half=iris_half,
        bad=bad,
    )
