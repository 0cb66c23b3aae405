"""From a picture of a face to a comparable vector, step by step."""

import copy
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from twofold.errors import AcquisitionError, OptionError, TwofoldError
from twofold.face import detection, quality, weights
from twofold.face.alignment import TEMPLATES, align
from twofold.face.cards import find_card
from twofold.face.detection import Detection, FaceDetector, visible_area
from twofold.face.embedding import Vector, open_embedder
from twofold.face.quality import Quality
from twofold.images import Pixels, Source, read

Purpose = Literal["enrol", "probe"]

# A second face of at least this part of the first one's visible area is of comparable size: 0.6 of
# its width and height.
_COMPARABLE = 0.36
_MINIMUM = {"enrol": quality.ENROL_MINIMUM, "probe": quality.PROBE_MINIMUM}


@dataclass(frozen=True)
class FaceSample:
    """What one picture of a face gave.

    Attributes:
        vector: float32 (dimension,), unit length.
        detection: the face that was taken.
        quality: of the picture for recognition.
        others: how many further faces were found and passed over.
        comparable: how many of those are of comparable size.
        aligned: uint8 (height, width, 3), the crop that the model saw.
        notes: what a person should know about the choice, such as a passed-over face.
    """

    vector: Vector
    detection: Detection
    quality: Quality
    others: int
    comparable: int
    aligned: Pixels
    notes: tuple[str, ...] = ()


class FaceExtractor:
    """Detects, aligns, judges, embeds. Make one and keep it: loading the models takes a moment.

    Safe to share between threads. One picture gives the same vector alone and in a batch.

    Args:
        model: name of an embedder's card (`twofold models list`).
        threads: inside one run of the network. One is best for batches, where pictures are
            spread over the cores instead.
        device: "cpu"; "gpu" for ONNX Runtime's GPU provider, which must be installed; None for a
            GPU when there is one. A GPU's vectors differ from a CPU's in the last digits.
        minimum: least overall quality, 0 to 100; None for the purpose's own
            (`quality.ENROL_MINIMUM`, `quality.PROBE_MINIMUM`).

    Raises:
        OptionError: there is no such model.
        ModelError: its weights are missing, altered or refused.
        MissingExtraError: it needs packages of an extra.
    """

    def __init__(
        self,
        model: str = "sface",
        threads: int = 1,
        device: Literal["cpu", "gpu"] | None = "cpu",
        minimum: float | None = None,
    ) -> None:
        if threads < 1:
            raise OptionError(f"threads {threads}: must be at least 1.")
        self.model, self.threads, self.device, self.minimum = model, threads, device, minimum
        self._detector_card = find_card("yunet", "detector")
        self._detector = FaceDetector(weights.load(self._detector_card))
        self._embedder = open_embedder(find_card(model), threads, device)
        card = self._embedder.card
        assert card.input is not None and card.output is not None
        self._input, self.dimension = card.input, card.output.dimension
        self.contract = self._contract()

    def with_minimum(self, minimum: float | None) -> "FaceExtractor":
        """This extractor, its networks shared, with another least quality."""
        other = copy.copy(self)
        other.minimum = minimum
        return other

    def __repr__(self) -> str:
        return (
            f"FaceExtractor(model={self.model!r}, threads={self.threads}, device={self.device!r}, "
            f"minimum={self.minimum!r})"
        )

    def _contract(self) -> str:
        """Hex SHA-256 of everything that makes vectors comparable: weights and preprocessing."""
        described = {
            "steps": 1,  # raised whenever a step changes its result
            "detector": self._detector_card.weights.sha256,
            "views": [(view.border, view.side) for view in detection.VIEWS + detection.LARGE_VIEWS],
            "embedder": self._embedder.card.weights.sha256,
            "input": self._input.model_dump(mode="json"),
        }
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def extract(self, source: Source, purpose: Purpose = "probe") -> FaceSample:
        """One picture to its vector.

        Args:
            source: a path, the encoded bytes, or an array uint8 (H, W) or (H, W, 3).
            purpose: "enrol" refuses a second face of comparable size and poor quality; "probe"
                takes the most prominent face, says so in `notes`, and refuses only bad quality.

        Raises:
            ImageError: the picture is unreadable or of a refused kind.
            AcquisitionError: "no_face", "turned" (upside down or lying), "several_faces" or
                "low_quality".
        """
        name = _name(source)
        rgb = read(source, colour="rgb")
        face, others, comparable = self._choose(rgb, name, purpose)
        measured = align(rgb, face.landmarks, 112, 112, TEMPLATES["arcface"])
        judged = quality.judge(rgb, face, measured)
        minimum = _MINIMUM[purpose] if self.minimum is None else self.minimum
        quality.require(judged, minimum, name)
        needs = self._input
        template = self._embedder.template
        crop = (
            measured
            if (needs.width, needs.height, needs.template) == (112, 112, "arcface")
            else align(rgb, face.landmarks, needs.width, needs.height, template)
        )
        notes = (
            (f"{others} further face(s) in the picture; the most prominent was taken",)
            if others
            else ()
        )
        vector = self._embedder.embed(crop)
        return FaceSample(vector, face, judged, others, comparable, crop, notes)

    def _choose(self, rgb: Pixels, name: str, purpose: Purpose) -> tuple[Detection, int, int]:
        """The face to take, how many others there are, and how many of comparable size."""
        faces = self._detector.find(rgb)
        turned = self._detector.turned(rgb, faces[0] if faces else None)
        if turned:
            standing = "upside down" if turned == 180 else "on its side"
            raise AcquisitionError(
                f"{name}: the face is {standing}. Turn the picture by {turned} degrees clockwise.",
                "turned",
            )
        if not faces:
            raise AcquisitionError(
                f"{name}: no face was found. Give a picture that shows one from the front, upright "
                "and with both eyes.",
                "no_face",
            )
        height, width = rgb.shape[:2]
        least = _COMPARABLE * visible_area(faces[0], width, height)
        comparable = sum(visible_area(face, width, height) >= least for face in faces[1:])
        if comparable and purpose == "enrol":
            raise AcquisitionError(
                f"{name}: {comparable + 1} faces of comparable size. Crop the picture to the "
                "person who is enrolled.",
                "several_faces",
            )
        return faces[0], len(faces) - 1, comparable

    def extract_many(
        self, sources: Iterable[Source], purpose: Purpose = "probe", workers: int | None = None
    ) -> list[FaceSample | TwofoldError]:
        """Many pictures, in order; a picture that fails gives its error instead of a sample.

        Args:
            sources: as for `extract`.
            purpose: as for `extract`.
            workers: pictures at a time; None for as many as there are cores.
        """
        return list(self.extract_each(sources, purpose, workers))

    def extract_each(
        self, sources: Iterable[Source], purpose: Purpose = "probe", workers: int | None = None
    ) -> Iterator[FaceSample | TwofoldError]:
        """`extract_many` one after another, so that neither pictures nor samples pile up."""

        def one(source: Source) -> FaceSample | TwofoldError:
            try:
                return self.extract(source, purpose)
            except TwofoldError as error:
                return error

        workers = workers or _cores()
        if workers == 1:
            yield from map(one, sources)
            return
        rest = iter(sources)
        with ThreadPoolExecutor(workers, "twofold-face") as pool:
            under_way: deque[Future[FaceSample | TwofoldError]] = deque(
                pool.submit(one, source) for source in islice(rest, 4 * workers)
            )
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(one, source) for source in islice(rest, 1))


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _name(source: Source) -> str:
    if isinstance(source, (str, Path)):
        return str(source)
    return "the picture"
