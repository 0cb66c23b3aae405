"""The DET plot and the histogram of scores."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from twofold.evaluation.style import BRANCH, FAINT, INK, LINE, look
from twofold.evaluation.verification.comparisons import Comparisons
from twofold.evaluation.verification.rates import ErrorRates, OperatingPoint, Rate
from twofold.evaluation.wording import counted

_MATED, _NON_MATED = "#0072B2", "#D55E00"
_TICKS = (
    1e-6,
    1e-5,
    1e-4,
    1e-3,
    2e-3,
    5e-3,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    0.9,
    0.95,
    0.99,
)
_BINS = 90


def percentage(share: float | None) -> str:
    """A share in percent with three significant digits, and never 0 or 100 where it is not."""
    if share is None:
        return "–"
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    text = f"{value:.3g}" if value < 99.95 else f"{value:.6g}"
    return f"{float(text):f}".rstrip("0").rstrip(".") + " %"


def told(rate: Rate) -> str:
    """A rate with its interval, or a dash where it was refused."""
    if rate.value is None:
        return "not supported"
    if rate.low is None or rate.high is None:
        return percentage(rate.value)
    low, high = (percentage(bound).removesuffix(" %") for bound in (rate.low, rate.high))
    return f"{percentage(rate.value)} [{low}, {high}]"


def det_plot(rates: ErrorRates, title: str) -> Figure:
    """FNMR against FMR with the band of the 95 % interval, both axes in normal deviates.

    The curve begins at the lowest FMR that the data support.
    """
    det = rates.det
    floor = _floor(rates)
    with look():
        figure = Figure(figsize=(6.2, 5.9), layout="constrained")
        axes = figure.subplots()
        lowest = min(float(det.fmr[0]), floor)
        for scale, limits in (
            (axes.set_xscale, (float(det.fmr[0]) * 0.8, 0.5)),
            (axes.set_yscale, (floor, min(max(0.5, float(det.fnmr.max()) + 0.05), 0.995))),
        ):
            scale("function", functions=(_deviate(lowest / 10), ndtr))
            (axes.set_xlim if scale == axes.set_xscale else axes.set_ylim)(limits)
        _ticks(axes)
        colour = BRANCH["fused"]
        shown = np.maximum(det.fnmr, floor)
        axes.fill_between(
            det.fmr, np.maximum(det.low, floor), np.maximum(det.high, floor),
            color=colour, alpha=0.18, lw=0, label="95 % interval, subjects resampled",
        )  # fmt: skip
        axes.plot(det.fmr, shown, color=colour, lw=2, label="FNMR at this FMR", clip_on=False)
        ends = np.array([max(floor, float(det.fmr[0]) * 0.8), 0.5])
        axes.plot(ends, ends, color=FAINT, lw=0.8, ls=":", label="equal errors")
        if rates.eer.value:
            axes.plot(rates.eer.value, max(rates.eer.value, floor), "o", color=INK, ms=5)
        axes.set_xlabel("false match rate (FMR), %")
        axes.set_ylabel("false non-match rate (FNMR), failures to extract included, %")
        axes.set_title(title, weight="bold")
        legend = axes.legend(
            loc="upper right", title=_words(rates), alignment="left", frameon=True, framealpha=1,
            edgecolor=LINE,
        )  # fmt: skip
        legend.set_zorder(5)
        axes.grid(True)
        if not (det.fnmr > floor).any():
            axes.text(
                0.5, 0.03, "no false non-match at any FMR shown", transform=axes.transAxes,
                color=FAINT, ha="center",
            )  # fmt: skip
    return figure


def _floor(rates: ErrorRates) -> float:
    """Where the axis of FNMR begins; rates of 0, which have no place on it, are drawn there."""
    below_one_error = min(0.5 / max(rates.counts.mated, 1), 0.02)
    return max(below_one_error, min(float(np.nan_to_num(rates.det.low).min()) / 2, 0.1))


def _deviate(least: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    def deviate(share: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndtri(np.clip(share, least, 1 - least)))

    return deviate


def _ticks(axes: Axes) -> None:
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        ends = ndtri(np.array(limits))
        within: list[float] = []
        for tick in _TICKS:
            # Labels must not touch; rates between two named ones are read from the grid.
            far = not within or ndtri(tick) - ndtri(within[-1]) > 0.055 * (ends[1] - ends[0])
            if limits[0] <= tick <= limits[1] and far:
                within.append(tick)
        axis.set_major_locator(FixedLocator(within))
        axis.set_major_formatter(lambda share, _: percentage(round(share, 9)).removesuffix(" %"))
        axis.set_minor_locator(NullLocator())


def _words(rates: ErrorRates) -> str:
    lines = [f"EER {told(rates.eer)}"]
    lines += [
        f"FNMR at FMR {percentage(point.wanted)}: {told(point.fnmr)}"
        for point in rates.points
        if point.fnmr.refused is None
    ]
    return "\n".join(lines)


def score_histogram(
    comparisons: Comparisons, points: tuple[OperatingPoint, ...], title: str
) -> Figure:
    """Mated and non-mated scores: shares of each above, numbers on a logarithmic scale below."""
    score, mated = comparisons.score, comparisons.mated
    with look():
        figure = Figure(figsize=(7.6, 5.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        if score.size:
            edges = np.linspace(float(score.min()), float(score.max()) + 1e-6, _BINS + 1)
            for chosen, name, colour in (
                (~mated, "non-mated", _NON_MATED),
                (mated, "mated", _MATED),
            ):
                numbers, _ = np.histogram(score[chosen], edges)
                label = f"{name}: {int(numbers.sum()):,} comparisons"
                share = numbers / max(numbers.sum(), 1)
                upper.stairs(share, edges, fill=True, color=colour, alpha=0.3)
                upper.stairs(share, edges, color=colour, lw=1.4, label=label)
                lower.stairs(numbers, edges, color=colour, lw=1.4)
            lower.set_yscale("log")
            lower.set_ylim(bottom=0.7)
            lower.yaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        strict = [point for point in points if point.threshold is not None]
        if strict:
            point = strict[-1]
            for axes in (upper, lower):
                axes.axvline(point.threshold, color=INK, lw=1, ls="--")
            upper.plot([], [], color=INK, lw=1, ls="--",
                       label=f"threshold at FMR {percentage(point.wanted)}")  # fmt: skip
        failed = int(comparisons.people.failed.sum())
        if failed:
            upper.plot(
                [], [], " ", label=f"not shown: {counted(failed, 'picture')} without a template"
            )
        upper.set_ylabel("share of comparisons")
        lower.set_ylabel("comparisons")
        lower.set_xlabel("score (higher: more alike)")
        upper.set_title(title, weight="bold")
        figure.legend(loc="outside lower center", ncols=2)
        for axes in (upper, lower):
            axes.grid(axis="y", color=LINE)
    return figure
