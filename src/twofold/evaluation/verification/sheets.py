"""Sheets of the worst comparisons, both pictures side by side, for a person to look at."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from twofold.data.samples import Sample
from twofold.evaluation.verification.comparisons import Comparisons
from twofold.evaluation.verification.extraction import Failure
from twofold.evaluation.wording import readable
from twofold.images import Pixels

MOST = 20

_COLUMNS = 4
_PLACE = (190, 150)  # width and height of one picture, in pixels
_GAP, _SPACE, _MARGIN, _HEADER, _CAPTION = 4, 26, 26, 84, 72
_PAPER, _EMPTY, _RULE = (255, 255, 255), (240, 241, 243), (214, 217, 222)
_INK, _PALE, _BAD = (28, 32, 38), (104, 111, 122), (178, 34, 34)


@dataclass(frozen=True)
class Mistake:
    """One comparison: numbers of its samples, and its score; None where one gave no template."""

    first: int
    second: int
    score: float | None


def worst_false_matches(comparisons: Comparisons, most: int = MOST) -> list[Mistake]:
    """The non-mated comparisons with the highest scores, the highest first."""
    return _extreme(comparisons, ~comparisons.mated, -comparisons.score, most)


def worst_false_non_matches(comparisons: Comparisons, most: int = MOST) -> list[Mistake]:
    """Failed samples, each once beside a mated one; then the mated comparisons of lowest score.

    At most `most` of either, so that failures do not hide the comparisons.
    """
    people = comparisons.people
    found = []
    for first in np.flatnonzero(people.failed).tolist():
        mates = np.flatnonzero(people.identity == people.identity[first])
        mates = mates[mates != first]
        if mates.size:
            usable = mates[~people.failed[mates]]
            found.append(Mistake(first, int((usable if usable.size else mates)[0]), None))
    return found[:most] + _extreme(comparisons, comparisons.mated, comparisons.score, most)


def _extreme(
    comparisons: Comparisons, among: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    key: "np.ndarray[tuple[int], np.dtype[np.float32]]", most: int,
) -> list[Mistake]:  # fmt: skip
    places = np.flatnonzero(among)
    places = places[np.argsort(key[places], kind="stable")[: max(most, 0)]]
    return [
        Mistake(int(comparisons.first[i]), int(comparisons.second[i]), float(comparisons.score[i]))
        for i in places.tolist()
    ]


def sheet(
    title: str,
    note: str,
    mistakes: Sequence[Mistake],
    samples: Sequence[Sample],
    pictures: Mapping[int, Pixels],
    failures: Mapping[int, Failure],
) -> Image.Image:
    """Draw comparisons in rows of four.

    Args:
        title, note: two lines above.
        mistakes: in the order to be shown.
        samples: all of the dataset.
        pictures: RGB or grey of the samples shown, by number; a missing one is a framed note.
        failures: of the samples that gave no template, by number.
    """
    columns = min(_COLUMNS, max(len(mistakes), 1))
    rows = -(-len(mistakes) // columns)
    tile = (2 * _PLACE[0] + _GAP, _PLACE[1] + _CAPTION)
    width = 2 * _MARGIN + columns * (tile[0] + _SPACE) - _SPACE
    canvas = Image.new("RGB", (max(width, 860), _HEADER + rows * tile[1] + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(canvas)
    room = canvas.width - 2 * _MARGIN
    _text(pen, (_MARGIN, 16), title, 22, _INK, room, bold=True)
    _text(pen, (_MARGIN, 48), note, 14, _PALE, room)
    for place, mistake in enumerate(mistakes):
        row, column = divmod(place, columns)
        x, y = _MARGIN + column * (tile[0] + _SPACE), _HEADER + row * tile[1]
        for side, number in enumerate((mistake.first, mistake.second)):
            left = x + side * (_PLACE[0] + _GAP)
            _picture(canvas, pen, (left, y), pictures.get(number))
            name = _name(samples[number])
            _text(pen, (left, y + _PLACE[1] + 20), name, 11, _PALE, _PLACE[0])
        reason = failures.get(mistake.first)
        if mistake.score is not None:
            line = f"{place + 1}.  score {mistake.score:.4f}"
            _text(pen, (x, y + _PLACE[1] + 3), line, 13, _INK, tile[0], bold=True)
        else:
            line = f"{place + 1}.  no template: {reason.code if reason else ''}"
            _text(pen, (x, y + _PLACE[1] + 3), line, 13, _BAD, tile[0], bold=True)
            if reason:
                lines = textwrap.wrap(readable(reason.reason), 62, max_lines=2, placeholder=" …")
                for k, wrapped in enumerate(lines):
                    at = (x, y + _PLACE[1] + 36 + 14 * k)
                    _text(pen, at, wrapped, 11, _BAD, tile[0])
    return canvas


def _name(sample: Sample) -> str:
    eye = f" ({sample.eye})" if sample.eye and sample.eye not in Path(sample.name).parts else ""
    return readable(sample.name + eye, 30)


def _picture(
    canvas: Image.Image, pen: ImageDraw.ImageDraw, at: tuple[int, int], pixels: Pixels | None
) -> None:
    x, y = at
    wide, high = _PLACE
    pen.rectangle((x, y, x + wide - 1, y + high - 1), _EMPTY)
    if pixels is None:
        pen.rectangle((x, y, x + wide - 1, y + high - 1), outline=_RULE)
        _text(pen, (x + 8, y + high // 2 - 8), "cannot be read", 12, _BAD, wide - 16)
        return
    picture = Image.fromarray(pixels).convert("RGB")
    scale = min(wide / picture.width, high / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    canvas.paste(picture, (x + (wide - size[0]) // 2, y + (high - size[1]) // 2))


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int,
    colour: tuple[int, int, int], room: int, *, bold: bool = False,
) -> None:  # fmt: skip
    """Write one line, cut off with dots where it would be wider than `room`."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    font = ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", name), size)
    if font.getlength(text) > room:
        while text and font.getlength(text + "…") > room:
            text = text[:-1]
        text += "…"
    pen.text(at, text, colour, font)
