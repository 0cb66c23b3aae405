"""Pictures of every step, for `twofold explain`: boundaries, mask, strip, code, agreement."""

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.images import Pixels
from twofold.iris.code import Bits, IrisCode, unpack
from twofold.iris.comparison import compare
from twofold.iris.enhancement import enhance
from twofold.iris.extraction import IrisSample
from twofold.iris.segmentation import Segmentation
from twofold.iris.trust import trusted
from twofold.iris.unwrapping import Mask

_SIDE = 640  # longer side of the drawn eye, pixels
_WIDTH = 1024  # of drawn strips and codes
_PUPIL, _LIMBUS, _LID = (235, 70, 60), (250, 200, 40), (60, 150, 250)
_COVERED, _GLARE, _LASH = (110, 40, 140), (250, 240, 90), (40, 90, 200)
_ONE, _ZERO, _MASKED = (245, 245, 245), (25, 25, 30), (110, 40, 140)
_AGREE, _DIFFER = (70, 170, 95), (215, 65, 55)
_INK, _PAPER = (35, 35, 40), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX

Labels = NDArray[np.uint8]


def draw(sample: IrisSample, pixels: Pixels) -> dict[str, Pixels]:
    """One picture for each step of the extraction.

    Args:
        sample: what `IrisExtractor.extract` answered.
        pixels: the picture it was extracted from, uint8 (H, W) or (H, W, 3).

    Returns:
        "boundaries" (pupil red, limbus yellow, lids blue), "mask" (what is left out, coloured by
        its reason: highlights yellow, lashes blue, the rest violet), "strip" (unrolled; below it
        evened out, with what is not encoded in violet) and "code" (a row for each band and plane,
        the band next to the pupil on top; violet: masked), each uint8 (height, width, 3), RGB.
    """
    return {
        "boundaries": _boundaries(sample.segmentation, pixels),
        "mask": _mask(sample.segmentation, pixels),
        "strip": _strip(sample),
        "code": _code(sample.code),
    }


def draw_comparison(probe: IrisSample, reference: IrisSample) -> dict[str, Pixels]:
    """ "agreement" of two samples, as `draw_agreement` makes it."""
    return {"agreement": draw_agreement(probe.code, reference.code)}


def draw_agreement(probe: IrisCode, reference: IrisCode) -> Pixels:
    """Bit by bit at the best rotation: green agrees, red differs, violet is masked in either.

    The probe is turned, so that places are those of the reference.

    Returns:
        uint8 (height, width, 3), RGB, laid out as the "code" of `draw`, with a line of figures.

    Raises:
        OptionError: the layouts differ.
    """
    found = compare(probe, reference)
    layout = probe.layout
    turn = round(found.rotation * layout.angles / 360)
    turned, known = (
        np.roll(unpack(words, layout), turn, axis=0) for words in (probe.bits, probe.mask)
    )
    known = known & unpack(reference.mask, layout)
    same = turned == unpack(reference.bits, layout)
    picture = _planes(_coloured(known, same, _AGREE, _DIFFER))
    text = (
        f"score {found.score:.3f}   {100 * (1 - found.hamming_distance):.1f} % of {found.bits} bits"
        f" agree   probe turned by {found.rotation:+.1f} degrees"
    )
    return np.vstack([picture, _line(text, picture.shape[1])])


def _boundaries(found: Segmentation, pixels: Pixels) -> Pixels:
    canvas, factor = _enlarged(pixels)
    lines = [(found.boundaries.pupil, _PUPIL, True), (found.boundaries.limbus, _LIMBUS, True)]
    lines += [(lid, _LID, False) for lid in (found.upper_lid, found.lower_lid) if lid is not None]
    for points, colour, closed in lines:
        # Fixed-point places (1/16 pixel); the centre of the top left pixel is (0, 0).
        places = np.round(((points + 0.5) * factor - 0.5) * 16).astype(np.int32)
        cv2.polylines(canvas, [places], closed, colour, 2, cv2.LINE_AA, 4)
    return canvas


def _mask(found: Segmentation, pixels: Pixels) -> Pixels:
    ring = _filled(found.boundaries.limbus, found.mask.shape) & ~_filled(
        found.boundaries.pupil, found.mask.shape
    )
    hidden = ring & ~found.mask
    rgb = _rgb(pixels).astype(np.float32)
    for where, colour in (
        (hidden, _COVERED),
        (hidden & found.lashes, _LASH),
        (hidden & found.highlights, _GLARE),
    ):
        rgb[where] = 0.35 * _rgb(pixels)[where] + 0.65 * np.array(colour, np.float32)
    return _enlarged(np.clip(rgb, 0, 255).astype(np.uint8))[0]


def _strip(sample: IrisSample) -> Pixels:
    strip = sample.strip
    plain = np.clip(strip.pixels, 0, 255).astype(np.uint8)
    even = enhance(trusted(strip))
    grey = np.clip(128 + 40 * even.pixels, 0, 255).astype(np.uint8)
    grey = np.repeat(grey[:, :, None], 3, axis=2)
    grey[~even.mask] = _MASKED
    gap = np.full((4, strip.mask.shape[1], 3), 255, np.uint8)
    return _wide(np.vstack([np.repeat(plain[:, :, None], 3, axis=2), gap, grey]))


def _code(code: IrisCode) -> Pixels:
    known, bits = unpack(code.mask, code.layout), unpack(code.bits, code.layout)
    return _planes(_coloured(known, bits, _ONE, _ZERO))


def _coloured(
    known: Bits, state: Bits, yes: tuple[int, int, int], no: tuple[int, int, int]
) -> Pixels:
    """Bool arrays (angles, planes, bands) to colours (angles, planes, bands, 3)."""
    palette = np.array([_MASKED, _MASKED, no, yes], np.uint8)
    return np.asarray(palette[2 * known + state], np.uint8)


def _planes(coloured: Pixels) -> Pixels:
    """Planes below each other, angles to the right, bands downwards, with gaps between planes."""
    parts: list[Pixels] = []
    for plane in np.moveaxis(coloured, 1, 0):
        parts += [np.full((1, plane.shape[0], 3), 255, np.uint8), plane.transpose(1, 0, 2)]
    return _wide(np.vstack(parts[1:]))


def _wide(picture: Pixels) -> Pixels:
    factor = max(1, _WIDTH // picture.shape[1])
    size = (picture.shape[1] * factor, picture.shape[0] * factor)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _enlarged(pixels: Pixels) -> tuple[Pixels, float]:
    rgb = _rgb(pixels)
    factor = _SIDE / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(rgb, size, interpolation=method), np.uint8), factor


def _filled(points: NDArray[np.float64], shape: tuple[int, ...]) -> Mask:
    canvas: Labels = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.round(points * 16).astype(np.int32)], (1,), shift=4)
    return canvas.astype(np.bool_)


def _line(text: str, width: int) -> Pixels:
    canvas = np.full((28, width, 3), _PAPER, np.uint8)
    cv2.putText(canvas, text, (8, 19), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
    return canvas
