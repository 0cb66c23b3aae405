"""The figures of a fused report, each for a light and a dark page."""

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.evaluation.style import BRANCH, FAINT, INK, LINE, PAPER, look
from twofold.evaluation.verification.curves import percentage
from twofold.evaluation.verification.fused import FusedOutcome, Measured
from twofold.evaluation.verification.pools import SYSTEMS, System
from twofold.evaluation.verification.rates import ErrorRates

TITLES: dict[System, str] = {"face": "face", "iris": "iris", "fused": "both (fused)"}
_STROKES: dict[System, Any] = {"face": (0, (5, 1.5)), "iris": (0, (1.5, 1)), "fused": "-"}
_WIDTHS: dict[System, float] = {"face": 1.7, "iris": 1.9, "fused": 2.6}
_BINS = 100


@dataclass(frozen=True)
class Palette:
    """Colours of a page: those of the systems, and of what is around them."""

    systems: Mapping[System, str]
    mated: str
    non_mated: str
    ink: str
    faint: str
    line: str
    paper: str


LIGHT = Palette(
    {"face": BRANCH["face"], "iris": BRANCH["iris"], "fused": BRANCH["fused"]},
    "#0072B2", "#D55E00", INK, FAINT, LINE, PAPER,
)  # fmt: skip
DARK = Palette(
    {"face": "#F2B134", "iris": "#63D2C6", "fused": "#8AB6FF"},
    "#8AB6FF", "#FF9A5C", "#E6EAF0", "#A3ADBA", "#39424E", "#171B21",
)  # fmt: skip


@dataclass(frozen=True)
class Plot:
    """A figure as a page shows it: SVG data URIs, its width in CSS pixels, and its words."""

    light: str
    dark: str
    width: int
    alt: str


def plot(draw: Callable[[Palette], Figure], alt: str) -> Plot:
    """Draw a figure for both kinds of pages."""
    found = []
    width = 0
    for palette in (LIGHT, DARK):
        with _in(palette):
            figure = draw(palette)
            width = round(figure.get_size_inches()[0] * 96)
            text = io.BytesIO()
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        found.append(
            "data:image/svg+xml;base64," + base64.b64encode(text.getvalue()).decode("ascii")
        )
    return Plot(found[0], found[1], width, alt)


@contextmanager
def _in(palette: Palette) -> Iterator[None]:
    settings: Any = {
        "text.color": palette.ink, "axes.labelcolor": palette.faint,
        "axes.edgecolor": palette.line, "axes.facecolor": "none", "grid.color": palette.line,
        "xtick.color": palette.faint, "ytick.color": palette.faint,
        "xtick.labelcolor": palette.ink, "ytick.labelcolor": palette.ink,
        "figure.facecolor": "none", "savefig.facecolor": "none", "svg.hashsalt": "twofold",
    }  # fmt: skip
    with look(), matplotlib.rc_context(settings):
        yield


def det(measured: Measured, palette: Palette) -> Figure:
    """FNMR against FMR of all three, both axes logarithmic, with the interval of both."""
    figure = Figure(figsize=(7.4, 5.4), layout="constrained")
    axes = figure.subplots()
    _det(axes, measured.rates, palette, bands=True)
    axes.set_xlabel("false match rate (FMR)")
    axes.set_ylabel("false non-match rate (FNMR), failures included")
    axes.legend(loc="upper right", title="band: 95 % interval of both", alignment="left")
    return figure


def degraded(measured: Sequence[Measured], palette: Palette) -> Figure:
    """The same axes for every condition."""
    columns = min(len(measured), 2)
    rows = -(-len(measured) // columns)
    figure = Figure(figsize=(4.7 * columns, 3.5 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    floor = _floor([one.rates["fused"] for one in measured])
    for place, one in enumerate(measured):
        axes = grid[divmod(place, columns)]
        _det(axes, one.rates, palette, bands=False, floor=floor)
        how = one.condition.how
        done = "missing" if how == "missing" else f"spoilt by {how}"
        verdict = "" if not one.setbacks else "  (see the table)"
        axes.set_title(f"{one.condition.modality} {done}{verdict}")
        if place // columns == rows - 1 or place + columns >= len(measured):
            axes.set_xlabel("FMR")
        if place % columns == 0:
            axes.set_ylabel("FNMR")
    for place in range(len(measured), rows * columns):
        grid[divmod(place, columns)].set_axis_off()
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3)
    return figure


def _floor(rates: Sequence[ErrorRates]) -> float:
    least = min(0.5 / max(one.counts.mated, 1) for one in rates)
    return float(np.clip(least, 1e-6, 0.02))


def _det(
    axes: Axes, rates: Mapping[System, ErrorRates], palette: Palette, *, bands: bool,
    floor: float | None = None,
) -> None:  # fmt: skip
    least = _floor(list(rates.values())) if floor is None else floor
    left = float(rates["fused"].det.fmr[0])
    top = max(float(rates[system].det.fnmr.max()) for system in SYSTEMS)
    for system in SYSTEMS:
        curve, colour = rates[system].det, palette.systems[system]
        if bands and system == "fused" and not np.isnan(curve.low).any():
            low, high = np.maximum(curve.low, least), np.maximum(curve.high, least)
            axes.fill_between(curve.fmr, low, high, color=colour, alpha=0.13, lw=0)
        axes.plot(
            curve.fmr, np.maximum(curve.fnmr, least), color=colour, lw=_WIDTHS[system],
            ls=_STROKES[system], label=TITLES[system], clip_on=False,
            zorder=4 if system == "fused" else 3,
        )  # fmt: skip
        eer = rates[system].eer.value
        if eer and bands:
            axes.plot(eer, max(eer, least), "o", color=colour, ms=5, zorder=5)
    ends = np.array([left, 0.5])
    axes.plot(ends, np.maximum(ends, least), color=palette.faint, lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left, 0.5)
    axes.set_ylim(least * 0.9, min(1.0, max(0.1, top * 1.8)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda share, _: percentage(round(share, 12)))
        axis.set_minor_formatter(lambda share, _: "")
    axes.grid(True)
    if not (rates["fused"].det.fnmr > 0).any():
        axes.text(
            0.02, 0.025, "both: no false non-match at any FMR shown", transform=axes.transAxes,
            color=palette.faint,
        )  # fmt: skip


def spread(outcome: FusedOutcome, fmr: float, palette: Palette) -> Figure:
    """EER and FNMR of every pairing alone, a dot each."""
    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    clean = outcome.clean
    panels = figure.subplots(2, 1)
    rng = np.random.default_rng(1)  # of the dots' places across, nothing else
    for axes, values, title in (
        (panels[0], {s: clean.eer_spread[s].values for s in SYSTEMS}, "EER"),
        (panels[1], {s: clean.fnmr_spread[s][fmr].values for s in SYSTEMS},
         f"FNMR at FMR {percentage(fmr)}"),
    ):  # fmt: skip
        for row, system in enumerate(reversed(SYSTEMS)):
            shown = 100 * np.array(values[system])
            away = row + rng.uniform(-0.16, 0.16, len(shown))
            axes.plot(shown, away, "o", color=palette.systems[system], ms=4.5, alpha=0.65, mew=0)
            if len(shown):
                middle = np.median(shown)
                axes.plot([middle, middle], [row - 0.3, row + 0.3], color=palette.ink, lw=1.6)
        axes.set_title(title)
        axes.set_xlim(left=0 - 0.02 * max(axes.get_xlim()[1], 0.02))
        axes.set_xlabel("% in each pairing")
        axes.grid(axis="x")
        axes.set_yticks(range(3), [TITLES[one] for one in reversed(SYSTEMS)])
        axes.set_ylim(-0.5, 2.5)
    return figure


def histograms(outcome: FusedOutcome, palette: Palette) -> Figure:
    """Mated and non-mated scores of all three with the threshold drawn."""
    figure = Figure(figsize=(7.4, 6.4), layout="constrained")
    rows = figure.subplots(3, 1)
    pool = outcome.pool
    for axes, system in zip(rows, SYSTEMS, strict=True):
        judged = pool.judged(system)
        there = ~np.isnan(judged)
        edges = np.linspace(float(judged[there].min()), float(judged[there].max()), _BINS + 1)
        for kind, name, colour in (
            (~pool.mated, "non-mated", palette.non_mated),
            (pool.mated, "mated", palette.mated),
        ):
            numbers, _ = np.histogram(judged[kind & there], edges)
            share = numbers / max(numbers.sum(), 1)
            axes.stairs(share, edges, fill=True, color=colour, alpha=0.28)
            axes.stairs(share, edges, color=colour, lw=1.3, label=name)
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.3 / max(int((~pool.mated).sum()), 1))
        axes.yaxis.set_major_formatter(lambda share, _: percentage(round(share, 12)))
        at = outcome.mistakes[system]
        if at.threshold is not None and at.wanted is not None:
            axes.axvline(at.threshold, color=palette.ink, lw=1.2, ls="--",
                         label=f"threshold, FMR {percentage(at.wanted)}")  # fmt: skip
        unit = "log-likelihood ratio" if system == "fused" else "score"
        axes.set_title(TITLES[system])
        axes.set_xlabel(f"{unit} (higher: more alike)")
        axes.set_ylabel("share")
        axes.grid(axis="y")
    handles, labels = rows[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3)
    return figure


def identification(outcome: FusedOutcome, palette: Palette) -> Figure:
    """The CMC, and the open set's FNIR against FPIR."""
    figure = Figure(figsize=(7.4, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    lowest = 1.0
    for system in SYSTEMS:
        found = outcome.identified[system]
        style = {"color": palette.systems[system], "lw": _WIDTHS[system], "ls": _STROKES[system]}
        ranks = np.arange(1, len(found.rank) + 1)
        left.plot(ranks, found.rank, label=TITLES[system], marker="o", ms=3, clip_on=False, **style)
        lowest = min(lowest, float(found.rank[0]))
        curve = found.open_set
        floor = 0.5 / max(found.probes, 1)
        right.plot(curve.fmr, np.maximum(curve.fnmr, floor), **style, clip_on=False)
    missed = max(1 - lowest, 0.008)
    left.set_ylim(max(0.0, 1 - 1.25 * missed), 1 + 0.06 * missed)
    left.set_xticks(range(1, 11, 3))
    left.set_title("closed set (CMC)")
    left.set_xlabel("rank")
    left.set_ylabel("mate among the first candidates")
    left.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.6g} %")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_title("open set")
    right.set_xlabel("FPIR: unmated probes with a candidate")
    right.set_ylabel("FNIR: mated probes missed")
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_formatter(lambda share, _: percentage(round(share, 12)))
        axis.set_minor_formatter(lambda share, _: "")
    for axes in (left, right):
        axes.grid(True)
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def reliability(outcome: FusedOutcome, palette: Palette) -> Figure:
    """Observed against stated log-likelihood ratios."""
    figure = Figure(figsize=(5.6, 4.4), layout="constrained")
    axes = figure.subplots()
    bounds = [0.0]
    for system in SYSTEMS:
        found = outcome.reliability[system]
        if not len(found.stated):
            continue
        bounds += [*found.stated.tolist(), *found.observed.tolist()]
        axes.plot(
            found.stated, found.observed, "o-", color=palette.systems[system], ms=4, lw=1.4,
            label=TITLES[system],
        )  # fmt: skip
    low, high = min(bounds) - 1, max(bounds) + 1
    axes.plot([low, high], [low, high], color=palette.faint, lw=0.9, ls=":")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_xlabel("stated log-likelihood ratio")
    axes.set_ylabel("observed log-likelihood ratio")
    axes.grid(True)
    if len(bounds) > 1:
        axes.legend(loc="upper left")
    else:
        axes.text(
            0.5, 0.06, "no ratio that mated and non-mated comparisons\nboth reach often enough",
            transform=axes.transAxes, color=palette.faint, ha="center",
        )  # fmt: skip
    return figure
