"""Which segmentation is believed: the default's, unless checks speak for the other's."""

import cv2

from twofold.errors import AcquisitionError, ModelError
from twofold.images import Pixels
from twofold.iris.checks import Measures, likeness, measure, weaknesses
from twofold.iris.classical import ClassicalSegmenter
from twofold.iris.segmentation import Segmentation, Segmenter
from twofold.iris.segmentation_network import NetworkSegmenter

SURE = 1.7  # a default's result this much like an eye needs no second opinion
LEAST = 1.2  # less is no eye
ALONE = 2.15  # nor is less where the other segmenter sees no eye, as in most faces
_SMALLEST = 40  # pixels of the shorter side


def segmenters() -> list[Segmenter]:
    """The default first, then the fallback.

    On the development sets the network makes fewer errors, in near-infrared and in visible light,
    and takes less time.
    """
    return [NetworkSegmenter(), ClassicalSegmenter()]


def segment_best(grey: Pixels) -> Segmentation:
    """See `segmentation.segment`."""
    _look_at(grey)
    best: tuple[float, Segmentation, Measures] | None = None
    refusal: AcquisitionError | None = None
    for segmenter in segmenters():
        try:
            found = segmenter.segment(grey)
        except AcquisitionError as error:
            refusal = error
            continue
        except ModelError:  # the other needs no weights
            continue
        measures = measure(grey, found)
        like = likeness(measures)
        if best is None or like > best[0]:
            best = like, found, measures
        if best[0] >= SURE:
            break
    if best is None or (refusal is not None and best[0] < ALONE):
        raise refusal or AcquisitionError("no iris found: give a picture of one open eye", "no_eye")
    like, found, measures = best
    refuse(like, measures)
    return found


def _look_at(grey: Pixels) -> None:
    height, width = grey.shape
    if min(height, width) < _SMALLEST:
        raise AcquisitionError(
            f"the picture is {width}x{height} pixels, too small for an iris; give one of at least "
            f"{_SMALLEST} pixels a side",
            "too_small",
        )
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA)
    if float(small.std()) < 3:
        raise AcquisitionError(
            "the picture is blank (of one brightness); give a picture of one open eye", "blank"
        )


def refuse(like: float, measures: Measures) -> None:
    """Refuse what is no eye, or hardly shows any of its iris.

    Raises:
        AcquisitionError: codes "no_eye", "cut_off", "upper_lid", "lower_lid", "little_iris".
    """
    if measures.within < 0.75:
        raise AcquisitionError(
            f"{1 - measures.within:.0%} of the iris lies outside the picture; give the whole eye",
            "cut_off",
        )
    if like < LEAST:
        reasons = " and ".join(weaknesses(measures)) or "hardly like an iris"
        raise AcquisitionError(
            f"no eye found (the best candidate has {reasons}): give a picture of one open eye",
            "no_eye",
        )
    if measures.visible < 0.2:
        for name, share in (("upper", measures.upper_lid), ("lower", measures.lower_lid)):
            if share > 0.4:
                raise AcquisitionError(
                    f"{name} lid covers {share:.0%} of the iris: open the eye wider", f"{name}_lid"
                )
        raise AcquisitionError(
            f"only {measures.visible:.0%} of the iris can be seen: open the eye wider, avoid glare",
            "little_iris",
        )
