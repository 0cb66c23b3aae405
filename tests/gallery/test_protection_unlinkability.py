"""The unlinkability measure on scores whose answer is known."""

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from twofold.errors import OptionError
from twofold.gallery.protection.unlinkability import linkability


def test_nothing_in_common_is_linked_for_certain() -> None:
    found = linkability(np.linspace(2, 3, 1000), np.linspace(0, 1, 5000))
    assert found.overall == pytest.approx(1) and found.chance < 0.2
    assert found.mated.sum() == pytest.approx(1) and found.non_mated.sum() == pytest.approx(1)


def test_the_same_scores_are_not_linked_at_all() -> None:
    scores = np.random.default_rng(1).normal(size=3000)
    found = linkability(scores, scores)
    assert found.overall == 0 and not found.local.any()


def test_equal_scores_say_nothing() -> None:
    assert linkability(np.zeros(100), np.zeros(300)).overall == 0


def test_half_overlapping_is_half_linked() -> None:
    rng = np.random.default_rng(2)
    found = linkability(rng.uniform(0, 1, 400_000), rng.uniform(0.5, 1.5, 400_000))
    assert found.overall == pytest.approx(0.5, abs=0.01)
    assert (found.local[found.score < 0.49] == 1).all()
    assert (found.local[found.score > 1.02] == 0).all()


@pytest.mark.parametrize("omega", [1.0, 0.2])
def test_normal_scores_follow_the_integral(omega: float) -> None:
    rng = np.random.default_rng(3)
    found = linkability(rng.normal(1, 1, 300_000), rng.normal(0, 1, 300_000), omega)

    def weighed(s: float) -> float:
        mated, other = omega * norm.pdf(s, 1), norm.pdf(s)
        return float(max(mated - other, 0) / (mated + other) * norm.pdf(s, 1))

    assert found.overall == pytest.approx(integrate.quad(weighed, -8, 9)[0], abs=0.01)


def test_chance_is_what_noise_makes() -> None:
    rng = np.random.default_rng(4)
    few, many = (linkability(rng.normal(size=n), rng.normal(size=n)) for n in (1_000, 100_000))
    assert few.overall == pytest.approx(few.chance, abs=0.05)
    assert 0 < many.chance < few.chance and many.overall < 0.03


@pytest.mark.parametrize("scores", [[1.0] * 9, [1.0] * 20 + [np.nan], [np.inf] * 20])
def test_scores_must_be_many_and_finite(scores: list[float]) -> None:
    with pytest.raises(OptionError, match="at least 10 of each"):
        linkability(scores, [0.0] * 50)
