"""APCER by species, BPCER and IAPAR from decisions."""

import pytest

from twofold.errors import OptionError
from twofold.evaluation.verification.presentation_attacks import Presentation, attack_rates


def shown(
    species: str | None, response: str, number: int, accepted: bool | None = None
) -> list[Presentation]:
    return [
        Presentation(f"s{k % 10}", species, response, accepted)  # type: ignore[arg-type]
        for k in range(number)
    ]


def test_each_species_alone_and_the_worst_named() -> None:
    found = attack_rates(
        shown("photo", "attack", 38)
        + shown("photo", "bona fide", 2, accepted=True)
        + shown("lens", "attack", 30, accepted=False)
        + shown("lens", "bona fide", 15, accepted=True)
        + shown("lens", "none", 5)
        + shown("mask", "bona fide", 3)
        + shown(None, "bona fide", 95)
        + shown(None, "attack", 4)
        + shown(None, "none", 1)
    )
    by_name = {one.name: one for one in found.species}
    assert by_name["photo"].apcer.value == 2 / 40
    assert by_name["lens"].apcer.value == 20 / 50  # without a response: not seen as an attack
    assert by_name["lens"].non_responses == 5
    assert by_name["lens"].iapar.value == 15 / 45
    assert by_name["photo"].iapar.refused  # two were compared
    assert by_name["mask"].apcer.refused == "3 presentations; 30 or more are needed for a rate"
    assert found.worst == "lens"
    assert found.bpcer.value == 5 / 100
    assert (found.bona_fide, found.bona_fide_non_responses) == (100, 1)
    assert found.bpcer.low < 0.05 < found.bpcer.high


def test_no_error_leaves_an_upper_bound_and_nothing_is_refused() -> None:
    found = attack_rates(shown("photo", "attack", 50))
    assert found.species[0].apcer.value == 0
    assert found.species[0].apcer.high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert found.bpcer.value is None
    with pytest.raises(OptionError, match="no presentation"):
        attack_rates([])
