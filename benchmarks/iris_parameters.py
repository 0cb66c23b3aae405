"""Parameters of the iris code chosen on half of the people, reported on the other half, swapped.

Stated before anything is measured: the people of every set are split in two as by
`twofold benchmark iris --halves`; of `variants()` the one is chosen whose mean over the sets of
log10(EER + 0.1 %) is lowest on the choosing half of all sets together, of equals the one with the
lower mean FNMR at FMR 0.1 % (over the sets whose half supports it), then the first in the order of
the grid. It is then measured on the other half with `twofold benchmark`'s own code (failures count
as non-matches), beside what is shipped. One set of parameters serves all sets. Which segmenter is
asked first is chosen likewise, with the shipped code.

Pictures are segmented and unrolled once for each order of the segmenters. The waves of the grid are
planes of one code, cut apart afterwards: planes do not depend on one another.
"""

import multiprocessing
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from twofold import images
from twofold.data.dataset import printable
from twofold.data.samples import SampleSet, read_samples
from twofold.data.synthetic import MANIFEST, Light, synthesise
from twofold.errors import AcquisitionError, ImageError
from twofold.evaluation.verification.benchmark import split
from twofold.evaluation.verification.comparisons import (
    Comparisons,
    compared,
    of_subjects,
    people_of,
)
from twofold.evaluation.verification.curves import told
from twofold.evaluation.verification.rates import SEED, ErrorRates, Rate, error_rates
from twofold.images import Pixels
from twofold.iris import choosing
from twofold.iris.code import CodeLayout, IrisCode, pack, unpack
from twofold.iris.comparison import DEFAULT as COMPARING
from twofold.iris.comparison import compare_all
from twofold.iris.encoding import DEFAULT as ENCODING
from twofold.iris.encoding import Encoding, Wave, encode
from twofold.iris.extraction import _require_bits  # what it refuses fails here, too
from twofold.iris.segmentation import Segmentation, Segmenter
from twofold.iris.unwrapping import Strip, unwrap

FMR = 1e-3
LENGTHS = (12, 16, 20, 24, 32, 40)  # of 512 around the iris
SPREADS = (0.25, 0.5)
FRAGILE = (0.2, 0.3)
ROTATIONS = (20.0, 42.5)  # degrees to each side
ORDERS = ("network first", "classical first")
_WAVES = tuple(Wave(length / 512, spread) for length, spread in product(LENGTHS, SPREADS))
_FLOOR = 1e-3  # added to an EER, so that none is infinitely better than a small one

Codes = dict[tuple[int, float], IrisCode | None]  # by number of the wave and fragile share


@dataclass(frozen=True)
class Variant:
    """One point of the grid."""

    length: int
    spread: float
    fragile: float
    rotation: float

    def __str__(self) -> str:
        return (
            f"wave {self.length}/512, spread {self.spread}, fragile {self.fragile},"
            f" rotation {self.rotation}"
        )


SHIPPED = Variant(
    round(ENCODING.waves[0].length * 512),
    ENCODING.waves[0].spread,
    ENCODING.fragile,
    COMPARING.rotation,
)


def variants() -> list[Variant]:
    """The grid, in order; what is shipped is a point of it."""
    return [Variant(*point) for point in product(LENGTHS, SPREADS, FRAGILE, ROTATIONS)]


class _Once:
    """A segmenter that remembers what came of the last picture."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self.last: tuple[Pixels, Segmentation | AcquisitionError] | None = None

    def segment(self, grey: Pixels) -> Segmentation:
        if self.last is None or self.last[0] is not grey:
            try:
                self.last = grey, self.segmenter.segment(grey)
            except AcquisitionError as error:
                self.last = grey, error
        found = self.last[1]
        if isinstance(found, AcquisitionError):
            raise found
        return found


_segmenters: list[Segmenter] = []


def _prepare() -> None:
    cv2.setNumThreads(1)
    _segmenters[:] = [_Once(one) for one in choosing.segmenters()]


def _extract(path: Path) -> tuple[Codes, Codes]:
    """Codes of one picture, by order of the segmenters; None where there is none."""
    try:
        grey = images.read(path, colour="grey")
    except ImageError:
        grey = None
    return _codes(grey, _segmenters, FRAGILE), _codes(grey, _segmenters[::-1], (SHIPPED.fragile,))


def _codes(grey: Pixels | None, order: list[Segmenter], shares: Sequence[float]) -> Codes:
    strip: Strip | None = None
    if grey is not None:
        with patch.object(choosing, "segmenters", lambda: order):
            try:
                strip = unwrap(grey, choosing.segment_best(grey))
            except AcquisitionError:
                strip = None
    codes: Codes = {}
    for share in shares:
        many = strip and encode(strip, replace(ENCODING, waves=_WAVES, fragile=share))
        for number in range(len(_WAVES)):
            codes[number, share] = _plane(many, number) if many else None
    return codes


def _plane(many: IrisCode, number: int) -> IrisCode | None:
    """The code of one wave alone, or None where the extractor refuses it."""
    layout: CodeLayout = Encoding().layout
    pair = slice(2 * number, 2 * number + 2)
    bits, mask = (unpack(words, many.layout)[:, pair] for words in (many.bits, many.mask))
    code = IrisCode(layout, pack(bits), pack(mask))
    try:
        _require_bits(code)
    except AcquisitionError:
        return None
    return code


def measure(sets: Sequence[tuple[Path, str | None]], workers: int = 2) -> dict[str, Any]:
    """All figures.

    Args:
        sets: iris sets as `twofold benchmark iris` reads them, and the eyes where names do not
            tell them.
        workers: processes.
    """
    samples: dict[str, SampleSet] = {}
    for root, eyes in sets:
        found = read_samples(root, "iris", eyes=eyes)
        samples[_name(found, samples)] = found
    start = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare) as pool:
        codes = {
            name: list(pool.map(_extract, [one.path for one in group.samples], chunksize=8))
            for name, group in samples.items()
        }
    extracted = time.perf_counter()
    halves = {name: split(len(group.subjects), SEED) for name, group in samples.items()}
    grid = [
        {
            name: _of_halves(samples[name], [one[0] for one in codes[name]], variant, halves[name])
            for name in samples
        }
        for variant in variants()
    ]
    orders = [
        {
            name: _of_halves(samples[name], [one[k] for one in codes[name]], SHIPPED, halves[name])
            for name in samples
        }
        for k in range(len(ORDERS))
    ]
    shipped = variants().index(SHIPPED)
    results: dict[str, Any] = {
        "criterion": "lowest mean over sets of log10(EER + 0.1 %); ties: mean FNMR at FMR 0.1 %",
        "variants": len(grid),
        "shipped": str(SHIPPED),
        "sets": {name: _about(group) for name, group in samples.items()},
        "parameters": _swapped(grid, [str(one) for one in variants()], shipped),
        "first_segmenter": _swapped(orders, list(ORDERS), 0),
        "seconds": {
            "segment and encode": round(extracted - start, 1),
            "compare": round(time.perf_counter() - extracted, 1),
        },
    }
    _show(results)
    return results


def _name(found: SampleSet, taken: Iterable[str]) -> str:
    name = found.name.split("/")[0] if found.layout != "csv" else printable(found.folder.name)
    return name if name not in taken else str(found.root)


def _about(group: SampleSet) -> dict[str, int]:
    return {
        "samples": len(group.samples),
        "subjects": len(group.subjects),
        "eyes": len({one.identity for one in group.samples}),
    }


def _of_halves(
    group: SampleSet,
    codes: Sequence[Codes],
    variant: Variant,
    halves: tuple[list[int], list[int]],
) -> list[Comparisons]:
    number = _WAVES.index(Wave(variant.length / 512, variant.spread))
    chosen = [one[number, variant.fragile] for one in codes]
    people = people_of(group, [one is None for one in chosen])
    scores = compare_all(
        [one for one in chosen if one is not None], replace(COMPARING, rotation=variant.rotation)
    )
    whole = compared(people, scores)
    return [of_subjects(whole, half) for half in halves]


def _swapped(
    measured: Sequence[dict[str, list[Comparisons]]], names: Sequence[Any], shipped: int
) -> dict[str, Any]:
    """Choose on one half, report on the other, then the other way round."""
    quick = [
        {name: [error_rates(half, resamples=2) for half in parts] for name, parts in one.items()}
        for one in measured
    ]
    results = {}
    for chooser, other, label in ((0, 1, "A, reported on B"), (1, 0, "B, reported on A")):
        merits = [_merit([parts[chooser] for parts in one.values()]) for one in quick]
        ranked = sorted(range(len(merits)), key=lambda k: (merits[k], k))
        best = ranked[0]
        results[f"chosen on {label}"] = {
            "chosen": names[best],
            "place_of_shipped": ranked.index(shipped) + 1,
            "merits": {str(names[k]): merits[k] for k in ranked},
            "choosing_half": {
                "chosen": {n: _plain(p[chooser]) for n, p in quick[best].items()},
                "shipped": {n: _plain(p[chooser]) for n, p in quick[shipped].items()},
            },
            "other_half": {
                "chosen": {n: _full(p[other]) for n, p in measured[best].items()},
                "shipped": {n: _full(p[other]) for n, p in measured[shipped].items()},
            },
        }
    return results


def _merit(rates: Sequence[ErrorRates]) -> tuple[float, float]:
    eers = [1.0 if one.eer.value is None else one.eer.value for one in rates]
    fnmrs = [value for one in rates if (value := _at_fmr(one).value) is not None]
    second = float(np.mean(fnmrs)) if fnmrs else 0.0
    return round(float(np.mean(np.log10(np.array(eers) + _FLOOR))), 9), round(second, 9)


def _at_fmr(rates: ErrorRates) -> Rate:
    return next(point.fnmr for point in rates.points if point.wanted == FMR)


def _plain(rates: ErrorRates) -> dict[str, float | None]:
    return {"eer": rates.eer.value, "fnmr_at_fmr_0.001": _at_fmr(rates).value}


def _full(comparisons: Comparisons) -> dict[str, Any]:
    rates = error_rates(comparisons)
    fnmr = _at_fmr(rates)
    return {
        "samples": rates.samples,
        "failed": rates.failed,
        "mated": rates.counts.mated,
        "non_mated": rates.counts.non_mated,
        "eer": asdict(rates.eer),
        "fnmr_at_fmr_0.001": asdict(fnmr),
        "told": {"EER": told(rates.eer), "FNMR at FMR 0.1 %": told(fnmr)},
    }


def _show(results: dict[str, Any]) -> None:
    console = Console(stderr=True)
    for part in ("parameters", "first_segmenter"):
        table = Table("set", "what", "EER", "FNMR at FMR 0.1 %")
        for label, found in results[part].items():
            place = f"the shipped ones are number {found['place_of_shipped']} there"
            table.add_section()
            table.add_row(f"[bold]{label}[/bold]")
            console.print(f"{part} {label}: {found['chosen']} ({place})")
            for what in ("chosen", "shipped"):
                for name, one in found["other_half"][what].items():
                    table.add_row(name, what, *one["told"].values())
        console.print(table)


def synthetic(folder: Path) -> list[tuple[Path, str | None]]:
    """Two small sets of people who do not exist, near-infrared and visible."""
    lights: tuple[Light, ...] = ("nir", "visible")
    made: list[tuple[Path, str | None]] = []
    for light in lights:
        out = folder / f"irises-{light}"
        synthesise(out, 16, 4, 1, 77, iris_size=(240, 320), light=light, eyes="both")
        made.append((out / MANIFEST, None))
    return made
