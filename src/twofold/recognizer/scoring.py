"""Two templates to comparison scores: of all pairs of faces, and of the best pair of irises.

Thresholds and calibrations are measured on comparisons of one sample with one, so several samples
must not score higher by chance alone. Of irises the best pair's score is corrected for the number
of tries (`iris.comparison.compare_best`); the scores of faces are all kept, for `weighing` to take
the mean of their likelihood ratios. docs/recognizing.md has the measurements behind both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.errors import OptionError
from twofold.iris.comparison import IrisComparison, compare_best
from twofold.iris.kernel import RotationTransform
from twofold.template import Eye, FaceFeature, IrisFeature, Light, Modality, Template


@dataclass(frozen=True)
class Scored:
    """What was compared of two templates: their faces, or an eye.

    Attributes:
        modality: that was compared.
        scores: face: cosine of each pair of samples, -1 to 1; iris: one score, 0 to 1. Higher is
            more alike.
        qualities: of the worse of the two samples, 0 to 100, one for each score.
        pairs: of samples that were compared.
        eye: which eye, where it is known on both sides.
        light: of both irises; None where they differ or are not known.
        iris: bits, rotation and which samples, for irises.
    """

    modality: Modality
    scores: tuple[float, ...]
    qualities: tuple[float, ...]
    pairs: int
    eye: Eye | None = None
    light: Light | None = None
    iris: IrisComparison | None = None


def score(
    probe: Template, reference: Template, transform: RotationTransform | None = None
) -> tuple[Scored, ...]:
    """Scores of what both templates have: at most one entry of the face, and one of each eye.

    Left and right eye come apart where every iris of both templates has its eye named: two
    irises of a person are as independent as those of two people (Daugman, 2004). Otherwise there is
    one score at most, of the best pair that is not known to show different eyes. Irises that are
    known to be taken in different lights are not compared.

    Args:
        probe, reference: of the same contracts.
        transform: of the rotations of the probe's irises, where the reference is protected.

    Raises:
        OptionError: they are not, as their sizes show.
    """
    faces = (_faces(probe.faces, reference.faces),) if probe.faces and reference.faces else ()
    if not probe.irises or not reference.irises:
        return faces
    return faces + _irises(probe.irises, reference.irises, transform)


def _faces(probes: Sequence[FaceFeature], references: Sequence[FaceFeature]) -> Scored:
    left, right = (
        np.stack([face.vector for face in faces]).astype(np.float64)
        for faces in (probes, references)
    )
    if left.shape[1] != right.shape[1]:
        raise OptionError(
            f"face vectors of {left.shape[1]} and {right.shape[1]} numbers come from different "
            "models. Extract both with one."
        )
    cosines = np.clip(left @ right.T, -1.0, 1.0)
    qualities = np.minimum.outer(
        [face.quality for face in probes], [face.quality for face in references]
    )
    return Scored(
        "face", tuple(cosines.ravel().tolist()), tuple(qualities.ravel().tolist()), cosines.size
    )


def _irises(
    probes: Sequence[IrisFeature],
    references: Sequence[IrisFeature],
    transform: RotationTransform | None,
) -> tuple[Scored, ...]:
    if all(iris.eye for iris in (*probes, *references)):
        eyes: tuple[Eye, ...] = ("left", "right")
        apart = [
            _best(
                [iris for iris in probes if iris.eye == eye],
                [iris for iris in references if iris.eye == eye],
                transform,
                eye,
            )
            for eye in eyes
        ]
        return tuple(one for one in apart if one is not None)
    found = _best(probes, references, transform)
    return () if found is None else (found,)


def _best(
    probes: Sequence[IrisFeature],
    references: Sequence[IrisFeature],
    transform: RotationTransform | None,
    eye: Eye | None = None,
) -> Scored | None:
    """The best pair; None where no two irises may be compared or have a bit in common."""
    probes, references = _in_one_light(probes, references)
    if not probes or not references:
        return None
    found = compare_best(
        [iris.code for iris in probes],
        [iris.code for iris in references],
        probe_eyes=[iris.eye for iris in probes],
        reference_eyes=[iris.eye for iris in references],
        transform=transform,
    )
    if found.tries == 0:
        return None
    one, other = probes[found.probe], references[found.reference]
    return Scored(
        "iris",
        (found.score,),
        (min(one.quality, other.quality),),
        found.tries,
        eye or (one.eye if one.eye == other.eye else None),
        one.light if one.light == other.light else None,
        found,
    )


def _in_one_light(
    probes: Sequence[IrisFeature], references: Sequence[IrisFeature]
) -> tuple[Sequence[IrisFeature], Sequence[IrisFeature]]:
    """The irises of which none are known to be of different lights.

    Melanin hides in infrared what visible light shows of an iris: across lights one eye looks like
    two, and its score would speak against its owner.
    """
    lights = {(one.light, other.light) for one in probes for other in references}
    if not lights & {("nir", "visible"), ("visible", "nir")}:
        return probes, references
    kept = [
        tuple(
            [iris for iris in side if iris.light in (light, None)] for side in (probes, references)
        )
        for light in ("nir", "visible")
    ]
    left, right = max(kept, key=lambda sides: len(sides[0]) * len(sides[1]))
    return left, right
