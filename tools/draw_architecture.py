"""Draws the diagrams of docs/architecture.md: docs/images/rooms.svg and docs/images/data-flow.svg.

Run it after a change to the rooms: .venv/bin/python tools/draw_architecture.py
"""

from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
ROOM, STEP, FILE = "#d9e8f3", "#d9e8f3", "#fdf0dc"
INK = "#1d2b36"

ROOMS = (  # from the top: name, what it does
    ("cli", "one file per command group; a thin layer"),
    ("service | client", "HTTP API, console, workers for pictures; a typed client"),
    ("gallery", "enrolled subjects: store, protection, exact 1:N search"),
    ("evaluation", "measures with intervals, figures, the HTML report"),
    ("matchers", "runs without a network: enrolled pairs, fused evidence"),
    ("network", "two-branch network: presets, training, ONNX export, answers"),
    (
        "recognizer · fusion · template",
        "extract, compare, weigh, decide; what is kept of a person",
    ),
    ("iris | face", "detect or segment, encode, compare, judge"),
    ("data", "layouts, pairing, inspection, splits, alteration, synthetic people"),
    ("thresholds", "where scores begin to be matches, and what that was measured on"),
    ("images", "the one door for pictures: limits, formats, decoding"),
    ("inference · files · lanes", "ONNX Runtime, silent; results written whole; vector code"),
    ("errors", "one root, few children"),
)


def box(axes: Axes, place: tuple[float, float, float, float], colour: str) -> None:
    x, y, width, height = place
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=colour,
            edgecolor=INK,
            linewidth=1,
        )
    )


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0
) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": INK,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    return figure, axes


def rooms() -> Figure:
    figure, axes = canvas(8.4, 0.56 * len(ROOMS) + 0.3)
    for place, (name, does) in enumerate(reversed(ROOMS)):
        y = 0.15 + 0.56 * place
        box(axes, (0.75, y, 7.5, 0.46), ROOM)
        axes.text(0.92, y + 0.22, name, va="center", size=10, weight="bold", color=INK)
        axes.text(3.4, y + 0.22, does, va="center", size=9, color=INK)
    arrow(axes, (0.4, 0.15 + 0.56 * len(ROOMS) - 0.1), (0.4, 0.15))
    axes.text(
        0.2, 0.15 + 0.28 * len(ROOMS), "imports", rotation=90, va="center", ha="center", size=9
    )
    return figure


def data_flow() -> Figure:
    figure, axes = canvas(9.6, 4.1)
    width, height = 1.55, 0.66

    def node(x: float, y: float, text: str, colour: str = STEP) -> None:
        box(axes, (x, y, width, height), colour)
        axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", size=8.5)

    columns = [0.1 + 1.96 * number for number in range(5)]
    top, middle, bottom = 3.25, 1.8, 0.35
    node(columns[0], top, "pictures\nin a layout", FILE)
    node(columns[1], top, "pairs of\none dataset")
    node(columns[2], top, "split\ninto folds")
    node(columns[3], top, "train a network\nper fold and on all")
    node(columns[4], top, "predictions of\npairs not seen", FILE)
    for left in range(4):
        arrow(axes, (columns[left] + width, top + 0.33), (columns[left + 1], top + 0.33))

    node(columns[1], middle, "inspect: problems,\ncontact sheet", FILE)
    arrow(axes, (columns[1] + width / 2, top), (columns[1] + width / 2, middle + height))
    node(columns[4], middle, "accuracy, intervals,\nfigures")
    arrow(axes, (columns[4] + width / 2, top), (columns[4] + width / 2, middle + height))
    node(columns[4], bottom, "report.html\nmetrics.json", FILE)
    arrow(axes, (columns[4] + width / 2, middle), (columns[4] + width / 2, bottom + height))

    node(columns[3], middle, "model.onnx\nlabels.json", FILE)
    arrow(axes, (columns[3] + width / 2, top), (columns[3] + width / 2, middle + height))
    node(columns[2], bottom, "answer, with\nONNX Runtime")
    arrow(axes, (columns[3] + 0.4, middle), (columns[2] + width - 0.4, bottom + height))
    node(columns[1], bottom, "unlabelled pairs", FILE)
    node(columns[3], bottom, "answers.csv", FILE)
    for left in (1, 2):
        arrow(axes, (columns[left] + width, bottom + 0.33), (columns[left + 1], bottom + 0.33))
    return figure


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    # A fixed salt and no date: the same drawing gives the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "twofold", "font.family": "DejaVu Sans"}):
        for name, figure in (("rooms", rooms()), ("data-flow", data_flow())):
            figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
