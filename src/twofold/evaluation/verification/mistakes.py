"""Who is taken for whom, and the worst comparisons of each system."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.evaluation.verification.chimeric import Pairing
from twofold.evaluation.verification.pools import Pool, System
from twofold.evaluation.verification.sides import Side

MOST = 8
_CANDIDATES = 4_000  # comparisons looked through for different people


@dataclass(frozen=True)
class Confusion:
    """Two people and how often their comparisons match wrongly.

    Attributes:
        first, second: names.
        errors, comparisons: non-mated comparisons at or above the threshold, and all of them.
        highest: score among them.
    """

    first: str
    second: str
    errors: int
    comparisons: int
    highest: float


@dataclass(frozen=True)
class Hard:
    """A person whose own comparisons often fail: errors among mated comparisons."""

    name: str
    errors: int
    comparisons: int


@dataclass(frozen=True)
class Shown:
    """One comparison for a gallery.

    Attributes:
        faces, irises: numbers of the probe's and the reference's samples; None where a system does
            not look at them.
        score: what the system decided by; None where nothing could be compared.
        parts: scores and ratios of either modality: (score, ratio) or None.
        names: of both subjects.
    """

    faces: tuple[int, int] | None
    irises: tuple[int, int] | None
    score: float | None
    parts: dict[str, tuple[float, float] | None]
    names: tuple[str, str]


def names_of(pool: Pool, face: Side, iris: Side, system: System, chimeric: bool) -> list[str]:
    """What each subject is called as one system sees it."""
    if system == "face" or not chimeric:
        return [face.persons[k] for k in pool.unit_face]
    if system == "iris":
        return [iris.persons[k] for k in pool.unit_iris]
    return [
        f"{face.persons[one]} + {iris.persons[other]}"
        for one, other in zip(pool.unit_face, pool.unit_iris, strict=True)
    ]


def confusions(
    pool: Pool, system: System, names: Sequence[str], threshold: float, most: int = 10
) -> list[Confusion]:
    """The pairs of people with most false matches, then the highest scores.

    Args:
        pool: clean comparisons.
        system: that decides.
        names: of the subjects.
        threshold: this or more is a match.
        most: how many pairs.
    """
    judged = pool.judged(system)
    other = np.flatnonzero(~pool.mated & ~np.isnan(judged))
    keys, numbers = _keys(pool, names)
    one, two = numbers[pool.first[other]], numbers[pool.second[other]]
    pair = np.minimum(one, two).astype(np.int64) * len(keys) + np.maximum(one, two)
    found, place = np.unique(pair, return_inverse=True)
    errors = np.bincount(place, weights=judged[other] >= threshold, minlength=len(found))
    every = np.bincount(place, minlength=len(found))
    highest = np.full(len(found), -np.inf)
    np.maximum.at(highest, place, judged[other])
    order = np.lexsort((-highest, -errors))[:most]
    return [
        Confusion(
            keys[found[k] // len(keys)], keys[found[k] % len(keys)], int(errors[k]), int(every[k]),
            float(highest[k]),
        )
        for k in order.tolist()
    ]  # fmt: skip


def hard_people(
    pool: Pool, system: System, names: Sequence[str], threshold: float, most: int = 8
) -> list[Hard]:
    """People with most false non-matches, failures included; only those with any."""
    judged = pool.judged(system)
    keys, numbers = _keys(pool, names)
    own = np.flatnonzero(pool.mated)
    person = numbers[pool.first[own]]
    missed = ~(judged[own] >= threshold)
    errors = np.bincount(person, weights=missed, minlength=len(keys))
    every = np.bincount(person, minlength=len(keys))
    order = np.argsort(-errors / np.maximum(every, 1), kind="stable")[:most]
    return [Hard(keys[k], int(errors[k]), int(every[k])) for k in order.tolist() if errors[k]]


def worst(
    pool: Pool, pairings: Sequence[Pairing], system: System, names: Sequence[str], *, mated: bool,
    most: int = MOST,
) -> list[Shown]:  # fmt: skip
    """The mated comparisons of lowest score or the non-mated ones of highest.

    Each pair of people once. A comparison that could not be made is the lowest of all.
    """
    judged = pool.judged(system).astype(np.float64)
    there = np.flatnonzero(pool.mated if mated else ~pool.mated & ~np.isnan(judged))
    key = np.where(np.isnan(judged[there]), -np.inf, judged[there]) * (1 if mated else -1)
    few = there[np.argsort(key, kind="stable")[:_CANDIDATES]]
    found: list[Shown] = []
    seen: set[tuple[str, ...]] = set()
    for place in few.tolist():
        who = (names[pool.first[place]], names[pool.second[place]])
        if tuple(sorted(who)) in seen:
            continue
        seen.add(tuple(sorted(who)))
        found.append(_shown(pool, pairings[int(pool.pairing[place])], place, system, who))
        if len(found) == most:
            break
    return found


def _shown(pool: Pool, pairing: Pairing, place: int, system: System, who: tuple[str, str]) -> Shown:
    probe, reference = int(pool.probe[place]), int(pool.reference[place])
    judged = float(pool.judged(system)[place])
    parts: dict[str, tuple[float, float] | None] = {}
    for name in ("face", "iris"):
        score = float(pool.score[name][place])
        parts[name] = None if np.isnan(score) else (score, float(pool.llr[name][place]))
    both = {
        "face": (int(pairing.face[probe]), int(pairing.face[reference])),
        "iris": (int(pairing.iris[probe]), int(pairing.iris[reference])),
    }
    return Shown(
        both["face"] if system != "iris" else None,
        both["iris"] if system != "face" else None,
        None if np.isnan(judged) else judged,
        parts,
        who,
    )


def _keys(pool: Pool, names: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    keys = list(dict.fromkeys(names))
    places = {name: k for k, name in enumerate(keys)}
    return keys, np.array([places[name] for name in names], dtype=np.int64)
