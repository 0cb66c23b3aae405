"""The edited network is the same function, and what is no network is refused."""

import numpy as np
import onnxruntime
import pytest

from twofold.errors import ModelError
from twofold.face.onnx_bytes import fields, message, runnable

onnx = pytest.importorskip("onnx")


def _network(slopes: list[float]) -> bytes:
    """PRelu with a weight that is also listed as an input, and an input that nothing uses."""
    helper = onnx.helper
    kind = onnx.TensorProto.FLOAT
    shape = [1, len(slopes), 2, 2]
    slope = onnx.numpy_helper.from_array(
        np.array(slopes, np.float32).reshape(-1, 1, 1), name="slope"
    )
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["data", "slope"], ["y"])],
        "test",
        [
            helper.make_tensor_value_info("data", kind, shape),
            helper.make_tensor_value_info("slope", kind, [len(slopes), 1, 1]),
            helper.make_tensor_value_info("gone", kind, [3]),
        ],
        [helper.make_tensor_value_info("y", kind, shape)],
        [slope],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


@pytest.mark.parametrize("slopes", [[0.2, -0.5], [0.3, 1.4], [1.0, 0.0]])
def test_prelu_is_rewritten_to_the_same_function(slopes: list[float]) -> None:
    edited = runnable(_network(slopes))
    onnx.checker.check_model(onnx.load_from_string(edited))
    session = onnxruntime.InferenceSession(edited, providers=["CPUExecutionProvider"])
    assert [entry.name for entry in session.get_inputs()] == ["data"]
    x = np.random.default_rng(0).normal(0, 3, (1, 2, 2, 2)).astype(np.float32)
    expected = np.where(x > 0, x, x * np.array(slopes, np.float32).reshape(-1, 1, 1))
    assert np.allclose(session.run(None, {"data": x})[0], expected, atol=1e-6)


def test_a_message_taken_apart_and_put_together_is_the_same() -> None:
    content = _network([0.25])
    assert message(fields(content)) == content


@pytest.mark.parametrize("content", [b"\x08", b"\x3a\xff\x01abc", b"\x0b\x00", b"not a network"])
def test_what_is_no_whole_message_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="not a whole ONNX file"):
        runnable(content)


def test_a_truncated_network_is_refused() -> None:
    with pytest.raises(ModelError, match="not a whole ONNX file"):
        runnable(_network([0.25])[:-3])
