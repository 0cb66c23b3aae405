"""CMC and open-set rates against slow definitions, by hand, and with failures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from twofold.errors import OptionError
from twofold.evaluation.verification.identification import cmc, open_set


def test_ranks_by_hand_with_ties_and_failures() -> None:
    references = ["a", "a", "b", "c"]
    scores = np.array(
        [
            [0.1, 0.9, 0.5, 0.2],  # a by its second reference: rank 1
            [0.5, 0.1, 0.5, 0.2],  # b ties with a: held against it, rank 2
            [0.3, 0.1, 0.2, np.nan],  # c's comparison failed: never found
            [np.nan] * 4,  # no template: never found
        ]
    )
    found = cmc(scores, ["a", "b", "c", "a"], references)
    assert found.rate.tolist() == [0.25, 0.5, 0.5]
    assert (found.probes, found.failed, found.unmated, found.candidates) == (4, 1, 0, 3)
    assert found.at(2).value == 0.5
    with pytest.raises(OptionError, match="rank 4: the curve holds 1 to 3"):
        found.at(4)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9_999), probes=st.integers(1, 7), references=st.integers(2, 6))
def test_the_cmc_is_the_share_of_probes_by_rank(seed: int, probes: int, references: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 5, (probes, references)).astype(float)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    of_probe, of_reference = rng.integers(0, 4, probes), rng.integers(0, 3, references)
    if not np.isin(of_probe, of_reference).any():
        with pytest.raises(OptionError, match="no probe's subject"):
            cmc(scores, of_probe, of_reference)
        return
    found = cmc(scores, of_probe, of_reference, resamples=5)
    for rank in range(1, found.candidates + 1):
        hits = []
        for row, subject in zip(scores, of_probe, strict=True):
            if subject not in of_reference:
                continue
            best = {
                int(s): np.nanmax(np.append(row[of_reference == s], -np.inf))
                for s in np.unique(of_reference)
            }
            own = best.pop(int(subject))
            before = sum(other >= own for other in best.values())
            hits.append(np.isfinite(own) and before < rank)
        assert found.at(rank).value == pytest.approx(np.mean(hits))
    assert found.unmated == (~np.isin(of_probe, of_reference)).sum()


def test_no_miss_still_leaves_an_upper_bound() -> None:
    subjects = [str(k) for k in range(20)]
    found = cmc(np.eye(20), subjects, subjects)
    assert found.at(1).value == 1
    assert found.at(1).high == 1
    assert found.at(1).low == pytest.approx(0.025 ** (1 / 20))  # one trial a subject


def test_open_set_by_hand() -> None:
    references = ["a", "b"]
    probes = ["a", "b", "b", "x", "y", "z"]
    scores = np.array(
        [[0.9, 0.1], [0.2, 0.8], [0.7, 0.6], [0.75, 0.1], [0.1, 0.3], [np.nan, np.nan]]
    )
    first = open_set(scores, probes, references)
    assert (first.mated, first.unmated, first.unmated_failed) == (3, 3, 1)
    # Two unmated probes gave scores, 0.75 and 0.3; the third probe's mate comes second.
    assert all(point.fnmr.refused for point in first.points)  # two say nothing of 10 %
    assert first.curve.fmr[0] == 0.5
    assert first.curve.fnmr[0] == pytest.approx(1 / 3)
    both = open_set(scores, probes, references, top_k=2)
    assert both.curve.fnmr[0] == 0  # at 0.6, above 0.3, all mates are on the list


def test_open_set_of_known_distributions() -> None:
    rng = np.random.default_rng(5)
    people, strangers = 300, 300
    scores = rng.normal(size=(people + strangers, people))
    scores[np.arange(people), np.arange(people)] += 6
    labels = [str(k) for k in range(people + strangers)]
    found = open_set(scores, labels, labels[:people])
    point = found.points[0]
    assert point.wanted == 0.1
    # The highest of 300 normal scores exceeds the threshold with probability 0.1.
    threshold = norm.ppf(0.9 ** (1 / people))
    assert point.threshold == pytest.approx(threshold, abs=0.15)
    truth = norm.cdf(threshold - 6)
    assert point.fnmr.low <= truth <= point.fnmr.high
    assert found.points[-1].fnmr.refused  # 300 strangers say nothing of an FPIR of 0.0001


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(OptionError, match=r"shape \(2, 2\) does not fit 3 probes"):
        cmc(np.eye(2), ["a", "b", "c"], ["a", "b"])
    with pytest.raises(OptionError, match="no unmated probes"):
        open_set(np.eye(2), ["a", "b"], ["a", "b"])
    with pytest.raises(OptionError, match="no mated probes"):
        open_set(np.eye(2), ["x", "y"], ["a", "b"])
