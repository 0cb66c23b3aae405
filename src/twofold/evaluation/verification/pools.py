"""Comparisons of all pairings: scores of either side, their log-likelihood ratios, and the fused.

Scores are looked up: every one was computed once. Ratios of one half of the people come from
calibrations fitted on the other half alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.evaluation.verification.chimeric import Pairing, Trials, trials
from twofold.evaluation.verification.degradation import How
from twofold.evaluation.verification.sides import Side
from twofold.fusion.calibration import Calibration, calibrate
from twofold.fusion.rules import Rule

System = Literal["face", "iris", "fused"]
SYSTEMS: tuple[System, ...] = ("face", "iris", "fused")
BAD_WEIGHT = 1.0  # of degraded development comparisons beside clean ones, within each class

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Condition:
    """What is done to the probes: nothing, or one modality of some of them is made worse."""

    modality: Modality | None = None
    how: How | None = None

    @property
    def key(self) -> str:
        """Short and stable, such as "clean" or "iris-blur"."""
        return "clean" if self.how is None else f"{self.modality}-{self.how}"


CLEAN = Condition()


@dataclass(frozen=True)
class Calibrated:
    """The calibrations that hold for each half of the people.

    Attributes:
        face, iris: one for half 0 and one for half 1.
        rule: that fuses.
        source: how they came about, in words.
    """

    face: tuple[Calibration, Calibration]
    iris: tuple[Calibration, Calibration]
    rule: Rule
    source: str

    def swapped(self) -> "Calibrated":
        """Each half with the calibrations fitted on itself: for setting thresholds on it."""
        return replace(self, face=self.face[::-1], iris=self.iris[::-1])


@dataclass(frozen=True)
class Pool:
    """The comparisons of all pairings under one condition, m of them.

    Attributes:
        condition: of the probes.
        pairing: int16 (m,) number of the pairing.
        half: int8 (m,) of the people.
        first, second: int32 (m,) numbers of the probe's and the reference's subject over all
            pairings, u of them.
        probe, reference: int32 (m,) numbers of the pairs within their pairing.
        mated: bool (m,).
        score: float32 (m,) of face and iris; NaN where there is none.
        llr: likewise, natural log-likelihood ratios; "fused" too, NaN where nothing could be
            compared.
        unit_face, unit_iris: int32 (u,) persons of each subject.
    """

    condition: Condition
    pairing: NDArray[np.int16]
    half: NDArray[np.int8]
    first: Numbers
    second: Numbers
    probe: Numbers
    reference: Numbers
    mated: NDArray[np.bool_]
    score: Mapping[str, Singles]
    llr: Mapping[str, Singles]
    unit_face: Numbers
    unit_iris: Numbers

    def judged(self, system: System) -> Singles:
        """What a system decides by: its score, or the fused ratio; float32 (m,)."""
        return self.llr["fused"] if system == "fused" else self.score[system]


def fit_on(side: Side, people: NDArray[np.bool_]) -> Calibration:
    """Fit a calibration on some of the people of a side.

    Beside clean development probes stand those degraded in every way that the side was measured in,
    which together weigh as much: what a bad quality means is learned from bad pictures, and
    few people's clean pictures alone leave the slope to chance (docs/fusion.md). Whoever compares
    does not know what is wrong with a probe, so one calibration holds for all of them.

    Args:
        side: of which modality.
        people: (persons,) whose samples may be used.

    Raises:
        OptionError: nothing mated or non-mated among them.
    """
    chosen = np.flatnonzero(people[side.person])
    row, column = np.triu_indices(len(chosen), 1)
    parts = [_development(side, chosen[row], chosen[column], None)]
    row, column = np.nonzero(~np.eye(len(chosen), dtype=np.bool_))
    parts += [_development(side, chosen[row], chosen[column], one) for one in side.worse]
    score, quality, mated = (np.concatenate([part[k] for part in parts]) for k in range(3))
    share = BAD_WEIGHT / max(len(side.worse), 1)
    weights = np.concatenate([
        _balanced(part[2], share if k else 1.0) for k, part in enumerate(parts)
    ])  # fmt: skip
    return calibrate(
        score, mated.astype(np.bool_), modality=side.modality, light=None,
        contract=side.matcher.contract, quality=quality, weights=weights,
    )  # fmt: skip


def _development(
    side: Side, probe: NDArray[np.int64], reference: NDArray[np.int64], how: How | None
) -> tuple[Floats, Floats, Floats]:
    score, quality = looked_up(side, probe, reference, None if how is None else np.True_, how)
    mated = side.identity[probe] == side.identity[reference]
    there = ~np.isnan(score)
    return score[there].astype(np.float64), quality[there], mated[there].astype(np.float64)


def _balanced(mated: Floats, weight: float) -> Floats:
    weights = np.empty(len(mated))
    for kind in (0.0, 1.0):
        chosen = mated == kind
        weights[chosen] = weight / max(chosen.sum(), 1)
    return weights


def looked_up(
    side: Side,
    probe: NDArray[np.integer],
    reference: NDArray[np.integer],
    bad: NDArray[np.bool_] | np.bool_ | None,
    how: How | None,
) -> tuple[Singles, Floats]:
    """Scores, and qualities of the worse sample, of comparisons (m,).

    Args:
        side: whose samples are numbered.
        probe, reference: (m,) numbers of samples.
        bad: (m,) or one for all, which probes are degraded; None for none.
        how: they are degraded.
    """
    score, quality = side.score[probe, reference], side.quality[probe]
    if bad is not None and how == "missing":
        score = np.where(bad, np.float32(np.nan), score)
    elif bad is not None and how is not None:
        worse = side.worse[how]
        score = np.where(bad, worse.score[probe, reference], score)
        quality = np.where(bad, worse.quality[probe], quality)
    return score, np.minimum(quality, side.quality[reference])


def pool(
    face: Side,
    iris: Side,
    pairings: Sequence[Pairing],
    calibrated: Sequence[Calibrated],
    condition: Condition = CLEAN,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Pool:
    """All comparisons of all pairings under one condition.

    Args:
        face, iris: the two sides.
        pairings: of their samples.
        calibrated: of each pairing.
        condition: of the probes. Clean comparisons are unordered, others ordered.
        watch: told how many pairings are done, and how many there are.
    """
    starts = np.cumsum([0, *(len(one.half) for one in pairings)])
    columns: dict[str, list[NDArray[np.generic]]] = {}
    for place, (pairing, fitted) in enumerate(zip(pairings, calibrated, strict=True)):
        for half in (0, 1):
            made = trials(pairing, half, ordered=condition.how is not None)
            part = _compared(face, iris, pairing, made, fitted, half, condition)
            size = len(made.mated)
            part |= {
                "pairing": np.full(size, place, dtype=np.int16),
                "half": np.full(size, half, dtype=np.int8),
                "first": (pairing.unit[made.probe] + starts[place]).astype(np.int32),
                "second": (pairing.unit[made.reference] + starts[place]).astype(np.int32),
                "probe": made.probe,
                "reference": made.reference,
                "mated": made.mated,
            }
            for name, values in part.items():
                columns.setdefault(name, []).append(values)
        watch(place + 1, len(pairings))
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Pool(
        condition,
        pairing=whole["pairing"].astype(np.int16),
        half=whole["half"].astype(np.int8),
        first=whole["first"].astype(np.int32),
        second=whole["second"].astype(np.int32),
        probe=whole["probe"].astype(np.int32),
        reference=whole["reference"].astype(np.int32),
        mated=whole["mated"].astype(np.bool_),
        score={name: whole[f"{name} score"].astype(np.float32) for name in ("face", "iris")},
        llr={name: whole[f"{name} llr"].astype(np.float32) for name in SYSTEMS},
        unit_face=np.concatenate([one.unit_face for one in pairings]),
        unit_iris=np.concatenate([one.unit_iris for one in pairings]),
    )


def _compared(
    face: Side, iris: Side, pairing: Pairing, made: Trials, fitted: Calibrated, half: int,
    condition: Condition,
) -> dict[str, NDArray[np.generic]]:  # fmt: skip
    found: dict[str, NDArray[np.generic]] = {}
    ratios: dict[str, Floats] = {}
    for side, samples, calibrations in (
        (face, pairing.face, fitted.face),
        (iris, pairing.iris, fitted.iris),
    ):
        probe, reference = samples[made.probe], samples[made.reference]
        hit = condition.modality == side.modality
        bad = pairing.bad[made.probe] if hit else None
        score, quality = looked_up(side, probe, reference, bad, condition.how if hit else None)
        if not pairing.chimeric:
            # A left and a right eye of one person say nothing about each other.
            other = made.mated & (side.identity[probe] != side.identity[reference])
            score = np.where(other, np.float32(np.nan), score)
        ratio = calibrations[half].llr(score, quality)
        ratios[side.modality] = ratio
        found[f"{side.modality} score"] = score
        found[f"{side.modality} llr"] = ratio.astype(np.float32)
    found["fused llr"] = fitted.rule.fuse(ratios).astype(np.float32)
    return found
