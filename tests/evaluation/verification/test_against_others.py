"""The same figures as pyeer and scikit-learn from the same score files."""

from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import det_curve, roc_auc_score, roc_curve

from twofold.evaluation.verification.comparisons import Listed
from twofold.evaluation.verification.rates import error_rates
from twofold.evaluation.verification.score_files import ScoreFile, read_lists
from twofold.evaluation.verification.score_writing import write_lists
from twofold.evaluation.verification.separation import d_prime
from twofold.evaluation.verification.trade_off import trade_off

pyeer = pytest.importorskip("pyeer.eer_info")
pyeer_stats = pytest.importorskip("pyeer.eer_stats")

KINDS = ["normal", "ties", "apart", "turned round", "tiny", "one of each", "equal"]


def scores_of(kind: str) -> tuple["np.ndarray", "np.ndarray"]:
    rng = np.random.default_rng(8)
    mated, other = rng.normal(2, 1, 300), rng.normal(0, 1, 2_000)
    return {
        "normal": (mated, other),
        "ties": (np.round(mated), np.round(other)),
        "apart": (mated + 20, other),
        "turned round": (other[:150], mated),
        "tiny": (np.array([0.9, 0.4, 0.4]), np.array([0.1, 0.5, 0.4, 0.2])),
        "one of each": (np.array([1.0]), np.array([0.0])),
        "equal": (np.full(4, 0.5), np.full(5, 0.5)),
    }[kind]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def shared_files(tmp_path: Path, kind: str, distance: bool) -> tuple[Path, Path, ScoreFile]:
    """Two lists on the disk, which all of the programs read."""
    mated, other = scores_of(kind)
    sign = -1 if distance else 1
    paths = tmp_path / "genuine.txt", tmp_path / "impostor.txt"
    for path, scores in zip(paths, (mated, other), strict=True):
        path.write_text("".join(f"{sign * score!r}\n" for score in scores.tolist()))
    return *paths, read_lists(*paths, distance=distance)


def as_labels(made: Listed) -> tuple["np.ndarray", "np.ndarray"]:
    return made.mated.astype(int), made.score


@pytest.mark.parametrize("distance", [False, True])
def test_pyeer_finds_the_same(tmp_path: Path, kind: str, distance: bool) -> None:
    genuine, impostor, read = shared_files(tmp_path, kind, distance)
    lists = [[float(line) for line in path.read_text().split()] for path in (genuine, impostor)]
    theirs = pyeer.get_eer_stats(*lists, ds_scores=distance)
    ours = trade_off(read.comparisons)
    by_threshold = {
        read.as_written(t): (fmr, fnmr)
        for t, fmr, fnmr in zip(ours.threshold, ours.fmr, ours.fnmr, strict=True)
    }
    assert len(theirs.thrs) == len(ours.threshold) - 1  # ours has one above all scores, too
    for threshold, fmr, fnmr in zip(theirs.thrs, theirs.fmr, theirs.fnmr, strict=True):
        assert by_threshold[float(threshold)] == pytest.approx((fmr, fnmr), abs=1e-12)
    if kind not in ("apart", "one of each", "equal"):
        # pyeer lacks the threshold above all scores, which these three need.
        low, high = ours.eer_bounds()
        assert sorted((theirs.eer_low, theirs.eer_high)) == pytest.approx((low, high), abs=1e-12)
        assert theirs.eer == pytest.approx((low + high) / 2, abs=1e-12)
        assert ours.area == pytest.approx(theirs.auc, abs=0.5 / len(lists[0]))


def test_pyeer_finds_the_same_eer_but_for_its_steps(tmp_path: Path) -> None:
    """Its EER is the middle of a step, ours where the line over the step crosses FMR = FNMR."""
    _, _, read = shared_files(tmp_path, "normal", False)
    rates, curve = error_rates(read.comparisons, resamples=2), trade_off(read.comparisons)
    assert rates.eer.value == pytest.approx(np.mean(curve.eer_bounds()), abs=1 / 300)


@pytest.mark.parametrize("distance", [False, True])
def test_scikit_learn_finds_the_same(tmp_path: Path, kind: str, distance: bool) -> None:
    _, _, read = shared_files(tmp_path, kind, distance)
    labels, scores = as_labels(read.comparisons)
    ours = trade_off(read.comparisons)
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    assert np.array_equal(ours.threshold, thresholds)
    assert ours.fmr == pytest.approx(fpr, abs=1e-12)
    assert ours.tmr == pytest.approx(tpr, abs=1e-12)
    assert ours.area == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    false, missed, at = det_curve(labels, scores)
    known = dict(zip(ours.threshold, zip(ours.fmr, ours.fnmr, strict=True), strict=True))
    for threshold, pair in zip(at, zip(false, missed, strict=True), strict=True):
        assert known[threshold] == pytest.approx(pair, abs=1e-12)
    # The usual recipe for the EER on its curve.
    crossing = brentq(lambda x: 1 - x - float(interp1d(fpr, tpr)(x)), 0, 1, xtol=1e-14)
    if kind != "apart":  # a vertical line, on which interp1d picks any point
        assert error_rates(read.comparisons, resamples=2).eer.value == pytest.approx(
            crossing, abs=1e-9
        )


def test_pyeers_histogram_of_impostors(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    genuine, counts = rng.integers(0, 40, 200), rng.integers(0, 30, 25)
    paths = tmp_path / "g.txt", tmp_path / "h.txt"
    for path, numbers in zip(paths, (genuine, counts), strict=True):
        path.write_text("".join(f"{number}\n" for number in numbers.tolist()))
    read = read_lists(*paths, histogram=True)
    thresholds, fmr, fnmr = pyeer_stats.calculate_roc_hist(genuine.tolist(), counts.tolist())
    made = read.comparisons
    for threshold, false, missed in zip(thresholds, fmr, fnmr, strict=True):
        assert (made.score[~made.mated] >= threshold).mean() == pytest.approx(false)
        assert (made.score[made.mated] < threshold).mean() == pytest.approx(missed)


def test_pyeers_decidability(tmp_path: Path) -> None:
    _, _, read = shared_files(tmp_path, "normal", False)
    mated, other = scores_of("normal")
    theirs = pyeer_stats.get_decidability_value(
        mated.mean(), mated.std(), other.mean(), other.std()
    )
    assert d_prime(read.comparisons, resamples=2).value == pytest.approx(theirs, rel=1e-12)


def test_pyeer_reads_the_lists_that_are_written(tmp_path: Path) -> None:
    _, _, read = shared_files(tmp_path, "ties", True)
    write_lists(tmp_path / "g", tmp_path / "i", read)
    lists = [[float(x) for x in (tmp_path / name).read_text().split()] for name in "gi"]
    theirs = pyeer.get_eer_stats(*lists, ds_scores=True)
    low, high = trade_off(read.comparisons).eer_bounds()
    assert theirs.eer == pytest.approx((low + high) / 2)
