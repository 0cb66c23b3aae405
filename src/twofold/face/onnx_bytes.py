"""Small edits of an ONNX file's bytes, so that its weights run well without the `onnx` package.

An ONNX file is a Protocol Buffers message; only its outermost layers are taken apart here:
ModelProto.graph (7), GraphProto.node (1), initializer (5) and input (11)
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). The rest is copied byte by byte.
"""

import struct

import numpy as np

from twofold.errors import ModelError

# One field of a message: number, wire type (0 varint, 1 eight bytes, 2 bytes, 5 four bytes), value.
Field = tuple[int, int, int | bytes]


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(content: bytes) -> list[Field]:
    """Take one message apart, in order.

    Raises:
        ModelError: not a Protocol Buffers message.
    """
    found: list[Field] = []
    at = 0
    try:
        while at < len(content):
            key, at = _read_varint(content, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = _read_varint(content, at)
                found.append((number, wire, value))
                continue
            if wire == 2:
                length, at = _read_varint(content, at)
            else:
                length = {1: 8, 5: 4}[wire]
            if at + length > len(content):
                raise IndexError
            found.append((number, wire, content[at : at + length]))
            at += length
    except (IndexError, KeyError) as error:
        raise ModelError(
            "the weights are not a whole ONNX file. Get the file again from its source."
        ) from error
    return found


def message(parts: list[Field]) -> bytes:
    """Put a message together: the inverse of `fields`."""
    out: list[bytes] = []
    for number, wire, value in parts:
        out.append(_varint(number << 3 | wire))
        if isinstance(value, int):
            out.append(_varint(value))
        else:
            if wire == 2:
                out.append(_varint(len(value)))
            out.append(value)
    return b"".join(out)


def _texts(parts: list[Field], number: int) -> list[bytes]:
    return [value for found, _, value in parts if found == number and isinstance(value, bytes)]


def _slope(content: bytes) -> tuple[bytes, float | None]:
    """Name and largest value of a float32 TensorProto; None for other kinds."""
    parts = fields(content)
    name = (_texts(parts, 8) or [b""])[0]
    if (2, 0, 1) not in parts:
        return name, None
    if raw := _texts(parts, 9):
        values = np.frombuffer(raw[0], "<f4")
    elif packed := _texts(parts, 4):
        values = np.array([v for block in packed for (v,) in struct.iter_unpack("<f", block)])
    else:
        return name, None
    return name, float(values.max(initial=-np.inf))


def _without_prelu(node: bytes, largest: dict[bytes, float | None]) -> list[bytes]:
    """The same activation in operators that ONNX Runtime vectorises; other nodes as they are.

    PRelu(x) = max(x, a x) where no slope a exceeds 1, else relu(x) + a (x - relu(x)). In ONNX
    Runtime 1.32, PRelu itself took over half of SFace's time (15 of 28 ms a face on one core).
    """
    parts = fields(node)
    if _texts(parts, 4) != [b"PRelu"]:
        return [node]
    (x, slope), (y,) = _texts(parts, 1), _texts(parts, 2)
    steepest = largest.get(slope)
    if steepest is None:
        return [node]

    def operator(kind: bytes, inputs: list[bytes], output: bytes) -> bytes:
        return message([*((1, 2, name) for name in inputs), (2, 2, output), (4, 2, kind)])

    if steepest <= 1.0:
        scaled = y + b"/scaled"
        return [operator(b"Mul", [x, slope], scaled), operator(b"Max", [x, scaled], y)]
    above, below, scaled = y + b"/above", y + b"/below", y + b"/scaled"
    return [
        operator(b"Relu", [x], above),
        operator(b"Sub", [x, above], below),
        operator(b"Mul", [below, slope], scaled),
        operator(b"Add", [above, scaled], y),
    ]


def runnable(content: bytes) -> bytes:
    """An embedder's ONNX file as ONNX Runtime runs it best; the same function of the picture.

    Drops the inputs that are weights or that no operator uses (older exporters list weights as
    inputs; after quantisation some of them no longer exist, and ONNX Runtime refuses the file), and
    rewrites PRelu.

    Raises:
        ModelError: not a whole ONNX file.
    """
    parts = fields(content)
    return message(
        [
            (number, wire, _runnable_graph(value) if number == 7 else value)
            if isinstance(value, bytes)
            else (number, wire, value)
            for number, wire, value in parts
        ]
    )


def _runnable_graph(content: bytes) -> bytes:
    graph = fields(content)
    largest: dict[bytes, float | None] = dict(map(_slope, _texts(graph, 5)))
    used = {name for node in _texts(graph, 1) for name in _texts(fields(node), 1)}
    out: list[Field] = []
    for number, wire, value in graph:
        if isinstance(value, bytes) and number == 1:
            out.extend((1, 2, node) for node in _without_prelu(value, largest))
        elif isinstance(value, bytes) and number == 11:
            name = _texts(fields(value), 1)[0]
            if name in used and name not in largest:
                out.append((number, wire, value))
        else:
            out.append((number, wire, value))
    return message(out)
