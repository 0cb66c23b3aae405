"""The segmentation network: a picture in, four maps out.

The weights were trained on drawn eyes alone; their card (`weights/iris_segmentation.json`) says on
which, how, and with what scores.
"""

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError
from twofold.images import Pixels
from twofold.inference import onnx_runtime

Floats = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights" / "iris_segmentation.onnx"
ROWS, COLUMNS = 128, 160
MAPS = ("pupil", "iris", "visible", "opening")
_loading = threading.Lock()


@dataclass(frozen=True)
class Frame:
    """Part of a picture that the network is shown: a box, and the scale it is shown at.

    Attributes:
        x, y: the picture's point (in pixels; the centre of the top left pixel is (0, 0)) that
            lies in the middle of the network's input.
        scale: pixels of the network in a pixel of the picture.
    """

    x: float
    y: float
    scale: float

    def to_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points (..., 2) of the maps to the picture."""
        middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
        mapped: NDArray[np.float64] = (points - middle) / self.scale + np.array([self.x, self.y])
        return mapped

    def matrix(self) -> NDArray[np.float64]:
        """2 x 3 matrix from the picture to the maps."""
        shift_x = (COLUMNS - 1) / 2 - self.scale * self.x
        shift_y = (ROWS - 1) / 2 - self.scale * self.y
        return np.array([[self.scale, 0, shift_x], [0, self.scale, shift_y]])


@dataclass(frozen=True)
class Maps:
    """What the network says, float32 (ROWS, COLUMNS) each, 0 to 1.

    Attributes:
        pupil: the pupil's disc, whatever hides it.
        iris: the iris's disc with the pupil, whatever hides it.
        visible: iris that can be seen.
        opening: between the lids.
        inside: bool, where the maps show the picture and not what lies beyond its edge.
        frame: what was shown.
    """

    pupil: Floats
    iris: Floats
    visible: Floats
    opening: Floats
    inside: NDArray[np.bool_]
    frame: Frame


def whole(shape: tuple[int, ...]) -> Frame:
    """The frame that shows a whole picture (height, width)."""
    height, width = shape
    return Frame((width - 1) / 2, (height - 1) / 2, min(COLUMNS / width, ROWS / height))


def ask(grey: Pixels, frame: Frame) -> Maps:
    """Show the network a part of a grey picture, uint8 (height, width).

    Raises:
        ModelError: the weights are missing or altered.
    """
    matrix = frame.matrix()
    shown, matrix_shown = grey, matrix
    if frame.scale < 0.75:  # shrunk by areas first, against aliasing
        size = tuple(max(1, round(side * frame.scale)) for side in grey.shape[::-1])
        shown = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        ratio = np.array([size[0] / grey.shape[1], size[1] / grey.shape[0]])
        rest = frame.scale / ratio  # about 1
        shift = matrix[:, 2] + frame.scale * (0.5 / ratio - 0.5)
        matrix_shown = np.array([[rest[0], 0, shift[0]], [0, rest[1], shift[1]]])
    canvas = cv2.warpAffine(
        shown,
        matrix_shown,
        (COLUMNS, ROWS),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    picture = (canvas.astype(np.float32) * np.float32(1 / 255))[None, ..., None]
    shares = _session().run(None, {"picture": picture})[0][0]
    columns = (np.arange(COLUMNS) - (COLUMNS - 1) / 2) / frame.scale + frame.x
    rows = (np.arange(ROWS) - (ROWS - 1) / 2) / frame.scale + frame.y
    inside = np.outer(
        (rows > -0.5) & (rows < grey.shape[0] - 0.5),
        (columns > -0.5) & (columns < grey.shape[1] - 0.5),
    )
    pupil, iris, visible, opening = (np.ascontiguousarray(shares[..., k]) for k in range(4))
    return Maps(pupil, iris, visible, opening, inside, frame)


def card() -> dict[str, Any]:
    """What the weights were trained on, how, when, and their scores.

    Raises:
        ModelError: the card is missing or damaged.
    """
    path = WEIGHTS.with_suffix(".json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: unreadable ({error}). Install Twofold again.") from error
    if not isinstance(content, dict) or "sha256" not in content:
        raise ModelError(f"{path}: no card of weights. Install Twofold again.")
    return content


def _session() -> Any:
    with _loading:  # made once, also when several threads ask first
        return _load()


@lru_cache(maxsize=1)
def _load() -> Any:
    try:
        content = WEIGHTS.read_bytes()
    except OSError as error:
        raise ModelError(f"{WEIGHTS}: unreadable ({error}). Install Twofold again.") from error
    if hashlib.sha256(content).hexdigest() != card()["sha256"]:
        raise ModelError(f"{WEIGHTS}: altered, its SHA-256 is not its card's. Install it again.")
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
