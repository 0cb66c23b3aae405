"""From likelihood ratios to closed-set probabilities."""

import numpy as np

from tests.templates import template
from twofold.matchers.identification import predictions, probabilities, ratios
from twofold.recognizer import Recognizer


def test_bayes_rule_with_equal_priors() -> None:
    odds = np.log([[8.0, 1.0, 1.0]])
    np.testing.assert_allclose(probabilities(odds), [[0.8, 0.1, 0.1]], rtol=1e-6)


def test_huge_ratios_do_not_overflow() -> None:
    found = probabilities(np.array([[5000.0, -5000.0], [-9000.0, -9001.0]]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], [1, 0])
    assert found[1, 0] > found[1, 1]


def test_no_evidence_says_nothing_either_way() -> None:
    nan = np.nan
    found = probabilities(np.array([[nan, nan, nan, nan], [nan, 3.0, -3.0, nan]]))
    np.testing.assert_allclose(found[0], 0.25)
    assert found[1].argmax() == 1
    assert found[1].argmin() == 2
    assert found[1, 0] == found[1, 3]


def test_pairs_without_template_get_no_answer() -> None:
    found = ratios(Recognizer(), [None, None], [None, template(irises=0)])
    assert all(np.isnan(part).all() for part in found.values())
    said = predictions(found, ["a", "b"], np.array([0, -1]), ["x", "y"])
    assert said.answered.tolist() == [False, False]


def test_templates_of_different_modalities_have_nothing_in_common() -> None:
    found = ratios(Recognizer(), [template(faces=0)], [template(irises=0)])
    assert np.isnan(found["fused"]).all()
