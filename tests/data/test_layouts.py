"""Reading the three layouts, and the faults that names alone reveal."""

import csv
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest

from twofold.data.dataset import Dataset, printable
from twofold.data.layouts import read_dataset
from twofold.errors import DatasetError


def touch(folder: Path, names: Iterable[str]) -> Path:
    """Empty files: layouts look at names alone."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


def both(*stems: str) -> list[str]:
    return [stem + suffix for stem in stems for suffix in (".BMP", ".png")]


def kinds(dataset: Dataset, severity: str = "error") -> list[tuple[str, str]]:
    return [
        (problem.kind, problem.file.name if problem.file else "")
        for problem in dataset.problems
        if problem.severity == severity
    ]


# flat


def test_flat_labels_pairs_and_order(tmp_path: Path) -> None:
    root = touch(tmp_path / "04_multimodal_training", both("10_0", "2_1", "2_0", "1_0"))
    dataset = read_dataset(root)
    assert (dataset.layout, dataset.pairing, dataset.problems) == ("flat", "stem", ())
    assert [(pair.name, pair.subject) for pair in dataset.pairs] == [
        ("1_0", "1"),
        ("2_0", "2"),
        ("2_1", "2"),
        ("10_0", "10"),
    ]
    assert dataset.subjects == ("1", "2", "10")
    assert dataset.pairs[0].face == root / "1_0.BMP" and dataset.pairs[0].iris == root / "1_0.png"


def test_the_real_sets(real_data: Path) -> None:
    for name, people, tests in (("chimera64", 64, 64), ("seed16", 16, 32)):
        training = read_dataset(real_data / name / "04_multimodal_training")
        assert (len(training.pairs), len(training.subjects)) == (4 * people, people)
        test = read_dataset(real_data / name / "04_multimodal_test")
        assert [pair.name for pair in test.pairs] == [str(number) for number in range(tests)]
        assert not test.labelled and not training.problems and not test.problems


def test_synthetic_people_are_flat(synthetic_people: Path) -> None:
    with pytest.raises(DatasetError, match="Give one of them"):
        read_dataset(synthetic_people)


def test_an_unlabelled_folder_is_a_test_set(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path / "5_people_2", both("0", "1", "2", "10")))
    assert not dataset.labelled and dataset.subjects == ()
    assert [pair.name for pair in dataset.pairs] == ["0", "1", "2", "10"]
    assert all(pair.subject is None for pair in dataset.pairs)


def test_names_without_numbers_are_a_test_set(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, both("anna", "bob")))
    assert not dataset.labelled and len(dataset.pairs) == 2 and not dataset.problems


def test_one_number_that_many_names_share_is_a_label(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, both("1a", "1b", "2a", "2b")))
    assert dataset.labelled and dataset.subjects == ("1", "2")


def test_a_copy_does_not_make_a_test_set_labelled(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, [*both("0", "1", "2", "3"), "1 copy.BMP"]))
    assert not dataset.labelled and len(dataset.pairs) == 4
    assert kinds(dataset) == [("unpaired", "1 copy.BMP")]


def test_labelled_and_unlabelled_names_are_not_mixed(tmp_path: Path) -> None:
    mostly_labelled = read_dataset(touch(tmp_path / "a", both("1_0", "1_1", "2_0", "7")))
    assert kinds(mostly_labelled) == [("mixed", "7.BMP"), ("mixed", "7.png")]
    assert mostly_labelled.labelled and len(mostly_labelled.pairs) == 3
    mostly_not = read_dataset(touch(tmp_path / "b", both("1", "2", "3", "7_1")))
    assert kinds(mostly_not) == [("mixed", "7_1.BMP"), ("mixed", "7_1.png")]
    assert not mostly_not.labelled and len(mostly_not.pairs) == 3


def test_only_ascii_digits_are_numbers(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, both("1_0", "1_1", "2_0", "٣_١")))
    assert ("mixed", "٣_١.BMP") in kinds(dataset) and dataset.subjects == ("1", "2")


def test_spellings_of_a_label(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, both("01_0", "1_1", "2_0")))
    assert dataset.subjects == ("01", "1", "2") or dataset.subjects == ("1", "01", "2")
    assert kinds(dataset) == [] and kinds(dataset, "warning") == [("label", "")]


def test_unpaired_files_are_named(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, [*both("1_0", "2_0"), "1_1.BMP", "2_1.png"]))
    assert kinds(dataset) == [("unpaired", "1_1.BMP"), ("unpaired", "2_1.png")]
    assert len(dataset.pairs) == 2


def test_by_sorted_order_where_no_name_is_shared(tmp_path: Path) -> None:
    faces = [f"{label}_{k}.BMP" for label in (1, 2, 10) for k in range(2)]
    irises = [f"{label}_{k}.png" for label in (1, 2, 10) for k in range(5, 7)]
    dataset = read_dataset(touch(tmp_path, faces + irises))
    assert dataset.pairing == "order" and not dataset.problems
    assert [(p.name, p.iris.name) for p in dataset.pairs[:3]] == [
        ("1_0", "1_5.png"),
        ("1_1", "1_6.png"),
        ("2_0", "2_5.png"),
    ]


def test_labels_that_do_not_align_are_each_named(tmp_path: Path) -> None:
    faces = ["f1_0.BMP", "f1_1.BMP", "f2_0.BMP", "f2_1.BMP"]
    irises = ["i1_0.png", "i2_1.png", "i2_2.png", "i3_0.png"]
    dataset = read_dataset(touch(tmp_path, faces + irises))
    assert kinds(dataset) == [("misaligned", "i2_1.png"), ("misaligned", "i3_0.png")]
    assert "label 2 does not align with 1 of f1_1.BMP" in str(dataset.problems[0])
    assert [pair.name for pair in dataset.pairs] == ["f1_0", "f2_0"]


def test_unequal_counts_without_shared_names(tmp_path: Path) -> None:
    names = ["f1_0.BMP", "f1_1.BMP", "f2_0.BMP", "i1_0.png", "i2_0.png"]
    dataset = read_dataset(touch(tmp_path / "a", names))
    assert [pair.name for pair in dataset.pairs] == ["f2_0"]
    assert {name for _, name in kinds(dataset)} == {"f1_0.BMP", "f1_1.BMP", "i1_0.png"}
    with pytest.raises(DatasetError, match="2 faces and 1 irises share no name"):
        read_dataset(touch(tmp_path / "b", ["f1.BMP", "f2.BMP", "i1.png"]))


def test_suffixes_in_any_case_and_twins(tmp_path: Path) -> None:
    dataset = read_dataset(touch(tmp_path, ["1_0.bmp", "1_0.PNG", "2_0.Bmp", "2_0.png"]))
    assert len(dataset.pairs) == 2 and not dataset.problems
    touch(tmp_path, ["1_0.png"])
    twins = read_dataset(tmp_path)
    if len([*tmp_path.iterdir()]) == 5:  # a file system that tells cases apart
        assert [kind for kind, _ in kinds(twins)] == ["name"] and len(twins.pairs) == 2


def test_files_to_leave_alone(tmp_path: Path) -> None:
    quiet = [".hidden.png", "Thumbs.db", "README.md", "readme", "LICENSE.txt", "desktop.ini"]
    loud = ["notes.txt", "1_0.jpg", "inner/x.png"]
    dataset = read_dataset(touch(tmp_path, both("1_0", "2_0") + quiet + loud))
    assert kinds(dataset) == []
    assert sorted(kinds(dataset, "warning")) == [
        ("ignored", "1_0.jpg"),
        ("ignored", "inner"),
        ("ignored", "notes.txt"),
    ]


def test_long_and_foreign_names(tmp_path: Path) -> None:
    long = "1_0" + "x" * 248
    composed, split = (unicodedata.normalize(form, "2_0é") for form in ("NFC", "NFD"))
    names = [*both(long, "3_0홍길동"), f"{composed}.BMP", f"{split}.png"]
    dataset = read_dataset(touch(tmp_path, names))
    assert len(dataset.pairs) == 3 and not dataset.problems


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    touch(tmp_path, both("1_0", "2_0"))
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/3_0\xff.png")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    dataset = read_dataset(tmp_path)
    assert [problem.kind for problem in dataset.problems] == ["name"]
    str(dataset.problems[0]).encode("utf-8")
    assert printable("a\nb\udcff") == r"a\nb\udcff"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "no pictures in it"),
        (["readme.txt"], "no pictures in it"),
        (["1_0.BMP", "1_1.BMP"], r"2 faces \(\*.BMP\) but no irises"),
        (["1_0.png"], r"1 irises \(\*.png\) but no faces"),
        (["1_0.jpg", "1_1.jpg"], "2 pictures of other kinds"),
        (["a/1.txt"], "no faces and irises recognised"),
        (["face/1.png", "iris/1.png"], "lie directly in it"),
    ],
)
def test_folders_that_are_no_dataset(tmp_path: Path, names: list[str], words: str) -> None:
    with pytest.raises(DatasetError, match=words) as refused:
        read_dataset(touch(tmp_path, names))
    assert str(tmp_path) in str(refused.value) and "\n" not in str(refused.value)


def test_a_folder_of_sets_names_them(tmp_path: Path) -> None:
    touch(tmp_path / "04_multimodal_training", both("1_0"))
    touch(tmp_path / "04_multimodal_test", both("0"))
    with pytest.raises(DatasetError, match="04_multimodal_test, 04_multimodal_training"):
        read_dataset(tmp_path)


def test_paths_that_are_no_dataset(tmp_path: Path) -> None:
    for name in ("missing", "x" * 300, "nul\0"):
        with pytest.raises(DatasetError, match="cannot be opened"):
            read_dataset(tmp_path / name)
    touch(tmp_path, ["a.zip"])
    with pytest.raises(DatasetError, match="neither a folder nor a manifest"):
        read_dataset(tmp_path / "a.zip")
    for layout in ("flat", "folders"):
        with pytest.raises(DatasetError, match=r"a\.zip"):
            read_dataset(tmp_path / "a.zip", layout)


# folders


def test_subject_folders_with_face_and_iris(tmp_path: Path) -> None:
    for subject in ("10", "2", "Anna"):
        names = ["face/1.jpg", "face/2.jpg", "iris/1.png", "iris/2.png"]
        touch(tmp_path / subject, names)
    dataset = read_dataset(tmp_path)
    assert (dataset.layout, dataset.pairing, dataset.problems) == ("folders", "stem", ())
    assert dataset.subjects == ("2", "10", "Anna")
    assert [pair.name for pair in dataset.pairs][:3] == ["2/1", "2/2", "10/1"]


def test_left_and_right_irises_under_the_name_of_one_face(tmp_path: Path) -> None:
    touch(tmp_path / "a", ["face/1.bmp", "iris/left/1.png", "iris/right/1.png"])
    dataset = read_dataset(tmp_path)
    assert [(pair.name, pair.eye) for pair in dataset.pairs] == [
        ("a/1-left", "left"),
        ("a/1-right", "right"),
    ]


def test_as_many_faces_as_irises_of_both_eyes(tmp_path: Path) -> None:
    faces = [f"face/{k}.bmp" for k in (1, 2, 10, 11)]
    irises = [f"iris/{eye}/{k}.png" for eye in ("Left", "Right") for k in (1, 2)]
    dataset = read_dataset(touch(tmp_path / "a", faces + irises).parent)
    assert dataset.pairing == "order" and not dataset.problems
    assert [(p.face.stem, p.eye, p.iris.stem) for p in dataset.pairs] == [
        ("1", "left", "1"),
        ("2", "left", "2"),
        ("10", "right", "1"),
        ("11", "right", "2"),
    ]


def test_names_say_the_modality(tmp_path: Path) -> None:
    names = ["Face_1.jpg", "left_iris_1.png", "face-2.jpg", "EYE-2-R.png", "keyes_face3.jpg"]
    touch(tmp_path / "Keyes", [*names, "keyes_iris3.jpg", "iris_face.png", "landscape.png"])
    dataset = read_dataset(tmp_path)
    assert sorted((p.face.name, p.iris.name, p.eye) for p in dataset.pairs) == [
        ("Face_1.jpg", "left_iris_1.png", "left"),
        ("face-2.jpg", "EYE-2-R.png", "right"),
        ("keyes_face3.jpg", "keyes_iris3.jpg", None),
    ]
    assert kinds(dataset) == [("name", "iris_face.png")]
    assert kinds(dataset, "warning") == [("ignored", "landscape.png")]


def test_a_subject_in_disorder(tmp_path: Path) -> None:
    touch(tmp_path / "a", ["face/1.bmp", "face/2.bmp", "iris/1.png"])
    touch(tmp_path / "b", ["face/x.bmp", "face/y.bmp", "iris/1.png"])
    touch(tmp_path / "c", ["face/x.bmp", "face/x.jpg", "iris/9.png"])
    touch(tmp_path / "d", ["face/x.bmp"])
    touch(tmp_path / "e", ["notes.txt", "face/deep/x.png"])
    touch(tmp_path, ["stray.png"])
    dataset = read_dataset(tmp_path, "folders")
    assert [pair.name for pair in dataset.pairs] == ["a/1", "c/x"]
    assert kinds(dataset) == [
        ("unpaired", "2.bmp"),
        *[("unpaired", name) for name in ("x.bmp", "y.bmp", "1.png")],
        ("name", "x.jpg"),
        ("unpaired", "x.bmp"),
    ]
    assert ("ignored", "e") in kinds(dataset, "warning")


@pytest.mark.parametrize("modality", ["face", "iris"])
def test_folders_without_one_modality(tmp_path: Path, modality: str) -> None:
    touch(tmp_path / "a", [f"{modality}/1.png"])
    with pytest.raises(DatasetError, match="but not one"):
        read_dataset(tmp_path)


# csv


def manifest(folder: Path, rows: list[list[str]], name: str = "manifest.csv") -> Path:
    file = folder / name
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return file


def test_a_manifest(tmp_path: Path) -> None:
    touch(tmp_path, ["f/1.bmp", "f/2.bmp", "i/1.png", "i/한.png"])
    rows = [
        ["Face", "subject", "iris", "eye", "session", "split", "remark"],
        ["f/2.bmp", "Bo, Jr", "i/한.png", "R", "2", "", "x"],
        [],
        ["f/1.bmp", " 007 ", "i/1.png", "left", "", "train", ""],
    ]
    file = manifest(tmp_path, rows, "people.csv")
    dataset = read_dataset(file)
    assert (dataset.layout, dataset.pairing, dataset.problems) == ("csv", "manifest", ())
    assert [(p.name, p.subject, p.eye, p.session, p.split) for p in dataset.pairs] == [
        ("1", "007", "left", None, "train"),
        ("2", "Bo, Jr", "right", "2", None),
    ]


def test_a_folder_with_a_manifest_and_semicolons(tmp_path: Path) -> None:
    touch(tmp_path, ["1.bmp", "1.png"])
    (tmp_path / "manifest.csv").write_text("subject;face;iris\n;1.bmp;1.png\n")
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "csv" and not dataset.labelled and len(dataset.pairs) == 1


def test_names_become_longer_until_they_differ(tmp_path: Path) -> None:
    touch(tmp_path, ["a/1.bmp", "b/1.bmp", "1.png", "2.png"])
    head = ["subject", "face", "iris"]
    rows = [head, ["a", "a/1.bmp", "1.png"], ["b", "b/1.bmp", "2.png"]]
    assert [p.name for p in read_dataset(manifest(tmp_path, rows)).pairs] == ["a/1", "b/1"]
    rows = [head, ["a", "a/1.bmp", "1.png"], ["a", "a/1.bmp", "2.png"]]
    assert [p.name for p in read_dataset(manifest(tmp_path, rows)).pairs] == [
        "a/1.bmp+1.png",
        "a/1.bmp+2.png",
    ]


def test_faults_of_rows_name_row_and_column(tmp_path: Path) -> None:
    touch(tmp_path, ["1.bmp", "1.png"])
    rows = [
        ["subject", "face", "iris", "eye"],
        ["a", "1.bmp", "1.png", ""],
        ["a", "2.bmp", "1.png", ""],
        ["a", "", "1.png", ""],
        ["", "1.bmp", "1.png", ""],
        ["a", "1.bmp", "1.png", "middle"],
        ["a", "1.bmp", "1.bmp", ""],
        ["a", "1.bmp", "1.png", ""],
        ["a", "1.bmp"],
        ["a" * 201, "1.bmp", "n" * 300, ""],
    ]
    dataset = read_dataset(manifest(tmp_path, rows))
    assert len(dataset.pairs) == 1
    told = [problem.message for problem in dataset.problems]
    for expected in (
        "row 3, column face: 2.bmp does not exist.",
        "row 4, column face: empty. Name the picture's file.",
        "row 5, column subject: empty, while most rows are labelled. "
        "Keep the two kinds in two manifests.",
        "row 6, column eye: 'middle'; expected left, right or empty.",
        "row 7, column iris: the same file as the face.",
        "row 8: the same face and iris as row 2. Remove one.",
        "row 9: 2 fields, not 4.",
        "row 10, column subject: longer than 200 characters.",
        "row 10, column iris: " + "n" * 300 + " does not exist.",
    ):
        assert expected in told
    assert len(told) == 9


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column subject and face and iris"),
        (b"subject,face\n", "no column iris"),
        (b"subject,face,iris\n", "no rows"),
        (b"subject,face,iris,face\na,b,c,d\n", "column face twice"),
        (b"subject,face,iris\n\xff,a,b\n", "not UTF-8"),
        (b'subject,face,iris\na,"b"x,c\n', "row 2: not valid CSV"),
    ],
)
def test_manifests_that_cannot_be_read(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "m.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        read_dataset(tmp_path / "m.csv")


def test_a_link_to_itself_is_left_to_the_inspection(tmp_path: Path) -> None:
    touch(tmp_path, [*both("1_0"), "2_0.BMP"])
    (tmp_path / "2_0.png").symlink_to("2_0.png")
    assert [pair.name for pair in read_dataset(tmp_path).pairs] == ["1_0", "2_0"]


def test_links_out_of_the_folder_are_followed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", ["1.bmp", "1.png"])
    (tmp_path / "set").mkdir()
    for name in ("1.bmp", "1.png"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "elsewhere" / name)
    rows = [
        ["subject", "face", "iris"],
        ["a", "1.bmp", "1.png"],
        ["b", "../elsewhere/1.bmp", "1.png"],
    ]
    dataset = read_dataset(manifest(tmp_path / "set", rows))
    assert len(dataset.pairs) == 2 and not dataset.problems
