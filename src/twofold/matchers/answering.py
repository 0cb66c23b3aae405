"""Answers of a finished run, of either method."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from twofold.data.dataset import Pair, content_digest
from twofold.errors import ModelError
from twofold.matchers import references
from twofold.matchers.enrolling import extract_pairs, merged
from twofold.matchers.identification import predictions, ratios
from twofold.matchers.options import METHOD
from twofold.network.answering import Answerer
from twofold.network.run import Predictions, RunFolder
from twofold.recognizer import Recognizer
from twofold.template import Template


class Answering(Protocol):
    """What answers who is on pairs, among the subjects of a run."""

    labels: tuple[str, ...]

    def __call__(
        self,
        pairs: Sequence[Pair],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> Predictions:
        """Probabilities of every subject for every pair."""


def answering(run: RunFolder) -> Answering:
    """The answers of a run: of its network, or of its references.

    Raises:
        ModelError: the run is unfinished, or was altered since.
    """
    return MatcherAnswerer(run) if run.method == METHOD else Answerer(run)


class MatcherAnswerer:
    """The references of a run, compared with.

    Args:
        run: a finished run of matchers.

    Raises:
        ModelError: the run is unfinished, was altered since, or made by other models.
    """

    def __init__(self, run: RunFolder, recognizer: Recognizer | None = None) -> None:
        run.require_complete()
        card = run.read_json(run.model_card)
        for path, key in ((run.labels, "labels_sha256"), (run.references, "references_sha256")):
            if not path.is_file() or card.get(key) != content_digest(path):
                raise ModelError(
                    f"{path}: missing, or altered since it was made. Restore it, or make the run "
                    "again."
                )
        self.labels = run.read_labels()
        self._recognizer = recognizer or Recognizer()
        self._subjects = merged(references.load(run.references), self.labels)

    def __call__(
        self,
        pairs: Sequence[Pair],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> Predictions:
        """Closed-set probabilities of every subject for every pair (see `identification`).

        Args:
            pairs: labelled or not; a subject that the run does not know counts as unknown.
            progress: called with (pairs done, pairs in all).

        Raises:
            ImageError: a picture cannot be read.
        """
        column = {label: place for place, label in enumerate(self.labels)}
        probes: list[Template | None] = []
        for probe in extract_pairs(self._recognizer, pairs):
            probes.append(probe)
            if progress is not None:
                progress(len(probes), len(pairs))
        found = ratios(self._recognizer, probes, self._subjects)
        truth = np.array([column.get(pair.subject or "", -1) for pair in pairs], dtype=np.int64)
        return predictions(found, [pair.name for pair in pairs], truth, self.labels)
