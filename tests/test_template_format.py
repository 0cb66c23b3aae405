"""The binary form: exact, small, readable for ever, and closed to everything else."""

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import templates
from twofold.errors import ModelError
from twofold.iris.code import CodeLayout, IrisCode
from twofold.template import FaceFeature, IrisFeature, Template

FIXTURES = Path(__file__).parent / "fixtures" / "templates"


def mended(data: bytes) -> bytes:
    """The bytes with the length and the checksum that they should have."""
    if len(data) < 20:
        return data
    body = data[:8] + struct.pack("<I", len(data)) + data[12:-4]
    return body + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize("name", ["version-1.template", "version-1-int8.template"])
def test_templates_of_version_1_open_for_ever(name: str) -> None:
    found = Template.from_bytes((FIXTURES / name).read_bytes())
    expected = templates.template()
    if "int8" not in name:
        assert found == expected
    assert found.irises == expected.irises
    assert found.contract == expected.contract
    for face, original in zip(found.faces, expected.faces, strict=True):
        assert face.quality == original.quality
        np.testing.assert_allclose(face.vector, original.vector, atol=0.005)
        assert float(face.vector @ original.vector) > 0.9999


def test_what_is_written_today_is_version_1_to_the_byte() -> None:
    made = templates.template()
    assert made.to_bytes() == (FIXTURES / "version-1.template").read_bytes()
    assert made.to_bytes("int8") == (FIXTURES / "version-1-int8.template").read_bytes()


def test_bytes_put_together_by_hand_as_the_documentation_says() -> None:
    layout = CodeLayout(angles=16, bands=2, planes=2)  # 64 bits: one word
    body = b"".join(
        [
            b"TWFT" + struct.pack("<HHIBBH", 1, 0, 128, 1, 1, 0),
            bytes(range(32)) + struct.pack("<HBB", 2, 0, 0),
            struct.pack("<HH", 9050, 0) + struct.pack("<2f", 0.6, -0.8),
            bytes(range(32, 64)) + struct.pack("<BBHHH", 1, 2, 2, 16, 0),
            struct.pack("<BBH", 2, 1, 100) + struct.pack("<QQ", 5, 7),
        ]
    )
    found = Template.from_bytes(body + struct.pack("<I", zlib.crc32(body)))
    assert found == Template(
        (FaceFeature(np.array([0.6, -0.8], np.float32), 90.5),),
        (
            IrisFeature(
                IrisCode(layout, np.array([5], np.uint64), np.array([7], np.uint64)),
                1.0,
                "right",
                "nir",
            ),
        ),
        bytes(range(32)).hex(),
        bytes(range(32, 64)).hex(),
    )


def test_sizes_are_what_the_documentation_says() -> None:
    layout = CodeLayout(128, 16, 2)  # of the extractor
    faces = tuple(templates.face(n, 128) for n in range(2))
    irises = tuple(templates.iris(n, layout=layout) for n in range(2))
    kinds = templates.FACE_CONTRACT, templates.IRIS_CONTRACT
    sizes = {
        "face": Template(faces[:1], (), kinds[0]),
        "iris": Template((), irises[:1], None, kinds[1]),
        "one": Template(faces[:1], irises[:1], *kinds),
        "two": Template(faces, irises, *kinds),
    }
    assert {name: len(one.to_bytes()) for name, one in sizes.items()} == {
        "face": 572,
        "iris": 1088,
        "one": 1640,
        "two": 3184,
    }
    assert len(sizes["one"].to_bytes("int8")) == 1640 - 384


_LAYOUTS = st.sampled_from([CodeLayout(32, 4, 2), CodeLayout(16, 2, 2), CodeLayout(64, 1, 1)])


@st.composite
def some_template(draw: Any) -> Template:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    faces, irises = draw(st.sampled_from([(1, 0), (0, 1), (3, 0), (0, 4), (2, 2), (1, 1)]))
    dimension = draw(st.sampled_from([2, 3, 128]))
    layout = draw(_LAYOUTS)
    vectors = rng.normal(size=(faces, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    quality = st.floats(0, 100)

    def words() -> Any:
        return rng.integers(0, 2**64, layout.words, np.uint64)

    return Template(
        tuple(FaceFeature(one.astype(np.float32), draw(quality)) for one in vectors),
        tuple(
            IrisFeature(
                IrisCode(layout, words(), words()),
                draw(quality),
                draw(st.sampled_from([None, "left", "right"])),
                draw(st.sampled_from([None, "nir", "visible"])),
            )
            for _ in range(irises)
        ),
        rng.bytes(32).hex() if faces else None,
        rng.bytes(32).hex() if irises else None,
    )


@settings(deadline=None)
@given(some_template())
def test_every_template_comes_back_equal(made: Template) -> None:
    assert Template.from_bytes(made.to_bytes()) == made
    small = Template.from_bytes(made.to_bytes("int8"))
    assert small.to_bytes("int8") == made.to_bytes("int8"), "rounding again changes nothing"
    assert small.irises == made.irises


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_no_template(data: bytes) -> None:
    for start in (b"", b"TWFT", b"TWFT\1\0"):
        with pytest.raises(ModelError):
            Template.from_bytes(start + data)


@pytest.mark.parametrize("vectors", ["float32", "int8"])
def test_no_flipped_bit_and_no_cut_goes_unnoticed(vectors: Any) -> None:
    data = templates.template().to_bytes(vectors)
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(ModelError):
            Template.from_bytes(bytes(flipped))
    for length in range(len(data)):
        with pytest.raises(ModelError):
            Template.from_bytes(data[:length])
    with pytest.raises(ModelError, match="where the header says"):
        Template.from_bytes(data + b"\0")


@settings(max_examples=500, deadline=None)
@given(st.data(), st.sampled_from(["float32", "int8"]), st.booleans())
def test_who_mends_the_checksum_gets_a_whole_template_or_an_error(
    data: st.DataObject, vectors: Any, resize: bool
) -> None:
    content = bytearray(data.draw(some_template()).to_bytes(vectors))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 5))
        content[place] = data.draw(st.integers(0, 255))
    if resize:
        start, stop = sorted(data.draw(st.integers(4, len(content))) for _ in "ab")
        content[start:stop] = data.draw(st.binary(max_size=80))
    forged = mended(bytes(content))
    try:
        found = Template.from_bytes(forged)
    except ModelError as error:
        assert len(str(error).splitlines()) == 1
        return
    # There is one form of everything: what is accepted is what would be written.
    assert forged in (found.to_bytes(), found.to_bytes("int8"))


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (0, b"PK\3\4", "no template"),
        (4, b"\2\0", r"newer Twofold \(version 2.*Update Twofold"),
        (4, b"\0\0", "version 0"),
        (6, b"\1\0", "reserved"),
        (12, b"\3", "reserved"),  # the irises' part taken for a face
        (12, b"\2\4", "cut off"),
        (12, b"\2\2", "68 bytes too many"),
        (12, b"\0\0", "bytes too many"),
        (14, b"\1", "reserved"),
        (48, b"\0\0", "."),
        (50, b"\2", "unknown form"),
        (51, b"\1", "unknown form"),
        (52, b"\x11\x27", r"quality 100\.01"),
        (54, b"\1", "reserved"),
        (56, b"\0\0\xc0\x7f", "length nan"),
        (56, b"\0\0\x80\x7f", "length inf"),
        (56, b"\0\0\x80\x3f", "expected 1"),
        (188 + 32, b"\2", "layout version 2"),
        (188 + 33, b"\0", "."),
        (188 + 34, b"\xff\xff", "."),
        (188 + 38, b"\1", "reserved"),
        (188 + 40, b"\3", "eye 3"),
        (188 + 41, b"\3", "light 3"),
        (188 + 42, b"\xff\xff", "quality 655.35"),
    ],
)
def test_each_field_is_checked(place: int, value: bytes, told: str) -> None:
    data = bytearray(templates.template().to_bytes())
    assert data[188 : 188 + 32] == bytes.fromhex(templates.IRIS_CONTRACT)
    data[place : place + len(value)] = value
    with pytest.raises(ModelError, match=told):
        Template.from_bytes(mended(bytes(data)))


def test_counts_that_lie_allocate_nothing() -> None:
    face = struct.pack("<32sHBB", bytes(32), 65535, 0, 0)
    iris = struct.pack("<32sBBHHH", bytes(32), 1, 255, 65535, 64, 0)
    tracemalloc.start()
    try:
        for counts, part in (((255, 0), face), ((0, 255), iris), ((255, 255), face + iris)):
            data = b"TWFT" + struct.pack("<HHIBBH", 1, 0, 0, *counts, 0) + part + bytes(4)
            with pytest.raises(ModelError, match=r"cut off|bits"):
                Template.from_bytes(mended(data))
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_vectors_of_another_form_are_refused() -> None:
    from twofold.errors import OptionError

    with pytest.raises(OptionError, match="float32 or int8"):
        templates.template().to_bytes("float8")  # type: ignore[arg-type]


def test_any_bytes_like_thing_can_be_read() -> None:
    data = templates.template().to_bytes()
    assert Template.from_bytes(memoryview(bytearray(data))) == templates.template()  # type: ignore[arg-type]
