"""Several systems in one figure: DET and ROC curves with their bands, and histograms of scores."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.evaluation.style import FAINT, LINE, look
from twofold.evaluation.verification.curves import percentage, told
from twofold.evaluation.verification.rates import ErrorRates
from twofold.evaluation.verification.systems import System
from twofold.evaluation.wording import counted, readable

MOST = 8

# Okabe & Ito (2008), each with a line of its own.
_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "ls": "-"},
    {"color": "#D55E00", "ls": "--"},
    {"color": "#009E73", "ls": "-."},
    {"color": "#CC79A7", "ls": ":"},
    {"color": "#E69F00", "ls": (0, (5, 1, 1, 1))},
    {"color": "#56B4E9", "ls": (0, (3, 1))},
    {"color": "#000000", "ls": (0, (1, 1))},
    {"color": "#8C6D31", "ls": (0, (7, 2))},
)
_MATED, _NON_MATED = "#0072B2", "#D55E00"
_BINS = 80
_WIDEST = 0.1  # an axis of FMR begins here or lower
_LEGEND = 40  # characters of a name


def det_of(systems: Sequence[tuple[str, ErrorRates]], title: str) -> Figure:
    """FNMR against FMR, both axes logarithmic; a rate of 0 is drawn at the lower edge.

    Args:
        systems: up to 8 names and rates.
    """
    floor = _floor(systems)
    left = min(_WIDEST, *(float(rates.det.fmr[0]) for _, rates in systems))
    with look():
        figure = Figure(figsize=(7.2, 5.9), layout="constrained")
        axes = figure.subplots()
        for place, (name, rates) in enumerate(systems):
            det, style = rates.det, _LOOKS[place % len(_LOOKS)]
            if not np.isnan(det.low).any():
                axes.fill_between(
                    det.fmr, np.maximum(det.low, floor), np.maximum(det.high, floor),
                    color=style["color"], alpha=0.12, lw=0,
                )  # fmt: skip
            label = f"{readable(name, _LEGEND)}\nEER {told(rates.eer)}"
            axes.plot(det.fmr, np.maximum(det.fnmr, floor), lw=2, label=label, **style)
            if rates.eer.value:
                shown = max(rates.eer.value, floor)
                axes.plot(rates.eer.value, shown, "o", color=style["color"], ms=5)
        ends = np.array([max(floor, left), 0.5])
        axes.plot(ends, ends, color=FAINT, lw=0.8, ls=":", label="equal errors")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(left, 0.5)
        axes.set_ylim(floor, 1)
        _in_percent(axes)
        axes.set_xlabel("false match rate (FMR)")
        axes.set_ylabel("false non-match rate (FNMR), failures included")
        axes.set_title(title)
        axes.grid(True)
        figure.legend(loc="outside right upper", title="bands: 95 % interval", alignment="left")
    return figure


def roc_of(systems: Sequence[System], title: str) -> Figure:
    """True match rate against FMR, the latter logarithmic; every threshold a step."""
    left = min(_WIDEST, *(float(system.rates.det.fmr[0]) for system in systems))
    with look():
        figure = Figure(figsize=(7.2, 5.4), layout="constrained")
        axes = figure.subplots()
        for place, system in enumerate(systems):
            det, style = system.rates.det, _LOOKS[place % len(_LOOKS)]
            if not np.isnan(det.low).any():
                axes.fill_between(
                    det.fmr, 1 - det.high, 1 - det.low, color=style["color"], alpha=0.12, lw=0
                )
            # The step before the first point shown still counts: thresholds lie between scores.
            label = f"{readable(system.name, _LEGEND)}\narea {system.curve.area:.6f}"
            axes.plot(
                np.maximum(system.curve.fmr, left / 10), system.curve.tmr, lw=1.8,
                drawstyle="steps-post", label=label, **style,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xlim(left, 1)
        axes.set_ylim(min(0.9, *(float(1 - s.rates.det.fnmr.max()) for s in systems)), 1.005)
        axes.xaxis.set_major_formatter(lambda share, _: percentage(share))
        axes.yaxis.set_major_formatter(lambda share, _: percentage(round(share, 9)))
        axes.set_xlabel("false match rate (FMR)")
        axes.set_ylabel("true match rate (1 - FNMR), failures included")
        axes.set_title(title)
        axes.grid(True)
        figure.legend(loc="outside right upper", title="bands: 95 % interval", alignment="left")
    return figure


def histograms_of(systems: Sequence[System], title: str) -> Figure:
    """Shares of mated and non-mated scores of each system, in the direction of its file."""
    with look():
        figure = Figure(figsize=(7.2, 0.8 + 1.9 * len(systems)), layout="constrained")
        rows = figure.subplots(len(systems), 1, squeeze=False)[:, 0]
        for axes, system in zip(rows, systems, strict=True):
            _histogram(axes, system)
        rows[0].legend(loc="best")
        figure.suptitle(title, weight="bold", x=0.01, ha="left")
    return figure


def _histogram(axes: Axes, system: System) -> None:
    made, file = system.file.comparisons, system.file
    score = -made.score if file.distance else made.score
    there = ~np.isnan(score)
    failed = int((~there).sum())
    if there.any():
        # A few far scores must not press all others into one bin.
        low, high = np.quantile(score[there], [0.0005, 0.9995])
        edges = np.linspace(low, high + max(abs(high), 1) * 1e-9, _BINS + 1)
        kinds = ((~made.mated, "non-mated", _NON_MATED), (made.mated, "mated", _MATED))
        for kind, name, colour in kinds:
            shown = np.clip(score[kind & there], edges[0], edges[-1])
            numbers, _ = np.histogram(shown, edges)
            share = numbers / max(numbers.sum(), 1)
            axes.stairs(share, edges, fill=True, color=colour, alpha=0.3)
            axes.stairs(share, edges, color=colour, lw=1.2, label=name)
    without = f" · {counted(failed, 'failed comparison')} not shown" if failed else ""
    axes.set_title(f"{readable(system.name, 60)}{without}")
    axes.set_xlabel(f"score (higher: {'less' if file.distance else 'more'} alike)")
    axes.set_ylabel("share")
    axes.grid(axis="y", color=LINE)


def _floor(systems: Sequence[tuple[str, ErrorRates]]) -> float:
    """Below one error of the largest file, or the lowest bound drawn."""
    least = min(0.5 / max(rates.counts.mated, 1) for _, rates in systems)
    return float(np.clip(least, 1e-6, 0.02))


def _in_percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda share, _: percentage(share))
        axis.set_minor_formatter(lambda share, _: "")
