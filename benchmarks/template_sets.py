"""Real sets as templates, for `template_protection`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.data.samples import read_samples
from twofold.evaluation.verification.comparisons import People, people_of
from twofold.evaluation.verification.extraction import extract_all
from twofold.evaluation.verification.matchers import FaceMatcher, IrisMatcher
from twofold.gallery.protection import Transform
from twofold.images import Source
from twofold.iris.code import IrisCode
from twofold.iris.comparison import DEFAULT, pack_codes
from twofold.iris.kernel import Matches, match
from twofold.template import FaceFeature, IrisFeature, Light, Template

SETS: dict[str, Light | None] = {
    "lfw_subset": None,
    "orl": None,
    "mmu1": "nir",
    "ubiris_v1": "visible",
}
FMR = 1e-3
Floats = NDArray[np.float64]


class Faces(FaceMatcher):
    """Also keeps the quality."""

    def extract(self, source: Source) -> Any:
        found = self._extractor.extract(source)
        return FaceFeature(found.vector, found.quality.overall)


class Irises(IrisMatcher):
    """Also keeps the quality."""

    def extract(self, source: Source) -> Any:
        found = self._extractor.extract(source)
        return IrisFeature(found.code, found.quality.overall)


@dataclass(frozen=True)
class Set:
    """Samples of a set that have a template, one sample a template.

    Attributes:
        people: all samples, also those without.
        identity: (n,) of those that have a template.
        templates: n.
    """

    name: str
    people: People
    identity: NDArray[np.int32]
    templates: list[Template]

    @property
    def faces(self) -> bool:
        return bool(self.templates[0].faces)

    @property
    def codes(self) -> list[IrisCode]:
        return [one.irises[0].code for one in self.templates]

    @property
    def quality(self) -> Floats:
        if self.faces:
            return np.array([one.faces[0].quality for one in self.templates])
        return np.array([one.irises[0].quality for one in self.templates])

    @property
    def vectors(self) -> Floats:
        return np.stack([one.faces[0].vector for one in self.templates]).astype(np.float64)


def read(folder: Path, name: str) -> Set:
    """Extract a set."""
    faces = SETS[name] is None
    samples = read_samples(folder / name, "face" if faces else "iris")
    factory = Faces if faces else Irises
    found = extract_all(factory, [one.path for one in samples.samples])
    people = people_of(samples, [one.template is None for one in found])
    contract = factory().contract
    made = [
        Template((one.template,), (), contract, None)
        if faces
        else Template((), (replace(one.template, light=SETS[name]),), None, contract)
        for one in found
        if one.template is not None
    ]
    return Set(name, people, people.identity[~people.failed], made)


def protected(one: Set, transform: Transform) -> Set:
    """Every template protected."""
    return replace(one, templates=[transform.protect(each) for each in one.templates])


def of_several(one: Set) -> Set:
    """Those whose identity has several samples; D_sys is measured on them."""
    kept = np.flatnonzero(np.bincount(one.identity)[one.identity] > 1)
    return replace(
        one, identity=one.identity[kept], templates=[one.templates[k] for k in kept.tolist()]
    )


def matched(probes: Set, references: Set, transform: Transform | None = None) -> Matches:
    """Irises compared as the recogniser does."""
    left = pack_codes(probes.codes)
    shifts, bits = DEFAULT.shifts(left.layout), DEFAULT.reference_bits(left.layout)
    through = transform.rotations if transform else None
    return match(left, pack_codes(references.codes), shifts, bits, transform=through)
