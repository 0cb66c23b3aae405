"""FPIR and FNIR among 1,000 to 100,000 references, with the threshold chosen for the number.

    python -m benchmarks.identification_rates --faces lfw_subset --irises ubiris_v1 --out FILE

Real probes: chimeric people, a face and an iris paired by seed. Half of the people fit calibrations
and thresholds, the other half are searched for, and the other way round. Their references are
filled up to N with SYNTHETIC ones made of strangers' features (identification_fillers.py).
Told beside the rates: how far synthetic scores are off real ones, and whether likelihood ratios of
real people keep the bound that thresholds for large N rest on. With --shipped also the model that
comes with Twofold, which was fitted on all of these people.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.identification_fillers import (
    face_scores,
    iris_scores,
    strangers_of,
    synthetic_codes,
    synthetic_vectors,
    tails,
)
from twofold.data.samples import read_samples
from twofold.errors import OptionError
from twofold.evaluation.verification.chimeric import DIVISIONS, Pairing, pair_up
from twofold.evaluation.verification.comparisons import Listed
from twofold.evaluation.verification.extraction import extract_all
from twofold.evaluation.verification.intervals import Rate
from twofold.evaluation.verification.judged import judged_factory
from twofold.evaluation.verification.measured import OperatingPoint
from twofold.evaluation.verification.pools import fit_on
from twofold.evaluation.verification.rates import apply_threshold
from twofold.evaluation.verification.sides import Side, measure_side
from twofold.fusion.model import FusionModel, shipped
from twofold.fusion.operating import measure
from twofold.fusion.pairing import pair_comparisons
from twofold.fusion.rules import SumRule
from twofold.gallery.identification import threshold_for
from twofold.template import Light, Modality

SIZES = (1_000, 10_000, 100_000)
TARGETS = (0.01, 0.001)
SYSTEMS = {"face": "face", "iris": "iris", "fused": "face+iris"}
MOST_BLOCKS = 20  # galleries of one size, that share no filler
SEED = 19795
RESAMPLES = 400
FEW = 3  # false positives, below which no threshold is set afterwards
ROWS = 64

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Half:
    """One half of the people, searched for with a model that was fitted on others.

    Attributes:
        number: 0 or 1.
        model: calibrations and thresholds.
        real: modality to ratios (n, n) of all samples of the side.
        row: modality to (n,) places of samples in `filled`.
        filled: modality to ratios (m + 1, fillers); the last row, NaN, is that of the other half
            and of samples without a template.
    """

    number: int
    model: FusionModel
    real: dict[str, Singles]
    row: dict[str, NDArray[np.int64]]
    filled: dict[str, Singles]


@dataclass
class Searches:
    """Searches by one system at one size, over all pairings and galleries.

    Attributes:
        decisive: the score that decides each search: of the mate where it comes first, NaN where
            it does not; of the best candidate where there is no mate.
        mated: which of them have a mate.
        face, iris: number of the person searched for, on either side.
    """

    decisive: list[Floats]
    mated: list[NDArray[np.bool_]]
    face: list[NDArray[np.int32]]
    iris: list[NDArray[np.int32]]


# Models of one half


def fitted(face: Side, iris: Side, pairing: Pairing, half: int) -> FusionModel:
    """Calibrations and thresholds of the people of one half."""
    sides = (face, pairing.face_half), (iris, pairing.iris_half)
    calibrations, parts, thresholds = [], [], []
    for side, halves in sides:
        people = halves == half
        calibration = fit_on(side, people, None)
        calibrations.append(calibration)
        chosen = np.flatnonzero(people[side.person] & ~side.failed)
        first, second = np.triu_indices(len(chosen), 1)
        a, b = chosen[first], chosen[second]
        quality = np.minimum(side.quality[a], side.quality[b])
        ratios = calibration.llr(side.score[a, b], quality)
        parts.append((ratios, side.identity[a] == side.identity[b]))
        thresholds.append(
            measure(*parts[-1], combination=side.modality, light=None, source=half_of(side))
        )
    pairings = list(pair_comparisons(parts[0], parts[1], 10))
    rule = SumRule()
    fused = np.concatenate([rule.fuse(both) for both, _ in pairings])
    kinds = np.concatenate([kind for _, kind in pairings])
    source = f"chimeric pairings of {half_of(face)} with {half_of(iris)}"
    thresholds.append(
        measure(fused, kinds, combination="face+iris", light=None, source=source, pairings=10)
    )
    return FusionModel(tuple(calibrations), rule, tuple(thresholds))


def half_of(side: Side) -> str:
    return f"one half of {side.name}"


def with_ratios(
    number: int, model: FusionModel, light: Light | None, sides: Sequence[Side],
    rows: dict[str, NDArray[np.int64]], scores: dict[str, Singles], quality: dict[str, Floats],
) -> Half:  # fmt: skip
    """Ratios of all comparisons that searches need, of scores (rows, fillers)."""
    real: dict[str, Singles] = {}
    row: dict[str, NDArray[np.int64]] = {}
    filled: dict[str, Singles] = {}
    for side in sides:
        name: Modality = side.modality
        calibration = model.calibration(name, light if name == "iris" else None)
        worse = np.minimum.outer(side.quality, side.quality)
        real[name] = calibration.llr(side.score, worse).astype(np.float32)
        known = rows[name]
        row[name] = np.full(len(side.samples), len(known))
        row[name][known] = np.arange(len(known))
        table = np.full((len(known) + 1, scores[name].shape[1]), np.nan, np.float32)
        for k in range(0, len(known), ROWS):
            least = np.minimum.outer(side.quality[known[k : k + ROWS]], quality[name])
            table[k : k + ROWS][: len(least)] = calibration.llr(scores[name][k : k + ROWS], least)
        filled[name] = table
    return Half(number, model, real, row, filled)


# Searches


def search(half: Half, pairings: Sequence[Pairing], size: int, system: str) -> Searches:
    """Search for every probe of a half in galleries of one size, for every pairing."""
    found = Searches([], [], [], [])
    for turn, pairing in enumerate(pairings):
        units, first = np.unique(pairing.unit, return_index=True)
        inside = pairing.half[units] == half.number
        reference, whose = first[inside], units[inside]
        probe = np.flatnonzero(pairing.half[pairing.unit] == half.number)
        samples = {"face": pairing.face, "iris": pairing.iris}
        names = ("face", "iris") if system == "fused" else (system,)
        mine = sum(
            half.real[name][np.ix_(samples[name][probe], samples[name][reference])]
            for name in names
        )
        is_mate = pairing.unit[probe][:, None] == whose
        own = np.where(is_mate, mine, -np.inf).max(axis=1)
        rest = np.where(is_mate | np.isnan(mine), -np.inf, mine).max(axis=1)
        mated = ~np.isin(probe, reference)
        best = best_filler(half, {n: samples[n][probe] for n in names}, size, len(reference), turn)
        for block in best.T:
            strangest = np.maximum(rest, block)
            entries = (
                (np.where(own > strangest, own, np.nan)[mated], mated[mated], probe[mated]),
                (strangest, np.zeros(len(probe), bool), probe),
            )
            for decisive, kind, of in entries:
                found.decisive.append(decisive.astype(np.float64))
                found.mated.append(kind)
                found.face.append(pairing.unit_face[pairing.unit[of]])
                found.iris.append(pairing.unit_iris[pairing.unit[of]])
    return found


def best_filler(
    half: Half, rows: dict[str, NDArray[np.int32]], size: int, references: int, turn: int
) -> Floats:
    """The best ratio of each probe in each of several galleries, (probes, galleries)."""
    fillers = next(iter(half.filled.values())).shape[1]
    blocks = min(MOST_BLOCKS, fillers // size)
    starts = np.arange(blocks) * size
    count = len(next(iter(rows.values())))
    found = np.empty((count, blocks))
    for at in range(0, count, ROWS):
        # Another pairing of people gets another pairing of fillers.
        total: Any = 0.0
        for name, chosen_samples in rows.items():
            known = half.filled[name][half.row[name][chosen_samples[at : at + ROWS]]]
            total = total + np.roll(known, turn * 7919 if name == "iris" else 0, axis=1)
        for k, start in enumerate(starts):
            found[at : at + ROWS, k] = total[:, start : start + size - references].max(axis=1)
    return found


def rates(found: Sequence[Searches], thresholds: Sequence[float | None], fpir: float,
          people: tuple[int, int], system: str) -> dict[str, Any]:  # fmt: skip
    """FPIR and FNIR at the halves' thresholds; FNIR where the threshold is set afterwards.

    Scores are taken relative to the half's threshold, so that both halves have that of 0.
    """
    decisive = [np.concatenate(one.decisive) for one in found]
    mated = np.concatenate([part for one in found for part in one.mated])
    face = np.concatenate([part for one in found for part in one.face])
    iris = np.concatenate([part for one in found for part in one.iris]) + people[0]
    first, second = {"face": (face, face), "iris": (iris, iris), "fused": (face, iris)}[system]
    names = tuple(str(k) for k in range(sum(people)))

    def listed(scores: Floats) -> Listed:
        ends = first.astype(np.int32), second.astype(np.int32)
        taken, numbered = np.unique(np.concatenate(ends), return_inverse=True)
        half = len(ends[0])
        return Listed(
            tuple(names[k] for k in taken), numbered[:half].astype(np.int32),
            numbered[half:].astype(np.int32), scores, mated,
        )  # fmt: skip

    told: dict[str, Any] = {
        "searches": {"mated": int(mated.sum()), "unmated": int((~mated).sum())},
        "fnir_threshold_set_afterwards": afterwards(found, fpir),
    }
    if None in thresholds:
        return told | {"refused": True}
    relative = [one - float(t or 0) for one, t in zip(decisive, thresholds, strict=True)]
    point = OperatingPoint(fpir, Rate(None), 0.0)
    applied = apply_threshold(
        listed(np.concatenate(relative)), point, resamples=RESAMPLES, seed=SEED
    )
    assert applied is not None
    return told | {"fpir": _rate(applied.fmr), "fnir": _rate(applied.fnmr)}


def afterwards(found: Sequence[Searches], fpir: float) -> float | None:
    """FNIR at the lowest threshold of each half whose FPIR in these very searches is as wanted."""
    missed = []
    for one in found:
        scores, mated = np.concatenate(one.decisive), np.concatenate(one.mated)
        strangers = np.sort(np.nan_to_num(scores[~mated], nan=-np.inf))[::-1]
        allowed = int(fpir * len(strangers))
        if allowed < FEW:
            return None
        missed.append(~(scores[mated] > strangers[allowed]))  # NaN is missed
    return float(np.concatenate(missed).mean())


def _rate(rate: Rate) -> list[float | None]:
    return [rate.value, rate.low, rate.high]


# What the figures rest on


def bound(ratios: Floats) -> dict[str, Any]:
    """Does P(LLR >= t) <= exp(-t) hold for real non-mated ratios?

    Returns:
        The mean likelihood ratio, which is 1 at most if calibrated; and of all t above 0 the
        largest P(LLR >= t) exp(t), where it is and how many ratios reach it.
    """
    falling = np.sort(ratios[~np.isnan(ratios)])[::-1]
    share = np.arange(1, len(falling) + 1) / len(falling)
    above = falling > 0
    excess = share[above] * np.exp(falling[above])
    k = int(excess.argmax()) if above.any() else 0
    return {
        "comparisons": len(falling),
        "mean_ratio": float(np.exp(falling).mean()),
        "worst_excess": float(excess[k]) if above.any() else 0.0,
        "at_llr": float(falling[k]),
        "reached_by": k + 1,
        "strongest": float(falling[0]),
    }


def at_bounds(model: FusionModel, ratios: Floats, light: Light | None) -> dict[str, list[Any]]:
    """Thresholds of a single comparison by FMR, and the share of real fused ratios that reach."""
    found: dict[str, list[Any]] = {}
    for fmr in (1e-3, 1e-4, 1e-5, 1e-6):
        one = threshold_for(model, "face+iris", light, fmr, 1)
        found[f"{fmr:g}"] = [one.kind, one.llr, float((ratios >= one.llr).mean())]
    return found


def real_non_mated(half: Half, pairings: Sequence[Pairing]) -> Iterator[tuple[str, Floats]]:
    """Ratios of comparisons of different people of a half, by system."""
    parts: dict[str, list[Singles]] = {system: [] for system in SYSTEMS}
    for pairing in pairings:
        there = np.flatnonzero(pairing.half[pairing.unit] == half.number)
        a, b = (there[k] for k in np.triu_indices(len(there), 1))
        other = (pairing.unit[a] != pairing.unit[b]) & (
            pairing.unit_iris[pairing.unit[a]] != pairing.unit_iris[pairing.unit[b]]
        )
        a, b = a[other], b[other]
        face = half.real["face"][pairing.face[a], pairing.face[b]]
        iris = half.real["iris"][pairing.iris[a], pairing.iris[b]]
        for system, ratio in (("face", face), ("iris", iris), ("fused", face + iris)):
            if system == "fused" or pairing is pairings[0]:
                parts[system].append(ratio)
    return ((name, np.concatenate(part).astype(np.float64)) for name, part in parts.items())


def run(
    face: Side, iris: Side, alone: Singles, pairings: Sequence[Pairing], fillers: int,
    light: Light | None, watch: Callable[[str], None], models: Sequence[FusionModel],
) -> dict[str, Any]:  # fmt: skip
    """Search, by calibrations of the other half or by one model for both."""
    halves, checks = [], {}
    for number in (0, 1):
        rng = np.random.default_rng([SEED, number])
        strangers = strangers_of(face, iris, alone, pairings[0], number)
        watch(f"half {number}: synthetic references")
        vectors = synthetic_vectors(strangers.vectors, fillers, rng)
        codes = synthetic_codes(strangers.codes, fillers, rng)
        of = {"face": pairings[0].face_half, "iris": pairings[0].iris_half}
        rows: dict[str, NDArray[np.int64]] = {
            side.modality: np.flatnonzero((of[side.modality][side.person] == number) & ~side.failed)
            for side in (face, iris)
        }
        scores = {
            "face": face_scores(face, rows["face"], vectors),
            "iris": iris_scores(iris, rows["iris"], codes),
        }
        made = {
            "face": tails(face_scores(face, rows["face"], strangers.vectors), scores["face"]),
            "iris": tails(iris_scores(iris, rows["iris"], strangers.codes), scores["iris"]),
        }
        quality = {name: rng.choice(part, fillers) for name, part in strangers.quality.items()}
        halves.append(
            with_ratios(number, models[number], light, (face, iris), rows, scores, quality)
        )
        ratios = dict(real_non_mated(halves[-1], pairings))
        checks[f"half {number}"] = {
            "tails_real_level_and_synthetic_share": made,
            "likelihood_ratios": {name: bound(part) for name, part in ratios.items()},
            "bounds": at_bounds(halves[-1].model, ratios["fused"], light),
        }
    rows_told = []
    for system, combination in SYSTEMS.items():
        for size in (s for s in SIZES if s <= fillers):
            watch(f"searching by {system} among {size:,}")
            found = [search(half, pairings, size, system) for half in halves]
            for fpir in TARGETS:
                thresholds, kinds = chosen(halves, combination, light, fpir, size)
                people = len(face.persons), len(iris.persons)
                told = rates(found, thresholds, fpir, people, system)
                rows_told.append({"system": system, "n": size, "wanted_fpir": fpir,
                                  "thresholds": thresholds, "kind": kinds, **told})  # fmt: skip
    return {"rates": rows_told, "checks": checks}


def chosen(
    halves: Sequence[Half], combination: str, light: Light | None, fpir: float, size: int
) -> tuple[list[float | None], str]:
    """The halves' thresholds, and what kind they are of."""
    found: list[float | None] = []
    kind = ""
    for half in halves:
        try:
            one = threshold_for(half.model, combination, light, fpir, size)
            found.append(one.llr)
            kind = one.kind
        except OptionError as error:
            found.append(None)
            kind = f"refused: {error}"
    return found, kind


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--irises", type=Path, required=True)
    parser.add_argument("--light", choices=["nir", "visible"])
    parser.add_argument("--fillers", type=int, default=SIZES[-1])
    parser.add_argument("--pairings", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    start = time.perf_counter()

    def watch(stage: str) -> None:
        print(f"{time.perf_counter() - start:6.1f} s  {stage}", flush=True)

    watch("extracting")
    face, iris, alone = extracted(given.faces, given.irises, given.jobs)
    # Every `DIVISIONS`-th pairing divides the people alike.
    pairings = [pair_up(face, iris, DIVISIONS * k, seed=SEED) for k in range(given.pairings)]
    watch("fitting")
    own = [fitted(face, iris, pairings[0], 1 - number) for number in (0, 1)]
    go = partial(run, face, iris, alone, pairings, given.fillers, given.light, watch)
    results = {"faces": face.name, "irises": iris.name, "pairings": given.pairings,
               "light": given.light, "halves": go(own)}  # fmt: skip
    if given.shipped:
        model = shipped(face.matcher.contract, iris.matcher.contract)
        assert model is not None
        results["shipped"] = go([model, model])
    given.out.write_text(json.dumps(results, indent=1) + "\n")
    for name in ("halves", "shipped"):
        if name in results:
            print(f"\n{name}\n{table(results[name]['rates'])}")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """As Markdown, shares in %."""

    def told(rate: list[float | None] | None) -> str:
        if rate is None or rate[0] is None:
            return "-"
        low, high = (f"{100 * end:.2g}" if end is not None else "-" for end in rate[1:])
        return f"{100 * rate[0]:.2g} [{low}, {high}]"

    lines = ["| by | N | FPIR wanted | threshold | kind | FPIR | FNIR | FNIR, set after |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        thresholds = " / ".join("-" if t is None else f"{t:.1f}" for t in row["thresholds"])
        after = row["fnir_threshold_set_afterwards"]
        lines.append(
            f"| {row['system']} | {row['n']:,} | {100 * row['wanted_fpir']:g} | {thresholds} | "
            f"{row['kind'].split(':')[0]} | {told(row.get('fpir'))} | {told(row.get('fnir'))} | "
            f"{'-' if after is None else f'{100 * after:.2g}'} |"
        )
    return "\n".join(lines)


def extracted(faces: Path, irises: Path, jobs: int) -> tuple[Side, Side, Singles]:
    """Both sides of people with several samples, and vectors of faces with one (k, d)."""
    sides = []
    for modality, root in (("face", faces), ("iris", irises)):
        some = read_samples(root, modality, min_samples=2)  # type: ignore[arg-type]
        sides.append(
            measure_side(
                some.modality, root, some.name, some.samples, judged_factory(some.modality),
                jobs=jobs, seed=SEED,
            )
        )  # fmt: skip
    known = {sample.path for sample in sides[0].samples}
    others = [s.path for s in read_samples(faces, "face").samples if s.path not in known]
    found = extract_all(judged_factory("face"), others, jobs=jobs)
    vectors = [one.template.template for one in found if one.failure is None]
    dimension = sides[0].extracted[0].template.template.size
    return sides[0], sides[1], np.array(vectors, np.float32).reshape(-1, dimension)


if __name__ == "__main__":
    main()
