"""What worker processes are asked to do. Decoders are imported there alone, never by who asks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twofold.images import Limits
from twofold.service.samples import Extracted, Given, Judged

if TYPE_CHECKING:
    from twofold.recognizer.recognizer import Purpose


def begin(face_model: str, limits: Limits) -> None:
    """See `worker.begin`."""
    from twofold.service import worker

    worker.begin(face_model, limits)


def ready() -> bool:
    """See `worker.ready`."""
    from twofold.service import worker

    return worker.ready()


def extract(pictures: Sequence[Given], purpose: "Purpose") -> Extracted:
    """See `worker.Worker.extract`."""
    from twofold.service import worker

    return worker.extract(list(pictures), purpose)


def judge(pictures: Sequence[Given], purpose: "Purpose") -> list[Judged]:
    """See `worker.Worker.judge`."""
    from twofold.service import worker

    return worker.judge(list(pictures), purpose)
