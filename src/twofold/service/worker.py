"""What runs in a worker process: untrusted pictures are decoded here and nowhere else."""

import os
import signal
from contextlib import suppress
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic import draw_iris, make_person
from twofold.errors import AcquisitionError, ImageError
from twofold.face import quality as face_quality
from twofold.images import Limits, Pixels
from twofold.iris import quality as iris_quality
from twofold.iris.extraction import IrisExtractor
from twofold.recognizer import Recognizer
from twofold.recognizer.recognizer import Purpose
from twofold.service.samples import Extracted, Given, Judged, Refusal
from twofold.template import Template

_OUTLINE = 64  # points of an outline that are told
_MINIMA = {
    "face": {"enrol": face_quality.ENROL_MINIMUM, "probe": face_quality.PROBE_MINIMUM},
    "iris": {"enrol": iris_quality.ENROL_MINIMUM, "probe": iris_quality.PROBE_MINIMUM},
}


class Worker:
    """Extracts and judges. One a process, made by `begin`."""

    def __init__(self, face_model: str, limits: Limits) -> None:
        self._limits = limits
        self._recognizer = Recognizer(face_model)
        # They judge pictures that are too bad for a template as well.
        self._face = self._recognizer.face_extractor().with_minimum(0.0)
        self._iris = IrisExtractor(minimum=0.0)

    def extract(self, pictures: list[Given], purpose: Purpose) -> Extracted:
        """The template of one person; see `Recognizer.extract`."""
        template: Template | None = None
        refusals: list[Refusal] = []
        for one in pictures:
            try:
                made = self._one(one, purpose)
            except (ImageError, AcquisitionError) as error:
                refusals.append(self._refusal(one, error, purpose))
                continue
            template = made if template is None else template.merged(made)
        if template is None:
            return Extracted(None, tuple(refusals))
        return Extracted(template.to_bytes(), tuple(refusals), template.notes)

    def judge(self, pictures: list[Given], purpose: Purpose) -> list[Judged]:
        """How fit each picture is for that purpose."""
        return [self._judged(one, purpose) for one in pictures]

    def _one(self, one: Given, purpose: Purpose) -> Template:
        pixels = images.read(one.content, limits=self._limits)
        if one.modality == "face":
            return self._recognizer.extract(face=pixels, purpose=purpose)
        return self._recognizer.extract(iris=pixels, eye=one.eye, light=one.light, purpose=purpose)

    def _refusal(
        self, one: Given, error: ImageError | AcquisitionError, purpose: Purpose
    ) -> Refusal:
        if getattr(error, "code", None) == "low_quality":  # which component is told by judging
            return self._judged(one, purpose).refusal or _refusal(one, error)
        return _refusal(one, error)

    def warm(self) -> None:
        """Load and compile what is made lazily, so that no request waits for it."""
        eye = draw_iris(make_person(0, 0), 0, 0, 0, side="left", size=(240, 320), light="nir")[0]
        self._recognizer.extract(rendered_face(0, 0), eye, "left", "nir")
        noise = np.random.default_rng(0).integers(0, 256, eye.shape, np.uint8)
        with suppress(AcquisitionError):  # which takes the longer way through the segmenters
            self._iris.extract(noise)

    def _judged(self, one: Given, purpose: Purpose) -> Judged:
        try:
            pixels = images.read(one.content, limits=self._limits)
        except ImageError as error:
            return Judged(one.field, one.number, _refusal(one, error))
        empty = Judged(one.field, one.number, None, width=pixels.shape[1], height=pixels.shape[0])
        try:
            judged = self._face_of if one.modality == "face" else self._iris_of
            found = judged(empty, pixels, purpose)
        except AcquisitionError as error:
            return replace(empty, refusal=_refusal(one, error))
        minimum = _MINIMA[one.modality][purpose]
        if found.quality is None or found.quality >= minimum:
            return found
        told = "; ".join(found.reasons) or "several components are weak"
        code = min(found.components, key=lambda name: found.components[name])
        return replace(found, refusal=Refusal(one.field, one.number, code, told))

    def _face_of(self, empty: Judged, pixels: Pixels, purpose: Purpose) -> Judged:
        sample = self._face.extract(pixels, purpose)
        return replace(
            empty,
            quality=sample.quality.overall,
            components=sample.quality.components,
            reasons=sample.quality.reasons,
            face={
                "box": [round(value, 1) for value in sample.detection.box],
                "landmarks": _points(sample.detection.landmarks),
            },
        )

    def _iris_of(self, empty: Judged, pixels: Pixels, purpose: Purpose) -> Judged:
        sample = self._iris.extract(pixels, purpose)
        found = sample.segmentation
        lids = {"upper": found.upper_lid, "lower": found.lower_lid}
        return replace(
            empty,
            quality=sample.quality.overall,
            components=sample.quality.components,
            reasons=sample.quality.reasons,
            iris={
                "pupil": _points(found.boundaries.pupil),
                "limbus": _points(found.boundaries.limbus),
                "lids": {name: [] if lid is None else _points(lid) for name, lid in lids.items()},
            },
        )


_worker: Worker | None = None


def begin(face_model: str, limits: Limits) -> None:
    """Load the models, once in each process."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers in order
    cv2.setNumThreads(1)  # there is a worker for each core
    if hasattr(os, "nice"):
        os.nice(5)  # whoever is refused, or asks something small, does not wait for pictures
    _worker = Worker(face_model, limits)
    _worker.warm()


def extract(pictures: list[Given], purpose: Purpose) -> Extracted:
    """See `Worker.extract`."""
    assert _worker is not None
    return _worker.extract(pictures, purpose)


def judge(pictures: list[Given], purpose: Purpose) -> list[Judged]:
    """See `Worker.judge`."""
    assert _worker is not None
    return _worker.judge(pictures, purpose)


def ready() -> bool:
    """Whether this process has its models."""
    return _worker is not None


def _refusal(one: Given, error: ImageError | AcquisitionError) -> Refusal:
    told = str(error)
    for start in ("the picture given as bytes: ", "the array given: ", "the picture: "):
        told = told.removeprefix(start)
    code = error.code if isinstance(error, AcquisitionError) else "unreadable"
    return Refusal(one.field, one.number, code, told, isinstance(error, ImageError))


def _points(given: NDArray[np.float64]) -> list[list[float]]:
    step = max(1, len(given) // _OUTLINE)
    return [[round(float(x), 1), round(float(y), 1)] for x, y in given[::step]]
