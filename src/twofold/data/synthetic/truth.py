"""The exact truth of a synthetic picture of an eye: outlines, and what covers what.

For a picture NAME.png, NAME.json holds the outlines and circumstances, and NAME.png (in the folder
of truths) an 8-bit map of the same size in which every pixel is a sum of the values in `BITS`.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from twofold.data.synthetic.eye import Eye, Line
from twofold.data.synthetic.eye_camera import Covers
from twofold.data.synthetic.view import Outlines, View
from twofold.files import write_bytes, write_text
from twofold.images import Pixels

FOLDER = "truth"
BITS = {
    "iris_visible": 1,  # iris that neither lid nor lash nor highlight covers
    "iris": 2,  # between pupil and limbus, whatever covers it
    "pupil": 4,  # whatever covers it
    "opening": 8,  # between the lids
    "lashes": 16,
    "highlights": 32,  # on the cornea and on glasses
}
_FAINT = 0.25  # lashes and reflections on glasses spoil a pixel well before they hide half of it


def label_map(covers: Covers) -> Pixels:
    """Pack the covers, each cut at one half (lashes and highlights at one quarter), by `BITS`."""
    iris, pupil, opening = (plane >= 0.5 for plane in (covers.iris, covers.pupil, covers.opening))
    lashes, highlights = (plane >= _FAINT for plane in (covers.lashes, covers.highlights))
    visible = iris & opening & ~lashes & ~highlights
    packed = np.zeros(iris.shape, np.uint8)
    for value, mask in zip(
        BITS.values(), (visible, iris, pupil, opening, lashes, highlights), strict=True
    ):
        packed |= np.uint8(value) * mask.astype(np.uint8)
    return packed


def outline_facts(eye: Eye, view: View, size: tuple[int, int]) -> dict[str, Any]:
    """Outlines in pixels of a picture of `size` (height, width), and what it was taken with."""
    outlines = Outlines(eye, view, size)
    upper, lower = outlines.lids()
    return {
        "synthetic": True,
        "height": size[0],
        "width": size[1],
        "eye": eye.side,
        "coordinates": "(x, y) in pixels; the centre of the top left pixel is (0, 0), y runs down",
        "pupil": _points(outlines.pupil()),
        "limbus": _points(outlines.limbus()),
        "upper_lid": _points(upper),
        "lower_lid": _points(lower),
        "mask_bits": BITS,
        "view": asdict(view),
    }


def write_truth(stem: Path, eye: Eye, view: View, size: tuple[int, int], covers: Covers) -> None:
    """Write STEM.json and STEM.png.

    Raises:
        OutputError: the folder cannot be written to.
    """
    write_text(stem.with_suffix(".json"), json.dumps(outline_facts(eye, view, size)) + "\n")
    encoded = cv2.imencode(".png", label_map(covers))[1]
    write_bytes(stem.with_suffix(".png"), encoded.tobytes())


def _points(line: Line) -> list[list[float]]:
    """Rounded to a thousandth of a pixel, which also hides how machines differ in the last bit."""
    return [[round(float(x), 3), round(float(y), 3)] for x, y in line]
