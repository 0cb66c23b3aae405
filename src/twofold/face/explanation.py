"""Pictures of the steps, for `twofold explain`: what was found, cut out and judged."""

import cv2
import numpy as np

from twofold.face.extraction import FaceSample
from twofold.face.quality import ENROL_MINIMUM
from twofold.images import Pixels

_BOX, _POINT, _MESH = (0, 190, 90), (230, 60, 40), (40, 120, 230)
_INK, _PAPER, _GRID = (35, 35, 40), (255, 255, 255), (225, 225, 230)
_GOOD, _FAIR, _POOR = (60, 160, 90), (225, 165, 40), (205, 65, 55)
_LONGER_SIDE = 640  # of the drawn picture, pixels: small crops are enlarged so that lines are fine
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw(sample: FaceSample, pixels: Pixels) -> dict[str, Pixels]:
    """One picture for each step of the extraction.

    Args:
        sample: what `FaceExtractor.extract` answered.
        pixels: the picture it was extracted from, uint8 (H, W) or (H, W, 3), as `images.read`
            gives it.

    Returns:
        "detection" (box, landmarks and score on the picture), "aligned" (the crop that the model
        saw, enlarged, with its landmarks' axes) and "quality" (a bar for each component, with the
        reasons), each uint8 (height, width, 3), RGB.
    """
    return {
        "detection": _detection(sample, pixels),
        "aligned": _aligned(sample),
        "quality": _quality(sample),
    }


def _detection(sample: FaceSample, pixels: Pixels) -> Pixels:
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
    factor = _LONGER_SIDE / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    canvas = np.ascontiguousarray(cv2.resize(rgb, size, interpolation=method), np.uint8)
    left, top, wide, high = (value * factor for value in sample.detection.box)
    corner, far = (round(left), round(top)), (round(left + wide), round(top + high))
    cv2.rectangle(canvas, corner, far, _BOX, 2, cv2.LINE_AA)
    points = [(round(x * factor), round(y * factor)) for x, y in sample.detection.landmarks]
    for one, other in ((0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4)):
        cv2.line(canvas, points[one], points[other], _MESH, 1, cv2.LINE_AA)
    for point in points:
        cv2.circle(canvas, point, 4, _POINT, -1, cv2.LINE_AA)
    text = (
        f"score {sample.detection.score:.2f}, {sample.detection.eye_distance:.0f} px between eyes"
    )
    if sample.others:
        text += f", {sample.others} further face(s)"
    footer = np.full((34, canvas.shape[1], 3), _PAPER, np.uint8)
    _write(footer, text, (8, 23), _fitting(text, canvas.shape[1] - 16, 0.55))
    return np.vstack([canvas, footer])


def _aligned(sample: FaceSample) -> Pixels:
    factor = max(1, round(336 / sample.aligned.shape[1]))
    canvas = cv2.resize(sample.aligned, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(canvas, np.uint8)


def _quality(sample: FaceSample) -> Pixels:
    width, row, start = 760, 30, 270
    quality = sample.quality
    lines = [f"- {reason}" for reason in (*quality.reasons, *sample.notes)] or [
        "- nothing is amiss"
    ]
    bars = {"overall": quality.overall, **quality.components}
    canvas = np.full((row * (len(bars) + len(lines)) + 40, width, 3), _PAPER, np.uint8)
    for number, (name, value) in enumerate(bars.items()):
        y = 12 + row * number
        fair, good = (ENROL_MINIMUM, 40) if name == "overall" else (50, 70)
        colour = _GOOD if value >= good else _FAIR if value >= fair else _POOR
        full = width - start - 80
        cv2.rectangle(canvas, (start, y + 4), (start + full, y + 20), _GRID, -1)
        cv2.rectangle(
            canvas, (start, y + 4), (start + round(full * value / 100), y + 20), colour, -1
        )
        _write(canvas, name.replace("_", " "), (12, y + 18), 0.55)
        _write(canvas, f"{value:.0f}", (width - 66, y + 18), 0.55)
    for number, line in enumerate(lines):
        place = (12, 34 + row * (len(bars) + number))
        _write(canvas, line, place, _fitting(line, width - 24, 0.5))
    return canvas


def _write(canvas: Pixels, text: str, place: tuple[int, int], scale: float) -> None:
    # OpenCV's own fonts know ASCII only.
    ascii_only = text.encode("ascii", "replace").decode()
    cv2.putText(canvas, ascii_only, place, _FONT, scale, _INK, 1, cv2.LINE_AA)


def _fitting(text: str, width: int, scale: float) -> float:
    """The scale at which a text is no wider than that."""
    wide = cv2.getTextSize(text, _FONT, scale, 1)[0][0]
    return scale * min(1.0, width / max(1, wide))
