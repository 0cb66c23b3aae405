"""Rules that make one log-likelihood ratio of those of the modalities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError

Ratios = Mapping[str, NDArray[np.float64]]


class Rule(Protocol):
    """Makes one ratio of several.

    Attributes:
        name: short and stable; what a file calls it.
    """

    @property
    def name(self) -> str: ...

    def fuse(self, llrs: Ratios) -> NDArray[np.float64]:
        """One ratio for each comparison.

        Args:
            llrs: modality to natural log-likelihood ratios, all of one shape; NaN where missing.

        Returns:
            float64 of that shape; NaN where every modality is missing.

        Raises:
            OptionError: no modality, unlike shapes, or one that the rule was not fitted for.
        """


def stacked(llrs: Ratios) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Modalities in order of their names, and their ratios (k, ...).

    Raises:
        OptionError: none, or unlike shapes.
    """
    names = tuple(sorted(llrs))
    arrays = [np.asarray(llrs[name], dtype=np.float64) for name in names]
    if not arrays or len({array.shape for array in arrays}) != 1:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(names, arrays, strict=True))
        raise OptionError(f"ratios of {shapes or 'no modality'}: give arrays of one shape.")
    return names, np.stack(arrays)


def combination(names: tuple[str, ...] | list[str]) -> str:
    """What a set of modalities is called: "face", "iris", "face+iris"."""
    return "+".join(sorted(names))


@dataclass(frozen=True)
class SumRule:
    """The sum of the ratios that are there: right for independent modalities that are calibrated.

    J. Kittler et al.: On combining classifiers. IEEE PAMI 20 (1998): the product rule, in
    logarithms. A missing modality says nothing, which is a ratio of 0.
    """

    @property
    def name(self) -> str:
        return "sum"

    def fuse(self, llrs: Ratios) -> NDArray[np.float64]:
        _, ratios = stacked(llrs)
        total = np.nansum(ratios, axis=0)
        return np.where(np.isnan(ratios).all(axis=0), np.nan, total)


# The trained rules are imported by this name too, so that one place lists all of them.
def __getattr__(name: str) -> object:
    if name in ("LogisticRule", "GaussianMixtureRule"):
        from twofold.fusion import trained

        return getattr(trained, name)
    raise AttributeError(name)
