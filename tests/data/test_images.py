"""The door for pictures: what it lets in, what it refuses and with which words."""

import io
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from twofold import images
from twofold.errors import ImageError

GREY = np.random.default_rng(3).integers(0, 256, (20, 30), dtype=np.uint8)
RGB = np.random.default_rng(4).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    sum_ = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + sum_


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG written by hand, with whatever its header declares."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format", ["BMP", "PNG", "TIFF", "PPM"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_lossless_formats_come_back_exactly(format: str, pixels: images.Pixels) -> None:
    content = encoded(Image.fromarray(pixels), format)
    np.testing.assert_array_equal(images.read(content), pixels)
    info = images.inspect(content)
    assert (info.format, info.width, info.height) == (format, 30, 20)


def test_path_bytes_and_array_agree(tmp_path: Path) -> None:
    file = tmp_path / "é.png"
    file.write_bytes(encoded(Image.fromarray(RGB), "PNG"))
    for source in (file, str(file), file.read_bytes(), RGB):
        np.testing.assert_array_equal(images.read(source), RGB)


def test_colour_and_size() -> None:
    assert images.read(GREY, colour="rgb").shape == (20, 30, 3)
    assert images.read(RGB, colour="grey").shape == (20, 30)
    assert images.read(RGB, size=(7, 5)).shape == (7, 5, 3)


def test_shrinking_averages_instead_of_picking() -> None:
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = images.read(stripes, size=(8, 8))
    assert abs(int(small.mean()) - 127) <= 2
    assert small.std() < 30


@pytest.mark.parametrize("size", [(56, 46), (200, 12), (12, 200)])
def test_a_jpeg_decoded_small_is_the_same_picture(size: tuple[int, int]) -> None:
    ramp = np.add.outer(np.arange(480), np.arange(640)).astype(float)
    picture = Image.fromarray((ramp / ramp.max() * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter: width and height change places after decoding
    content = encoded(picture, "JPEG", quality=95, exif=exif)
    small = images.read(content, size=size)
    whole = images.read(images.read(content), size=size)
    assert small.shape == size
    assert np.abs(small.astype(int) - whole).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(GREY), "PNG", exif=exif)
    expected = {
        1: GREY,
        2: GREY[:, ::-1],
        3: GREY[::-1, ::-1],
        4: GREY[::-1],
        5: GREY.T,
        6: np.rot90(GREY, -1),
        7: GREY[::-1, ::-1].T,
        8: np.rot90(GREY),
    }[orientation]
    np.testing.assert_array_equal(images.read(content), expected)


def test_a_palette_is_looked_up() -> None:
    picture = Image.fromarray(GREY).convert("RGB").quantize(16)
    np.testing.assert_array_equal(
        images.read(encoded(picture, "PNG")), np.asarray(picture.convert("RGB"))
    )


def test_a_photograph_with_a_preview_behind_it_is_its_first_picture() -> None:
    first = Image.new("RGB", (40, 40), (200, 30, 30))
    content = encoded(first, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 40))])
    assert images.inspect(content).format == "JPEG"
    assert images.read(content)[..., 0].mean() > 150


REFUSED = {
    "empty (0 bytes)": b"",
    "not a picture": b"hello, this is a text named .png",
    "decompression bomb": png(60_000, 60_000, 8, 2, b""),
    "9000x9000 pixels": png(9_000, 9_000, 8, 0, b""),
    "less than 8 on a side": encoded(Image.new("L", (7, 100)), "PNG"),
    "more than 8 bits": encoded(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
    "more than 8 bits a pixel and channel (RGB)": png(10, 10, 16, 2, (b"\0" + b"ab" * 30) * 10),
    "more than 8 bits a pixel and channel (F)": encoded(
        Image.fromarray(GREY.astype(np.float32)), "TIFF"
    ),
    "several frames": encoded(
        Image.fromarray(GREY), "GIF", save_all=True, append_images=[Image.fromarray(GREY[::-1])]
    ),
    "CMYK": encoded(Image.fromarray(RGB).convert("CMYK"), "JPEG"),
    "alpha": encoded(Image.fromarray(RGB).convert("RGBA"), "PNG"),
    "alpha channel": encoded(Image.fromarray(GREY).convert("LA"), "PNG"),
    "has transparency": encoded(Image.fromarray(GREY).convert("P"), "PNG", transparency=3),
    "colour space LAB": encoded(Image.new("LAB", (20, 20)), "TIFF"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refusals_say_which_file_and_why_in_one_line(reason: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.png"
    file.write_bytes(REFUSED[reason])
    for look in (images.inspect, images.read):
        with pytest.raises(ImageError) as refused:
            look(file)
        message = str(refused.value)
        assert message.startswith(f"{file}: ") and reason in message
        assert "\n" not in message


def test_sixteen_bit_ppm_is_not_taken_for_eight() -> None:
    with pytest.raises(ImageError, match="more than 8 bits"):
        images.read(b"P6 10 10 65535\n" + b"ab" * 300)


def test_animated_png_webp_and_pages_of_a_tiff() -> None:
    other = [Image.fromarray(RGB[::-1])]
    for format in ("PNG", "WEBP", "TIFF"):
        content = encoded(Image.fromarray(RGB), format, save_all=True, append_images=other)
        with pytest.raises(ImageError, match="several frames"):
            images.read(content)


def test_a_file_heavier_than_allowed_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "heavy.png"
    file.write_bytes(b"x" * 101)
    limits = images.Limits(max_bytes=100)
    with pytest.raises(ImageError, match="101 bytes, more than the 100"):
        images.read(file, limits=limits)
    with pytest.raises(ImageError, match="101 bytes, more than the 100"):
        images.read(b"x" * 101, limits=limits)


@pytest.mark.parametrize("name", ["missing.png", "nul\0.png", "x" * 300 + ".png", "."])
def test_what_cannot_be_opened(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        images.read(tmp_path / name)


@pytest.mark.parametrize(
    "array",
    [
        GREY.astype(np.float32),
        np.zeros((20, 20, 4), np.uint8),
        np.zeros((20,), np.uint8),
        np.zeros((0, 20), np.uint8),
        np.zeros((7, 20), np.uint8),
    ],
    ids=["float", "four channels", "one axis", "empty", "small"],
)
def test_arrays_of_another_kind(array: images.Pixels) -> None:
    with pytest.raises(ImageError, match="the array given"):
        images.read(array)


def test_an_array_larger_than_allowed() -> None:
    with pytest.raises(ImageError, match="exceeds"):
        images.read(GREY, limits=images.Limits(max_pixels=599))


WHOLE = {
    "BMP": encoded(Image.fromarray(GREY), "BMP"),
    "PNG": encoded(Image.fromarray(RGB), "PNG"),
    "JPEG": encoded(Image.fromarray(RGB), "JPEG"),
    "TIFF": encoded(Image.fromarray(RGB), "TIFF", compression="tiff_deflate"),
    "GIF": encoded(Image.fromarray(GREY), "GIF"),
    "WEBP": encoded(Image.fromarray(RGB), "WEBP", lossless=True),
    "PPM": encoded(Image.fromarray(RGB), "PPM"),
}


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_truncated_picture_is_refused_or_whole(format: str, data: st.DataObject) -> None:
    content = WHOLE[format]
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    try:
        pixels = images.read(cut)
    except ImageError:
        return
    # Only what lies behind the last pixel may be missing without notice.
    np.testing.assert_array_equal(pixels, images.read(content))


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damaged_bytes_raise_nothing_else(format: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[format])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks about odd metadata
        try:
            pixels = images.read(bytes(content))
        except ImageError:
            return
    assert pixels.dtype == np.uint8 and pixels.ndim in (2, 3)


def test_threads_leave_the_filters_of_warnings_alone() -> None:
    content = WHOLE["PNG"]
    before = list(warnings.filters)
    workers = [
        threading.Thread(target=lambda: [images.inspect(content) for _ in range(200)])
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert list(warnings.filters) == before
