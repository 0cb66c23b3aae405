"""Matchers that also tell the quality of a picture and its light, and draw what they found."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.data.dataset import Modality
from twofold.evaluation.verification.matcher import MatcherFactory
from twofold.evaluation.verification.matchers import FaceMatcher, IrisMatcher
from twofold.images import Pixels, Source
from twofold.recognizer.light import seen_light
from twofold.template import Light

_BOX, _POINT = (0, 158, 115), (213, 94, 0)


@dataclass(frozen=True)
class Judged:
    """A template with what else weighs in a fused decision.

    Attributes:
        template: as the matcher makes it.
        quality: of the picture, 0 to 100.
        light: of an iris; None for faces, or where the picture does not tell.
    """

    template: Any
    quality: float
    light: Light | None = None


def plain(templates: Sequence[Judged]) -> list[Any]:
    """The templates alone."""
    return [one.template for one in templates]


class JudgedFaces(FaceMatcher):
    """Faces with their quality."""

    def extract(self, source: Source) -> Any:
        sample = self._extractor.extract(source)
        return Judged(sample.vector, float(sample.quality.overall))

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        return super().compare_all(plain(templates))

    def draw(self, source: Source) -> Pixels:
        """The face's box and five landmarks on the picture."""
        found = self._extractor.extract(source).detection
        pixels = images.read(source, colour="rgb")
        scale = max(1, round(400 / max(pixels.shape[:2])))  # fine lines on small pictures too
        canvas = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        thick = max(1, round(max(canvas.shape[:2]) / 250))
        left, top, wide, high = (float(value) * scale for value in found.box)
        corners = (round(left), round(top)), (round(left + wide), round(top + high))
        cv2.rectangle(canvas, *corners, _BOX, thick, cv2.LINE_AA)
        for x, y in found.landmarks:
            place = (round(float(x) * scale), round(float(y) * scale))
            cv2.circle(canvas, place, 2 * thick, _POINT, -1, cv2.LINE_AA)
        return np.asarray(canvas, dtype=np.uint8)


class JudgedIrises(IrisMatcher):
    """Irises with their quality and light."""

    def extract(self, source: Source) -> Any:
        pixels = images.read(source)
        sample = self._extractor.extract(pixels)
        return Judged(sample.code, float(sample.quality.overall), seen_light(pixels))

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        return super().compare_all(plain(templates))


def judged_factory(modality: Modality, model: str | None = None) -> MatcherFactory:
    """What makes the matcher of a modality.

    Args:
        modality: "face" or "iris".
        model: name of a face model; None for the default.
    """
    return partial(JudgedFaces, model) if modality == "face" else JudgedIrises
