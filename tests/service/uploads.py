"""Uploads that nobody sends by mistake: numbered, and the same for the same number."""

import base64
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from tests.recognition import face

_BOUNDARY = "----twofold"
_ROUTES = ("/v1/verify", "/v1/quality", "/v1/identify", "/v1/compare", "/v1/subjects")
_PERSON = 44  # and the next; others enrol those with low numbers
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")


@dataclass(frozen=True)
class Upload:
    """A request.

    Attributes:
        kind: how it is bad.
        path: of the route.
        content_type: of the body.
        body: sent.
        secret: what must not be found anywhere else: part of a picture.
    """

    kind: str
    path: str
    content_type: str
    body: bytes
    secret: bytes = b""


def upload(number: int) -> Upload:
    """The upload with this number."""
    rng = random.Random(number)
    made = (_bad_picture, _bad_form, _bad_json)[number % 3]
    return made(rng, _ROUTES[number // 3 % len(_ROUTES)])


# Pictures


@lru_cache(maxsize=32)
def _picture(kind: str, person: int) -> bytes:
    kept = io.BytesIO()
    Image.fromarray(face(_PERSON + person)).save(kept, kind)
    return kept.getvalue()


def _valid(rng: random.Random) -> bytes:
    return _picture(rng.choice(_FORMATS), rng.randrange(4))


def _truncated(rng: random.Random) -> bytes:
    whole = _valid(rng)
    return whole[: rng.randrange(len(whole))]


def _flipped(rng: random.Random) -> bytes:
    made = bytearray(_valid(rng))
    first = min(len(made), rng.choice((64, 1024, len(made))))
    for _ in range(rng.randint(1, 40)):
        made[rng.randrange(first)] ^= 1 << rng.randrange(8)
    return bytes(made)


def _spliced(rng: random.Random) -> bytes:
    one, other = _valid(rng), _valid(rng)
    return one[: rng.randrange(len(one))] + other[rng.randrange(len(other)) :]


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _png(width: int, height: int, data: bytes, depth: int = 8, more: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + more + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )  # fmt: skip


def _bomb(rng: random.Random) -> bytes:
    side = rng.choice((4_900, 30_000, 2**31 - 1))  # the first is within the limit on pixels
    return _png(side, side, zlib.compress(bytes(rng.choice((10, 8_000_000)))))


def _text_bomb(rng: random.Random) -> bytes:
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(20_000_000)))
    return _png(64, 64, zlib.compress(bytes(65 * 64)), more=text * rng.randint(1, 3))


def _odd(rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"", b"\0", b"\xff\xd8\xff", b"GIF89a" + bytes(7), b"BM" + bytes(60),
            b"II*\0\x08\0\0\0\xff\xff" + bytes(40), b"RIFF\xff\xff\xff\xffWEBPVP8 ",
            b"P5 99999999 99999999 255\n", b"%PDF-1.7\n", b"\x7fELF" + bytes(90),
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"#!/bin/sh\necho no\n", b"A" * 300_000, _png(1, 1, zlib.compress(b"\0\0")),
            _png(64, 64, zlib.compress(bytes(64 * 129)), depth=16), bytes(3_000),
        )
    )  # fmt: skip


def _polyglot(rng: random.Random) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as there:
        there.writestr("index.html", "<script>alert(1)</script>")
    return _valid(rng) + kept.getvalue() + b"<?php system('id'); ?>"


def _noise(rng: random.Random) -> bytes:
    head = rng.choice((b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"RIFF"))
    return head + rng.randbytes(rng.randrange(1, 5_000))


_PICTURES: tuple[Callable[[random.Random], bytes], ...] = (
    _valid, _truncated, _flipped, _flipped, _spliced, _bomb, _text_bomb, _odd, _polyglot, _noise,
)  # fmt: skip


# Forms


def _part(name: str, content: bytes, extra: str = "", filename: str | None = "x") -> bytes:
    told = "" if filename is None else f'; filename="{filename}"'
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n{extra}\r\n'
    return head.encode("utf-8", "surrogatepass") + content + b"\r\n"


def _end() -> bytes:
    return f"--{_BOUNDARY}--\r\n".encode()


def _form_type(boundary: str = _BOUNDARY) -> str:
    return f"multipart/form-data; boundary={boundary}"


def _face_of(path: str, rng: random.Random) -> str:
    names = ["face", "left", "right", "iris"]
    return ("probe_" if path == "/v1/compare" else "") + rng.choice(names)


def _rest(path: str, number: int) -> bytes:
    made = b""
    if path in ("/v1/verify", "/v1/subjects"):
        made += _part("subject", f"fuzz {number}".encode(), filename=None)
    if path == "/v1/compare":
        made += _part("reference_face", _picture("PNG", 0))
    return made


def _bad_picture(rng: random.Random, path: str) -> Upload:
    count = rng.choice((1, 1, 1, 2, 8))
    made = [(rng.choice(_PICTURES), _face_of(path, rng)) for _ in range(count)]
    contents = [(one.__name__, field, one(rng)) for one, field in made]
    kinds = "+".join(sorted({kind.strip("_") for kind, _, _ in contents}))
    body = b"".join(_part(field, content) for _, field, content in contents)
    return Upload(
        kinds, path, _form_type(), _rest(path, rng.randrange(10**9)) + body + _end(),
        contents[0][2][-64:-16],
    )  # fmt: skip


def _bad_form(rng: random.Random, path: str) -> Upload:
    field, content = _face_of(path, rng), _truncated(rng)
    good = _rest(path, rng.randrange(10**9)) + _part(field, content)
    inner = _part(field, content) + _end()
    nested = _part(field, inner, f"Content-Type: {_form_type()}\r\n")
    other = f"--inner\r\n\r\n{'x' * 100}\r\n--inner--\r\n".encode()
    kinds: dict[str, tuple[str, bytes]] = {
        "no end": (_form_type(), good),
        "no boundary": ("multipart/form-data", good + _end()),
        "empty boundary": (_form_type(""), good + _end()),
        "another boundary": (_form_type("other"), good + _end()),
        "long boundary": (_form_type("b" * 5_000), good + _end()),
        "odd boundary": (_form_type('"\\"\\0é"'), good + _end()),
        "nested, same boundary": (_form_type(), good + nested + _end()),
        "nested, own boundary": (
            _form_type(), _part(field, other, "Content-Type: multipart/mixed; boundary=inner\r\n")
            + good + _end(),
        ),
        "huge part header": (_form_type(), _part(field, b"x", f"X-Long: {'a' * 70_000}\r\n")),
        "many part headers": (_form_type(), _part(field, b"x", "X-A: b\r\n" * 3_000) + _end()),
        "many parts": (_form_type(), _part(field, b"x") * 500 + _end()),
        "many fields": (_form_type(), _part("light", b"nir", filename=None) * 500 + _end()),
        "long name": (_form_type(), _part("n" * 60_000, b"x") + _end()),
        "path as file name": (_form_type(), _part(field, content, filename="../../etc/passwd")
                              + _end()),
        "odd name": (_form_type(), _part("fa\0ce\ud800", b"x") + _end()),
        "no disposition": (_form_type(), f"--{_BOUNDARY}\r\n\r\nx\r\n".encode() + _end()),
        "line feeds": (_form_type(), good.replace(b"\r\n", b"\n") + _end()),
        "charset": (_form_type() + "; charset=utf-7", good + _end()),
        "transfer encoding": (
            _form_type(), _part(field, b"====", "Content-Transfer-Encoding: base64\r\n") + _end(),
        ),
        "file as text": (_form_type(), _part("light", content) + _end()),
        "text as file": (_form_type(), _part(field, b"x", filename=None) + _end()),
        "long text": (_form_type(), _part("subject", b"s" * 200_000, filename=None) + _end()),
        "text in no charset": (_form_type(), _part("subject", b"\xff\xfe\xfa", filename=None)
                               + good + _end()),
        "nothing": (_form_type(), b""),
        "end alone": (_form_type(), _end()),
        "prologue": (_form_type(), b"x" * 100_000 + good + _end()),
        "noise": (_form_type(), rng.randbytes(20_000)),
        "noise in form": (_form_type(), good + rng.randbytes(2_000) + _end()),
        "another type": (rng.choice(("", "text/plain", "image/png", "a" * 3_000)), content),
        "urlencoded": ("application/x-www-form-urlencoded", b"subject=ada&face=x"),
    }  # fmt: skip
    kind = rng.choice(sorted(kinds))
    content_type, body = kinds[kind]
    return Upload(kind, path, content_type, body, content[-64:-16])


def _bad_json(rng: random.Random, path: str) -> Upload:
    field, content = _face_of(path, rng), _flipped(rng)
    coded = base64.b64encode(content).decode()
    start: dict[str, object] = {}
    if path in ("/v1/verify", "/v1/subjects"):
        start["subject"] = f"fuzz {rng.randrange(10**9)}"
    if path == "/v1/compare":
        start["reference_face"] = [base64.b64encode(_picture("PNG", 0)).decode()]

    def told(**more: object) -> bytes:
        return json.dumps(start | more).encode()

    kinds: dict[str, bytes] = {
        "damaged picture": told(**{field: [coded]}),
        "garbage for base64": told(**{field: [coded[:50] + "!§$%" + coded[50:]]}),
        "cut base64": told(**{field: [coded[:-3]]}),
        "base64 with lines": told(**{field: [coded[:20] + "\n" + coded[20:]]}),
        "data URL": told(**{field: ["data:image/png;base64," + coded]}),
        "empty picture": told(**{field: [""]}),
        "no list": told(**{field: coded}),
        "numbers": told(**{field: list(range(200))}),
        "nulls": told(**{field: [None] * 3}),
        "too many": told(**{field: ["AAAA"] * 65}),
        "objects": told(**{field: [{"a": {"b": [coded]}}]}),
        "lone surrogate": b'{"subject": "\\ud800", "' + field.encode() + b'": ["AAAA"]}',
        "lone surrogate as name": b'{"\\ud800": 1}',
        "unknown field": told(**{"x" * 3_000: coded}),
        "deep": b"[" * 100_000,
        "deep and closed": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        "huge number": told(**{field: ["AAAA"]})[:-1] + b', "fmr": ' + b"9" * 5_000 + b"}",
        "no number": told(**{field: ["AAAA"]})[:-1] + b', "fmr": NaN, "top_k": Infinity}',
        "name twice": b'{"subject": "a", "subject": ["b"], "subject": {}}',
        "UTF-16": told(**{field: [coded]}).decode().encode("utf-16"),
        "no UTF-8": b'{"subject": "\xff\xfe"}',
        "a list": b"[1, 2, 3]",
        "a text": json.dumps(coded).encode(),
        "null": b"null",
        "nothing": b"",
        "NUL": b'{"subject": "a\\u0000b", "' + field.encode() + b'": ["AAAA"]}',
        "two values": told() + told(),
    }  # fmt: skip
    kind = rng.choice(sorted(kinds))
    return Upload(kind, path, "application/json", kinds[kind], content[-64:-16])
