"""Manifests and folders of people for the gallery: what is read, and what a row is refused for."""

from datetime import date
from pathlib import Path

import pytest

from twofold.cli.datasets import LayoutName
from twofold.cli.gallery_manifest import read_probes, read_subjects
from twofold.errors import DatasetError

AUTO = LayoutName.auto


def written(folder: Path, text: str, name: str = "people.csv") -> Path:
    """A manifest beside empty pictures a.png to d.png."""
    for letter in "abcd":
        (folder / f"{letter}.png").touch()
    path = folder / name
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_rows_of_a_subject_are_put_together_in_any_order(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Face; subject ;iris;Eye;light;expires;consent;remark\n"
        "a.png;zoe;b.png;L;NIR;;;x\n"
        "c.png;ada;;;;;;\n"
        ";zoe;c.png;right;;2090-05-01;form 2;\n"
        "a.png;zoe;b.png;left;nir;;form 2;again\n\n",
    )
    (zoe, ada), refused = read_subjects(path, AUTO, "visible")
    assert refused == []
    assert (zoe.name, zoe.consent, zoe.expires) == ("zoe", "form 2", date(2090, 5, 1))
    assert zoe.pictures.faces == (tmp_path / "a.png",)
    assert zoe.pictures.irises == (
        (tmp_path / "b.png", "left", "nir"), (tmp_path / "c.png", "right", "visible"),
    )  # fmt: skip
    assert (ada.name, ada.pictures.irises, ada.consent) == ("ada", (), None)
    assert zoe.pictures.named()["eye"] == ["left", "right"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",a.png,b.png,,,,", "column subject: empty"),
        ("ada,,,,,,", "columns face and iris: both empty"),
        ("ada,x.png,,,,,", "column face: x.png does not exist"),
        ("ada,a.png,b.png,third,,,", "column eye: 'third'"),
        ("ada,a.png,b.png,,blue,,", "column light: 'blue'"),
        ("ada,a.png,,,,,soon", "column expires: expires 'soon'"),
        ("ada,a.png,,,,,1999-01-01", "over already"),
        (f"ada,{'x' * 5000}.png,,,,,", "does not exist"),
    ],
)
def test_a_wrong_row_keeps_its_subject_out_and_nobody_else(
    tmp_path: Path, row: str, words: str
) -> None:
    header = "subject,face,iris,eye,light,consent,expires\n"
    path = written(tmp_path, f"{header}ada,c.png,,,,,\n{row}\nbob,d.png,,,,,\n")
    entries, refused = read_subjects(path, AUTO, None)
    assert "bob" in [one.name for one in entries]
    assert [one.code for one in refused] == ["manifest"]
    assert f"{path}, row 3, " in refused[0].message and words in refused[0].message
    if row.startswith("ada"):
        assert [one.name for one in entries] == ["bob"]


def test_rows_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path, "subject,face,consent\nada,a.png,form 1\nada,b.png,form 2\nbob,c.png,\n"
    )
    entries, (refused,) = read_subjects(path, AUTO, None)
    assert [one.name for one in entries] == ["bob"]
    assert "row 3, column consent: another one" in refused.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("face,iris\na.png,b.png\n", "no column subject"),
        ("subject,eye\nada,left\n", "no column face or iris"),
        ("subject,face,face\nada,a.png,b.png\n", "column face twice"),
        ("subject,face\nada,a.png,b.png\n", "row 2: 3 fields, not 2"),
        ("subject,face\n", "no rows"),
        ("", "no column subject"),
        ('subject,face\n"ada"x,a.png\n', "not valid CSV"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        read_subjects(written(tmp_path, text), AUTO, None)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone\.csv: cannot be read"):
        read_subjects(tmp_path / "gone.csv", AUTO, None)
    (tmp_path / "latin.csv").write_bytes("subject,face\nZoë,a.png\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        read_subjects(tmp_path / "latin.csv", AUTO, None)
    with pytest.raises(DatasetError):
        read_subjects(tmp_path / "nowhere", AUTO, None)


def test_probes_are_one_a_row_and_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "probe,face,iris\nfirst,a.png,b.png\n,c.png,\n,c.png,d.png\n,,d.png\n,x.png,\n,,\n",
    )
    entries, refused = read_probes(path, AUTO, "nir")
    assert [one.name for one in entries] == ["first", "c", "c (4)", "d"]
    assert [one.name for one in refused] == ["x"]
    assert entries[3].pictures.irises == ((tmp_path / "d.png", None, "nir"),)


def test_folders_of_pairs_give_subjects_and_probes(people: Path, strangers: Path) -> None:
    entries, refused = read_subjects(people, AUTO, None)
    assert len(entries) == 8 and refused == []
    assert all(len(one.pictures.faces) == 4 for one in entries)
    probes, _ = read_probes(strangers, AUTO, None)
    assert len(probes) == 8
    with pytest.raises(DatasetError, match="unlabelled"):
        read_subjects(strangers, AUTO, None)


def test_a_folder_with_a_manifest_is_read_by_it(tmp_path: Path) -> None:
    written(tmp_path, "subject,face\nada,a.png\n", "manifest.csv")
    (entry,), _ = read_subjects(tmp_path, AUTO, None)
    assert entry.name == "ada" and entry.pictures.faces == (tmp_path / "a.png",)
