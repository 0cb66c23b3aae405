"""The two calls that most users need: pictures to a template, templates to a decision.

```python
recognizer = Recognizer()
reference = recognizer.extract(face="a.jpg", iris="a.png", purpose="enrol")
comparison = recognizer.compare(recognizer.extract(face="b.jpg"), reference)
comparison.decision.match
```
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Literal

from twofold import images
from twofold.errors import AcquisitionError, ModelError, OptionError, TwofoldError
from twofold.fusion.decision import Policy
from twofold.fusion.model import FusionModel, restricted, shipped
from twofold.recognizer.errors import ExtractionError
from twofold.recognizer.light import seen_light
from twofold.recognizer.protection import Protection
from twofold.recognizer.protection import score as score_protected
from twofold.recognizer.scoring import Scored, score
from twofold.recognizer.sources import Eyes, Lights, Person, Picture, Sources, pictures
from twofold.recognizer.weighing import Comparison, conclude, nothing_in_common, weigh
from twofold.template import (
    FaceFeature,
    Failure,
    IrisFeature,
    Modality,
    Template,
    require_same_contracts,
)

if TYPE_CHECKING:
    from twofold.face.extraction import FaceExtractor
    from twofold.iris.extraction import IrisExtractor

Purpose = Literal["enrol", "probe"]
Watch = Callable[[int], None]
DEFAULT_POLICY = Policy(1e-3)


class Recognizer:
    """Makes templates of pictures and compares them. Make one and keep it; safe between threads.

    Nothing is loaded before it is needed: who compares faces only never loads the network of the
    irises, and who compares stored templates loads no network at all.

    Args:
        face_model: name of an embedder's card (`twofold models list`).
        threads: inside one run of the face network; see `FaceExtractor`.
        fusion: calibrations and thresholds; None for those that come with Twofold.
        policy: at which decisions are made where `compare` is given none.

    Raises:
        OptionError: `threads` is below 1. Other errors, such as a model that is not there, come
            when the model is needed.
    """

    def __init__(
        self,
        face_model: str = "sface",
        threads: int = 1,
        fusion: FusionModel | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        if threads < 1:
            raise OptionError(f"threads {threads}: must be at least 1.")
        self.face_model, self.threads = face_model, threads
        self.fusion, self.policy = fusion, policy
        self._making = threading.Lock()
        self._face: FaceExtractor | None = None
        self._iris: tuple[IrisExtractor, str] | None = None
        self._shipped: dict[tuple[str | None, str | None], FusionModel | None] = {}

    def __repr__(self) -> str:
        return (
            f"Recognizer(face_model={self.face_model!r}, threads={self.threads}, "
            f"policy={self.policy!r})"
        )

    def extract(
        self,
        face: Sources | None = None,
        iris: Sources | None = None,
        eye: Eyes = None,
        light: Lights = None,
        purpose: Purpose = "probe",
    ) -> Template:
        """The template of one subject from one or several pictures.

        Args:
            face: a picture of the face, or several: path, bytes or uint8 array each.
            iris: a picture of an eye, or several.
            eye: "left" or "right" of all iris pictures, or one for each; None where unknown.
            light: "nir" or "visible", likewise; None to find out, which works for colour only.
            purpose: "enrol" asks for better quality than "probe", since a reference is compared
                many times.

        Returns:
            What worked. Pictures that yielded nothing are told in `failures`.

        Raises:
            ImageError: a picture cannot be read. That is the file's fault and not the person's, so
                it is raised even where other pictures are well.
            ExtractionError: no picture yielded anything; it has the reason of each.
            OptionError: no picture was given, or eyes or lights do not fit.
        """
        if purpose not in ("enrol", "probe"):
            raise OptionError(f"purpose {purpose!r}: expected enrol or probe.")
        given_faces = pictures(face, "face")
        given_irises = pictures(iris, "iris", eye, light)
        if not given_faces and not given_irises:
            raise OptionError("no picture given: name a face, an iris or both.")
        failures: list[Failure] = []
        notes: list[str] = []
        faces = self._faces(given_faces, purpose, failures, notes)
        irises = self._irises(given_irises, purpose, failures)
        if not faces and not irises:
            raise ExtractionError(failures)
        return Template(
            tuple(faces),
            tuple(irises),
            self.face_extractor().contract if faces else None,
            self._iris_extractor()[1] if irises else None,
            tuple(failures),
            tuple(notes),
        )

    def compare(
        self,
        probe: Template,
        reference: Template,
        policy: Policy | None = None,
        protection: Protection | None = None,
    ) -> Comparison:
        """Compare two templates and decide whether they are of one person.

        A modality that one of them lacks is no evidence, for or against.

        Args:
            probe, reference: made with models of the same contracts.
            policy: at which to decide; None for the recognizer's own.
            protection: that the reference was protected with; the probe is given unprotected.

        Raises:
            ModelError: the templates come from different models, the reference was protected
                otherwise, or there is no calibration for them.
            OptionError: they have nothing in common that can be compared, or no threshold was
                measured for the policy's FMR.
        """
        scores = _scored(probe, reference, protection)
        if not scores:
            raise nothing_in_common(probe, reference)
        model = self._fusion_model(probe, reference if protection is None else probe)
        return conclude(model, scores, policy or self.policy)

    def ratios(
        self, probe: Template, reference: Template, protection: Protection | None = None
    ) -> dict[str, float]:
        """What two templates say without a decision, as for ranking many references.

        Args:
            probe, reference, protection: as for `compare`.

        Returns:
            Natural-log likelihood ratio of each modality that could be compared, and of both
            together as "fused"; empty where the two have nothing in common.

        Raises:
            ModelError: as for `compare`.
        """
        scores = _scored(probe, reference, protection)
        if not scores:
            return {}
        model = self._fusion_model(probe, reference if protection is None else probe)
        found: dict[str, float] = {one.modality: one.llr for one in weigh(model, scores)[1]}
        return found | {"fused": model.fuse(found)}

    def face_extractor(self) -> "FaceExtractor":
        """That the faces of templates come from; loaded when it is first asked for."""
        from twofold.face.extraction import FaceExtractor

        with self._making:
            if self._face is None:
                self._face = FaceExtractor(self.face_model, self.threads)
            return self._face

    def extract_many(
        self,
        people: Iterable[Person],
        purpose: Purpose = "probe",
        workers: int | None = None,
        watch: Watch | None = None,
    ) -> list[Template | TwofoldError]:
        """Templates of many subjects, in order; an error in place of each one that failed.

        Args:
            people: the pictures of each.
            purpose: as for `extract`.
            workers: people at a time; None for as many as there are cores.
            watch: told after each how many are done.
        """
        found = []
        for template in self.extract_each(people, purpose, workers):
            found.append(template)
            if watch is not None:
                watch(len(found))
        return found

    def extract_each(
        self, people: Iterable[Person], purpose: Purpose = "probe", workers: int | None = None
    ) -> Iterator[Template | TwofoldError]:
        """`extract_many` one after another, so that neither pictures nor templates pile up."""

        def one(person: Person) -> Template | TwofoldError:
            try:
                return self.extract(person.face, person.iris, person.eye, person.light, purpose)
            except TwofoldError as error:
                return error

        workers = workers or _cores()
        if workers == 1:
            yield from map(one, people)
            return
        rest = iter(people)
        with ThreadPoolExecutor(workers, "twofold-recognizer") as pool:
            under_way: deque[Future[Template | TwofoldError]] = deque(
                pool.submit(one, person) for person in islice(rest, 4 * workers)
            )
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(one, person) for person in islice(rest, 1))

    def _faces(
        self, given: list[Picture], purpose: Purpose, failures: list[Failure], notes: list[str]
    ) -> list[FaceFeature]:
        found = []
        for number, picture in enumerate(given):
            try:
                sample = self.face_extractor().extract(picture.source, purpose)
            except AcquisitionError as error:
                failures.append(_failure("face", number, picture, error))
                continue
            found.append(FaceFeature(sample.vector, sample.quality.overall))
            notes += [f"{picture.name}: {note}" for note in sample.notes]
        return found

    def _irises(
        self, given: list[Picture], purpose: Purpose, failures: list[Failure]
    ) -> list[IrisFeature]:
        found = []
        for number, picture in enumerate(given):
            pixels = images.read(picture.source)
            light = picture.light or seen_light(pixels)
            try:
                sample = self._iris_extractor()[0].extract(pixels, purpose)
            except AcquisitionError as error:
                failures.append(_failure("iris", number, picture, error))
                continue
            found.append(IrisFeature(sample.code, sample.quality.overall, picture.eye, light))
        return found

    def _fusion_model(self, probe: Template, reference: Template) -> FusionModel:
        face = probe.face_contract or reference.face_contract
        iris = probe.iris_contract or reference.iris_contract
        if self.fusion is not None:
            model = restricted(self.fusion, {"face": face, "iris": iris})
        else:
            with self._making:
                if (face, iris) not in self._shipped:
                    self._shipped[face, iris] = shipped(face, iris)
                model = self._shipped[face, iris]
        if model is None:
            whose = "that come with Twofold" if self.fusion is None else "given"
            raise ModelError(
                f"none of the calibrations {whose} holds for templates of the contract "
                f"{probe.contract[:21]}. Fit one with `twofold calibrate` and give it as `fusion`."
            )
        return model

    def _iris_extractor(self) -> "tuple[IrisExtractor, str]":
        from twofold.iris.extraction import IrisExtractor

        with self._making:
            if self._iris is None:
                extractor = IrisExtractor()
                self._iris = (extractor, extractor.contract)
            return self._iris


def _scored(
    probe: Template, reference: Template, protection: Protection | None
) -> tuple[Scored, ...]:
    if protection is not None:
        return score_protected(probe, reference, protection)
    require_same_contracts(probe, reference)
    return score(probe, reference)


def _failure(modality: Modality, number: int, picture: Picture, error: AcquisitionError) -> Failure:
    told = str(error).removeprefix(f"{picture.name}: ").removeprefix("the picture: ")
    return Failure(modality, number, error.code, f"{picture.name}: {told}")


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
