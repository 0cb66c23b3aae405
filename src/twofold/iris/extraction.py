"""From a picture of an eye to its code, one named step after the other."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from twofold import images
from twofold.errors import AcquisitionError, ModelError
from twofold.images import Pixels, Source
from twofold.iris import segmentation as segmenting
from twofold.iris.code import LAYOUT_VERSION, IrisCode, unpack
from twofold.iris.comparison import DEFAULT as COMPARING
from twofold.iris.encoding import DEFAULT, Encoding, encode
from twofold.iris.network_maps import card
from twofold.iris.quality import ENROL_MINIMUM, PROBE_MINIMUM, Quality, judge, require
from twofold.iris.segmentation import Segmentation, Segmenter
from twofold.iris.unwrapping import ANGLES, BANDS, Strip, unwrap

Purpose = Literal["enrol", "probe"]

METHOD_VERSION = 1  # raise it when the same picture gives other bits
_LEAST = 0.08  # share of a code's bits that must be comparable
_MINIMUM: dict[Purpose, float] = {"enrol": ENROL_MINIMUM, "probe": PROBE_MINIMUM}


@dataclass(frozen=True)
class IrisSample:
    """One iris and every step on the way to its code.

    Attributes:
        code: what is compared.
        segmentation: in pixels of the given picture.
        strip: unrolled iris before enhancement, (64, 512).
        quality: of the picture, 0 to 100, with components and reasons.
    """

    code: IrisCode
    segmentation: Segmentation
    strip: Strip
    quality: Quality


class IrisExtractor:
    """Extracts iris codes.

    Args:
        segmenter: None takes the default one.
        encoding: parameters of the code.
        minimum: least overall quality, 0 to 100; None for the purpose's own.
    """

    def __init__(
        self,
        segmenter: Segmenter | None = None,
        encoding: Encoding = DEFAULT,
        minimum: float | None = None,
    ) -> None:
        self.segmenter = segmenter
        self.encoding = encoding
        self.minimum = minimum

    @property
    def contract(self) -> str:
        """SHA-256 (hex) of what decides about bits and scores.

        Codes of unlike contracts do not compare, and a threshold holds for its own alone.
        """
        # The default segmenter is two, one with weights; of others the name must do.
        named = _weights() if self.segmenter is None else type(self.segmenter).__name__
        facts = {
            "layout": LAYOUT_VERSION,
            "method": METHOD_VERSION,
            "strip": [BANDS, ANGLES],
            "segmenter": named,
            "encoding": asdict(self.encoding),
            "comparing": asdict(COMPARING),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def extract(self, source: Source, purpose: Purpose = "probe") -> IrisSample:
        """Extract the code of the iris in a picture of one eye, of any size, grey or colour.

        Args:
            source: path, bytes or uint8 array.
            purpose: "enrol" asks for better quality, since a reference is compared many times.

        Raises:
            ImageError: the picture cannot be read.
            AcquisitionError: it shows no iris, too little of one, or one of poor quality.
        """
        grey: Pixels = images.read(source, colour="grey")
        segment = segmenting.segment if self.segmenter is None else self.segmenter.segment
        found = segment(grey)
        strip = unwrap(grey, found)
        code = encode(strip, self.encoding)
        _require_bits(code)
        quality = judge(grey, found)
        require(quality, _MINIMUM[purpose] if self.minimum is None else self.minimum)
        return IrisSample(code, found, strip, quality)


def _weights() -> str:
    try:
        return str(card()["sha256"])
    except ModelError:  # without weights the classical segmenter serves alone
        return "classical"


def _require_bits(code: IrisCode) -> None:
    known = float(np.mean(unpack(code.mask, code.layout)))
    if known < _LEAST:
        raise AcquisitionError(
            f"only {known:.0%} of the iris code can be compared, less than {_LEAST:.0%}: give a "
            "picture of an open eye without glare",
            "little_iris",
        )
