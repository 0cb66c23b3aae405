"""Whom a pair shows among enrolled people, by evidence of face and iris.

The sum of the log-likelihood ratios of face and iris says how much better "both are of this person"
explains the scores than "they are of different people". Where the pair is of one of the people for
certain (closed set), and each was as likely before, the probability of each is the softmax of these
sums (Bayes' rule).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twofold.network.run import BRANCHES, Predictions
from twofold.recognizer import Recognizer
from twofold.template import Template

Ratios = dict[str, NDArray[np.float64]]
"""For face, iris and fused: natural-log likelihood ratios (probes, subjects); NaN without any."""


def ratios(
    recognizer: Recognizer,
    probes: Sequence[Template | None],
    subjects: Sequence[Template | None],
    progress: Callable[[int, int], None] | None = None,
) -> Ratios:
    """Compare every probe with every subject's references.

    Args:
        recognizer: whose models made the templates.
        probes, subjects: None where there is no template.
        progress: called with (probes done, probes in all).
    """
    shape = (len(probes), len(subjects))
    found: Ratios = {branch: np.full(shape, np.nan) for branch in BRANCHES}
    for row, probe in enumerate(probes):
        for column, subject in enumerate(subjects):
            if probe is not None and subject is not None:
                for branch, ratio in recognizer.ratios(probe, subject).items():
                    found[branch][row, column] = ratio
        if progress is not None:
            progress(row + 1, len(probes))
    return found


def probabilities(llr: NDArray[np.float64]) -> NDArray[np.float32]:
    """Of each subject, in a closed set of equally likely ones: float32 (n, k), rows sum to 1.

    A subject without evidence counts as one whose evidence says nothing either way (ratio 0), and
    a row without any evidence gives every subject the same.
    """
    known = np.where(np.isnan(llr), 0.0, llr)
    power = np.exp(known - known.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True), dtype=np.float32)


def predictions(
    found: Mapping[str, NDArray[np.float64]],
    names: Sequence[str],
    truth: NDArray[np.int64],
    labels: Sequence[str],
) -> Predictions:
    """The answers in the form that all runs keep."""
    return Predictions(
        names=tuple(names),
        truth=truth,
        labels=tuple(labels),
        **{branch: probabilities(found[branch]) for branch in BRANCHES},
    )
