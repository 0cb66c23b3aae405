"""Enrolling and identifying pairs by face, iris and both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twofold.data.layouts import read_dataset
from twofold.data.synthetic import TEST, TRAINING
from twofold.errors import OptionError
from twofold.evaluation.pair_identification import fused, identify_pairs, standardised


def test_standardised_scores_are_deviations_from_the_enrolled_strangers() -> None:
    labels = ["a", "a", "b", "a"]  # the last one is a probe
    scores = np.array(
        [[9, 8, 1, 7], [8, 9, 3, 7], [1, 3, 9, 100], [7, 7, 100, 9]], dtype=np.float32
    )
    away = standardised(scores, labels, 3)
    # Strangers among the enrolled: 1 and 3, mean 2, deviation 1; the probe's 100 is not looked at.
    np.testing.assert_allclose(away, scores - 2)
    np.testing.assert_allclose(standardised(10 * scores + 5, labels, 3), away, rtol=1e-6)
    assert (standardised(scores, ["a"] * 4, 3) == scores).all()


def test_a_missing_modality_counts_as_an_average_stranger() -> None:
    nan = np.nan
    face = np.array([[1.0, nan], [nan, nan]], dtype=np.float32)
    iris = np.array([[2.0, 3.0], [3.0, nan]], dtype=np.float32)
    np.testing.assert_array_equal(fused([face, iris]), [[3, 3], [3, nan]])


def test_synthetic_people_are_identified(synthetic_people: Path, tmp_path: Path) -> None:
    references = read_dataset(synthetic_people / TRAINING).pairs[: 4 * 4]
    everyone = read_dataset(synthetic_people / TRAINING).pairs
    enrolled = {pair.subject for pair in references}
    probes = [pair for pair in everyone if pair.name.endswith("_3") and pair.subject in enrolled]
    references = tuple(pair for pair in references if pair not in probes)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    probes[0] = replace(probes[0], iris=damaged)
    probes[1] = replace(probes[1], iris=damaged, face=damaged)
    told: list[tuple[str, int, int]] = []
    found = identify_pairs(
        references,
        [replace(pair, subject=None) for pair in probes],
        [pair.subject or "" for pair in probes],
        progress=lambda *figures: told.append(figures),
    )
    face, iris, both = found
    assert [one.by for one in found] == ["face", "iris", "both"]
    assert (face.rates.failed, iris.rates.failed, both.rates.failed) == (1, 2, 1)
    assert face.answers[1] is iris.answers[0] is both.answers[1] is None
    assert both.answers[0] == face.answers[0]  # the face alone decides
    assert both.right == 3
    assert iris.right == 2
    assert both.rates.counts.mated == 4 * 6  # every two pairs of a subject, failed ones among them
    assert told[0] == ("face", 1, 16)
    assert told[-1] == ("iris", 16, 16)


def test_every_probe_needs_a_truth(synthetic_people: Path) -> None:
    pairs = read_dataset(synthetic_people / TEST).pairs
    with pytest.raises(OptionError, match="name one each"):
        identify_pairs(pairs, pairs, ["0"])
