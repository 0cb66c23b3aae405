"""Score files of every form: read, written, and refused with file and line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DatasetError, OptionError
from twofold.evaluation.verification import text_rows
from twofold.evaluation.verification.comparisons import count, listed, unlabelled
from twofold.evaluation.verification.score_files import ScoreFile, read_lists, read_scores
from twofold.evaluation.verification.score_writing import write_lists, write_scores
from twofold.evaluation.verification.text_rows import read_column, read_subjects

BENCHMARK = """reference,probe,mated,score
p0/0.png,p0/1.png,1,0.9
p0/0.png,"p1, left/0.png",0,0.2
p0/1.png,"p1, left/0.png",0,
"p1, left/0.png","p1, left/1.png",1,nan
"""


def put(tmp_path: Path, text: str, name: str = "scores.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_benchmarks_own_file(tmp_path: Path) -> None:
    read = read_scores(put(tmp_path, BENCHMARK))
    made = read.comparisons
    assert read.units == "linked samples"
    assert len(made.subjects) == 2  # linked by their mated comparisons
    assert made.first.tolist() == [0, 0, 0, 1] and made.second.tolist() == [0, 1, 1, 1]
    assert made.mated.tolist() == [True, False, False, True]
    assert np.isnan(made.score).tolist() == [False, False, True, True]
    assert read.references[3] == "p1, left/0.png"
    counts = count(made)
    assert (counts.mated, counts.mated_failed) == (2, 1)
    assert (counts.non_mated, counts.non_mated_failed) == (2, 1)


def test_four_columns_with_and_without_a_header_with_commas_and_spaces(tmp_path: Path) -> None:
    rows = [("ann", "ann", "a2", "0.7"), ("ann", "bob", "b1", "0.1"), ("bob", "bob", "b1", "NaN")]
    texts = [
        "\n".join(separator.join(row) for row in (*head, *rows)) + "\n"
        for separator in (" ", ",", "\t", ";")
        for head in ((), (("claimed", "real", "probe", "score"),))
    ]
    seen = [read_scores(put(tmp_path, text)) for text in texts]
    for read in seen:
        assert read.units == "subjects"
        assert read.comparisons.subjects == ("ann", "bob")
        assert read.comparisons.mated.tolist() == [True, False, True]
        assert read.comparisons.first.tolist() == [0, 0, 1]
        assert read.comparisons.second.tolist() == [0, 1, 1]
        assert read.references == ("ann", "ann", "bob") and read.probes == ("a2", "b1", "b1")
        assert np.array_equal(read.comparisons.score, [0.7, 0.1, np.nan], equal_nan=True)


def test_five_columns_name_the_model(tmp_path: Path) -> None:
    read = read_scores(put(tmp_path, "ann m1 ann a2 3\nann m1 bob b1 -1\n"))
    assert read.references == ("m1", "m1") and read.probes == ("a2", "b1")
    assert read.comparisons.mated.tolist() == [True, False]


def test_distances_are_turned_round_and_told_as_written(tmp_path: Path) -> None:
    read = read_scores(put(tmp_path, "a a x 0.25\na b y 2\n"), distance=True)
    assert read.comparisons.score.tolist() == [-0.25, -2]
    assert read.as_written(-0.25) == 0.25


def test_a_manifest_names_the_subjects(tmp_path: Path) -> None:
    manifest = put(tmp_path, "Subject;path;eye\nP;a;left\nP;b;right\nQ;./c;left\n", "m.csv")
    scores = put(tmp_path, "reference,probe,mated,score\na,b,0,1\na,c,0,2\nb,b2,1,3\n")
    assert read_column(manifest, "EYE") == {"a": "left", "b": "right", "c": "left"}
    with pytest.raises(DatasetError, match=r"scores.csv, line 4: b2 is not in the manifest"):
        read_scores(scores, subjects=read_subjects(manifest))
    scores.write_text("reference,probe,mated,score\na,b,0,1\na,c,0,2\n")
    read = read_scores(scores, subjects=read_subjects(manifest))
    # Two eyes of one person: one subject, not mated.
    assert read.comparisons.first.tolist() == [0, 0] and read.comparisons.second.tolist() == [0, 1]
    assert not read.comparisons.mated.any()
    with pytest.raises(DatasetError, match=r"m.csv: no column sensor; its header holds subject"):
        read_column(manifest, "sensor")
    twice = put(tmp_path, "subject,path\nP,a\nP,a\nQ,a\n", "twice.csv")
    with pytest.raises(DatasetError, match=r"twice.csv, line 4: a has subject Q here and P above"):
        read_subjects(twice)


def test_lists_as_pyeer_reads_them(tmp_path: Path) -> None:
    genuine = put(tmp_path, "x y 0.9\n 0.8\n\nnan\n", "g.txt")
    impostor = put(tmp_path, "0.1\n0.2\n", "i.txt")
    read = read_lists(genuine, impostor)
    assert read.units == "comparisons" and read.comparisons.units == 5
    assert np.array_equal(read.comparisons.score, [0.9, 0.8, np.nan, 0.1, 0.2], equal_nan=True)
    assert read.comparisons.mated.tolist() == [True] * 3 + [False] * 2
    histogram = put(tmp_path, "2\n0\n1\n", "h.txt")
    assert read_lists(genuine, histogram, histogram=True).comparisons.score[3:].tolist() == [
        0,
        0,
        2,
    ]
    with pytest.raises(DatasetError, match=r"i.txt, line 1: 0.1 is no number of comparisons"):
        read_lists(genuine, impostor, histogram=True)
    huge = put(tmp_path, "1e18\n", "h.txt")
    with pytest.raises(DatasetError, match="more than 20,000,000"):
        read_lists(genuine, huge, histogram=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("reference,probe,mated,score\n", "no comparison after the header"),
        ("reference,probe,score\na,b,1\n", "neither `mated` nor the subjects"),
        ("reference,probe,mated,score,score\n", "two columns score"),
        ("a b 1\n", "3 columns and no header"),
        ("0.5\n0.4\n", "--genuine and --impostor"),
        ("a a x 1\nb b y\n", "line 2: 3 columns, not 4"),
        ("a a x 1\na b y one\n", r"line 2: score 'one' is no number up to 1e\+100"),
        ("a a x 1\na b y inf\n", r"line 2: score 'inf' is no number"),
        ("a a x 1\na b y -1e101\n", r"line 2: score '-1e101' is no number"),
        ("reference,probe,mated,score\na,b,maybe,1\n", "line 2: mated 'maybe'"),
        ("claimed,real,mated,score\na,b,1,1\n", "line 2: mated, but of the subjects a and b"),
        ("claimed,real,probe,score\na,,x,1\n", "line 2: no subject"),
        ("reference,probe,mated,score\na,b,1,1\nb,c,1,1\na,c,0,1\n", "line 4: a and c are not"),
        ('reference,probe,mated,score\n"a,b,1,1\n', "no CSV"),
        ("a a x 1\n" + "y" * 20_000, "line 2: longer than 10,000 characters"),
        ("a a x 1\na b \0 1\n", "line 2: holds a zero byte"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told) as error:
        read_scores(put(tmp_path, text))
    assert "scores.csv" in str(error.value) and "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match=r"gone\.csv: cannot be read"):
        read_scores(tmp_path / "gone.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"a a x 1\n\xff\xfe\n")
    with pytest.raises(DatasetError, match=r"binary.csv, after line \d: not UTF-8"):
        read_scores(binary)
    monkeypatch.setattr(text_rows, "MOST_ROWS", 2)
    with pytest.raises(DatasetError, match="more than 2 lines"):
        read_scores(put(tmp_path, "a a x 1\na b x 1\nb b x 1\n"))


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
SCORES = st.one_of(st.floats(-1e100, 1e100), st.just(float("nan")))


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(NAMES, NAMES, SCORES), min_size=1, max_size=12),
    distance=st.booleans(),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, float]],
    distance: bool,
) -> None:
    rows = [(a.strip() or "a", b.strip() or "b", score) for a, b, score in rows]
    claimed, real = [a for a, _, _ in rows], [b for _, b, _ in rows]
    score = np.array([score for *_, score in rows])
    mated = np.array([a == b for a, b, _ in rows])
    written = ScoreFile(
        "scores", listed(claimed, real, score, mated), tuple(claimed), tuple(real), distance
    )
    path = tmp_path_factory.mktemp("round") / "scores.csv"
    write_scores(path, written)
    again = read_scores(path, distance=distance)
    assert again.comparisons.subjects == written.comparisons.subjects
    assert np.array_equal(again.comparisons.score, written.comparisons.score, equal_nan=True)
    assert np.array_equal(again.comparisons.first, written.comparisons.first)
    assert np.array_equal(again.comparisons.second, written.comparisons.second)
    assert np.array_equal(again.comparisons.mated, mated)
    assert (again.references, again.probes) == (written.references, written.probes)


def test_four_columns_and_lists_are_written_for_others(tmp_path: Path) -> None:
    read = read_scores(put(tmp_path, "ann ann a2 0.5\nann bob b1 nan\n"), distance=True)
    write_scores(tmp_path / "four.txt", read, form="four")
    assert (tmp_path / "four.txt").read_text() == "ann ann a2 0.5\nann bob b1 nan\n"
    write_lists(tmp_path / "g.txt", tmp_path / "i.txt", read)
    assert (tmp_path / "g.txt").read_text() == "0.5\n"
    assert (tmp_path / "i.txt").read_text() == "nan\n"
    bare = ScoreFile("x", unlabelled(np.array([1.0]), np.array([True])), units="comparisons")
    with pytest.raises(OptionError, match="four columns need subjects and probes"):
        write_scores(tmp_path / "five.txt", bare, form="four")
    spaced = read_scores(put(tmp_path, "claimed,real,probe,score\na b,a b,x,1\n"))
    with pytest.raises(OptionError, match="names with spaces or commas"):
        write_scores(tmp_path / "five.txt", spaced, form="four")
    assert not (tmp_path / "five.txt").exists()


@settings(deadline=None, max_examples=150)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "scores.csv"
    path.write_bytes(content)
    for read in (read_scores, read_subjects, lambda p: read_lists(p, p)):
        try:
            read(path)
        except DatasetError as error:
            assert str(path) in str(error)
