"""A fused benchmark: face, iris and both, measured on the same pairs of samples."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from twofold.data.dataset import Modality
from twofold.errors import OptionError
from twofold.evaluation.verification import pools
from twofold.evaluation.verification.chimeric import Pairing, as_labelled, pair_up
from twofold.evaluation.verification.galleries import Identified, identify
from twofold.evaluation.verification.mistakes import (
    Confusion,
    Hard,
    Shown,
    confusions,
    hard_people,
    names_of,
    worst,
)
from twofold.evaluation.verification.pooled_rates import Spread, distinct, pooled_rates, spreads
from twofold.evaluation.verification.pools import CLEAN, SYSTEMS, Calibrated, Condition, System
from twofold.evaluation.verification.rates import RESAMPLES, SEED, TARGETS, ErrorRates
from twofold.evaluation.verification.reliability import Reliability, reliability
from twofold.evaluation.verification.sides import Side
from twofold.evaluation.verification.transfers import Transfer, transfers
from twofold.fusion.calibration import Calibration
from twofold.fusion.model import FusionModel, shipped
from twofold.fusion.rules import SumRule
from twofold.template import Light

Source = Literal["halves", "shipped"]
Watch = Callable[[str, int, int], None]
TRANSFERRED = (1e-2, 1e-3)
_DEGRADED_RESAMPLES = 200


@dataclass(frozen=True)
class Setback:
    """An FMR at which the fused system misses more than the better modality does.

    Attributes:
        fmr: at which.
        fused, better: FNMRs.
        modality: which is better.
    """

    fmr: float
    fused: float
    better: float
    modality: Modality


@dataclass(frozen=True)
class Measured:
    """Everything measured under one condition.

    Attributes:
        condition: of the probes.
        rates: over all pairings.
        eer_spread, fnmr_spread: over the pairings one by one.
        setbacks: operating points shown at which fusion does harm.
        points: operating points compared for them.
        carried: different non-mated comparisons that FMRs lean on.
    """

    condition: Condition
    rates: Mapping[System, ErrorRates]
    eer_spread: Mapping[System, Spread]
    fnmr_spread: Mapping[System, Mapping[float, Spread]]
    setbacks: tuple[Setback, ...]
    points: int
    carried: int


@dataclass(frozen=True)
class Mistakes:
    """What goes wrong with one system.

    Attributes:
        threshold: at FMR 0.1 %, or the strictest supported; None where none is.
        wanted: the FMR it is for.
        confusions: people taken for one another.
        hard: people often not recognised.
        false_matches, false_non_matches: the worst comparisons.
    """

    threshold: float | None
    wanted: float | None
    confusions: tuple[Confusion, ...]
    hard: tuple[Hard, ...]
    false_matches: tuple[Shown, ...]
    false_non_matches: tuple[Shown, ...]


@dataclass(frozen=True)
class FusedOutcome:
    """A finished fused benchmark.

    Attributes:
        face, iris: the two sides.
        chimeric: whether pairs were put together by chance.
        pairings: of which one alone or several.
        calibration: where the calibrations come from, in words; and how it was asked for.
        source: "halves" or "shipped".
        measured: clean first, then what was degraded.
        pool: the clean comparisons.
        transfers: thresholds of one half on the other.
        identified: closed and open set.
        reliability: of the ratios.
        mistakes: of each system.
        share: of the probes that are degraded.
        seed: of everything drawn.
        seconds: by the clock, for extraction and all the rest.
    """

    face: Side
    iris: Side
    chimeric: bool
    pairings: tuple[Pairing, ...]
    calibration: str
    source: Source
    measured: tuple[Measured, ...]
    pool: pools.Pool
    transfers: tuple[Transfer, ...]
    identified: Mapping[System, Identified]
    reliability: Mapping[System, Reliability]
    mistakes: Mapping[System, Mistakes]
    share: float
    seed: int
    seconds: float

    @property
    def clean(self) -> Measured:
        """Nothing degraded."""
        return self.measured[0]

    @property
    def synthetic(self) -> bool:
        """Whether any of the people are made up."""
        return self.face.synthetic or self.iris.synthetic


def run_fused(
    face: Side,
    iris: Side,
    *,
    chimeric: bool,
    pairings: int,
    conditions: Sequence[Condition] = (),
    share: float = 0.5,
    source: Source = "halves",
    light: Light | None = None,
    seed: int = SEED,
    watch: Watch = lambda stage, done, total: None,
) -> FusedOutcome:
    """Pair, calibrate, compare and measure.

    Args:
        face, iris: as measured; of a labelled set of pairs, sample k of both belongs together.
        chimeric: pair people by chance; otherwise as labelled.
        pairings: how many, 1 or more; of labelled pairs so many ways to halve the people.
        conditions: what is degraded, beside the clean comparisons.
        share: of the probes that are degraded.
        source: of the calibrations: the other half of the people, or those shipped with Twofold.
        light: of the irises, for shipped calibrations; None takes what the pictures tell.
        seed: of everything drawn.
        watch: told the stage, how much is done, and how much there is.

    Raises:
        DatasetError: too few people.
        OptionError: no shipped calibration fits, or the share is none.
    """
    start = time.perf_counter()
    if conditions and not 0 < share <= 1:
        raise OptionError(f"--share {share:g}: expected more than 0 and at most 1, such as 0.5.")
    pair = pair_up if chimeric else as_labelled
    made = tuple(pair(face, iris, number, seed=seed, share=share) for number in range(pairings))
    fitter = _Fitter(face, iris, source, light or iris.light)
    fitted = []
    for number, pairing in enumerate(made):
        watch("Calibrating", number, len(made))
        fitted.append(fitter.of(pairing))
    found, clean_pool = [], None
    for condition in (CLEAN, *conditions):
        stage = "Clean" if condition is CLEAN else condition.key
        comparing = partial(watch, f"Comparing, {stage}")
        drawn = pools.pool(face, iris, made, fitted, condition, comparing)
        found.append(_measure(drawn, face, iris, made, chimeric, seed, watch))
        if clean_pool is None:
            clean_pool = drawn
    assert clean_pool is not None
    watch("Thresholds of the halves", 0, 1)
    # A threshold is set on the half that its calibration was fitted on, and used on the other.
    own = [one.swapped() for one in fitted]
    moved = transfers(pools.pool(face, iris, made, own), clean_pool, TRANSFERRED, seed)
    watch("Identification", 0, 1)
    identified = identify(clean_pool, made, seed)
    watch("Mistakes", 0, 1)
    return FusedOutcome(
        face=face,
        iris=iris,
        chimeric=chimeric,
        pairings=made,
        calibration=fitter.words,
        source=source,
        measured=tuple(found),
        pool=clean_pool,
        transfers=tuple(moved),
        identified=identified,
        reliability={system: reliability(clean_pool, system) for system in SYSTEMS},
        mistakes={
            system: _mistakes(clean_pool, found[0].rates[system], face, iris, made, system)
            for system in SYSTEMS
        },
        share=share,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


class _Fitter:
    """Calibrations by division of the people, each fitted once."""

    def __init__(self, face: Side, iris: Side, source: Source, light: Light | None) -> None:
        self._sides: dict[Modality, Side] = {"face": face, "iris": iris}
        self._known: dict[tuple[int, Modality], tuple[Calibration, ...]] = {}
        self._model: FusionModel | None = None
        self._light = light
        if source == "shipped":
            self._model = shipped(face.matcher.contract, iris.matcher.contract)
            if self._model is None:
                raise OptionError(
                    "--calibration shipped: none fits these models. Use halves, which fits them on "
                    "one half of the people and measures on the other."
                )
            self._model.calibration("face", None)  # refused before the work, not after it
            self._model.calibration("iris", light)
            self.words = (
                "Shipped with Twofold. Where these sets are among those that it was fitted on "
                "(its card says which), figures are flattered."
            )
        else:
            self.words = (
                "Fitted on one half of the people and used on the other, and the other way round; "
                "where probes are degraded, development probes in every such way are among them. "
                "The two ratios are added up."
            )

    def of(self, pairing: Pairing) -> Calibrated:
        """Those that hold for each half of a pairing."""
        if self._model is not None:
            face = self._model.calibration("face", None)
            iris = self._model.calibration("iris", self._light)
            return Calibrated((face, face), (iris, iris), self._model.rule, self.words)
        face_pair = self._pair("face", pairing.face_half, pairing.division)
        iris_pair = self._pair("iris", pairing.iris_half, pairing.division)
        return Calibrated(face_pair, iris_pair, SumRule(), self.words)

    def _pair(
        self, modality: Modality, half: "np.ndarray[tuple[int], np.dtype[np.int8]]", division: int
    ) -> tuple[Calibration, Calibration]:  # fmt: skip
        key = (division, modality)
        if key not in self._known:
            side = self._sides[modality]
            self._known[key] = tuple(pools.fit_on(side, half == 1 - k) for k in (0, 1))
        first, second = self._known[key]
        return first, second


def _measure(
    pool: pools.Pool, face: Side, iris: Side, made: Sequence[Pairing], chimeric: bool, seed: int,
    watch: Watch,
) -> Measured:  # fmt: skip
    met = distinct(pool, made, (len(face.samples), len(iris.samples)))
    completed = int((~pool.mated & ~np.isnan(pool.llr["fused"])).sum())
    carried = min(completed, *met.values())
    clean = pool.condition.how is None
    found: dict[System, ErrorRates] = {}
    eers: dict[System, Spread] = {}
    fnmrs: dict[System, Mapping[float, Spread]] = {}
    for place, system in enumerate(SYSTEMS):
        watch(f"Resampling, {pool.condition.key}", place, len(SYSTEMS))
        found[system] = pooled_rates(
            pool,
            system,
            carried=carried,
            pairs=_samples(face, iris, made, system),
            chimeric=chimeric,
            resamples=RESAMPLES if clean else _DEGRADED_RESAMPLES,
            seed=seed,
        )
        eers[system], fnmrs[system] = spreads(pool, system, TARGETS)
    setbacks, points = _setbacks(found)
    return Measured(pool.condition, found, eers, fnmrs, setbacks, points, carried)


def _samples(face: Side, iris: Side, made: Sequence[Pairing], system: System) -> tuple[int, int]:
    """Pairs of samples in the first pairing, and those without a template."""
    first = made[0]
    lost = {"face": face.failed[first.face], "iris": iris.failed[first.iris]}
    none = lost["face"] & lost["iris"] if system == "fused" else lost[system]
    return len(first.face), int(none.sum())


def _setbacks(found: Mapping[System, ErrorRates]) -> tuple[tuple[Setback, ...], int]:
    """Operating points of the curve and of the table where the better modality misses less."""
    setbacks = []
    grid = found["fused"].det.fmr
    curves = {system: found[system].det.fnmr for system in SYSTEMS}
    rows = [(float(fmr), *(float(curves[s][k]) for s in SYSTEMS)) for k, fmr in enumerate(grid)]
    for k, point in enumerate(found["fused"].points):
        values = [found[system].points[k].fnmr.value for system in SYSTEMS]
        if None not in values:
            rows.append((point.wanted, *(float(value or 0.0) for value in values)))
    eers = [found[system].eer.value or 0.0 for system in SYSTEMS]
    if eers[2] > min(eers[:2]):
        name: Modality = "face" if eers[0] <= eers[1] else "iris"
        setbacks.append(Setback(eers[2], eers[2], min(eers[:2]), name))
    for fmr, of_face, of_iris, fused in rows:
        if fused > min(of_face, of_iris) + 1e-12:
            name = "face" if of_face <= of_iris else "iris"
            setbacks.append(Setback(fmr, fused, min(of_face, of_iris), name))
    return tuple(sorted(setbacks, key=lambda one: one.fmr)), len(rows) + 1


def _mistakes(
    pool: pools.Pool, rates: ErrorRates, face: Side, iris: Side, made: Sequence[Pairing],
    system: System,
) -> Mistakes:  # fmt: skip
    usable = [one for one in rates.points if one.threshold is not None and one.wanted >= 1e-3]
    point = usable[-1] if usable else None
    names = names_of(pool, face, iris, system, made[0].chimeric)
    threshold = np.inf if point is None or point.threshold is None else point.threshold
    return Mistakes(
        None if point is None else point.threshold,
        None if point is None else point.wanted,
        tuple(confusions(pool, system, names, threshold)),
        tuple(hard_people(pool, system, names, threshold)),
        tuple(worst(pool, made, system, names, mated=False)),
        tuple(worst(pool, made, system, names, mated=True)),
    )
