"""Who among many is like a probe, each held against the threshold of what could be compared."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from twofold.errors import OptionError
from twofold.fusion.decision import Evidence, OnContradiction
from twofold.fusion.model import FusionModel
from twofold.fusion.rules import combination
from twofold.fusion.wording import contradicts
from twofold.gallery.comparing import Comparer
from twofold.gallery.core import Core, expired
from twofold.gallery.identification import threshold_for
from twofold.gallery.search import Index
from twofold.recognizer import Part
from twofold.template import Light, Template

Resolve = Callable[[Sequence[int]], Mapping[int, tuple[str, Template]]]
"""From numbers to the names and kept templates of those who may be compared."""


@dataclass(frozen=True)
class Threshold:
    """What fused evidence is held against, and where it comes from."""

    llr: float
    source: str


@dataclass(frozen=True)
class Hit:
    """A subject who is like the probe; fields as `values.Candidate` has them."""

    id: int
    name: str
    llr: float
    evidence: tuple[Evidence, ...]
    threshold: Threshold | None
    contradiction: bool
    match: bool


class Thresholds:
    """For identification among a number of references.

    Args:
        model: that measured them.
        fpir: wanted.
        references: subjects searched.
        lenient: where the data carry none, take the strictest that was measured, and say so.
    """

    def __init__(
        self, model: FusionModel, fpir: float, references: int, lenient: bool = False
    ) -> None:
        self._model, self._fpir = model, fpir
        self._references, self._lenient = references, lenient
        self._known: dict[tuple[str, Light | None, int], Threshold] = {}

    def of(self, parts: Sequence[Part], evidence: Sequence[Evidence]) -> Threshold:
        """For what could be compared.

        Raises:
            OptionError: the data carry none for this rate and number.
        """
        name = combination([one.modality for one in evidence])
        light = next((one.light for one in evidence if one.modality == "iris"), None)
        eyes = max(1, sum(part.scored.modality == "iris" for part in parts))
        return self._of(name, light, eyes)

    def lowest(self) -> float:
        """The lowest of all that there are: nobody below it is a match.

        Raises:
            OptionError: as `of`, for any combination that was measured.
        """
        return min(
            (
                self._of(one.combination, one.light, eyes).llr
                for one in self._model.thresholds
                for eyes in (1, 2)
            ),
            default=-math.inf,
        )

    def _of(self, name: str, light: Light | None, eyes: int) -> Threshold:
        key = (name, light, eyes)
        if key not in self._known:
            self._known[key] = self._found(name, light, eyes)
        return self._known[key]

    def _found(self, name: str, light: Light | None, eyes: int) -> Threshold:
        try:
            found = threshold_for(self._model, name, light, self._fpir, self._references, eyes=eyes)
            return Threshold(found.llr, found.source)
        except OptionError:
            if not self._lenient:
                raise
        measured = self._model.threshold(name.split("+"), light)
        strictest = min(measured.points, key=lambda one: one.fmr, default=None)
        if strictest is None:
            raise OptionError(f"{name}: no threshold was measured. Give a fusion model with one.")
        alarms = self._references * strictest.fmr
        return Threshold(
            strictest.llr,
            f"the strictest that was measured, FMR {strictest.fmr:g} on {measured}: among "
            f"{self._references:,} subjects it takes {alarms:.2g} for each new person by chance",
        )


def hits(
    comparer: Comparer,
    model: FusionModel,
    index: Index,
    probe: Template,
    resolve: Resolve,
    top_k: int,
    thresholds: Thresholds | None,
    contradiction: OnContradiction,
    least: float | None = None,
) -> list[Hit]:
    """The `top_k` most alike, best first.

    Several combinations of modalities have several thresholds, so that a candidate further down may
    reach its own where one further up does not: matches come first, then the others.

    Args:
        comparer: of the gallery.
        model: calibrations of the gallery's contracts.
        index: to search in.
        probe: as it was extracted.
        resolve: numbers to names and templates.
        top_k: how many.
        thresholds: None for a closed set.
        contradiction: what becomes of a match whose modalities contradict each other.
        least: leave out all below, which makes the search faster.

    Raises:
        OptionError: see `Thresholds.of`.
    """
    wanted = top_k
    while True:
        candidates = comparer.search(index, probe, min(wanted, max(1, len(index))), least)
        there = resolve([one.subject for one in candidates])
        found = [
            hit
            for one in candidates
            if one.subject in there
            and (
                hit := _hit(
                    comparer,
                    model,
                    probe,
                    one.subject,
                    *there[one.subject],
                    thresholds,
                    contradiction,
                )
            )
        ]
        matches = [one for one in found if one.match]
        lowest = min((one.threshold.llr for one in found if one.threshold), default=None)
        exhausted = len(candidates) >= len(index) or len(candidates) < wanted
        beyond = lowest is not None and (not found or found[-1].llr >= lowest)
        if exhausted or (len(found) >= top_k and (len(matches) >= top_k or not beyond)):
            others = [one for one in found if not one.match]
            return sorted((matches + others)[:top_k], key=lambda one: (not one.match, -one.llr))
        wanted *= 4


def _hit(
    comparer: Comparer, model: FusionModel, probe: Template, number: int, name: str,
    reference: Template, thresholds: Thresholds | None, contradiction: OnContradiction,
) -> Hit | None:  # fmt: skip
    parts, evidence = comparer.weighed(model, probe, reference)
    if not evidence:
        return None
    llr = model.fuse({one.modality: one.llr for one in evidence})
    threshold = None if thresholds is None else thresholds.of(parts, evidence)
    eyes = [part.evidence for part in parts if part.scored.modality == "iris"]
    odd = contradicts(evidence) or contradicts(eyes)
    reached = threshold is not None and llr >= threshold.llr
    return Hit(
        number, name, llr, evidence, threshold, odd,
        reached and not (odd and contradiction == "refuse"),
    )  # fmt: skip


def resolver(core: Core, connection: Connection, now: float) -> Resolve:
    """Names and templates from the store, of those whose time is not over."""

    def resolve(numbers: Sequence[int]) -> dict[int, tuple[str, Template]]:
        records = core.records.of_ids(connection, numbers)
        return {
            number: (one.profile.name, core.records.template(connection, one))
            for number, one in records.items()
            if not expired(one, now)
        }

    return resolve
