"""Closed-set classification: who of the known subjects is it, and how often is the answer right.

Accuracy carries a 95 % interval resampled by subject, since the pairs of one subject are alike and
resampling pairs would make the interval too narrow (Efron & Tibshirani 1993, chapter 8;
ISO/IEC 19795-1 on dependent attempts).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from twofold.data.dataset import printable
from twofold.errors import DatasetError

LEVEL = 0.95
RESAMPLES = 2_000
SEED = 19795
TOP_K = (1, 3, 5, 10)

_BLOCK = 2_000_000  # draws held in memory at once
_SMALLEST = 1e-7  # float32 cannot tell a smaller probability from one that was rounded to 0


@dataclass(frozen=True)
class Estimate:
    """A mean over pairs with its interval.

    Attributes:
        value: the mean.
        low, high: bounds of the 95 % percentile bootstrap over subjects; None with one subject
            only, where there is nothing to resample.
        pairs, subjects: the counts behind it.
    """

    value: float
    low: float | None
    high: float | None
    pairs: int
    subjects: int


@dataclass(frozen=True)
class LabelScore:
    """Precision, recall and F1 (0 to 1; 0 where undefined) of one subject, or an average of them.

    `support` counts true pairs, `predicted` the answers that named the subject.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class Error:
    """A pair that was given to another subject; `output` is the network's for that subject."""

    name: str
    truth: str
    predicted: str
    output: float


@dataclass(frozen=True)
class ConfusedPair:
    """Two subjects taken for one another, in either direction, `count` times in all."""

    first: str
    second: str
    count: int
    errors: tuple[Error, ...]


@dataclass(frozen=True)
class Classification:
    """Everything measured on one set of answers.

    Attributes:
        labels: the k subjects that could be answered.
        pairs: pairs scored; their true subject is one of `labels`.
        unknown: pairs left aside because their true subject is not.
        correct: pairs answered rightly.
        accuracy: correct / pairs.
        per_label: subjects that occur as truth or as an answer, in the order of `labels`.
        macro, weighted: averages over `per_label`, plain and weighted by support.
        confusion: int64 (k, k), rows are true subjects and columns answers.
        errors: every wrong answer, highest output first.
        confused: pairs of subjects, most often confused first.
        top_k: share of pairs whose true subject is among the k highest outputs.
        log_loss: mean of -ln(output for the true subject), 0 or more, lower is better.
    """

    labels: tuple[str, ...]
    pairs: int
    unknown: int
    correct: int
    accuracy: Estimate
    per_label: tuple[LabelScore, ...]
    macro: LabelScore
    weighted: LabelScore
    confusion: NDArray[np.int64]
    errors: tuple[Error, ...]
    confused: tuple[ConfusedPair, ...]
    top_k: dict[int, float]
    log_loss: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON. The confusion matrix follows from `per_label` and `errors`, so is left out."""
        return {
            "accuracy": asdict(self.accuracy),
            "pairs": self.pairs,
            "correct": self.correct,
            "unknown": self.unknown,
            "top_k": {str(k): share for k, share in self.top_k.items()},
            "log_loss": self.log_loss,
            "macro": asdict(self.macro),
            "weighted": asdict(self.weighted),
            "per_label": [asdict(score) for score in self.per_label],
            "errors": [asdict(error) | {"name": printable(error.name)} for error in self.errors],
            "confused": [
                {"first": c.first, "second": c.second, "count": c.count} for c in self.confused
            ],
        }


def classify(
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
    *,
    names: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Classification:
    """Measure the answers to some pairs.

    Args:
        truth: (n,) index of the true subject in `labels`; -1 where it is not one of them.
        probabilities: (n, k), 0 to 1; the answer is the highest of a row, the first among equals.
        labels: the k subjects, in column order.
        names: what each pair is called; its position where none is given.
        resamples, seed: of the bootstrap.

    Raises:
        DatasetError: no pair has a known subject.
    """
    known = np.flatnonzero(truth >= 0)
    if not known.size:
        raise DatasetError(
            "nothing to score: no pair has a subject that the network knows. "
            "Score pairs of the subjects that it was trained on."
        )
    called = [names[i] if names else str(i) for i in known.tolist()]
    target, outputs = truth[known], probabilities[known]
    answer = outputs.argmax(axis=1)
    right = answer == target
    of_truth = outputs[np.arange(len(target)), target]
    errors = _errors(target, answer, outputs, labels, called)
    per_label, macro, weighted = _label_scores(target, answer, labels)
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (target, answer), 1)
    ranks = _ranks(target, outputs, of_truth)
    return Classification(
        labels=tuple(labels),
        pairs=len(target),
        unknown=len(truth) - len(target),
        correct=int(right.sum()),
        accuracy=mean_with_interval(right.astype(np.float64), target, resamples, seed),
        per_label=per_label,
        macro=macro,
        weighted=weighted,
        confusion=confusion,
        errors=errors,
        confused=_confused(errors, labels),
        top_k={k: float((ranks < k).mean()) for k in TOP_K if k < len(labels) or k == 1},
        log_loss=float(-np.log(np.clip(of_truth.astype(np.float64), _SMALLEST, 1)).mean()),
    )


def mean_with_interval(
    values: NDArray[np.float64],
    subjects: NDArray[np.int64],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate:
    """Mean of `values` with a percentile bootstrap interval that draws whole subjects.

    Args:
        values: (n,) one number a pair.
        subjects: (n,) the subject of each.
    """
    found, subject = np.unique(subjects, return_inverse=True)
    count = len(found)
    total = np.bincount(subject, weights=values)
    pairs = np.bincount(subject)
    value = float(values.mean())
    if count < 2:
        return Estimate(value, None, None, len(values), count)
    rng = np.random.default_rng(seed)
    blocks = np.array_split(np.arange(resamples), -(-resamples * count // _BLOCK))
    means = []
    for block in blocks:
        # How often each subject is drawn, when as many are drawn as there are, with replacement.
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=len(block))
        means.append((drawn @ total) / (drawn @ pairs))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Estimate(value, float(low), float(high), len(values), count)


def _ranks(
    target: NDArray[np.int64], outputs: NDArray[np.float32], of_truth: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Position of the true subject by falling output, 0 first; equals in column order."""
    column = np.arange(outputs.shape[1])
    above = outputs > of_truth[:, None]
    before = (outputs == of_truth[:, None]) & (column < target[:, None])
    return np.asarray((above | before).sum(axis=1), dtype=np.int64)


def _label_scores(
    target: NDArray[np.int64], answer: NDArray[np.int64], labels: Sequence[str]
) -> tuple[tuple[LabelScore, ...], LabelScore, LabelScore]:
    present = np.union1d(target, answer)
    predicted = np.bincount(answer, minlength=len(labels))
    columns = precision_recall_fscore_support(target, answer, labels=present, zero_division=0)
    each = tuple(
        LabelScore(labels[i], float(p), float(r), float(f), int(s), int(predicted[i]))
        for i, p, r, f, s in zip(present.tolist(), *columns, strict=True)
    )
    averages = []
    for kind in ("macro", "weighted"):
        p, r, f, _ = precision_recall_fscore_support(
            target, answer, labels=present, average=kind, zero_division=0
        )
        averages.append(LabelScore(kind, float(p), float(r), float(f), len(target), len(target)))
    return each, averages[0], averages[1]


def _errors(
    target: NDArray[np.int64],
    answer: NDArray[np.int64],
    outputs: NDArray[np.float32],
    labels: Sequence[str],
    names: Sequence[str],
) -> tuple[Error, ...]:
    wrong = np.flatnonzero(answer != target).tolist()
    found = [
        Error(names[i], labels[target[i]], labels[answer[i]], float(outputs[i, answer[i]]))
        for i in wrong
    ]
    return tuple(sorted(found, key=lambda error: -error.output))


def _confused(errors: Sequence[Error], labels: Sequence[str]) -> tuple[ConfusedPair, ...]:
    order = {label: i for i, label in enumerate(labels)}
    between: defaultdict[tuple[str, str], list[Error]] = defaultdict(list)
    for error in errors:
        first, second = sorted((error.truth, error.predicted), key=order.__getitem__)
        between[first, second].append(error)
    found = [
        ConfusedPair(first, second, len(part), tuple(part))
        for (first, second), part in between.items()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.count, order[pair.first])))
