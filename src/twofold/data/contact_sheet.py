"""A sheet of people, face and iris side by side, for a person to look at."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from twofold import images
from twofold.data.dataset import Dataset, Pair, printable
from twofold.errors import DatasetError, ImageError

_T = TypeVar("_T")

_HEIGHT = 112  # of every picture's place
_GAP = 3  # between the face and the iris of a pair
_SPACE = 14  # between pairs
_MARGIN = 28
_HEADER = 80
_NAME = 23  # line under a pair
_SUBJECT = 26  # line over a person
_SHAPE = 1.45  # width to height that a sheet aims at

_PAPER, _PLACE, _RULE = (255, 255, 255), (240, 241, 243), (214, 217, 222)
_INK, _PALE, _BAD = (28, 32, 38), (104, 111, 122), (178, 34, 34)


@dataclass(frozen=True)
class _Places:
    """Width of a face's and of an iris's place, in pixels."""

    face: int
    iris: int

    @property
    def pair(self) -> int:
        return self.face + _GAP + self.iris


def contact_sheet(dataset: Dataset, people: int = 16, samples: int = 4) -> Image.Image:
    """Draw people with their pairs, or for an unlabelled dataset as many pairs without people.

    Args:
        dataset: at least one pair.
        people: most subjects to show; of more, ones spread evenly over the dataset are taken.
        samples: most pairs of each.

    Returns:
        An RGB picture. A file that cannot be read is a crossed box with the reason in it.

    Raises:
        DatasetError: the dataset holds no pair.
    """
    if not dataset.pairs:
        raise DatasetError(f"{dataset.root}: no complete pair to draw.")
    people, samples = max(people, 1), max(samples, 1)
    if dataset.labelled:
        blocks, note = _people(dataset, people, samples)
    else:
        shown = _spread(dataset.pairs, people * samples)
        blocks = [("", [pair]) for pair in shown]
        note = f"{len(shown)} of {len(dataset.pairs)} unlabelled pairs"
    places = _places([pair for _, pairs in blocks for pair in pairs])
    return _draw(printable(dataset.root.name or str(dataset.root)), note, blocks, places)


def _people(
    dataset: Dataset, people: int, samples: int
) -> tuple[list[tuple[str, list[Pair]]], str]:
    of_subject: dict[str, list[Pair]] = {subject: [] for subject in dataset.subjects}
    for pair in dataset.pairs:
        of_subject[str(pair.subject)].append(pair)
    chosen = _spread(dataset.subjects, people)
    blocks = [(subject, _spread(of_subject[subject], samples)) for subject in chosen]
    pairs = sum(len(own) for _, own in blocks)
    note = (
        f"{len(chosen)} of {len(dataset.subjects)} subjects, {pairs} of {len(dataset.pairs)} pairs"
    )
    return blocks, note


def _spread(things: Sequence[_T], most: int) -> list[_T]:
    """At most so many things, evenly spread, in their order."""
    places = np.linspace(0, len(things) - 1, min(most, len(things))).round().astype(int)
    return [things[place] for place in places.tolist()]


def _places(pairs: Sequence[Pair]) -> _Places:
    def width(paths: Sequence[Path], otherwise: float) -> int:
        shapes = [shape for path in paths if (shape := _shape(path)) is not None]
        # Panoramas and strips are shrunk into a place of sane shape instead of stretching it.
        return round(_HEIGHT * min(max(median(shapes or [otherwise]), 0.6), 2.2))

    return _Places(width([p.face for p in pairs], 0.8), width([p.iris for p in pairs], 4 / 3))


def _shape(path: Path) -> float | None:
    try:
        info = images.inspect(path)
    except ImageError:
        return None
    return info.width / info.height


def _draw(
    title: str, note: str, blocks: Sequence[tuple[str, list[Pair]]], places: _Places
) -> Image.Image:
    across = max(len(pairs) for _, pairs in blocks)
    labelled = any(subject for subject, _ in blocks)
    block_width = across * places.pair + (across - 1) * _SPACE
    block_height = _HEIGHT + _NAME + (_SUBJECT if labelled else 0)
    between = 2 * _SPACE + 12 if labelled else _SPACE
    columns = _columns(len(blocks), block_width + between, block_height + _SPACE)
    rows = ceil(len(blocks) / columns)

    width = 2 * _MARGIN + columns * block_width + (columns - 1) * between
    height = _HEADER + _MARGIN + rows * (block_height + _SPACE) - _SPACE
    sheet = Image.new("RGB", (max(width, 420), height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    room = sheet.width - 2 * _MARGIN
    _text(pen, (_MARGIN, 18), title, 24, _INK, room)
    _text(pen, (_MARGIN, 47), f"{note}; each pair a face and an iris", 15, _PALE, room)

    for place, (subject, pairs) in enumerate(blocks):
        # People read down the columns, pairs without people along the rows.
        column, row = divmod(place, rows) if labelled else (place % columns, place // columns)
        x = _MARGIN + column * (block_width + between)
        y = _HEADER + row * (block_height + _SPACE)
        if labelled:
            pen.line((x, y, x + block_width, y), _RULE)
            _text(pen, (x, y + 4), f"Subject {printable(subject)}", 15, _INK, block_width)
            y += _SUBJECT
        for pair in pairs:
            _draw_pair(sheet, pen, (x, y), pair, places)
            x += places.pair + _SPACE
    return sheet


def _columns(blocks: int, width: int, height: int) -> int:
    """The number of columns that brings the sheet nearest to its shape."""

    def misfit(columns: int) -> float:
        return abs(float(np.log(columns * width / (ceil(blocks / columns) * height) / _SHAPE)))

    return min(range(1, blocks + 1), key=misfit)


def _draw_pair(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, at: tuple[int, int], pair: Pair, places: _Places
) -> None:
    x, y = at
    _draw_picture(sheet, pen, (x, y), places.face, pair.face)
    _draw_picture(sheet, pen, (x + places.face + _GAP, y), places.iris, pair.iris)
    name = pair.name + (f" ({pair.eye} eye)" if pair.eye else "")
    _text(pen, (x, y + _HEIGHT + 3), printable(name), 13, _PALE, places.pair)


def _draw_picture(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, at: tuple[int, int], width: int, path: Path
) -> None:
    x, y = at
    box = (x, y, x + width - 1, y + _HEIGHT - 1)
    pen.rectangle(box, _PLACE)
    try:
        picture = Image.fromarray(images.read(path))
    except ImageError as error:
        _draw_refusal(pen, box, str(error).removeprefix(f"{path}: "))
        return
    scale = min(width / picture.width, _HEIGHT / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    picture = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    sheet.paste(picture, (x + (width - size[0]) // 2, y + (_HEIGHT - size[1]) // 2))


def _draw_refusal(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], reason: str) -> None:
    left, top, right, bottom = box
    pen.line((left, top, right, bottom), _RULE, 2)
    pen.line((left, bottom, right, top), _RULE, 2)
    pen.rectangle(box, outline=_BAD)
    font = _font(11)
    lines = textwrap.wrap(printable(reason), max(int((right - left - 12) / font.getlength("n")), 4))
    most = (bottom - top - 10) // 14
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1] + " ..."]
    for place, line in enumerate(lines):
        _text(pen, (left + 6, top + 5 + 14 * place), line, 11, _BAD, right - left - 10)


def _font(size: int, text: str = "") -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if text.isascii():
        return ImageFont.load_default(size=size)
    # Pillow's own font ends at ASCII; Matplotlib brings one with most alphabets (not Chinese,
    # Japanese or Korean: those names are drawn as boxes).
    from matplotlib import get_data_path

    return ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


def _text(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    room: int,
) -> None:
    """Write one line, cut off with dots where it would be wider than `room`."""
    font = _font(size, text)
    if font.getlength(text) > room:
        while text and font.getlength(text + "...") > room:
            text = text[:-1]
        text += "..."
    pen.text(at, text, colour, font)
