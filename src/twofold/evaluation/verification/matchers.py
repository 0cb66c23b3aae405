"""The recognisers of Twofold as a benchmark sees them. Both are imported only when asked for."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.data.dataset import Modality
from twofold.errors import OptionError
from twofold.evaluation.verification.matcher import MatcherFactory
from twofold.images import Pixels, Source

_PUPIL, _LIMBUS, _LID = (86, 180, 233), (230, 159, 0), (0, 200, 120)


class FaceMatcher:
    """Faces: vectors compared by their cosine."""

    modality: Modality = "face"
    score_range = (-1.0, 1.0)

    def __init__(self, model: str | None = None) -> None:
        from twofold.face.extraction import FaceExtractor

        self._extractor = FaceExtractor(model, threads=1) if model else FaceExtractor(threads=1)
        self.name = self._extractor.model
        self.contract = self._extractor.contract

    def extract(self, source: Source) -> NDArray[np.float32]:
        """The unit vector of the largest face, float32 (d,)."""
        return self._extractor.extract(source).vector

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        from twofold.face.comparison import compare_all

        return compare_all(np.stack(templates))

    def draw(self, source: Source) -> Pixels:
        """The picture itself: a face's mistakes are seen without help."""
        return images.read(source, colour="rgb")


class IrisMatcher:
    """Irises: codes compared by their normalised Hamming distance over rotations."""

    modality: Modality = "iris"
    score_range = (0.0, 1.0)
    name = "iris"

    def __init__(self) -> None:
        from twofold.iris.extraction import IrisExtractor

        self._extractor = IrisExtractor()
        self.contract = self._extractor.contract

    def extract(self, source: Source) -> Any:
        """The iris code."""
        return self._extractor.extract(source).code

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        from twofold.iris.comparison import compare_all

        return compare_all(templates)

    def draw(self, source: Source) -> Pixels:
        """The eye with the boundaries of pupil and iris, and the lids, drawn on."""
        found = self._extractor.extract(source).segmentation
        canvas = images.read(source, colour="rgb").copy()
        thick = max(1, round(canvas.shape[1] / 250))
        lines = (
            (found.boundaries.pupil, True, _PUPIL),
            (found.boundaries.limbus, True, _LIMBUS),
            (found.upper_lid, False, _LID),
            (found.lower_lid, False, _LID),
        )
        for line, closed, colour in lines:
            if line is not None and len(line):
                points = np.round(np.asarray(line) * 8).astype(np.int32).reshape(-1, 1, 2)
                cv2.polylines(canvas, [points], closed, colour, thick, cv2.LINE_AA, 3)
        return canvas


def matcher_factory(modality: Modality, model: str | None = None) -> MatcherFactory:
    """What makes the matcher of a modality.

    Args:
        modality: "face" or "iris".
        model: name of a face model; None for the default.

    Raises:
        OptionError: a model was named for irises, which have one.
    """
    if modality == "face":
        return partial(FaceMatcher, model)
    if model is not None:
        raise OptionError(f"--model {model}: irises have one model only. Leave the option out.")
    return IrisMatcher
