"""The three networks of a run on the same pairs: face only, iris only, and both."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from twofold.evaluation.classification import (
    Classification,
    Estimate,
    classify,
    mean_with_interval,
)
from twofold.network.run import Predictions


@dataclass(frozen=True)
class Scores:
    """The three networks on the same pairs, and what fusion adds to each branch alone."""

    predictions: Predictions
    face: Classification
    iris: Classification
    fused: Classification
    over_face: Estimate
    over_iris: Estimate

    @property
    def branches(self) -> dict[str, Classification]:
        return {"face": self.face, "iris": self.iris, "fused": self.fused}

    def as_dict(self) -> dict[str, Any]:
        """For JSON: one entry a network, and the gains of fusion in accuracy."""
        measured: dict[str, Any] = {name: c.as_dict() for name, c in self.branches.items()}
        gains = {"fused_minus_face": self.over_face, "fused_minus_iris": self.over_iris}
        return measured | {name: asdict(gain) for name, gain in gains.items()}


def score(predictions: Predictions) -> Scores:
    """Classify with each of the three networks, and compare them on the same resamples.

    Raises:
        DatasetError: no pair has a subject known to the network.
    """
    truth = predictions.truth
    face, iris, fused = (
        classify(truth, outputs, predictions.labels, names=predictions.names)
        for outputs in (predictions.face, predictions.iris, predictions.fused)
    )
    known = truth >= 0
    right = {
        name: (getattr(predictions, name).argmax(axis=1) == truth)[known].astype(np.float64)
        for name in ("face", "iris", "fused")
    }
    return Scores(
        predictions,
        face,
        iris,
        fused,
        over_face=mean_with_interval(right["fused"] - right["face"], truth[known]),
        over_iris=mean_with_interval(right["fused"] - right["iris"], truth[known]),
    )
