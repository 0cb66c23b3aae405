"""How many pairs of pictures a run answers in a minute."""

import time
from itertools import cycle, islice

from twofold.data.dataset import Dataset
from twofold.files import write_json
from twofold.matchers.answering import answering
from twofold.network.run import RunFolder

_PAIRS = 64


def measure_answering(run: RunFolder, dataset: Dataset) -> None:
    """Write RUN/speed.json: pairs, seconds and pairs a minute, from files to names.

    The pairs are the run's own, so nothing but the time is of interest. Models are loaded, and one
    pair is answered, before the clock starts.

    Raises:
        ModelError: the run is unfinished.
        ImageError: a picture cannot be read.
    """
    answers = answering(run)
    pairs = list(islice(cycle(dataset.pairs), _PAIRS))
    answers(pairs[:1])
    began = time.perf_counter()
    answers(pairs)
    seconds = time.perf_counter() - began
    write_json(
        run.speed,
        {"pairs": len(pairs), "seconds": seconds, "pairs_per_minute": 60 * len(pairs) / seconds},
    )
