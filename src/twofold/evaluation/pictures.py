"""Sheets of pairs with their true and answered subjects, for a person to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from twofold import images
from twofold.data.dataset import Pair
from twofold.errors import ImageError
from twofold.evaluation.classification import Classification, Error
from twofold.evaluation.style import FAINT, INK, LINE, RIGHT, WRONG, look
from twofold.evaluation.wording import readable
from twofold.network.run import Predictions

MOST_ERRORS = 30  # in one sheet

# All in inches.
_HEIGHT, _FACE, _IRIS, _GAP = 0.84, 0.75, 1.13, 0.04
_CAPTION, _MARGIN, _EDGE = 0.46, 0.16, 0.03
_TILE = (_FACE + _GAP + _IRIS + _MARGIN, _HEIGHT + _CAPTION + _MARGIN)
_PIXELS = 240  # longest side of a picture in a sheet
_LONGEST = 13


@dataclass(frozen=True)
class Tile:
    """One pair in a sheet: its pictures (None when they are not at hand) and two lines of text."""

    pair: Pair | None
    caption: str
    detail: str
    colour: str = INK


def find_pair(pairs: Mapping[str, Pair], name: str) -> Pair | None:
    """The pair of that name, or the original of an altered copy called "NAME (copy K)"."""
    return pairs.get(name) or pairs.get(name.rpartition(" (copy ")[0])


def sample_predictions(
    result: Classification,
    predictions: Predictions,
    pairs: Mapping[str, Pair],
    most_errors: int = MOST_ERRORS,
    some_right: int = 15,
) -> Figure:
    """Wrong answers first, the surest ones foremost, then some right ones spread over subjects."""
    tiles = [
        Tile(
            find_pair(pairs, error.name),
            f"✗ {_short(error.truth)} → {_short(error.predicted)}",
            f"{readable(error.name, 24)}  output {error.output:.2f}",
            WRONG,
        )
        for error in result.errors[:most_errors]
    ]
    answer = predictions.fused.argmax(axis=1)
    right = np.flatnonzero(answer == predictions.truth)
    if right.size:
        right = right[np.argsort(predictions.truth[right], kind="stable")]
        spread = np.unique(np.linspace(0, right.size - 1, min(some_right, right.size)).astype(int))
        for i in right[spread]:
            label, output = predictions.labels[answer[i]], predictions.fused[i, answer[i]]
            name = predictions.names[i]
            detail = f"{readable(name, 24)}  output {output:.2f}"
            tiles.append(Tile(find_pair(pairs, name), f"✓ {_short(label)}", detail, RIGHT))
    return sheet(tiles, columns=min(5, len(tiles)))


def confused_subjects(
    result: Classification,
    predictions: Predictions,
    pairs: Mapping[str, Pair],
    most: int = 8,
) -> Figure:
    """A wrongly answered pair of each of the most confused subjects, beside one of the other."""
    tiles: list[Tile] = []
    for confused in result.confused[:most]:
        error = confused.errors[0]
        more = f", one of {confused.count} confusions" if confused.count > 1 else ""
        tiles.append(_confused_tile(error, pairs, more))
        tiles.append(_other_tile(error, predictions, pairs))
    return sheet(tiles, columns=4 if len(tiles) > 2 else 2, arrows=True)


def _confused_tile(error: Error, pairs: Mapping[str, Pair], more: str) -> Tile:
    return Tile(
        find_pair(pairs, error.name),
        f"{_short(error.truth)} taken for",
        readable(error.name, 24) + more,
        WRONG,
    )


def _other_tile(error: Error, predictions: Predictions, pairs: Mapping[str, Pair]) -> Tile:
    column = predictions.labels.index(error.predicted)
    theirs = np.flatnonzero(predictions.truth == column)
    if theirs.size:
        # The pair of the other subject that looks most like that subject to the network.
        name = predictions.names[theirs[predictions.fused[theirs, column].argmax()]]
        pair = find_pair(pairs, name)
    else:
        pair = next((p for p in pairs.values() if p.subject == error.predicted), None)
        name = pair.name if pair else "no pair at hand"
    return Tile(pair, _short(error.predicted), readable(name, 30))


def sheet(tiles: Sequence[Tile], columns: int, *, arrows: bool = False) -> Figure:
    """Tiles in rows; `arrows` joins the first and second, third and fourth ... of a row."""
    rows = -(-len(tiles) // columns)
    gap = 0.14 if arrows else 0.0
    width = columns * (_TILE[0] + gap) - _MARGIN + 2 * _EDGE
    height = rows * _TILE[1] - _MARGIN + 2 * _EDGE
    with look():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for i, tile in enumerate(tiles):
            row, column = divmod(i, columns)
            x, y = _EDGE + column * (_TILE[0] + gap), _EDGE + row * _TILE[1]
            _draw(axes, tile, x, y)
            if arrows and column % 2 == 0:
                axes.text(
                    x + _TILE[0] + gap / 2 - _MARGIN / 2, y + _HEIGHT / 2, "→",
                    size=15, color=WRONG, ha="center", va="center",
                )  # fmt: skip
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        return figure


def _draw(axes: Axes, tile: Tile, x: float, y: float) -> None:
    face, iris = (tile.pair.face, tile.pair.iris) if tile.pair else (None, None)
    end = _picture(axes, face, x, y, _FACE)
    _picture(axes, iris, end + _GAP, y, _IRIS)
    axes.text(
        x, y + _HEIGHT + 0.06, tile.caption, size=8, color=tile.colour, weight="bold", va="top"
    )
    axes.text(x, y + _HEIGHT + 0.24, tile.detail, size=6.5, color=FAINT, va="top")


def _picture(axes: Axes, path: Path | None, x: float, y: float, width: float) -> float:
    """The picture as large as fits its place, or a framed note; returns where it ends."""
    try:
        pixels = images.read(path) if path else None
    except ImageError:
        pixels = None
    if pixels is None:
        frame = Rectangle((x, y), width, _HEIGHT, facecolor="#F3F5F7", edgecolor=LINE, lw=0.8)
        axes.add_patch(frame)
        note = "not\nreadable" if path else "not in\nthis dataset"
        axes.text(
            x + width / 2, y + _HEIGHT / 2, note, size=6, color=FAINT, ha="center", va="center"
        )
        return x + width
    small = Image.fromarray(pixels)
    small.thumbnail((_PIXELS, _PIXELS), Image.Resampling.LANCZOS)
    scale = min(width / small.width, _HEIGHT / small.height)
    wide, high = small.width * scale, small.height * scale
    top = y + (_HEIGHT - high) / 2
    axes.imshow(
        np.asarray(small.convert("RGB")),
        extent=(x, x + wide, top + high, top),
        aspect="auto",
        interpolation="lanczos",
    )
    return x + wide


def _short(label: str) -> str:
    return readable(label, _LONGEST)
