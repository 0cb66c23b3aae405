"""Pictures made worse on purpose: blurred, partly hidden, or noisy."""

import zlib
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.evaluation.verification.matcher import Matcher, MatcherFactory
from twofold.images import Pixels, Source

How = Literal["blur", "occlusion", "noise", "missing"]
HOWS: tuple[How, ...] = ("blur", "occlusion", "noise", "missing")
WORDS = {
    "blur": "blurred: Gaussian of 0.5 to 3 % of the shorter side, drawn for each picture",
    "occlusion": "partly hidden: a grey square of 15 to 55 % of the shorter side over the middle "
    "half, size and place drawn for each picture",
    "noise": "noisy: normal noise of deviation 10 to 65 grey levels, drawn for each picture",
    "missing": "missing altogether",
}
_BLUR = (0.005, 0.03)
_HIDDEN = (0.15, 0.55)
_NOISE = (10.0, 65.0)


def degrade(pixels: Pixels, how: How, rng: np.random.Generator) -> Pixels:
    """A worse copy of a picture, between hardly and barely usable.

    Args:
        pixels: uint8 (height, width) or (height, width, 3).
        how: "missing" makes no picture and is not for here.
        rng: draws how bad it becomes.
    """
    high, wide = pixels.shape[:2]
    side = min(high, wide)
    if how == "blur":
        sigma = max(0.3, rng.uniform(*_BLUR) * side)
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)
    if how == "noise":
        noisy = pixels + rng.normal(0, rng.uniform(*_NOISE), pixels.shape)
        return np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    if how == "occlusion":
        hidden = pixels.copy()
        width = max(1, round(rng.uniform(*_HIDDEN) * side))
        y, x = (round(rng.uniform(0.25, 0.75) * length - width / 2) for length in (high, wide))
        hidden[max(y, 0) : y + width, max(x, 0) : x + width] = round(float(pixels.mean()))
        return hidden
    raise ValueError(f"{how}: not done to a picture")


class Degrading:
    """A matcher that makes every picture worse before it extracts.

    The draw follows from the seed and the picture's content: the same in every process.
    """

    def __init__(self, matcher: Matcher, how: How, seed: int) -> None:
        self.matcher, self.how, self.seed = matcher, how, seed
        self.modality = matcher.modality
        self.name = matcher.name
        self.contract = matcher.contract
        self.score_range = matcher.score_range

    def worse(self, source: Source) -> Pixels:
        """The picture as this matcher sees it."""
        pixels = images.read(source)
        content = zlib.crc32(np.ascontiguousarray(pixels).tobytes())
        rng = np.random.default_rng([self.seed, content, zlib.crc32(self.how.encode())])
        return degrade(pixels, self.how, rng)

    def extract(self, source: Source) -> Any:
        return self.matcher.extract(self.worse(source))

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        return self.matcher.compare_all(templates)

    def draw(self, source: Source) -> Pixels:
        return self.matcher.draw(self.worse(source))


def degrading(factory: MatcherFactory, how: How, seed: int) -> MatcherFactory:
    """What makes a matcher that sees worse pictures."""
    return partial(_make, factory, how, seed)


def _make(factory: MatcherFactory, how: How, seed: int) -> Matcher:
    return Degrading(factory(), how, seed)
