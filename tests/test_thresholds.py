"""The thresholds that are shipped belong to the models that are shipped."""

import pytest

from twofold.errors import OptionError
from twofold.face.extraction import FaceExtractor
from twofold.iris.extraction import IrisExtractor
from twofold.thresholds import Thresholds, shipped


def thresholds(modality: str) -> Thresholds | None:
    if modality == "iris":
        return shipped("iris", "iris", IrisExtractor().contract)
    return shipped("face", "sface", FaceExtractor("sface").contract)


@pytest.mark.parametrize("modality", ["face", "iris"])
def test_shipped_thresholds_are_of_the_present_models(modality: str) -> None:
    found = thresholds(modality)
    assert found is not None, "measure them anew: twofold benchmark ... --thresholds"
    rates = [one.fmr for one in found.thresholds]
    scores = [one.score for one in found.thresholds]
    assert {0.01, 0.001, 0.0001} <= set(rates)
    assert rates == sorted(rates, reverse=True)
    assert scores == sorted(scores)
    assert min(rates) >= 3 / found.source.non_mated  # what the comparisons can support
    with pytest.raises(OptionError, match="FMR 1e-09"):
        found.at(1e-9)


def test_thresholds_of_another_contract_are_not_used() -> None:
    assert shipped("iris", "iris", "0" * 64) is None
