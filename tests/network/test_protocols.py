"""Who is learned from and who is scored, under each protocol."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.data.dataset import Dataset, Pair
from twofold.data.split_file import split_record
from twofold.data.splits import Contents, Fold, Split
from twofold.errors import DatasetError, OptionError
from twofold.files import write_json
from twofold.network.division import divide
from twofold.network.options import TrainingOptions
from twofold.network.presets import COMPACT, REPORT
from twofold.network.protocols import (
    Part,
    item_name,
    leak_free_parts,
    leaked,
    leaky_parts,
    leaky_record,
)
from twofold.network.stream import Items


def people(
    subjects: Sequence[str], split: Sequence[str | None] | None = None
) -> tuple[Dataset, Contents]:
    """One pair for each subject named, every picture different."""
    pairs = tuple(
        Pair(f"p{k}", Path(f"f{k}"), Path(f"i{k}"), subject, split=split[k] if split else None)
        for k, subject in enumerate(subjects)
    )
    contents = [(f"face {k}", f"iris {k}") for k in range(len(pairs))]
    return Dataset(Path("people"), "csv", "manifest", pairs), contents


def check_leak_free(parts: Sequence[Part], contents: Contents) -> None:
    for part in parts:
        learned = set(part.train.pairs.tolist())
        scored = set() if part.test is None else set(part.test.pairs.tolist())
        assert not learned & scored
        of = [{d for k in side for d in contents[k]} for side in (learned, scored)]
        assert not of[0] & of[1]
        assert leaked(part) == 0
        if part.test is not None:
            assert not part.test.copies.any()  # only pictures as they are get scored


@given(
    counts=st.lists(st.integers(4, 6), min_size=2, max_size=5),
    protocol=st.sampled_from(["kfold", "holdout"]),
    folds=st.sampled_from([0, 2, 3]),
    seed=st.integers(0, 2**32 - 1),
    copies=st.booleans(),
    twins=st.booleans(),
)
def test_leak_free_parts_never_share_a_pair(
    counts: list[int], protocol: str, folds: int, seed: int, copies: bool, twins: bool
) -> None:
    subjects = [str(s) for s, n in enumerate(counts) for _ in range(n)]
    dataset, contents = people(subjects)
    contents = list(contents)
    if twins and protocol == "kfold" and folds == 2:
        contents[1] = (contents[0][0], contents[1][1])  # one face in two pairs of a subject
    options = TrainingOptions(protocol=protocol, folds=folds, seed=seed)  # type: ignore[arg-type]
    split = divide(dataset, contents, options)
    parts = leak_free_parts(split, REPORT if copies else COMPACT)
    check_leak_free(parts, contents)
    assert [part.name for part in parts] == [f"folds/{k + 1}" for k in range(folds)] + ["final"]
    final = parts[-1]
    assert (final.test is None) == (protocol == "kfold")
    # Every pair of the final network's training is scored in exactly one fold.
    if folds:
        scored = np.concatenate([part.test.pairs for part in parts[:-1] if part.test is not None])
        assert sorted(scored) == sorted(set(final.train.pairs.tolist()))
    assert set(final.train.copies.tolist()) == (set(range(5)) if copies else {0})


def test_leaks_counted_by_hand() -> None:
    # Three pairs with one copy each: items 0 0' 1 1' 2 2'.
    split = Split(
        folds=(Fold(np.array([0, 2]), np.array([1, 4])),),
        train=np.array([0, 1, 2, 4]),
        test=np.array([3, 5]),
    )
    fold, final = leaky_parts(split, 3, 1)
    assert fold.test is not None
    assert fold.test.pairs.tolist() == [0, 2]
    assert leaked(fold) == 1  # the copy of 0; pair 2 was not learned
    assert leaked(final) == 2  # copies of 1 and of 2
    names = ["a", "b", "c"]
    assert leaky_record([fold, final], names) == {
        "folds/1": {"train": ["a", "b"], "test": ["a (copy 1)", "c"]},
        "final": {"train": ["a", "a (copy 1)", "b", "c"], "test": ["b (copy 1)", "c (copy 1)"]},
    }
    assert item_name(Items.of([2], 1), 1, names) == "c (copy 1)"
    assert leaked(Part("final", Items.of([0, 1]), None)) == 0


def test_the_report_leaks_nearly_everything() -> None:
    dataset, contents = people([str(k // 4) for k in range(64)])
    options = TrainingOptions(protocol="report", seed=5)
    split = divide(dataset, contents, options)
    parts = leaky_parts(split, 64, 4)
    assert len(split.train) == 256
    assert len(split.test) == 64
    assert leaked(parts[-1]) > 0.9 * 64
    again = divide(dataset, contents, TrainingOptions(protocol="report", seed=6))
    assert (again.test == split.test).all()  # the report's own seed, always
    assert len(split.folds) == 4
    alone = divide(dataset, contents, TrainingOptions(protocol="report", folds=0))
    assert alone.folds == ()
    assert (alone.train == split.train).all()
    assert (alone.test == split.test).all()
    with pytest.raises(OptionError, match="makes its own split"):
        divide(dataset, contents, options, Path("split.json"))


@pytest.mark.parametrize("protocol", ["kfold", "holdout"])
def test_a_manifest_decides_what_is_held_out(protocol: str) -> None:
    subjects = ["a"] * 4 + ["b"] * 4
    column = [None, "train", "", "TEST", "train", "dev", "train", "test"]
    dataset, contents = people(subjects, column)
    options = TrainingOptions(protocol=protocol, folds=3)  # type: ignore[arg-type]
    split = divide(dataset, contents, options)
    assert split.test.tolist() == [3, 7]
    assert split.train.tolist() == [0, 1, 2, 4, 5, 6]
    check_leak_free(leak_free_parts(split, COMPACT), contents)
    for fold in split.folds:
        assert not np.isin(np.concatenate([fold.train, fold.test]), [3, 7]).any()
    none = divide(dataset, contents, TrainingOptions(folds=0))
    assert (none.folds, none.test.tolist()) == ((), [3, 7])


def test_a_manifest_that_cannot_be_followed() -> None:
    dataset, contents = people(["a", "a", "b"], ["train", "train", "test"])
    with pytest.raises(DatasetError, match="subject b is only in the manifest's test part"):
        divide(dataset, contents, TrainingOptions(folds=0))
    dataset, _ = people(["a", "a", "b", "b"], ["train", "test", "train", "test"])
    same = [("x", "1"), ("x", "2"), ("y", "3"), ("z", "4")]
    with pytest.raises(DatasetError, match="pair p1 is scored, but its picture is also in pair p0"):
        divide(dataset, same, TrainingOptions(folds=0))


def test_no_folds_and_no_hold_out() -> None:
    dataset, contents = people(["a", "b"])
    split = divide(dataset, contents, TrainingOptions(folds=0))
    assert (split.folds, split.train.tolist(), len(split.test)) == ((), [0, 1], 0)


def test_a_split_file_decides_alone(tmp_path: Path) -> None:
    dataset, contents = people(["a", "a", "b", "b"], ["test", None, "test", None])
    path = tmp_path / "split.json"
    made = Split((Fold(np.array([0, 3]), np.array([1, 2])),), np.arange(4), np.arange(0))
    write_json(path, split_record(made, [pair.name for pair in dataset.pairs], contents))
    split = divide(dataset, contents, TrainingOptions(seed=8), path)
    assert split.folds[0].test.tolist() == [1, 2]
    assert len(split.folds) == 1
    assert len(split.test) == 0
    record = json.loads(path.read_text())
    assert record["folds/1"]["test"] == ["p1", "p2"]
