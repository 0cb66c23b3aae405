"""Charts of a run, drawn without pyplot so that nothing global is left behind."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from twofold.evaluation.classification import Classification, Estimate
from twofold.evaluation.results import Training
from twofold.evaluation.style import (
    BRANCH,
    FAINT,
    INK,
    LINE,
    PAPER,
    TRAINING,
    VALIDATION,
    WRONG,
    look,
)
from twofold.evaluation.wording import interval, percent, readable

_RIGHT_CELLS = LinearSegmentedColormap.from_list("right", ["#E3EEF6", TRAINING])
_WRONG_CELLS = LinearSegmentedColormap.from_list("wrong", ["#FBD9BF", WRONG])
_LONGEST = 16  # characters of a subject's name in a figure
_WIDE = 10.6  # inches; the page's full width
_ROW = 64  # subjects in one row of the F1 chart


def learning_curves(folds: Sequence[Training], final: Training) -> Figure:
    """Loss and accuracy by epoch: a thin line a fold, their mean bold, the final network grey."""
    with look():
        figure = Figure(figsize=(_WIDE, 3.7), layout="constrained")
        for axes, measure in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            _curves(axes, folds, measure, TRAINING, "training")
            _curves(axes, folds, f"val_{measure}", VALIDATION, "validation")
            last = final.history.get(measure, np.empty(0))
            if last.size:
                epochs = np.arange(1, last.size + 1)
                axes.plot(
                    epochs, last, color=FAINT, lw=1.2, ls=(0, (4, 2)), label="final, training"
                )
            axes.set_title(measure.capitalize())
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.grid(axis="y")
            if measure == "accuracy":
                axes.yaxis.set_major_formatter(PercentFormatter(1))
                axes.set_ylim(0, 1.03)
                axes.legend(loc="lower right")
            else:
                axes.set_ylim(bottom=0)
        return figure


def _curves(axes: Axes, folds: Sequence[Training], column: str, colour: str, label: str) -> None:
    lines = [fold.history[column] for fold in folds if column in fold.history]
    lines = [line for line in lines if np.isfinite(line).any()]
    for line in lines:
        taken = np.isfinite(line)  # validation is not taken in every epoch
        axes.plot(np.flatnonzero(taken) + 1, line[taken], color=colour, lw=0.9, alpha=0.45)
    if lines:
        # Only as far as every fold went: beyond, the mean would be of other folds.
        shared = min(line.size for line in lines)
        mean = np.mean([line[:shared] for line in lines], axis=0)
        taken = np.isfinite(mean)
        name = f"{label}, mean of {len(lines)} folds" if len(lines) > 1 else f"{label}, 1 fold"
        axes.plot(np.flatnonzero(taken) + 1, mean[taken], color=colour, lw=2.2, label=name)


def branch_accuracy(
    groups: Mapping[str, Mapping[str, Estimate]], chance: float, leaky: Sequence[str] = ()
) -> Figure:
    """Bars of face-only, iris-only and fused accuracy with their intervals.

    Args:
        groups: title of a group to its estimate per branch.
        chance: accuracy of guessing, drawn as a line.
        leaky: titles of groups whose figures leak; hatched.
    """
    with look():
        rows = [(title, branch) for title, group in groups.items() for branch in group]
        figure = Figure(figsize=(_WIDE, 0.75 + 0.34 * len(rows) + 0.5 * len(groups)))
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        place, titles = 0.0, []
        for title, group in groups.items():
            if len(groups) > 1:
                titles.append((place, title))
                place += 1
            for branch, estimate in group.items():
                _bar(axes, place, branch, estimate, hatched=title in leaky)
                place += 1
            place += 0.4
        ticks = [bar.get_y() + bar.get_height() / 2 for bar in axes.patches]  # type: ignore[attr-defined]
        axes.set_yticks(ticks, [branch for _, branch in rows])
        for y, title in titles:
            mark = "  LEAKY" if title in leaky else ""
            text = axes.text(0.002, y, readable(title, 70) + mark, weight="bold", va="center")
            text.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1.5})
        axes.axvline(chance, color=INK, lw=1, ls=":")
        axes.text(chance, -0.62, f" chance {percent(chance)}", color=FAINT, size=8, va="bottom")
        axes.set_ylim(place - 0.7, -0.7)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel("accuracy, with 95 % interval")
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        return figure


def _bar(axes: Axes, y: float, branch: str, estimate: Estimate, *, hatched: bool) -> None:
    colour = BRANCH[branch]
    fill = PAPER if hatched else colour
    hatch = "////" if hatched else None
    axes.barh(y, estimate.value, height=0.72, color=fill, edgecolor=colour, hatch=hatch)
    end = estimate.value
    if estimate.low is not None and estimate.high is not None:
        axes.plot([estimate.low, estimate.high], [y, y], color=INK, lw=1.4, clip_on=False)
        for bound in (estimate.low, estimate.high):
            axes.plot([bound, bound], [y - 0.16, y + 0.16], color=INK, lw=1.4, clip_on=False)
        end = max(end, estimate.high)
    text = f"{percent(estimate.value)} {interval(estimate)}"
    axes.annotate(
        text, (end, y), (6, 0), textcoords="offset points", va="center", annotation_clip=False
    )


def confusion_matrix(result: Classification) -> Figure:
    """True subjects down, answers across; right answers blue, wrong ones orange with their count.

    Subjects that occur neither way are left out. The figure grows with the number of subjects,
    and beyond what a page can hold only every second, fifth, tenth ... of them is named.
    """
    shown = np.flatnonzero(result.confusion.sum(axis=0) + result.confusion.sum(axis=1))
    matrix = result.confusion[np.ix_(shown, shown)]
    names = [readable(result.labels[i], _LONGEST) for i in shown]
    count = len(names)
    with look():
        side = float(
            np.clip(0.42 * count, 2.6, 5.5) if count <= 20 else np.clip(0.155 * count, 5.5, 17)
        )
        figure = Figure(figsize=(side + 1.6, side + 1.2), layout="constrained")
        axes = figure.subplots()
        _cells(axes, matrix)
        cell = side / count * 72  # points
        _counts(axes, matrix, cell)
        size = float(np.clip(0.62 * cell, 6.2, 9))
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, count) if s * cell >= 1.05 * size)
        ticks = np.arange(0, count, step)
        named = [names[i] for i in ticks]
        upright = max(map(len, named)) * size * 0.62 > step * cell
        axes.set_xticks(ticks, named, size=size, rotation=90 if upright else 0)
        axes.set_yticks(ticks, named, size=size)
        axes.tick_params(length=2)
        axes.set_xlabel("answer")
        axes.set_ylabel("true subject")
        right = f"{result.correct:,} of {result.pairs:,} right (blue)"
        wrong = f"{result.pairs - result.correct:,} wrong (orange, with their count)"
        axes.set_title(f"{right},{' ' if side > 5 else chr(10)}{wrong}", weight="normal")
        axes.spines[:].set_visible(True)
        return figure


def _cells(axes: Axes, matrix: NDArray[np.int64]) -> None:
    count = len(matrix)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    diagonal = np.eye(count, dtype=bool)
    right = np.ma.masked_where(~diagonal | (matrix == 0), share)
    wrong = np.ma.masked_where(diagonal | (matrix == 0), share)
    for cells, colours in ((right, _RIGHT_CELLS), (wrong, _WRONG_CELLS)):
        axes.imshow(cells, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
    every = 1 if count <= 80 else 10
    lines = np.arange(0, count + 1, every) - 0.5
    axes.hlines(lines, -0.5, count - 0.5, color=LINE, lw=0.3, zorder=0.5)
    axes.vlines(lines, -0.5, count - 0.5, color=LINE, lw=0.3, zorder=0.5)


def _counts(axes: Axes, matrix: NDArray[np.int64], cell: float) -> None:
    size = float(np.clip(0.62 * cell, 5, 10))
    off = matrix * ~np.eye(len(matrix), dtype=bool)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    for row, column in np.argwhere(off):
        colour = PAPER if share[row, column] > 0.6 else INK
        axes.text(
            column, row, str(matrix[row, column]), size=size, color=colour, ha="center", va="center"
        )


def label_scores(result: Classification) -> Figure:
    """F1 of every subject, in rows; those below 1 stand out with their value."""
    scores = result.per_label
    rows = -(-len(scores) // _ROW)
    width = min(len(scores), -(-len(scores) // rows))
    with look():
        figure = Figure(
            figsize=(float(np.clip(0.16 * width + 1, 5, _WIDE)), 1.75 * rows + 0.3),
            layout="constrained",
        )
        for r, axes in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
            part = scores[r * width : (r + 1) * width]
            f1 = np.array([score.f1 for score in part])
            colours = [BRANCH["fused"] if value == 1 else WRONG for value in f1]
            axes.bar(np.arange(len(part)), f1, width=0.8, color=colours)
            for x in np.flatnonzero(f1 < 1):
                axes.text(x, f1[x] + 0.03, f"{f1[x]:.2f}".lstrip("0"), size=6, ha="center")
            names = [readable(score.label, _LONGEST) for score in part]
            upright = max(map(len, names)) > 2 or width > 40
            axes.set_xticks(np.arange(len(part)), names, size=6.5, rotation=90 if upright else 0)
            axes.set_xlim(-0.8, width - 0.2)
            axes.set_ylim(0, 1.13)
            axes.set_yticks([0, 0.5, 1])
            axes.set_ylabel("F1")
            axes.tick_params(axis="x", length=0)
            axes.grid(axis="y")
            if r == 0:
                below = int(sum(score.f1 < 1 for score in scores))
                axes.set_title(
                    f"{len(scores) - below} of {len(scores)} subjects without an error (F1 = 1)",
                    weight="normal",
                )
        return figure
