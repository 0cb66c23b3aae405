"""Fused benchmarks: scores looked up, calibrations of the other half, rates, and the report."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evaluation.verification.fake_matcher import draw_people, write
from tests.evaluation.verification.made_up_sides import JudgedFacePatterns, JudgedPatterns, side

from twofold.data.samples import read_samples
from twofold.errors import OptionError
from twofold.evaluation.verification import fused_words, pools
from twofold.evaluation.verification.chimeric import pair_up
from twofold.evaluation.verification.fused import FusedOutcome, run_fused
from twofold.evaluation.verification.fused_writing import write_fused
from twofold.evaluation.verification.pooled_rates import as_list, distinct, pooled_rates
from twofold.evaluation.verification.pools import CLEAN, Condition
from twofold.evaluation.verification.rates import error_rates
from twofold.evaluation.verification.sides import measure_side
from twofold.fusion.rules import SumRule


def calibrated(face: Any, iris: Any, pairing: Any) -> pools.Calibrated:
    """The calibrations of a pairing, each half's fitted on the other one."""
    both = [
        tuple(pools.fit_on(one, half == 1 - k) for k in (0, 1))
        for one, half in ((face, pairing.face_half), (iris, pairing.iris_half))
    ]
    return pools.Calibrated(both[0], both[1], SumRule(), "made up")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sides() -> tuple[Any, Any]:
    return side("face", 16, 4, failed=[5]), side("iris", 16, 3, failed=[5, 9])


def test_scores_are_those_of_the_samples_and_missing_ones_leave_the_other(sides: Any) -> None:
    face, iris = sides
    made = pair_up(face, iris, 0, seed=1, share=0.5)
    fitted = calibrated(face, iris, made)
    for condition in (CLEAN, Condition("iris", "missing"), Condition("face", "blur")):
        pool = pools.pool(face, iris, [made], [fitted], condition)
        rng = np.random.default_rng(3)
        for k in rng.integers(0, len(pool.mated), 200).tolist():
            p, r = pool.probe[k], pool.reference[k]
            spoilt = made.bad[p] and condition.how is not None
            source = face.worse["blur"] if spoilt and condition.modality == "face" else face
            expected = source.score[made.face[p], made.face[r]]
            assert pool.score["face"][k] == pytest.approx(expected, nan_ok=True)
            if spoilt and condition.how == "missing":
                assert np.isnan(pool.score["iris"][k])
            half = made.half[made.unit[p]]
            quality = min(source.quality[made.face[p]], face.quality[made.face[r]])
            ratio = float(fitted.face[half].llr(expected, quality))
            assert pool.llr["face"][k] == pytest.approx(ratio, rel=1e-5, nan_ok=True)
        parts = np.stack([pool.llr["face"], pool.llr["iris"]])
        gone = np.isnan(parts).all(axis=0)
        assert np.array_equal(np.isnan(pool.llr["fused"]), gone)
        assert np.allclose(pool.llr["fused"][~gone], np.nansum(parts, axis=0)[~gone], atol=1e-4)


def test_no_calibration_sees_the_people_it_judges(sides: Any) -> None:
    face, _ = sides
    half = np.arange(16) % 2
    before = pools.fit_on(face, half == 0)
    scores = face.score.copy()
    judged = half[face.person] == 1
    scores[judged] = scores[:, judged] = 99.0
    changed = type(face)(**{**vars(face), "score": scores})
    assert pools.fit_on(changed, half == 0).curve == before.curve
    assert pools.fit_on(changed, half == 1).curve != pools.fit_on(face, half == 1).curve


@pytest.mark.parametrize("system", pools.SYSTEMS)
def test_one_pairing_measures_as_any_list_of_comparisons_does(sides: Any, system: Any) -> None:
    face, iris = sides
    made = pair_up(face, iris, 0, seed=2)
    pool = pools.pool(face, iris, [made], [calibrated(face, iris, made)])
    found = pooled_rates(
        pool, system, carried=int((~pool.mated).sum()), pairs=(len(made.face), 0), chimeric=True,
        resamples=50, seed=1,
    )  # fmt: skip
    plain = error_rates(as_list(pool, system), resamples=50)
    assert found.eer.value == pytest.approx(plain.eer.value)
    for one, other in zip(found.points, plain.points, strict=True):
        if one.fnmr.value is not None and other.fnmr.value is not None:
            assert one.fnmr.value == pytest.approx(other.fnmr.value)
            assert one.false_matches == other.false_matches
            assert one.threshold == pytest.approx(other.threshold)
            assert one.fnmr.low is not None and one.fnmr.low <= one.fnmr.value <= one.fnmr.high


def test_pooling_supports_no_more_than_the_different_comparisons(sides: Any) -> None:
    face, iris = sides
    made = [pair_up(face, iris, 0, seed=2)] * 3  # three times the very same comparisons
    pool = pools.pool(face, iris, made, [calibrated(face, iris, one) for one in made])
    met = distinct(pool, made, (len(face.samples), len(iris.samples)))
    once = (pool.pairing == 0) & ~pool.mated
    assert met["face"] == (once & ~np.isnan(pool.score["face"])).sum()
    found = pooled_rates(
        pool, "fused", carried=min(met.values()), pairs=(1, 0), chimeric=True, resamples=20, seed=1
    )
    refused = [point for point in found.points if point.fnmr.refused]
    assert {point.wanted for point in refused} == {1e-3, 1e-4}
    assert str(min(met.values())) in str(refused[0].fnmr.refused)


@pytest.fixture(scope="module")
def outcome() -> FusedOutcome:
    return run_fused(
        side("face", 24, 4, apart=4), side("iris", 24, 4, apart=4, failed=[7]),
        chimeric=True, pairings=3,
        conditions=[Condition("iris", "blur"), Condition("face", "missing")], seed=5,
    )  # fmt: skip


def test_two_independent_modalities_beat_either(outcome: FusedOutcome) -> None:
    rates = outcome.clean.rates
    assert rates["fused"].eer.value < 0.5 * min(rates["face"].eer.value, rates["iris"].eer.value)
    assert outcome.clean.setbacks == ()
    found = outcome.identified
    assert found["fused"].rank_one.value >= found["face"].rank_one.value
    assert all(0 < one.rank[0] <= one.rank[-1] <= 1 for one in found.values())
    blurred = outcome.measured[1]
    assert blurred.rates["iris"].eer.value > 2 * rates["iris"].eer.value
    assert blurred.rates["face"].eer.value == pytest.approx(rates["face"].eer.value, abs=0.01)
    missing = outcome.measured[2].rates["face"]
    assert missing.points[0].fnmr.value >= 0.49
    costs = outcome.reliability
    assert costs["fused"].cllr < costs["face"].cllr
    assert all(one.min_cllr <= one.cllr for one in costs.values())


def test_thresholds_of_one_half_mostly_hold_on_the_other(outcome: FusedOutcome) -> None:
    for system in pools.SYSTEMS:
        of = [one for one in outcome.transfers if one.system == system]
        assert {(one.pairing, one.half) for one in of} == {(p, h) for p in range(3) for h in (0, 1)}
        assert sum(one.holds for one in of) >= 0.6 * len(of)


def test_where_fusion_does_harm_is_found_and_said() -> None:
    face = side("face", 20, 4, apart=5)
    iris = side("iris", 20, 4, apart=5)
    made = run_fused(face, iris, chimeric=True, pairings=1, seed=1)
    # The iris misleads where it was not calibrated: its scores are turned round for half 0 alone.
    turned = iris.score.copy()
    first = made.pairings[0].iris_half[iris.person] == 0
    block = np.ix_(first, first)
    turned[block] = np.where(iris.identity[first][:, None] == iris.identity[first], -6, 6)
    misled = run_fused(
        face, type(iris)(**{**vars(iris), "score": turned}), chimeric=True, pairings=1, seed=1
    )
    assert misled.clean.setbacks
    most = max(misled.clean.setbacks, key=lambda one: one.fused - one.better)
    assert most.modality == "face" and most.fused > most.better
    ((held, words),) = fused_words.verdicts(misled)
    assert not held and "by face alone" in words and "both together were worse" in words


def test_a_share_of_nothing_is_refused(sides: Any) -> None:
    with pytest.raises(OptionError, match="share"):
        run_fused(
            *sides, chimeric=True, pairings=1, conditions=[Condition("face", "blur")], share=0
        )


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> tuple[FusedOutcome, Path]:
    """A benchmark of drawn patterns with a hostile name and a failure, written to files."""
    root = tmp_path_factory.mktemp("fused")
    face, iris = (
        draw_people(root / name, subjects=9, samples=3, noise=60) for name in ("face", "iris")
    )
    (face / "p0").rename(face / "<b>p0&\"'")
    write(iris / "p3" / "1.png", np.zeros((16, 16), np.uint8))
    sides = [
        measure_side(modality, path, path.name, read_samples(path, modality).samples, factory,  # type: ignore[arg-type]
                     hows=["blur"], synthetic=True, seed=1)
        for modality, path, factory in (
            ("face", face, JudgedFacePatterns), ("iris", iris, JudgedPatterns))
    ]  # fmt: skip
    made = run_fused(
        *sides, chimeric=True, pairings=2, conditions=[Condition("iris", "blur")], seed=3
    )
    out = root / "out"
    write_fused(made, out, "twofold benchmark-fused face iris --out out")
    return made, out


def test_the_page_stands_alone_and_says_what_it_must(pictured: Any) -> None:
    _, out = pictured
    page = (out / "report.html").read_text("utf-8")
    linked = re.findall(r'(?:src|srcset|href)="([^"]*)"', page)
    assert all(one.startswith(("data:", "#")) for one in linked)
    assert "<script" not in page and "<b>p0" not in page and "&lt;b&gt;p0" in page
    for wanted in (
        "Chimeric: no person here has both", "2 random pairings", "Synthetic people",
        "Failures to acquire", "all is black", "95 %", "minCllr",
        "Thresholds from one half", "twofold benchmark-fused face iris",
        "prefers-color-scheme: dark",
        "@media print", "blurred: Gaussian", "Who is taken for whom", "Digest (SHA-256)",
    ):  # fmt: skip
        assert wanted in page, wanted
    assert page.count("data:image/jpeg") >= 16
    # Wherever a fused figure is captioned, the pairing stands beside it.
    assert page.count("Chimeric, 2 pairings.") >= 3


def test_metrics_and_scores_agree_with_what_was_measured(pictured: Any) -> None:
    made, out = pictured
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["schema"] == 1 and metrics["chimeric"] is True and metrics["synthetic"] is True
    assert [one["condition"] for one in metrics["conditions"]] == ["clean", "iris-blur"]
    clean = metrics["conditions"][0]["systems"]["fused"]
    assert clean["eer"]["value"] == made.clean.rates["fused"].eer.value
    assert metrics["data"]["iris"]["failure_codes"] == {"black": 1}
    with (out / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pool = made.pool
    chosen = pool.pairing == 0
    assert len(rows) == chosen.sum()
    assert sum(row["mated"] == "1" for row in rows) == (chosen & pool.mated).sum()
    for row, llr in zip(rows, pool.llr["fused"][chosen].tolist(), strict=True):
        told = float(row["llr"]) if row["llr"] else float("nan")
        assert told == pytest.approx(llr, rel=1e-5, nan_ok=True)
        parts = [float(row[name]) for name in ("face_llr", "iris_llr") if row[name]]
        assert not parts or told == pytest.approx(sum(parts), abs=1e-3)
    assert "black" in (out / "failures.csv").read_text("utf-8")
