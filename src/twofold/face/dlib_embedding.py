"""A second embedder: dlib's ResNet, which installs offline with the extra `dlib`.

King: Dlib-ml: a machine learning toolkit. JMLR 10 (2009); the network is a ResNet with 29
convolutions after He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR (2016).
"""

import threading

import numpy as np

from twofold.errors import MissingExtraError, ModelError
from twofold.face import weights
from twofold.face.alignment import TEMPLATES, Template
from twofold.face.cards import ModelCard
from twofold.face.embedding import Vector, unit
from twofold.images import Pixels


class DlibEmbedder:
    """dlib's face recognition network as its card says. Runs one crop at a time.

    Args:
        card: of an embedder with runtime "dlib".

    Raises:
        MissingExtraError: dlib or its weights are not installed.
        ModelError: the weights are missing or altered, or dlib cannot read them.
    """

    def __init__(self, card: ModelCard) -> None:
        assert card.input is not None
        self.card = card
        self._template = TEMPLATES[card.input.template]
        weights.load(card)  # for its check: dlib reads files by itself
        try:
            import dlib
        except ImportError as error:
            raise MissingExtraError(
                f"the model {card.name} needs dlib, which is not installed. Install it: "
                "pip install 'twofold[dlib]'."
            ) from error
        path = weights.locate(card)
        try:
            self._network = dlib.face_recognition_model_v1(str(path))
        except RuntimeError as error:
            raise ModelError(
                f"{path}: dlib cannot read the weights ({error}). {weights.remedy(card)}"
            ) from error
        self._turn = threading.Lock()  # a dlib network keeps state while it runs

    @property
    def template(self) -> Template:
        return self._template

    def embed(self, crop: Pixels) -> Vector:
        with self._turn:
            answer = self._network.compute_face_descriptor(np.ascontiguousarray(crop))
        return unit(np.asarray(answer, dtype=np.float32))
