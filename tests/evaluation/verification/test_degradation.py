"""Pictures made worse on purpose."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.verification.fake_matcher import draw_people, write
from tests.evaluation.verification.made_up_sides import JudgedPatterns

from twofold.data.samples import read_samples
from twofold.evaluation.verification.degradation import Degrading, degrade, degrading
from twofold.evaluation.verification.sides import measure_side


@pytest.mark.parametrize("how", ["blur", "occlusion", "noise"])
@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3), (9, 7)])
def test_each_way_spoils_a_picture_and_keeps_its_form(how: str, shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    kept = picture.copy()
    worse = degrade(picture, how, np.random.default_rng(2))  # type: ignore[arg-type]
    assert worse.shape == picture.shape and worse.dtype == np.uint8
    assert np.array_equal(picture, kept), "the picture given was written to"
    assert not np.array_equal(worse, picture)
    again = degrade(picture, how, np.random.default_rng(2))  # type: ignore[arg-type]
    assert np.array_equal(worse, again)


def test_missing_is_nothing_done_to_a_picture() -> None:
    with pytest.raises(ValueError, match="missing"):
        degrade(np.zeros((8, 8), np.uint8), "missing", np.random.default_rng(1))


def test_the_draw_follows_from_seed_and_content() -> None:
    rng = np.random.default_rng(5)
    one, other = (rng.integers(0, 256, (20, 20), dtype=np.uint8) for _ in range(2))
    first, second = (Degrading(JudgedPatterns(), "noise", 7) for _ in range(2))
    assert np.array_equal(first.worse(one), second.worse(one))
    added = [first.worse(p).astype(int) - p for p in (one, other)]
    assert not np.array_equal(*added)
    assert not np.array_equal(first.worse(one), Degrading(JudgedPatterns(), "noise", 8).worse(one))


def test_a_side_holds_clean_and_degraded_scores_with_failures_apart(tmp_path: Path) -> None:
    root = draw_people(tmp_path / "p", subjects=4, samples=3, noise=15)
    write(root / "p1" / "1.png", np.zeros((16, 16), np.uint8))
    samples = read_samples(root, "iris")
    made = measure_side(
        "iris", root, "patterns", samples.samples, JudgedPatterns, hows=["noise", "missing"], seed=1
    )
    lost = made.failed
    assert lost.sum() == 1 and set(made.worse) == {"noise"}
    assert np.isnan(made.score[lost]).all() and np.isnan(made.score[:, lost]).all()
    assert np.isnan(made.quality[lost]).all() and (made.quality[~lost] > 0).all()
    worse = made.worse["noise"]
    matcher, noisy = JudgedPatterns(), degrading(JudgedPatterns, "noise", 1)()
    probe, reference = samples.samples[0].path, samples.samples[2].path
    pair = [noisy.extract(probe), matcher.extract(reference)]
    assert worse.score[0, 2] == pytest.approx(float(matcher.compare_all(pair)[0, 1]), abs=1e-6)
    mated = (made.identity[:, None] == made.identity) & ~np.eye(12, dtype=bool)
    assert np.nanmean(worse.score[mated]) < np.nanmean(made.score[mated])
