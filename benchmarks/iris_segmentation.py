"""The segmenters of the iris room against the exact truth of synthetic eyes, and what they take.

Eyes are drawn in memory by `twofold.data.synthetic`, of people (by the seed) that the network was
not trained on, though by the same kind of program: both lights, two sizes, left and right. Scored
are the network, the classical segmenter and the default choice between them: intersection over
union of the visible iris and of the whole disc within the limbus, and the mean distance of the
found from the true outlines, both ways, in pixels and in iris radii. A refusal is counted and has
no score. With real sets (`--sets`) only time is measured. Times are medians of the CPU time of one
thread for a decoded grey picture.
"""

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from twofold import images
from twofold.data.samples import read_samples
from twofold.data.synthetic import Light, draw_iris, make_person
from twofold.data.synthetic.eye import Side
from twofold.data.synthetic.truth import BITS, label_map
from twofold.data.synthetic.view import Outlines
from twofold.errors import AcquisitionError
from twofold.images import Pixels
from twofold.iris.classical import ClassicalSegmenter
from twofold.iris.extraction import IrisExtractor
from twofold.iris.segmentation import Segmentation, segment
from twofold.iris.segmentation_network import NetworkSegmenter

SEED = 20_240  # the network's eyes are of seeds 11 and 12
LIGHTS: tuple[Light, ...] = ("nir", "visible")
SIDES: tuple[Side, ...] = ("left", "right")
SIZES = ((240, 320), (480, 640))
EYES = 60  # of each light and size
MOST = 60  # timed pictures of a real set
DEFAULT = "default choice"

Segment = Callable[[Pixels], Segmentation]


def measure(sets: Sequence[tuple[Path, str | None]] = (), eyes: int = EYES) -> dict[str, Any]:
    """All figures; `sets` as `twofold benchmark iris` reads them, for times."""
    ways: dict[str, Segment] = {
        "network": NetworkSegmenter().segment,
        "classical": ClassicalSegmenter().segment,
        DEFAULT: segment,
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        drawn = {
            f"{light}, {size[1]}x{size[0]}": _scored(ways, light, size, eyes)
            for light in LIGHTS
            for size in SIZES
        }
        results: dict[str, Any] = {"eyes_each": eyes, "seed": SEED, "synthetic_truth": drawn}
        if sets:
            results["real_sets"] = [_timed(ways, root, eye) for root, eye in sets]
    finally:
        cv2.setNumThreads(threads)
    _show(results)
    return results


def _scored(
    ways: dict[str, Segment], light: Light, size: tuple[int, int], eyes: int
) -> dict[str, Any]:
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    refusals: dict[str, Counter[str]] = {name: Counter() for name in ways}
    for number in range(eyes):
        person, side = make_person(SEED, number), SIDES[number % 2]
        picture, view, covers = draw_iris(
            person, SEED, number, 0, side=side, size=size, light=light, truth=True
        )
        assert covers is not None
        grey = images.read(picture, colour="grey")
        outlines = Outlines(person.eye(side), view, size)
        visible = (label_map(covers) & BITS["iris_visible"]) > 0
        for name, way in ways.items():
            if number == 0:
                _cpu(way, grey)  # the first run compiles and allocates
            found, seconds = _cpu(way, grey)
            spent[name].append(seconds)
            if isinstance(found, AcquisitionError):
                refusals[name][found.code] += 1
            else:
                scores[name].append(_score(found, visible, outlines))
    return {
        name: {
            "refused": dict(refusals[name]),
            **_summary(scores[name]),
            "median_cpu_ms": round(1e3 * statistics.median(spent[name]), 1),
        }
        for name in ways
    }


def _cpu(way: Segment, grey: Pixels) -> tuple[Segmentation | AcquisitionError, float]:
    start = time.process_time()
    found: Segmentation | AcquisitionError
    try:
        found = way(grey)
    except AcquisitionError as error:
        found = error
    return found, time.process_time() - start


def _score(found: Segmentation, visible: np.ndarray, true: Outlines) -> dict[str, float]:
    edges, pupil, limbus = found.boundaries, true.pupil(), true.limbus()
    disc = [_filled(contour, visible.shape) for contour in (edges.limbus, limbus)]
    far = {"pupil": _apart(edges.pupil, pupil), "limbus": _apart(edges.limbus, limbus)}
    return {
        "iou_visible": _iou(found.mask, visible),
        "iou_disc": _iou(*disc),
        **{f"{name}_px": distance for name, distance in far.items()},
        **{f"{name}_radii": distance / true.unit for name, distance in far.items()},
    }


def _summary(scores: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Mean of each score, and how its worst twentieth does."""
    columns: defaultdict[str, list[float]] = defaultdict(list)
    for one in scores:
        for name, value in one.items():
            columns[name].append(value)
    return {
        name: {
            "mean": round(float(np.mean(values)), 4),
            "worst_5_percent": round(
                float(np.quantile(values, 0.05 if name.startswith("iou") else 0.95)), 4
            ),
        }
        for name, values in columns.items()
    }


def _iou(found: np.ndarray, real: np.ndarray) -> float:
    either = int((found | real).sum())
    return int((found & real).sum()) / either if either else 1.0


def _filled(contour: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    plane = np.zeros(shape, np.uint8)
    cv2.fillPoly(plane, [np.round(contour * 16).astype(np.int32)], 1, shift=4)
    return plane > 0


def _apart(found: np.ndarray, real: np.ndarray) -> float:
    """Mean distance in pixels of the points of each closed contour from the other's line."""

    def one_way(points: np.ndarray, line: np.ndarray) -> float:
        polygon = line.astype(np.float32)
        distances = [abs(cv2.pointPolygonTest(polygon, (x, y), True)) for x, y in points.tolist()]
        return float(np.mean(distances))

    return (one_way(found, real) + one_way(real, found)) / 2


def _timed(ways: dict[str, Segment], root: Path, eyes: str | None) -> dict[str, Any]:
    found = read_samples(root, "iris", eyes=eyes)
    samples = found.samples
    paths = [one.path for one in samples[:: max(1, len(samples) // MOST)][:MOST]]
    pictures = [images.read(path, colour="grey") for path in paths]
    extractor = IrisExtractor()
    steps: dict[str, Callable[[Pixels], Any]] = {
        **{f"segment, {name}": way for name, way in ways.items()},
        "picture to code and quality": extractor.extract,
    }
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for number in [0, *range(len(pictures))]:
        for name, step in steps.items():
            spent[name].append(_cpu(step, pictures[number])[1])
    sizes = sorted({f"{one.shape[1]}x{one.shape[0]}" for one in pictures})
    medians = {
        name: round(1e3 * statistics.median(seconds[1:]), 1) for name, seconds in spent.items()
    }
    facts = {"set": found.name, "pictures": len(pictures), "sizes": sizes[:4]}
    return {**facts, "median_cpu_ms": medians}


def _show(results: dict[str, Any]) -> None:
    console = Console(stderr=True)
    console.print("Synthetic eyes; errors of outlines in pixels, and in hundredths of the radius")
    table = Table("segmenter", "refused", "IoU visible", "IoU disc", "pupil", "limbus", "CPU ms")
    for eyes, ways in results["synthetic_truth"].items():
        table.add_section()
        table.add_row(f"[bold]{eyes}[/bold]")
        for name, one in ways.items():
            table.add_row(name, str(sum(one["refused"].values())), *_cells(one))
    console.print(table)
    for one in results.get("real_sets", []):
        times = ", ".join(f"{name} {ms} ms" for name, ms in one["median_cpu_ms"].items())
        console.print(f"{one['set']} ({', '.join(one['sizes'])}): {times}")


def _cells(one: dict[str, Any]) -> list[str]:
    if "iou_disc" not in one:
        return ["–", "–", "–", "–", f"{one['median_cpu_ms']:.1f}"]
    return [
        *(f"{one[key]['mean']:.3f}" for key in ("iou_visible", "iou_disc")),
        *(
            f"{one[f'{edge}_px']['mean']:.2f} ({100 * one[f'{edge}_radii']['mean']:.1f})"
            for edge in ("pupil", "limbus")
        ),
        f"{one['median_cpu_ms']:.1f}",
    ]
