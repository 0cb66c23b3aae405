"""What a benchmark needs of a recogniser of one modality."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.images import Pixels, Source


class Matcher(Protocol):
    """Turns pictures into templates and compares them.

    Attributes:
        modality: "face" or "iris".
        name: of the model, for people.
        contract: hexadecimal digest of all that shapes a template.
        score_range: lowest and highest score; higher means more alike.
    """

    modality: Modality
    name: str
    contract: str
    score_range: tuple[float, float]

    def extract(self, source: Source) -> Any:
        """A template: small, and fit for pickling.

        Raises:
            ImageError: the picture cannot be read.
            AcquisitionError: it yields no template.
        """

    def compare_all(self, templates: Sequence[Any]) -> NDArray[np.float32]:
        """Scores of every template with every other, (n, n); the diagonal is not used."""

    def draw(self, source: Source) -> Pixels:
        """The picture with what was found in it drawn on, RGB (height, width, 3).

        Raises:
            ImageError, AcquisitionError: as `extract`.
        """


# Built again in every process that extracts: sessions and compiled code do not travel.
MatcherFactory = Callable[[], Matcher]
