"""Protocols as files: what they compare, and people kept apart."""

from pathlib import Path

import numpy as np
import pytest
from fake_matcher import PatternMatcher, draw_people, write

from twofold.data.samples import read_samples
from twofold.errors import DatasetError
from twofold.evaluation.verification.benchmark import run_benchmark
from twofold.evaluation.verification.metrics import measured
from twofold.evaluation.verification.protocols import read_protocol, select


def put(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "protocol.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Twelve people with four pictures each; one picture gives no template."""
    root = draw_people(tmp_path / "people", subjects=12, noise=60)
    write(root / "p1/1.png", np.zeros((16, 16), np.uint8))
    return root


def roles(development: range, evaluation: range) -> str:
    lines = ["sample,role,part"]
    for part, numbers in (("development", development), ("evaluation", evaluation)):
        for person in numbers:
            lines += [f"p{person}/0.png,reference,{part}"]
            lines += [f"p{person}/{k}.png,probe,{part}" for k in (1, 2)]
    return "\n".join(lines) + "\n"


def test_every_probe_meets_every_reference_of_its_part(people: Path, tmp_path: Path) -> None:
    protocol = read_protocol(put(tmp_path, roles(range(6), range(6, 12))))
    samples = read_samples(people, "iris")
    outcome = run_benchmark(samples, PatternMatcher, protocol=protocol)
    found = outcome.protocol
    assert found is not None and found.left_aside == 12  # the fourth picture of each
    assert len(outcome.samples.samples) == 36
    for part in found.listed.values():
        assert len(part.score) == 6 * 12
        assert part.mated.sum() == 12
    assert found.development is not None
    assert found.development.counts.mated_failed == 1  # the black picture is a probe
    assert found.development.counts.non_mated_failed == 5
    assert found.evaluation.counts.mated_failed == 0
    names = set(found.listed["development"].subjects), set(found.listed["evaluation"].subjects)
    assert names == ({f"p{k}" for k in range(6)}, {f"p{k}" for k in range(6, 12)})


def test_development_thresholds_are_applied_unchanged(people: Path, tmp_path: Path) -> None:
    protocol = read_protocol(put(tmp_path, roles(range(6), range(6, 12))))
    found = run_benchmark(read_samples(people, "iris"), PatternMatcher, protocol=protocol).protocol
    assert found is not None and found.development is not None
    (applied,) = found.applied  # 55 non-mated comparisons support an FMR of 0.1 only
    assert applied.threshold == found.development.points[0].threshold
    part = found.listed["evaluation"]
    assert applied.fmr.value == (part.score[~part.mated] >= applied.threshold).mean()
    assert applied.fnmr.value == (part.score[part.mated] < applied.threshold).mean()
    metrics = measured(
        run_benchmark(read_samples(people, "iris"), PatternMatcher, protocol=protocol), "x"
    )["protocol_file"]
    assert metrics["at_thresholds_of_development"]["0.1"]["threshold"] == applied.threshold
    assert metrics["left_aside_samples"] == 12


def test_pairs_are_compared_as_they_are_listed(people: Path, tmp_path: Path) -> None:
    text = "reference,probe,mated\n" + "".join(
        f"p{a}/0.png,p{b}/1.png,{int(a == b)}\n" for a in range(12) for b in (a, (a + 1) % 12)
    )
    outcome = run_benchmark(
        read_samples(people, "iris"), PatternMatcher, protocol=read_protocol(put(tmp_path, text))
    )
    found = outcome.protocol
    assert found is not None and found.development is None and found.applied == ()
    part = found.listed["evaluation"]
    assert part.mated.tolist() == [True, False] * 12
    # The same scores as those of the full table.
    names = [sample.name for sample in outcome.samples.samples]
    known = {
        (names[a], names[b]): float(score)
        for a, b, score in zip(
            outcome.comparisons.first, outcome.comparisons.second, outcome.comparisons.score,
            strict=True,
        )
    }  # fmt: skip
    assert part.score[0] == known["p0/0.png", "p0/1.png"]
    # The black picture p1/1 was to be compared with p0/0 and p1/0.
    assert np.flatnonzero(np.isnan(part.score)).tolist() == [1, 2]


def test_a_person_in_both_parts_is_refused(people: Path, tmp_path: Path) -> None:
    protocol = read_protocol(
        put(tmp_path, roles(range(7), range(6, 12)).replace("p6/0", "p6/3", 1))
    )
    samples = read_samples(people, "iris")
    with pytest.raises(DatasetError, match="subject p6 is in development and in evaluation"):
        select(protocol, samples)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "its header holds nothing"),
        ("image,kind\n", "its header holds image, kind"),
        ("sample,role\n", "no comparison to evaluate"),
        ("sample,role\np0/0.png,reference\n", "the part evaluation has no probe"),
        ("sample,role\np0/0.png,judge\n", "line 2: role 'judge'"),
        ("sample,role\np0/0.png,probe\np0/0.png,reference\n", "line 3: listed a second time"),
        ("sample,role,part\np0/0.png,both,test\n", "line 2: part 'test'"),
        ("reference,probe\na,a\n", "line 2: a sample against itself"),
        ("reference,probe\na,b\nb,a\n", "line 3: listed a second time"),
        ("reference,probe\na,b,c\n", "line 2: 3 columns, not 2"),
        ("reference,probe,mated\na,b,x\n", "line 2: mated 'x'"),
        ("reference,probe,part\na,b,development\n", "no comparison to evaluate"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told) as error:
        read_protocol(put(tmp_path, text))
    assert "protocol.csv" in str(error.value)


def test_a_protocol_that_does_not_fit_the_samples(people: Path, tmp_path: Path) -> None:
    samples = read_samples(people, "iris")
    gone = read_protocol(put(tmp_path, "sample,role\np0/9.png,both\np1/0.png,both\n"))
    with pytest.raises(DatasetError, match=r"p0/9.png is no sample of"):
        select(gone, samples)
    wrong = put(tmp_path, "reference,probe,mated\np0/0.png,p0/1.png,1\np2/0.png,p3/1.png,1\n")
    with pytest.raises(DatasetError, match=r"line 3: `mated` is not what the labels"):
        run_benchmark(samples, PatternMatcher, protocol=read_protocol(wrong))
    one_kind = put(tmp_path, "reference,probe\np0/0.png,p0/1.png\np2/0.png,p2/1.png\n")
    with pytest.raises(DatasetError, match="all comparisons of a part are mated"):
        run_benchmark(samples, PatternMatcher, protocol=read_protocol(one_kind))
