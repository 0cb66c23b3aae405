"""The one door for pictures: whatever comes in is bounded, identified by content, and decoded.

Pictures are untrusted. Bytes and pixels are limited before anything is decoded, the format is told
from the content and never from the name, and only kinds whose grey values mean the same everywhere
are accepted: 8-bit grey, palette or RGB, one frame.
"""

import io
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from twofold.errors import ImageError

Pixels = NDArray[np.uint8]
Colour = Literal["grey", "rgb"]
Source = Path | str | bytes | Pixels

FORMATS = ("BMP", "PNG", "JPEG", "TIFF", "WEBP", "GIF", "PPM")
_ACCEPTED_MODES = ("1", "L", "P", "RGB")
# Filters of warnings belong to the whole process, and pictures are opened by several threads.
_warning_filters = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """What a picture may weigh and measure before it is refused undecoded."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 64_000_000
    min_side: int = 8


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class ImageInfo:
    """What the header of a picture says: format by content, size in pixels, Pillow's mode."""

    format: str
    width: int
    height: int
    mode: str


def _name(source: Source) -> str:
    if isinstance(source, (str, Path)):
        return str(source)
    return "the picture given as bytes" if isinstance(source, bytes) else "the array given"


def _bytes_of(source: Path | str | bytes, limits: Limits) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        path = Path(source)
        try:
            size = path.stat().st_size
            # Checked before reading: a huge file must not fill the memory first.
            content = path.read_bytes() if 0 < size <= limits.max_bytes else b"\0" * min(size, 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = getattr(error, "strerror", None) or error
            raise ImageError(f"{path}: cannot be read ({reason}).") from error
        if size > limits.max_bytes:
            raise ImageError(
                f"{path}: {size} bytes, more than the {limits.max_bytes} allowed. Save it smaller."
            )
    if not content:
        raise ImageError(f"{_name(source)}: empty (0 bytes). Copy it again from its source.")
    if len(content) > limits.max_bytes:
        raise ImageError(
            f"{_name(source)}: {len(content)} bytes, more than the {limits.max_bytes} allowed."
        )
    return content


def _open(content: bytes, name: str, limits: Limits) -> Image.Image:
    try:
        with _warning_filters, warnings.catch_warnings():
            # Our own limit on pixels is lower than Pillow's and has a clearer message.
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name}: not a picture in a known format ({', '.join(FORMATS)}). Replace the file."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{name}: a decompression bomb, far more than the {limits.max_pixels} pixels allowed. "
            "Replace the file."
        ) from error
    except Exception as error:  # a broken header can raise nearly anything in a decoder
        raise ImageError(f"{name}: damaged header ({error}). Replace the file.") from error
    if picture.width * picture.height > limits.max_pixels:
        raise ImageError(
            f"{name}: {picture.width}x{picture.height} pixels, more than the "
            f"{limits.max_pixels} allowed. Save it smaller."
        )
    if min(picture.size) < limits.min_side:
        raise ImageError(
            f"{name}: {picture.width}x{picture.height} pixels, less than {limits.min_side} on a "
            "side. Use the original picture."
        )
    if kind := _refused_kind(picture):
        raise ImageError(f"{name}: {kind}. Convert it to 8-bit grey or RGB without transparency.")
    if _several_frames(picture, name):
        raise ImageError(f"{name}: several frames. Save the one frame that is meant.")
    return picture


def _refused_kind(picture: Image.Image) -> str | None:
    """Why the grey values of a picture could be misread, or None when they cannot."""
    if picture.mode.startswith(("I", "F")) or _deep(picture):
        return f"more than 8 bits a pixel and channel ({picture.mode})"
    if picture.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        return "has an alpha channel"
    if picture.mode not in _ACCEPTED_MODES:
        return f"colour space {picture.mode}"
    return "has transparency" if "transparency" in picture.info else None


def _deep(picture: Image.Image) -> bool:
    """Whether 16-bit channels hide behind an 8-bit mode: Pillow drops their low byte unasked."""
    for _, _, _, parameters in getattr(picture, "tile", []):
        for value in parameters if isinstance(parameters, tuple) else (parameters,):
            if isinstance(value, str) and ";16" in value and not value.startswith("BGR;16"):
                return True
            if picture.format == "PPM" and isinstance(value, int) and value > 255:
                return True
    return False


def _several_frames(picture: Image.Image, name: str) -> bool:
    # A photograph with a preview or depth map behind it (MPO) is still one picture: its first.
    if picture.format == "MPO":
        return False
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception as error:  # counting the frames of a damaged file seeks through it
        raise ImageError(f"{name}: damaged frames ({error}). Replace the file.") from error


def inspect(source: Path | str | bytes, limits: Limits = DEFAULT_LIMITS) -> ImageInfo:
    """Read the header alone.

    Raises:
        ImageError: not a picture, outside `limits`, or of a kind that is refused.
    """
    name = _name(source)
    with _open(_bytes_of(source, limits), name, limits) as picture:
        format = "JPEG" if picture.format == "MPO" else str(picture.format)
        return ImageInfo(format, picture.width, picture.height, picture.mode)


def read(
    source: Source,
    *,
    colour: Colour | None = None,
    size: tuple[int, int] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Pixels:
    """Decode a picture, upright by its EXIF orientation, converted and resized on the way.

    Args:
        source: a path, the encoded bytes, or an array uint8 (height, width) or (height, width, 3).
        colour: "grey" or "rgb"; None keeps grey pictures grey and all others RGB.
        size: (height, width) to resize to with an area-weighted (antialiased) bilinear filter.
        limits: bounds checked before decoding.

    Returns:
        uint8 array (height, width) for grey, (height, width, 3) for RGB; values 0 to 255.

    Raises:
        ImageError: unreadable, truncated, outside `limits`, or of a kind that is refused.
    """
    name = _name(source)
    if isinstance(source, np.ndarray):
        picture = _from_array(source, limits)
    else:
        picture = _open(_bytes_of(source, limits), name, limits)
    try:
        if size is not None and picture.format == "JPEG":
            # Decode no larger than needed; which side is the width is known after the turn below.
            picture.draft(None, (2 * max(size), 2 * max(size)))
        picture = ImageOps.exif_transpose(picture)
        wanted = {"grey": "L", "rgb": "RGB"}[colour] if colour else _natural_mode(picture)
        picture = picture.convert(wanted)
        if size is not None and picture.size != (size[1], size[0]):
            picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(picture, dtype=np.uint8)
    except ImageError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error ...
        raise ImageError(f"{name}: truncated or damaged ({error}). Replace the file.") from error


def _natural_mode(picture: Image.Image) -> str:
    return "L" if picture.mode in ("1", "L") else "RGB"


def _from_array(array: Pixels, limits: Limits) -> Image.Image:
    grey = array.ndim == 2
    if array.dtype != np.uint8 or not (grey or (array.ndim == 3 and array.shape[2] == 3)):
        raise ImageError(
            f"the array given: {array.dtype} {array.shape}; expected uint8 (height, width) "
            "or (height, width, 3)."
        )
    if array.shape[0] * array.shape[1] > limits.max_pixels:
        raise ImageError(f"the array given: {array.shape} exceeds {limits.max_pixels} pixels.")
    if min(array.shape[:2]) < limits.min_side:
        raise ImageError(f"the array given: {array.shape} is less than {limits.min_side} a side.")
    return Image.fromarray(array)
