"""From folders of pictures to the files of a benchmark."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from fake_matcher import PatternMatcher, draw_people, write
from PIL import Image

from twofold.data.samples import read_samples
from twofold.errors import DatasetError, ModelError, OptionError
from twofold.evaluation.verification import writing
from twofold.evaluation.verification.benchmark import Outcome, run_benchmark, split
from twofold.evaluation.verification.extraction import extract_all
from twofold.evaluation.verification.sheets import worst_false_matches, worst_false_non_matches
from twofold.thresholds import find, load, save, shipped


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Six people with both eyes; one black, one white and one unreadable picture among them."""
    root = draw_people(tmp_path / "people", eyes=True)
    write(root / "p1/left/0.png", np.zeros((16, 16), np.uint8))
    write(root / "p2/right/3.png", np.full((16, 16), 255, np.uint8))
    (root / "p3/left/1.png").write_bytes(b"no picture")
    return root


@pytest.fixture
def outcome(people: Path) -> Outcome:
    return run_benchmark(read_samples(people, "iris"), PatternMatcher, halves=True)


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_files_hold_every_comparison_and_every_failure(outcome: Outcome, tmp_path: Path) -> None:
    metrics_path = writing.write_outcome(outcome, tmp_path / "out", "twofold benchmark iris people")
    header, *every = rows(tmp_path / "out" / "scores.csv")
    assert header == ["reference", "probe", "mated", "score"]
    assert len(every) == 48 * 47 // 2
    scores, failed = every[: 45 * 44 // 2], every[45 * 44 // 2 :]
    black = {"p1/left/0.png", "p2/right/3.png", "p3/left/1.png"}  # without a template
    assert all(score == "nan" and black & {a, b} for a, b, _, score in failed)
    assert sum(mated == "1" for _, _, mated, _ in failed) == 9
    assert len({(a, b) for a, b, _, _ in scores} | {(b, a) for a, b, _, _ in scores}) == 45 * 44
    for reference, probe, mated, score in scores[::37]:
        assert mated == str(int(Path(reference).parent == Path(probe).parent))
        assert -1 <= float(score) <= 1
    written = np.array([score for *_, score in scores], dtype=np.float32)
    assert np.array_equal(written, outcome.comparisons.score)
    header, *failures = rows(tmp_path / "out" / "failures.csv")
    assert header == ["image", "code", "reason"]
    assert [(image, code) for image, code, _ in failures] == [
        ("p1/left/0.png", "black"),
        ("p2/right/3.png", "defect"),
        ("p3/left/1.png", "unreadable"),
    ]
    assert failures[0][2] == "all is black. Take the cap off."
    metrics = json.loads(metrics_path.read_text())
    assert metrics["counts"]["failed"] == 3
    assert metrics["failure_codes"] == {"black": 1, "defect": 1, "unreadable": 1}
    assert metrics["counts"]["mated"] == 12 * 6
    assert metrics["counts"]["mated_failed"] == 9
    assert metrics["counts"]["non_mated"] == 48 * 47 // 2 - 72
    assert metrics["fnmr_at_fmr"]["0.01"]["value"] >= 9 / 72  # failures are non-matches
    assert "support no FMR" in metrics["fnmr_at_fmr"]["0.0001"]["refused"]
    assert len(metrics["halves"]) == 2
    assert metrics["extraction"]["cpu_milliseconds"]["median"] > 0
    for name in ("det.png", "scores.png", "worst-false-matches.png", "worst-false-non-matches.png"):
        with Image.open(tmp_path / "out" / name) as picture:
            assert min(picture.size) > 400


def test_rates_follow_from_the_table_alone(outcome: Outcome, tmp_path: Path) -> None:
    """Someone else's program computes the same FNMR from scores.csv."""
    writing.write_outcome(outcome, tmp_path, "")
    _, *scores = rows(tmp_path / "scores.csv")
    point = outcome.rates.points[0]
    mated = np.array([float(s) for _, _, m, s in scores if m == "1"])
    assert len(mated) == outcome.rates.counts.mated and np.isnan(mated).sum() == 9
    fnmr = 1 - (mated >= point.threshold).mean()
    assert point.fnmr.value == pytest.approx(fnmr)


def test_the_number_of_processes_changes_nothing(people: Path) -> None:
    paths = [sample.path for sample in read_samples(people, "iris").samples]
    seen: list[tuple[int, int]] = []
    alone = extract_all(PatternMatcher, paths, progress=lambda *at: seen.append(at))
    several = extract_all(PatternMatcher, paths, jobs=2)
    assert seen == [(k, 48) for k in range(1, 49)]
    assert [one.failure for one in alone] == [one.failure for one in several]
    for one, other in zip(alone, several, strict=True):
        assert (one.template is None) == (other.template is None)
        assert one.template is None or np.array_equal(one.template, other.template)


def test_resizing_changes_what_is_extracted(people: Path) -> None:
    paths = [sample.path for sample in read_samples(people, "iris").samples][5:7]
    plain, small = (
        extract_all(PatternMatcher, paths),
        extract_all(PatternMatcher, paths, size=(8, 8)),
    )
    assert not np.allclose(plain[0].template, small[0].template)


def test_the_worst_comparisons_are_the_worst(outcome: Outcome) -> None:
    comparisons = outcome.comparisons
    false = worst_false_matches(comparisons, 5)
    highest = np.sort(comparisons.score[~comparisons.mated])[::-1][:5]
    assert [mistake.score for mistake in false] == highest.tolist()
    identity = comparisons.people.identity
    assert all(identity[m.first] != identity[m.second] for m in false)
    missed = worst_false_non_matches(comparisons, 5)
    assert [mistake.score is None for mistake in missed] == [True] * 3 + [False] * 5
    lowest = np.sort(comparisons.score[comparisons.mated])[:5]
    assert [mistake.score for mistake in missed[3:]] == lowest.tolist()
    assert all(identity[m.first] == identity[m.second] for m in missed)


def test_halves_part_the_people_and_judge_each_other(outcome: Outcome) -> None:
    first, second = outcome.halves
    assert sorted(first.subjects + second.subjects) == [f"p{k}" for k in range(6)]
    assert first.rates.samples + second.rates.samples == 48
    assert split(6, seed=1) == split(6, seed=1)
    own = second.rates.points[0].threshold
    assert all(applied.threshold == own for applied in first.applied)


def test_nothing_to_compare_is_told_with_the_first_reason(tmp_path: Path) -> None:
    root = draw_people(tmp_path, subjects=2, samples=2)
    for path in root.rglob("*.png"):
        write(path, np.zeros((16, 16), np.uint8))
    with pytest.raises(DatasetError, match=r"0 of 4 pictures gave a template.*all is black"):
        run_benchmark(read_samples(root, "iris"), PatternMatcher)


def test_too_few_people_for_halves(tmp_path: Path) -> None:
    root = draw_people(tmp_path, subjects=2, samples=2)
    with pytest.raises(DatasetError, match="too few people for --halves"):
        run_benchmark(read_samples(root, "iris"), PatternMatcher, halves=True)


def test_copies_of_files_are_counted(people: Path) -> None:
    (people / "p0/left/1.png").write_bytes((people / "p0/left/0.png").read_bytes())
    assert run_benchmark(read_samples(people, "iris"), PatternMatcher).copies == 1


def test_names_with_commas_and_quotes_survive(tmp_path: Path) -> None:
    root = draw_people(tmp_path / "set", subjects=3, samples=2)
    (root / "p0").rename(root / 'Doe, "J"')
    outcome = run_benchmark(read_samples(root, "iris"), PatternMatcher)
    writing.write_outcome(outcome, tmp_path / "out", "")
    _, *scores = rows(tmp_path / "out" / "scores.csv")
    assert len(scores) == 15
    assert 'Doe, "J"/0.png' in {row[0] for row in scores}


def test_thresholds_are_kept_with_their_source(people: Path, tmp_path: Path) -> None:
    outcome = run_benchmark(read_samples(people, "iris"), PatternMatcher)
    made = writing.thresholds(outcome, "twofold benchmark iris people")
    save(tmp_path / "th.json", made)
    assert load(tmp_path / "th.json") == (made,)
    assert find(load(tmp_path / "th.json"), "patterns", "c0ffee") == made
    assert find(load(tmp_path / "th.json"), "patterns", "other") is None
    assert made.at(0.01).score == outcome.rates.points[1].threshold
    assert made.source.subjects == 6 and made.source.failed == 3
    with pytest.raises(OptionError, match=r"there are 0\.1"):
        made.at(1e-5)
    (tmp_path / "th.json").write_text("{}")
    with pytest.raises(ModelError, match="not a file of thresholds"):
        save(tmp_path / "th.json", made)
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "gone.json")


def test_synthetic_people_set_no_threshold(people: Path) -> None:
    (people / "SYNTHETIC.txt").write_text("made up")
    outcome = run_benchmark(read_samples(people, "iris"), PatternMatcher)
    assert writing.title_of(outcome) == "Irises of people (synthetic)"
    with pytest.raises(OptionError, match="synthetic"):
        writing.thresholds(outcome, "")


def test_shipped_thresholds_are_readable_and_belong_to_a_contract() -> None:
    for modality in ("face", "iris"):
        assert shipped(modality, "no such model", "") is None
