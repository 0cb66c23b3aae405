"""Error rates of presentation attack detection and of systems under attack (ISO/IEC 30107-3:2023).

Attacks are told apart by the species of their instrument (a printed photo, a patterned lens ...):
the standard reports each species alone and judges by the worst, never by a mean over species, since
one that always works is not made good by others that never do. A presentation without a response
counts as not classified as an attack for APCER, and as refused for BPCER.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twofold.errors import OptionError
from twofold.evaluation.verification.intervals import (
    RESAMPLES,
    SEED,
    Rate,
    draw,
    rate,
)

Response = Literal["attack", "bona fide", "none"]
_FEWEST_PRESENTATIONS = 30  # below, a species' rate is refused: a share of 0 would reach 10 %


@dataclass(frozen=True)
class Presentation:
    """One presentation to a detector or a system.

    Attributes:
        subject: whose trait was shown, or whom the attack imitates.
        species: of the attack instrument, or None for a bona fide presentation.
        response: what the detector classified it as; "none" where it gave no answer.
        accepted: whether the whole system matched it with the target, or None where not tried.
    """

    subject: str
    species: str | None
    response: Response
    accepted: bool | None = None


@dataclass(frozen=True)
class Species:
    """What was measured on one kind of attack instrument.

    Attributes:
        name: of the species.
        presentations, non_responses: counts.
        apcer: share of attacks not classified as attacks.
        iapar: share of attacks that the whole system accepted (impostor attack presentation
            accept rate); refused where nothing was compared.
    """

    name: str
    presentations: int
    non_responses: int
    apcer: Rate
    iapar: Rate


@dataclass(frozen=True)
class AttackRates:
    """All rates of a set of presentations.

    Attributes:
        species: by name, each alone.
        worst: the species with the highest APCER among those measured, or None.
        bpcer: share of bona fide presentations classified as attacks or not answered.
        bona_fide, bona_fide_non_responses: counts.
    """

    species: tuple[Species, ...]
    worst: str | None
    bpcer: Rate
    bona_fide: int
    bona_fide_non_responses: int


def attack_rates(
    presentations: Sequence[Presentation], *, resamples: int = RESAMPLES, seed: int = SEED
) -> AttackRates:
    """APCER and IAPAR of each species, and BPCER, with intervals by resampled subjects.

    Raises:
        OptionError: nothing was presented.
    """
    if not presentations:
        raise OptionError("attack_rates: no presentation. Give at least one.")
    bona_fide = [one for one in presentations if one.species is None]
    names = sorted({one.species for one in presentations if one.species is not None})
    species = tuple(
        _species(name, [one for one in presentations if one.species == name], resamples, seed)
        for name in names
    )
    measured = [one for one in species if one.apcer.value is not None]
    worst = max(measured, key=lambda one: one.apcer.value or 0.0).name if measured else None
    return AttackRates(
        species,
        worst,
        _share(bona_fide, [one.response != "bona fide" for one in bona_fide], resamples, seed),
        len(bona_fide),
        sum(one.response == "none" for one in bona_fide),
    )


def _species(
    name: str, presentations: Sequence[Presentation], resamples: int, seed: int
) -> Species:
    tried = [one for one in presentations if one.accepted is not None]
    return Species(
        name,
        len(presentations),
        sum(one.response == "none" for one in presentations),
        _share(presentations, [one.response != "attack" for one in presentations], resamples, seed),
        _share(tried, [bool(one.accepted) for one in tried], resamples, seed),
    )


def _share(
    presentations: Sequence[Presentation], errors: Sequence[bool], resamples: int, seed: int
) -> Rate:
    if len(presentations) < _FEWEST_PRESENTATIONS:
        return Rate(
            None,
            refused=f"{len(presentations)} presentations; {_FEWEST_PRESENTATIONS} or more are "
            "needed for a rate",
        )
    numbers: dict[str, int] = {}
    subject = [numbers.setdefault(one.subject, len(numbers)) for one in presentations]
    wrong: NDArray[np.float64] = np.asarray(errors, dtype=np.float64)
    drawn = draw(len(numbers), resamples, seed)
    shares = (drawn @ np.bincount(subject, weights=wrong)) / (drawn @ np.bincount(subject))
    return rate(float(wrong.mean()), shares, len(numbers), len(wrong))
