"""Fits the calibrations and thresholds that ship with Twofold: src/twofold/fusion/default.json.

    .venv/bin/python tools/fit_fusion.py --faces lfw_subset orl --nir mmu1 --visible ubiris_v1

Every argument is a folder with one folder per subject (docs/data.md names the public sets and where
they come from). Each picture is taken as it is and once more degraded on purpose (blur, coarse
pixels, noise, occlusion, of any strength), so that calibrations know what poor quality does. The
same pictures give the same file. With --halves nothing is written: the calibrations are fitted on
one half of the people and judged on the other, both ways. docs/fusion.md explains the choices.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fusion_sets import KINDS, Compared, Flags, Floats, compare_set

from twofold.fusion.calibration import Calibration, CalibrationCard, calibrate
from twofold.fusion.cost import cllr, min_cllr
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import CombinationThresholds, measure
from twofold.fusion.pairing import PAIRINGS
from twofold.fusion.rules import SumRule
from twofold.fusion.tails import tail
from twofold.template import Light

OUT = Path(__file__).resolve().parents[1] / "src" / "twofold" / "fusion" / "default.json"
DEGRADED_WEIGHT = 0.3  # of degraded comparisons beside 1 of those as photographed
NOTE = (
    "Fitted on the comparisons as photographed (weight 1) and with one sample degraded on purpose: "
    f"{', '.join(KINDS)} (weight {DEGRADED_WEIGHT}); counts and costs are of those as photographed."
)


Kept = dict[str, Flags]  # which samples of each set


def everybody(sets: Sequence[Compared]) -> Kept:
    return {one.source.data: np.ones(len(one.subject), dtype=bool) for one in sets}


def half(sets: Sequence[Compared], which: int, seed: int) -> Kept:
    """The samples of one half of the people of each set."""
    kept = {}
    for one in sets:
        people = np.random.default_rng(seed).permutation(np.unique(one.subject))
        middle = len(people) // 2
        chosen = people[:middle] if which == 0 else people[middle:]
        kept[one.source.data] = np.isin(one.subject, chosen)
    return kept


def fit(sets: Sequence[Compared], light: Light | None, kept: Kept, **options: Any) -> Calibration:
    """One calibration of several sets, each weighing the same."""
    parts, weights, plain = [], [], []
    for one in sets:
        for version, weight in ((one.plain, 1.0), (one.degraded, DEGRADED_WEIGHT)):
            part = one.comparisons(kept[one.source.data], version)
            mated = part[1]
            counts = np.where(mated, mated.sum(), (~mated.astype(bool)).sum())
            parts.append(part)
            weights.append(weight / counts)
            if version is one.plain:
                plain.append(part)
    score, mated, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    fitted = calibrate(
        score, mated, modality=sets[0].modality, light=light, contract=sets[0].contract,
        quality=quality, weights=np.concatenate(weights),
        repeats=3,  # as photographed, and either sample degraded
        card=CalibrationCard(sources=tuple(one.source for one in sets), note=NOTE),
        **options,
    )  # fmt: skip
    score, mated, quality = (np.concatenate(column) for column in zip(*plain, strict=True))
    ratios = fitted.llr(score, quality)
    return described(fitted, score, mated.astype(bool), ratios)


def described(fitted: Calibration, score: Floats, mated: Any, ratios: Floats) -> Calibration:
    """The calibration with counts, costs and tails of the comparisons as photographed."""
    card = replace(
        fitted.card,
        mated=int(mated.sum()),
        non_mated=int((~mated).sum()),
        cllr=cllr(ratios, mated),
        min_cllr=min_cllr(ratios, mated),
        lowest_fmr=3.0 / int((~mated).sum()),
    )
    return replace(
        fitted,
        card=card,
        non_mated=tail(score[~mated], upper=True),
        mated=tail(score[mated], upper=False),
    )


def single(one: Compared, fitted: Calibration, kept: Kept) -> tuple[Floats, Any]:
    """Ratios and kinds of a set's comparisons."""
    score, mated, quality = one.comparisons(kept[one.source.data], one.plain)
    return fitted.llr(score, quality), mated.astype(bool)


def pairings(
    face: Compared, iris: Compared, fitted: tuple[Calibration, Calibration], kept: Kept
) -> Iterator[tuple[dict[str, Floats], Flags]]:
    """Ratios of chimeric people: each subject of faces with an eye drawn by seed."""
    inside = kept[face.source.data], kept[iris.source.data]
    for seed in range(PAIRINGS):
        drawn = np.random.default_rng(seed)
        people = drawn.permutation(np.unique(face.subject[inside[0]]))
        eyes = drawn.permutation(np.unique(iris.identity[inside[1]]))
        rows: list[tuple[int, Any, Any]] = []
        for number, (person, eye) in enumerate(zip(people, eyes, strict=False)):
            its = np.flatnonzero(face.subject == person), np.flatnonzero(iris.identity == eye)
            rows += [(number, a, b) for a, b in zip(*its, strict=False)]
        who, a, b = np.array(rows).T
        first, second = np.triu_indices(len(who), 1)
        ratios: dict[str, Floats] = {
            one.modality: calibration.llr(
                one.plain.score[at[first], at[second]], one.plain.quality[at[first], at[second]]
            )
            for one, at, calibration in zip((face, iris), (a, b), fitted, strict=True)
        }
        yield ratios, who[first] == who[second]


def thresholds(
    model: FusionModel, faces: Sequence[Compared], irises: Sequence[Compared], kept: Kept
) -> tuple[CombinationThresholds, ...]:
    """Thresholds of every combination and light."""
    face = model.calibration("face")
    named = " and ".join(one.source.data for one in faces)
    ratios, mated = joined([single(one, face, kept) for one in faces])
    found = [measure(ratios, mated, combination="face", light=None, source=named)]
    lights: list[Light | None] = [one.light for one in irises]
    for light in (*lights, None):
        sets = [one for one in irises if light in (None, one.light)]
        iris = model.calibration("iris", light)
        names = " and ".join(one.source.data for one in sets)
        ratios, mated = joined([single(one, iris, kept) for one in sets])
        found.append(measure(ratios, mated, combination="iris", light=light, source=names))
        fused = [
            (model.rule.fuse(both), kind)
            for one in sets
            for both, kind in pairings(faces[0], one, (face, iris), kept)
        ]
        ratios, mated = joined(fused)
        source = f"{PAIRINGS} chimeric pairings of {faces[0].source.data} with {names}"
        found.append(
            measure(
                ratios, mated, combination="face+iris", light=light, source=source,
                pairings=PAIRINGS,
            )
        )  # fmt: skip
    return tuple(found)


def joined(parts: Sequence[tuple[Floats, Any]]) -> tuple[Floats, Any]:
    ratios, mated = zip(*parts, strict=True)
    return np.concatenate(ratios), np.concatenate(mated)


def build(
    faces: Sequence[Compared], irises: Sequence[Compared], kept: Kept, **options: Any
) -> FusionModel:
    """Calibrations and thresholds."""
    calibrations = [fit(faces, None, kept, **options)]
    calibrations += [fit([one], one.light, kept, **options) for one in irises]
    if len(irises) > 1:
        calibrations.append(fit(irises, None, kept, **options))
    model = FusionModel(tuple(calibrations), SumRule())
    return replace(model, thresholds=thresholds(model, faces, irises, kept))


# Judging on people that were not fitted on


def judge(faces: Sequence[Compared], irises: Sequence[Compared], seed: int) -> None:
    """Print what a model of one half of the people does to the other half, both ways."""
    sets = (*faces, *irises)
    for which in (0, 1):
        model = build(faces, irises, half(sets, which, seed))
        other = half(sets, 1 - which, seed)
        print(f"Half {which + 1} applied to half {2 - which}")
        for one in sets:
            ratios, mated = single(one, model.calibration(one.modality, one.light), other)
            print(f"  {one.source.data}: Cllr {cllr(ratios, mated):.4f} bits, "
                  f"minCllr {min_cllr(ratios, mated):.4f} bits")  # fmt: skip
        there = {(one.combination, one.light): one
                 for one in thresholds(model, faces, irises, other)}  # fmt: skip
        measured = _other_half(model, faces, irises, other)
        for one_of in model.thresholds:
            key = one_of.combination, one_of.light
            ratios, mated = measured[key]
            for point in one_of.points:
                if point.fmr < there[key].lowest_fmr:
                    continue
                passed = ratios >= point.llr
                print(f"  {key[0]} {key[1] or 'any light'}: FMR {point.fmr:g} wanted, "
                      f"{passed[~mated].mean():.2g} found; FNMR {1 - passed[mated].mean():.3%}"
                      )  # fmt: skip


def _other_half(
    model: FusionModel, faces: Sequence[Compared], irises: Sequence[Compared], kept: Kept
) -> dict[tuple[str, Light | None], tuple[Floats, Any]]:
    face = model.calibration("face")
    found: dict[tuple[str, Light | None], tuple[Floats, Any]] = {
        ("face", None): joined([single(one, face, kept) for one in faces])
    }
    for light in (*(one.light for one in irises), None):
        sets = [one for one in irises if light in (None, one.light)]
        iris = model.calibration("iris", light)
        found["iris", light] = joined([single(one, iris, kept) for one in sets])
        found["face+iris", light] = joined([
            (model.rule.fuse(both), kind)
            for one in sets
            for both, kind in pairings(faces[0], one, (face, iris), kept)
        ])  # fmt: skip
    return found


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--faces", type=Path, nargs="+", required=True)
    options.add_argument("--nir", type=Path, required=True)
    options.add_argument("--visible", type=Path, required=True)
    options.add_argument("--out", type=Path, default=OUT)
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options.add_argument("--halves", action="store_true")
    options.add_argument("--seed", type=int, default=7, help="of the halves")
    given = options.parse_args()
    names = " ".join(path.name for path in given.faces)
    command = (
        f"python tools/fit_fusion.py --faces {names} --nir {given.nir.name} "
        f"--visible {given.visible.name}"
    )
    faces = [compare_set(path, "face", None, given.jobs, command) for path in given.faces]
    irises = [
        compare_set(given.nir, "iris", "nir", given.jobs, command),
        compare_set(given.visible, "iris", "visible", given.jobs, command),
    ]
    if given.halves:
        judge(faces, irises, given.seed)
        return
    model = build(faces, irises, everybody((*faces, *irises)))
    model.save(given.out)
    print(f"Written: {given.out}")


if __name__ == "__main__":
    main()
