"""From an aligned face to a vector of unit length, by whatever model a card describes."""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold.errors import ModelError
from twofold.face import onnx_bytes, weights
from twofold.face.alignment import TEMPLATES, Template
from twofold.face.cards import ModelCard
from twofold.images import Pixels
from twofold.inference import onnx_runtime

Vector = NDArray[np.float32]


class Embedder(Protocol):
    """A model that turns aligned faces into vectors. Safe to share between threads."""

    card: ModelCard

    @property
    def template(self) -> Template:
        """Where the landmarks must lie in the crop."""
        ...

    def embed(self, crop: Pixels) -> Vector:
        """One vector for one crop.

        Args:
            crop: uint8 (height, width, 3), RGB, aligned, of the size that the card says.

        Returns:
            float32 (dimension,), unit length.
        """
        ...


def unit(vector: Vector) -> Vector:
    """The vector at length 1; float32 of the same shape.

    Raises:
        ModelError: it has no direction: all zeros, or not finite.
    """
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise ModelError(
            "the face model answered a vector without direction. Check the model card's input "
            "(channels, mean, scale) with `twofold models verify`."
        )
    return (vector / length).astype(np.float32)


def providers(wanted: str | None = None) -> list[str]:
    """ONNX Runtime providers to try in turn: a GPU's where its build of ONNX Runtime is installed.

    Args:
        wanted: "cpu", "gpu" or None for a GPU when there is one.

    Raises:
        ModelError: a GPU is wanted and none can be used.
    """
    available = onnx_runtime().get_available_providers()
    gpu = [
        name
        for name in ("CUDAExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider")
        if name in available
    ]
    if wanted == "gpu" and not gpu:
        raise ModelError(
            "no GPU provider in the installed ONNX Runtime. Install onnxruntime-gpu in its place, "
            "or leave the choice out."
        )
    return ["CPUExecutionProvider"] if wanted == "cpu" else [*gpu, "CPUExecutionProvider"]


class OnnxEmbedder:
    """An ONNX file run by ONNX Runtime as its card says.

    Args:
        card: of an embedder with runtime "onnx".
        threads: inside one run of the network.
        device: see `providers`.

    Raises:
        ModelError: weights missing, altered, refused by ONNX Runtime, or not as the card says.
    """

    def __init__(self, card: ModelCard, threads: int = 1, device: str | None = "cpu") -> None:
        assert card.input is not None and card.output is not None
        self.card = card
        self._input = card.input
        content = onnx_bytes.runnable(weights.load(card))
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Weights kept as 8-bit integers are turned to float once, here, and not in every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers(device))
        except Exception as error:  # ONNX Runtime has a class of its own for each kind of refusal
            raise ModelError(
                f"{card.weights.file}: ONNX Runtime refuses the weights of {card.name} "
                f"({_first_line(error)}). Export the model again with a supported operator set."
            ) from error
        self._name = self._session.get_inputs()[0].name
        self._mean = np.array(card.input.mean, np.float32)

    @property
    def template(self) -> Template:
        return TEMPLATES[self._input.template]

    def embed(self, crop: Pixels) -> Vector:
        if self._input.channels == "grey":
            crop = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)[:, :, np.newaxis]
        elif self._input.channels == "bgr":
            crop = crop[:, :, ::-1]
        planes = (crop.astype(np.float32) - self._mean) * np.float32(self._input.scale)
        batch = np.ascontiguousarray(planes.transpose(2, 0, 1)[np.newaxis])
        try:
            answer = np.asarray(self._session.run(None, {self._name: batch})[0], np.float32)
        except Exception as error:
            raise ModelError(
                f"the model {self.card.name} cannot take a crop of {crop.shape[1]}x{crop.shape[0]} "
                f"({_first_line(error)}). Mend [input] of its card."
            ) from error
        assert self.card.output is not None
        if answer.size != self.card.output.dimension:
            raise ModelError(
                f"the model {self.card.name} answers {answer.size} numbers, and its card says "
                f"{self.card.output.dimension}. Mend output.dimension of the card."
            )
        return unit(answer.reshape(-1))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def open_embedder(card: ModelCard, threads: int = 1, device: str | None = "cpu") -> Embedder:
    """The embedder of a card, loaded.

    Raises:
        ModelError: see `OnnxEmbedder`.
        MissingExtraError: the card needs packages of an extra.
    """
    if card.runtime == "dlib":
        from twofold.face.dlib_embedding import DlibEmbedder  # dlib comes with an extra

        return DlibEmbedder(card)
    return OnnxEmbedder(card, threads, device)
