"""Labelled pairs enrolled, others identified: by the face, by the iris, and by both.

No training is needed for this: a face becomes a vector and an iris a code, and what is most alike
is the answer. Both together are the sum of the two scores, each less the mean and over the standard
deviation of the non-mated scores among the references (z-score and sum rule: Jain, Nandakumar and
Ross, "Score normalization in multimodal biometric systems", Pattern Recognition 38, 2005).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality, Pair
from twofold.data.loading import MODALITIES
from twofold.errors import OptionError
from twofold.evaluation.verification.comparisons import People, compared
from twofold.evaluation.verification.extraction import extract_all
from twofold.evaluation.verification.matchers import matcher_factory
from twofold.evaluation.verification.rates import ErrorRates, error_rates

BOTH = "both"

Scores = NDArray[np.float32]
"""(n, n), higher means more alike; NaN where a picture gave no template."""
Progress = Callable[[str, int, int], None]
"""Called with the modality, and how many of how many pictures are done."""


@dataclass(frozen=True)
class Identified:
    """What one way of recognising made of the pairs.

    Attributes:
        by: "face", "iris" or "both".
        answers: subject of the most alike reference, for each probe; None without a template.
        right: how many answers are the probe's subject.
        rates: of the comparisons of all pairs, references and probes, with one another.
    """

    by: str
    answers: tuple[str | None, ...]
    right: int
    rates: ErrorRates


def identify_pairs(
    references: Sequence[Pair],
    probes: Sequence[Pair],
    truth: Sequence[str],
    *,
    jobs: int = 1,
    progress: Progress = lambda modality, done, total: None,
) -> tuple[Identified, ...]:
    """Enrol `references`, identify `probes` among them (closed set), and measure.

    Args:
        references: labelled pairs.
        probes: pairs to identify.
        truth: the subject of each probe.
        jobs: processes that extract.

    Returns:
        By face, by iris, and by both.

    Raises:
        ModelError: a model's weights are missing or altered.
        OptionError: as many truths as probes are needed.
    """
    if len(truth) != len(probes):
        raise OptionError(f"{len(truth)} subjects named for {len(probes)} probes: name one each.")
    pairs = [*references, *probes]
    labels = [*(pair.subject or "" for pair in references), *truth]
    enrolled = len(references)
    ways: dict[str, Scores] = {m: _scores(m, pairs, jobs, progress) for m in MODALITIES}
    ways[BOTH] = fused([standardised(scores, labels, enrolled) for scores in ways.values()])
    return tuple(_identified(by, scores, labels, enrolled) for by, scores in ways.items())


def standardised(scores: Scores, labels: Sequence[str], enrolled: int) -> Scores:
    """Scores as deviations from the non-mated ones among the first `enrolled` pairs."""
    names = np.array(labels[:enrolled])
    among = scores[:enrolled, :enrolled]
    non_mated = among[(names[:, None] != names[None]) & ~np.isnan(among)]
    if not non_mated.size:
        return scores
    spread = max(float(non_mated.std()), 1e-6)
    return np.asarray((scores - float(non_mated.mean())) / spread, dtype=np.float32)


def fused(parts: Sequence[Scores]) -> Scores:
    """Their sum; a missing score counts as an average non-mated one, unless all are missing."""
    missing = np.all([np.isnan(scores) for scores in parts], axis=0)
    total = np.sum([np.nan_to_num(scores) for scores in parts], axis=0, dtype=np.float32)
    return np.where(missing, np.float32(np.nan), total)


def _scores(modality: Modality, pairs: Sequence[Pair], jobs: int, progress: Progress) -> Scores:
    factory = matcher_factory(modality)
    matcher = factory()
    extracted = extract_all(
        factory,
        [getattr(pair, modality) for pair in pairs],
        jobs=jobs,
        progress=lambda done, total: progress(modality, done, total),
    )
    there = [place for place, one in enumerate(extracted) if one.failure is None]
    scores = np.full((len(pairs), len(pairs)), np.nan, dtype=np.float32)
    if there:
        templates = [extracted[place].template for place in there]
        scores[np.ix_(there, there)] = matcher.compare_all(templates)
    return scores


def _identified(by: str, scores: Scores, labels: Sequence[str], enrolled: int) -> Identified:
    asked = np.nan_to_num(scores[enrolled:, :enrolled], nan=-np.inf)
    answers = tuple(labels[int(row.argmax())] if np.isfinite(row).any() else None for row in asked)
    right = sum(a == b for a, b in zip(answers, labels[enrolled:], strict=True))
    names = tuple(dict.fromkeys(labels))
    number = {name: place for place, name in enumerate(names)}
    subject = np.array([number[label] for label in labels], dtype=np.int32)
    failed = np.asarray(np.isnan(scores).all(axis=1), dtype=np.bool_)
    people = People(subject, subject, failed, names)
    there = np.flatnonzero(~failed)
    return Identified(
        by, answers, right, error_rates(compared(people, scores[np.ix_(there, there)]))
    )
