"""Pictures of a fused report: what was found drawn on, small enough to be inlined."""

import base64
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image

from twofold import images
from twofold.errors import TwofoldError
from twofold.evaluation.verification.extraction import read
from twofold.evaluation.verification.fused import FusedOutcome
from twofold.evaluation.verification.mistakes import Shown
from twofold.evaluation.verification.pools import SYSTEMS
from twofold.evaluation.verification.sides import Side

MOST_FAILURES = 24
_HIGHEST, _WIDEST = 210, 280  # pixels of a picture; the page shows them at half of that or less
_QUALITY = 82


@dataclass(frozen=True)
class Missing:
    """A sample without a template: its number, why, and the reason's code."""

    side: Side
    number: int
    code: str
    reason: str


def shown(outcome: FusedOutcome) -> list[Shown]:
    """Every comparison of the galleries."""
    return [
        one
        for system in SYSTEMS
        for part in (
            outcome.mistakes[system].false_matches, outcome.mistakes[system].false_non_matches,
        )
        for one in part
    ]  # fmt: skip


def missing(outcome: FusedOutcome) -> list[Missing]:
    """All failures to acquire, faces first."""
    return [
        Missing(side, number, one.failure.code, one.failure.reason)
        for side in (outcome.face, outcome.iris)
        for number, one in enumerate(side.extracted)
        if one.failure is not None
    ]


def drawn(outcome: FusedOutcome) -> Mapping[tuple[str, int], str]:
    """JPEG data URIs by modality and number of the sample; what cannot be read is left out."""
    wanted: set[tuple[str, int]] = set()
    for one in shown(outcome):
        wanted |= {("face", number) for number in one.faces or ()}
        wanted |= {("iris", number) for number in one.irises or ()}
    wanted |= {(one.side.modality, one.number) for one in missing(outcome)[:MOST_FAILURES]}
    found = {}
    for name, number in sorted(wanted):
        uri = _picture(outcome.face if name == "face" else outcome.iris, number)
        if uri is not None:
            found[name, number] = uri
    return found


def _picture(side: Side, number: int) -> str | None:
    try:
        pixels = read(side.samples[number].path, None)
    except TwofoldError:
        return None
    canvas = images.read(pixels, colour="rgb")
    if side.extracted[number].failure is None:
        with suppress(TwofoldError):
            canvas = side.matcher.draw(pixels)
    picture = Image.fromarray(canvas).convert("RGB")
    scale = min(_HIGHEST / picture.height, _WIDEST / picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    text = io.BytesIO()
    picture.save(text, format="JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(text.getvalue()).decode("ascii")


def codes(found: Iterable[Missing]) -> dict[str, int]:
    """How often each reason's code occurs, the most frequent first."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.code] = counts.get(one.code, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
