"""Draws docs/images/iris-scores.png: scores of real irises and of synthetic ones, side by side.

Only counts of scores are drawn, no picture of anybody. Each set is the folder that `twofold
benchmark iris` wrote, after a label:

    twofold synth SYNTH-NIR --samples 5 --tests 0 --seed 2024 --light nir --iris-size 320x240
    twofold synth SYNTH-VISIBLE --samples 5 --tests 0 --seed 2024 --iris-size 320x240
    twofold benchmark iris SYNTH-NIR/04_multimodal_training --out RUN-NIR      # and so on
    .venv/bin/python tools/draw_iris_scores.py --out docs/images/iris-scores.png \
        "MMU1, near-infrared=RUN-MMU1" "UBIRIS.v1, visible=RUN-UBIRIS" \
        "SYNTHETIC, near-infrared=RUN-NIR" "SYNTHETIC, visible=RUN-VISIBLE"

Prints the numbers, medians and spreads behind it as a Markdown table.
"""

import argparse
import math
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]

IMAGE = Path(__file__).resolve().parents[1] / "docs" / "images" / "iris-scores.png"
MATED, NON_MATED, INK = "#2a7f62", "#b3492e", "#1d2b36"
BINS = np.linspace(0.45, 1.0, 111)


def read(run: Path) -> tuple[Floats, Floats]:
    """Mated and non-mated scores of a benchmark's scores.csv."""
    columns = np.loadtxt(run / "scores.csv", delimiter=",", skiprows=1, usecols=(2, 3), ndmin=2)
    columns = columns[~np.isnan(columns[:, 1])]  # comparisons that failed
    mated = columns[:, 0] == 1
    return columns[mated, 1], columns[~mated, 1]


def told(scores: Floats) -> str:
    """Median, standard deviation, and the middle 98 %."""
    low, middle, high = np.quantile(scores, [0.01, 0.5, 0.99])
    return f"{middle:.3f} | {scores.std():.3f} | {low:.3f} to {high:.3f}"


def draw(sets: list[tuple[str, Floats, Floats]]) -> Figure:
    """One panel a set, with common axes."""
    matplotlib.rcParams.update({"font.size": 9, "text.color": INK, "axes.labelcolor": INK})
    rows = math.ceil(len(sets) / 2)
    figure = Figure(figsize=(9, 2.7 * rows), layout="constrained")
    panels = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False).ravel()
    for panel in panels[len(sets) :]:
        panel.set_visible(False)
    for panel, (label, mated, non_mated) in zip(panels, sets, strict=False):
        for name, scores, colour in (
            ("non-mated", non_mated, NON_MATED),
            ("mated", mated, MATED),
        ):
            weights = np.full(len(scores), 100 / len(scores))
            panel.hist(
                np.clip(scores, BINS[0], BINS[-1]),
                BINS,
                weights=weights,
                color=colour,
                alpha=0.6,
                label=f"{name}, {len(scores):,}",
            )
            panel.axvline(float(np.median(scores)), color=colour, linewidth=1)
        panel.set_title(label, fontsize=10, loc="left", color=INK)
        panel.legend(frameon=False, fontsize=8, loc=(0.27, 0.72))
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[-2:]:
        panel.set_xlabel("comparison score (higher is more alike)")
    for panel in panels[::2]:
        panel.set_ylabel("comparisons in %")
    return figure


def main() -> None:
    """Draw the picture and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="LABEL=RUN")
    parser.add_argument("--out", type=Path, default=IMAGE)
    given = parser.parse_args()
    sets = []
    for one in given.sets:
        label, _, run = one.rpartition("=")
        sets.append((label, *read(Path(run))))
    draw(sets).savefig(given.out, dpi=110, metadata={"Software": None})
    print("| set | scores | comparisons | median | deviation | middle 98 % |")
    print("|---|---|---|---|---|---|")
    for label, mated, non_mated in sets:
        print(f"| {label} | mated | {len(mated):,} | {told(mated)} |")
        print(f"| | non-mated | {len(non_mated):,} | {told(non_mated)} |")


if __name__ == "__main__":
    main()
