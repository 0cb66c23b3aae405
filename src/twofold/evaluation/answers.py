"""The table of answers to unlabelled pairs."""

import csv
import io
from pathlib import Path

import numpy as np

from twofold.data.dataset import natural
from twofold.errors import OptionError
from twofold.files import write_text
from twofold.network.run import Predictions


def write_answers(path: Path, predictions: Predictions, top_k: int | None = None) -> None:
    """Write who each pair shows, one row a pair in numeric order of their names.

    Args:
        path: CSV file to write; columns Image,Answer. The answer is empty where every subject is
            as likely as any other: nothing could be made of the pair.
        predictions: of the pairs.
        top_k: also write the first k answers and their scores, as Answer,Score,Answer 2,Score 2 ...
            A score is the network's softmax output, or the matchers' probability in a closed set,
            0 to 1, higher for more alike; it says nothing of people whom the run does not know.

    Raises:
        OptionError: `top_k` is not between 1 and the number of subjects.
        OutputError: the file cannot be written.
    """
    subjects = len(predictions.labels)
    if top_k is not None and not 1 <= top_k <= subjects:
        raise OptionError(f"top-k {top_k}: give 1 to {subjects}, the number of subjects.")
    ranked = np.argsort(-predictions.fused, axis=1, kind="stable")[:, : top_k or 1]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Image", *_columns(top_k)])
    for place in sorted(range(len(predictions)), key=lambda k: natural(predictions.names[k])):
        row = [predictions.names[place]]
        told = predictions.answered[place]
        for subject in ranked[place]:
            row.append(predictions.labels[subject] if told else "")
            if top_k is not None:
                row.append(f"{predictions.fused[place, subject]:.6f}")
        writer.writerow(row)
    write_text(path, text.getvalue())


def _columns(top_k: int | None) -> list[str]:
    if top_k is None:
        return ["Answer"]
    numbers = ["", *(f" {rank}" for rank in range(2, top_k + 1))]
    return [f"{title}{number}" for number in numbers for title in ("Answer", "Score")]
