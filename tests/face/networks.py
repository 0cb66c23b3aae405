"""Tiny ONNX networks with cards, made on the spot: they stand for a model that a user brings."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

CARD = """name = "{name}"
licence = "MIT"
source = "https://example.org/tiny"
training_data = "none: a projection of the mean colour"
threshold_source = "none"

[weights]
file = "tiny.onnx"  # beside the card
sha256 = "{digest}"

[input]
width = {side}
height = {side}
channels = "{channels}"
mean = {mean}
scale = 0.5
template = "arcface"

[output]
dimension = {dimension}
"""


def write_model(
    folder: Path,
    name: str = "tiny",
    *,
    side: int = 32,
    channels: str = "rgb",
    mean: tuple[float, ...] = (1.0, 2.0, 3.0),
    dimension: int = 3,
    batch: int | str = 1,
) -> Path:
    """Write tiny.onnx (its vector is the mean of each channel) and its card; the card's path."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    planes = len(mean)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["picture"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["vector"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("picture", kind, [batch, planes, 32, 32])],
        [helper.make_tensor_value_info("vector", kind, [batch, planes])],
    )
    opset = helper.make_opsetid("", 17)
    content = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.onnx").write_bytes(content)
    card = folder / f"{name}.toml"
    card.write_text(
        CARD.format(
            name=name,
            digest=hashlib.sha256(content).hexdigest(),
            side=side,
            channels=channels,
            mean=np.array(mean).tolist(),
            dimension=dimension,
        )
    )
    return card
