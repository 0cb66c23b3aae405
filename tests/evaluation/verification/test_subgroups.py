"""Subgroups: rates at one threshold, ratios with intervals, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from fake_matcher import PatternMatcher, draw_people

from twofold.data.samples import Sample, read_samples
from twofold.errors import DatasetError, OptionError
from twofold.evaluation.verification.benchmark import run_benchmark
from twofold.evaluation.verification.comparisons import Comparisons, compared, count, people_of
from twofold.evaluation.verification.metrics import measured
from twofold.evaluation.verification.rates import OperatingPoint, Rate, error_rates
from twofold.evaluation.verification.subgroup_columns import by_columns, spread_out, values_of
from twofold.evaluation.verification.subgroups import Subgroups, subgroup_table

POINT = OperatingPoint(0.01, Rate(0.0), threshold=2.326)


def make(
    seed: int, worse: float = 0.0, subjects: int = 60, samples: int = 4
) -> tuple[Comparisons, list[Sample], dict[str, str]]:
    """People of three groups by turns; mated scores of group C lie lower by `worse`."""
    rng = np.random.default_rng(seed)
    listed = [
        Sample(Path("x"), f"{s}/{k}", str(s)) for s in range(subjects) for k in range(samples)
    ]
    people = people_of(listed, [False] * len(listed))
    group = np.array(["ABC"[int(sample.subject) % 3] for sample in listed])
    scores = rng.normal(size=(len(listed),) * 2)
    shift = rng.normal(0, 0.3, subjects)[people.subject]
    mated = people.identity[:, None] == people.identity
    scores += np.where(mated, 3.5 + shift[:, None] - worse * (group == "C")[:, None], 0)
    values = {sample.name: str(g) for sample, g in zip(listed, group, strict=True)}
    return compared(people, scores.astype(np.float32)), listed, values


def table(seed: int, worse: float = 0.0, **more: int) -> Subgroups:
    comparisons, listed, values = make(seed, worse, **more)
    made, first, second = spread_out(comparisons)
    told = np.array([values[sample.name] for sample in listed])
    return subgroup_table(
        made, told[first].tolist(), told[second].tolist(), column="group", point=POINT,
        resamples=300,
    )  # fmt: skip


def test_the_rates_of_a_group_are_those_of_its_comparisons() -> None:
    comparisons, listed, values = make(1, worse=1)
    found = table(1, worse=1)
    assert [group.name for group in found.groups] == ["A", "B", "C"]
    of = np.array([values[sample.name] for sample in listed])
    first, second = of[comparisons.first], of[comparisons.second]
    match = comparisons.score >= POINT.threshold
    for group in found.groups:
        inside = (first == group.name) & (second == group.name)
        mated = comparisons.mated & inside
        assert group.subjects == 20 and group.mated == mated.sum() == 20 * 6
        assert group.fnmr.value == pytest.approx((~match[mated]).mean())
        assert group.fmr.value == pytest.approx(match[inside & ~comparisons.mated].mean())
    assert found.across is not None and found.across.mated == 0
    assert found.across.non_mated == (first != second).sum()


def test_a_real_difference_is_found_and_noise_is_not() -> None:
    real = [table(seed, worse=1.2).ratios[0] for seed in range(5)]
    assert all(one.worst == "C" and one.ratio.low is not None for one in real)
    assert sum(one.ratio.low > 1 for one in real) == 5  # truth: 0.50 against 0.13
    noise = [table(seed).ratios[0].ratio for seed in range(40)]
    assert all(one.value is not None and one.value >= 1 for one in noise)
    # The worst and the best of three equal groups differ always, but not beyond their interval.
    assert sum(one.low > 1 for one in noise) <= 4


def test_groups_that_the_data_cannot_carry_are_refused() -> None:
    few = table(3, subjects=24)  # eight people each
    assert all(group.fnmr.value is None and group.fmr.value is None for group in few.groups)
    assert few.groups[0].fnmr.refused == "8 subjects with a mated comparison; 10 are needed"
    assert few.ratios[0].ratio.refused == "fewer than two groups were measured"
    thin = table(3, subjects=36, samples=2)  # 12 people: 264 non-mated comparisons
    assert thin.groups[0].fnmr.value is not None
    assert "support no FMR below 0.011" in str(thin.groups[0].fmr.refused)


def test_no_error_in_the_best_group_leaves_the_ratio_open() -> None:
    comparisons, listed, values = make(5)
    made, first, second = spread_out(comparisons)
    told = np.array([values[sample.name] for sample in listed])
    made.score[made.mated & (told[first] != "C")] = 9
    made.score[made.mated & (told[first] == "C")] = 0
    found = subgroup_table(
        made, told[first].tolist(), told[second].tolist(), column="g", point=POINT, resamples=200
    )
    fnmr = found.ratios[0]
    assert fnmr.worst == "C" and fnmr.ratio.value is None
    assert "no upper end; its lower one is" in str(fnmr.ratio.refused)


def test_failures_stay_in_the_groups() -> None:
    _, listed, _ = make(2, subjects=30)
    failed = np.zeros(len(listed), dtype=bool)
    failed[0] = True
    people = people_of(listed, failed)
    scores = np.ones((len(listed) - 1,) * 2, dtype=np.float32)
    made, first, _ = spread_out(compared(people, scores))
    assert count(made).mated == 30 * 6 and count(made).mated_failed == 3
    assert np.isnan(made.score[first == 0]).all()
    assert count(made) == count(compared(people, scores))


def test_columns_that_make_no_table() -> None:
    comparisons, listed, _ = make(1, subjects=30)
    rates = error_rates(comparisons, resamples=2)
    same = {sample.name: "x" for sample in listed}
    with pytest.raises(OptionError, match="--by sex: 1 different value; 2 to 20"):
        by_columns(comparisons, rates, listed, {"sex": same})
    ages = {sample.name: sample.subject for sample in listed}
    with pytest.raises(OptionError, match=r"--by age: 30 different values.*Write bands"):
        by_columns(comparisons, rates, listed, {"age": ages})
    half = {sample.name: "x" if sample.subject < "2" else "" for sample in listed}
    with pytest.raises(OptionError, match="1 different value"):
        by_columns(comparisons, rates, listed, {"sex": half})


def test_values_come_from_the_manifest_or_the_names(tmp_path: Path) -> None:
    root = draw_people(tmp_path / "people", subjects=12, eyes=True, samples=2)
    eyes = values_of(read_samples(root, "iris"), "eye")
    assert eyes["p0/left/0.png"] == "left" and set(eyes.values()) == {"left", "right"}
    with pytest.raises(OptionError, match=r"--by sensor: .* has no manifest"):
        values_of(read_samples(root, "iris"), "sensor")
    lines = ["subject,eye,path,sensor"]
    for path in sorted(root.rglob("*.png")):
        name = path.relative_to(root).as_posix()
        person, eye, _ = name.split("/")
        lines.append(f"{person},{eye},./{name},{'ab'[int(person[1:]) % 2]}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    samples = read_samples(root, "iris")
    sensors = values_of(samples, "Sensor")
    assert sensors["p3/left/0.png"] == "b" and "" not in sensors.values()
    with pytest.raises(DatasetError, match="no column glasses"):
        values_of(samples, "glasses")
    outcome = run_benchmark(samples, PatternMatcher, by=["eye", "sensor"])
    assert [found.column for found in outcome.subgroups] == ["eye", "sensor"]
    plain = measured(outcome, "x")["subgroups"]
    assert [group["name"] for group in plain[0]["groups"]] == ["left", "right"]
    assert plain[0]["groups"][0]["mated"] == 12
    assert plain[1]["groups"][0]["subjects"] == 6 and plain[1]["groups"][0]["fnmr"]["refused"]
