"""How common a score is among development comparisons, as far as these reach."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = np.array([0.5, 0.2, 0.1])
_RULE_OF_THREE = 3.0


@dataclass(frozen=True)
class Tail:
    """The end of a distribution of scores.

    Attributes:
        share: falling shares of comparisons, 0.5 at most; the last is the smallest that the data
            carry (3 / comparisons).
        score: at which so many comparisons lie as far out or further.
        upper: whether further out means higher.
    """

    share: tuple[float, ...]
    score: tuple[float, ...]
    upper: bool

    def at(self, score: float) -> tuple[float, bool]:
        """Share of comparisons as far out as `score`, and whether that is only an upper bound.

        Within the body of the distribution (more than the first share) it is 1.
        """
        sign = 1.0 if self.upper else -1.0
        out = sign * np.asarray(self.score)
        if sign * score < out[0]:
            return 1.0, True
        if sign * score > out[-1]:
            return self.share[-1], True
        return float(np.exp(np.interp(sign * score, out, np.log(self.share)))), False


def tail(scores: NDArray[np.float64], *, upper: bool) -> Tail:
    """Measure the upper or lower end of scores (m,), m of 1 or more."""
    least = min(_RULE_OF_THREE / len(scores), 0.5)
    shares = np.concatenate([_STEPS * 10.0**-k for k in range(8)])
    shares = np.concatenate([shares[shares > least], [least]])
    ordered = np.sort(scores)[::-1] if upper else np.sort(scores)
    places = np.clip(np.ceil(shares * len(scores)).astype(int) - 1, 0, len(scores) - 1)
    return Tail(tuple(shares.tolist()), tuple(ordered[places].tolist()), upper)
