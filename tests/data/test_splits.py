"""Splits: stratified, repeatable, and never one content on both sides."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.data.split_file import load_split, split_record
from twofold.data.splits import (
    Contents,
    Fold,
    Split,
    content_groups,
    report_protocol_split,
    stratified_holdout,
    stratified_kfold,
)
from twofold.errors import DatasetError, OptionError
from twofold.files import write_json

People = tuple[list[str], list[tuple[str, str]]]


@st.composite
def people(draw: st.DrawFn, distinct: int = 4) -> People:
    """Pairs in any order; each subject has at least so many of different content, and repeats."""
    rows = []
    for subject in range(draw(st.integers(2, 6))):
        own = [
            (f"face {subject} {k}", f"iris {subject} {k}")
            for k in range(draw(st.integers(distinct, distinct + 3)))
        ]
        rows += [(str(subject), pair) for pair in own]
        for _ in range(draw(st.integers(0, 3))):
            face, iris = draw(st.sampled_from(own))
            fresh = f"fresh {len(rows)}"
            repeat = draw(st.sampled_from([(face, iris), (face, fresh), (fresh, iris)]))
            rows.append((str(subject), repeat))
    rows = draw(st.permutations(rows))
    return [subject for subject, _ in rows], [pair for _, pair in rows]


def simple(subjects: int, each: int) -> People:
    labels = [str(subject) for subject in range(subjects) for _ in range(each)]
    return labels, [(f"f{k}", f"i{k}") for k in range(len(labels))]


def sides(fold: Fold, contents: Contents) -> tuple[set[str], set[str]]:
    return (
        {digest for place in fold.train.tolist() for digest in contents[place]},
        {digest for place in fold.test.tolist() for digest in contents[place]},
    )


def lists(split: Split) -> list[list[int]]:
    parts = [part for fold in split.folds for part in (fold.train, fold.test)]
    return [part.tolist() for part in (*parts, split.train, split.test)]


@given(people(), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_kfold_holds_whatever_comes(given_people: People, folds: int, seed: int) -> None:
    subjects, contents = given_people
    split = stratified_kfold(subjects, contents, folds, seed)
    assert len(split.folds) == folds and len(split.test) == 0
    tested = np.concatenate([fold.test for fold in split.folds])
    assert sorted(tested.tolist()) == list(range(len(subjects)))
    for fold in split.folds:
        both = np.concatenate([fold.train, fold.test])
        assert sorted(both.tolist()) == list(range(len(subjects)))
        learned, scored = sides(fold, contents)
        assert not learned & scored
        assert {subjects[place] for place in fold.test.tolist()} == set(subjects)
        assert {subjects[place] for place in fold.train.tolist()} == set(subjects)
    assert lists(split) == lists(stratified_kfold(subjects, contents, folds, seed))


@given(people(), st.floats(0.01, 0.99), st.integers(0, 99))
def test_holdout_holds_whatever_comes(given_people: People, share: float, seed: int) -> None:
    subjects, contents = given_people
    split = stratified_holdout(subjects, contents, share, seed)
    assert sorted([*split.train.tolist(), *split.test.tolist()]) == list(range(len(subjects)))
    learned, scored = sides(Fold(split.train, split.test), contents)
    assert not learned & scored
    for part in (split.train, split.test):
        assert {subjects[place] for place in part.tolist()} == set(subjects)
    assert lists(split) == lists(stratified_holdout(subjects, contents, share, seed))


def test_four_pairs_in_four_folds_give_one_each() -> None:
    subjects, contents = simple(16, 4)
    for fold in stratified_kfold(subjects, contents, 4, 0).folds:
        assert set(Counter(subjects[k] for k in fold.test.tolist()).values()) == {1}


def test_one_duplicate_does_not_spoil_the_others() -> None:
    subjects, contents = simple(16, 5)
    contents[1] = (contents[0][0], contents[1][1])
    for fold in stratified_kfold(subjects, contents, 4, 0).folds:
        times = Counter(subjects[k] for k in fold.test.tolist())
        assert all(1 <= times[subject] <= 2 for subject in set(subjects))


def test_seeds_differ() -> None:
    subjects, contents = simple(8, 4)
    assert lists(stratified_kfold(subjects, contents, 4, 0)) != lists(
        stratified_kfold(subjects, contents, 4, 1)
    )


def test_holdout_share_and_folds_over_the_rest() -> None:
    subjects, contents = simple(8, 8)
    split = stratified_holdout(subjects, contents, 0.25, 1, folds=3)
    assert set(Counter(subjects[k] for k in split.test.tolist()).values()) == {2}
    for fold in split.folds:
        inside = sorted([*fold.train.tolist(), *fold.test.tolist()])
        assert inside == split.train.tolist()
    # Not the same position of every subject.
    assert len({k % 8 for k in split.test.tolist()}) > 2


def test_a_chain_of_contents_is_one_group() -> None:
    contents = [("a", "b"), ("c", "d"), ("c", "b"), ("x", "y"), ("y", "z")]
    assert content_groups(contents).tolist() == [0, 0, 0, 3, 3]


def test_too_few_pairs_name_the_subject_and_a_remedy() -> None:
    subjects, contents = simple(3, 4)
    subjects.append("rare")
    contents.append(("f", "i"))
    with pytest.raises(DatasetError, match="subject rare has 1 pair, and 4 folds need as many"):
        stratified_kfold(subjects, contents, 4, 0)
    with pytest.raises(DatasetError, match="subject rare has 1 pair"):
        stratified_holdout(subjects, contents, 0.2, 0)
    with pytest.raises(DatasetError, match=r"use 4 folds, add pairs, or leave the subject out"):
        stratified_kfold(*simple(3, 4), 5, 0)
    with pytest.raises(DatasetError, match=r"4 folds outside the hold-out.*use 3 folds"):
        stratified_holdout(*simple(3, 4), 0.2, 0, folds=4)


def test_repeats_do_not_count_as_pairs() -> None:
    subjects, contents = simple(3, 4)
    contents[1] = contents[0]
    with pytest.raises(DatasetError, match="4 pairs but only 3 of different content"):
        stratified_kfold(subjects, contents, 4, 0)


def test_one_picture_under_two_subjects() -> None:
    subjects, contents = simple(2, 4)
    contents[7] = (contents[0][0], "own")
    with pytest.raises(DatasetError, match="subjects 0 and 1 share a picture"):
        stratified_kfold(subjects, contents, 2, 0)


@pytest.mark.parametrize("subjects", [[], ["1"] * 8])
def test_nobody_to_tell_apart(subjects: list[str]) -> None:
    contents = [(f"f{k}", f"i{k}") for k in range(len(subjects))]
    with pytest.raises(DatasetError, match="at least two"):
        stratified_kfold(subjects, contents, 2, 0)


def test_options_out_of_range() -> None:
    subjects, contents = simple(2, 4)
    for folds, seed in ((1, 0), (0, 0), (2, -1), (2, 2**32)):
        with pytest.raises(OptionError):
            stratified_kfold(subjects, contents, folds, seed)
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(OptionError):
            stratified_holdout(subjects, contents, share, 0)


def test_the_reports_split() -> None:
    labels = [str(subject) for subject in range(64) for _ in range(20)]
    split = report_protocol_split(labels)
    assert (len(split.train), len(split.test)) == (1024, 256)
    assert set(Counter(labels[k] for k in split.test.tolist()).values()) == {4}
    assert [len(fold.test) for fold in split.folds] == [256] * 4
    scored = sorted(k for fold in split.folds for k in fold.test.tolist())
    assert scored == sorted(split.train.tolist())
    with pytest.raises(DatasetError, match="too few for the report's"):
        report_protocol_split(["1", "2", "3"])


# the split file


def saved(tmp_path: Path) -> tuple[Path, Split, list[str], list[tuple[str, str]]]:
    subjects, contents = simple(3, 4)
    names = [f"{subject}_한{k}" for k, subject in enumerate(subjects)]
    split = stratified_holdout(subjects, contents, 0.25, 0, folds=3)
    write_json(tmp_path / "split.json", split_record(split, names, contents))
    return tmp_path / "split.json", split, names, contents


def test_a_split_comes_back(tmp_path: Path) -> None:
    file, split, names, contents = saved(tmp_path)
    assert lists(load_split(file, names, contents)) == lists(split)
    # The order of the dataset may change: names count.
    back = load_split(file, names[::-1], contents[::-1])
    assert [names[::-1][k] for k in back.test.tolist()] == [names[k] for k in split.test.tolist()]


def test_without_contents_as_a_run_writes_it(tmp_path: Path) -> None:
    file, split, names, contents = saved(tmp_path)
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["contents"]
    file.write_text(json.dumps(record))
    assert lists(load_split(file, names, contents)) == lists(split)


def test_a_split_of_another_dataset(tmp_path: Path) -> None:
    file, _, names, contents = saved(tmp_path)
    with pytest.raises(DatasetError, match=f"names {names[0]}, not in the dataset"):
        load_split(file, ["new", *names[1:]], contents)
    with pytest.raises(DatasetError, match="lacks new"):
        load_split(file, [*names, "new"], [*contents, ("f", "i")])
    with pytest.raises(DatasetError, match="pictures of pair"):
        load_split(file, names, [("f", "i"), *contents[1:]])


def test_a_split_that_leaks_by_content(tmp_path: Path) -> None:
    file, split, names, contents = saved(tmp_path)
    scored, learned = split.test.tolist()[0], split.train.tolist()[0]
    contents[learned] = (contents[scored][0], "own")
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["contents"]
    file.write_text(json.dumps(record))
    with pytest.raises(DatasetError, match="leaks") as refused:
        load_split(file, names, contents)
    assert names[scored] in str(refused.value) and names[learned] in str(refused.value)


def test_a_split_edited_by_hand(tmp_path: Path) -> None:
    file, _, names, contents = saved(tmp_path)
    whole = file.read_text(encoding="utf-8")

    def edited(part: str, side: str, names_there: object) -> None:
        record = json.loads(whole)
        record[part][side] = names_there
        file.write_text(json.dumps(record))

    held_out = json.loads(whole)["final"]["test"]
    edited("folds/1", "test", held_out[:1])
    with pytest.raises(DatasetError, match=r"'folds/1' (lacks|scores or learns)"):
        load_split(file, names, contents)
    edited("final", "train", json.loads(whole)["final"]["train"] + held_out)
    with pytest.raises(DatasetError, match="more than once"):
        load_split(file, names, contents)
    edited("final", "train", "all")
    with pytest.raises(DatasetError, match="not a list of names"):
        load_split(file, names, contents)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"final": 3}', '{"final": {}}', '{"contents": 3}', "[" * 100_000]
)
def test_what_is_no_split_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "split.json").write_text(content)
    with pytest.raises(DatasetError, match=r"split\.json"):
        load_split(tmp_path / "split.json", ["a"], [("f", "i")])
    with pytest.raises(DatasetError, match="cannot be read"):
        load_split(tmp_path / "missing.json", ["a"], [("f", "i")])
