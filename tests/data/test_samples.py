"""Datasets of one modality: folders, manifests, flat folders, and what is refused."""

from pathlib import Path

import pytest

from twofold.data.samples import digests, read_samples, set_digest
from twofold.data.synthetic import synthesise
from twofold.errors import DatasetError, OptionError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a picture would be here")
    return root


def manifest(root: Path, text: str, *pictures: str) -> Path:
    touch(root, *pictures)
    (root / "set.csv").write_text(text, encoding="utf-8")
    return root / "set.csv"


def test_folders_name_the_subject_and_inner_ones_the_eye(tmp_path: Path) -> None:
    touch(tmp_path, "p10/left/1.png", "p10/left/2.png", "p2/right/a/1.bmp", "p2/L/1.png")
    found = read_samples(tmp_path, "iris")
    assert found.layout == "folders"
    assert [(s.subject, s.eye, s.name) for s in found.samples] == [
        ("p2", "left", "p2/L/1.png"),
        ("p2", "right", "p2/right/a/1.bmp"),
        ("p10", "left", "p10/left/1.png"),
        ("p10", "left", "p10/left/2.png"),
    ]
    assert found.samples[0].identity != found.samples[1].identity
    assert found.subjects == ("p2", "p10")


def test_without_eyes_the_subject_is_the_identity(tmp_path: Path) -> None:
    touch(tmp_path, "U1/1.jpg", "U1/2.jpg", "U2/1.jpg", "U2/2.jpg", "stray.png", "U1/notes.txt")
    found = read_samples(tmp_path, "iris")
    assert {s.eye for s in found.samples} == {None}
    assert len({s.identity for s in found.samples}) == 2
    assert sorted(str(problem.file.name) for problem in found.problems if problem.file) == [
        "notes.txt",
        "stray.png",
    ]


def test_names_tell_the_eye_where_all_of_a_subject_do(tmp_path: Path) -> None:
    touch(tmp_path, "1/01_L.bmp", "1/02_L.bmp", "1/03_R.bmp", "2/a.bmp", "2/b_L.bmp")
    eyes = {s.name: s.eye for s in read_samples(tmp_path, "iris").samples}
    assert eyes == {
        "1/01_L.bmp": "left",
        "1/02_L.bmp": "left",
        "1/03_R.bmp": "right",
        "2/a.bmp": None,
        "2/b_L.bmp": None,
    }


def test_the_other_modality_beside_it_is_passed_over(tmp_path: Path) -> None:
    for person in ("ada", "bo"):
        touch(tmp_path, *(f"{person}/face/{k}.jpg" for k in (1, 2)))
        touch(tmp_path, *(f"{person}/iris/left/{k}.png" for k in (1, 2)), f"{person}/face_9.png")
    faces, irises = (read_samples(tmp_path, kind) for kind in ("face", "iris"))
    assert [s.name for s in faces.samples if s.subject == "ada"] == [
        "ada/face/1.jpg",
        "ada/face/2.jpg",
        "ada/face_9.png",
    ]
    assert [s.name for s in irises.samples if s.subject == "ada"] == [
        "ada/iris/left/1.png",
        "ada/iris/left/2.png",
    ]
    assert {s.eye for s in faces.samples} == {None}


def test_an_eye_known_for_some_pictures_only_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "1/left/1.png", "1/2.png", "2/left/1.png", "2/left/2.png")
    with pytest.raises(DatasetError, match=r"some pictures of subject 1 only"):
        read_samples(tmp_path, "iris")


def test_manifest_with_and_without_eye_and_session(tmp_path: Path) -> None:
    pictures = ("x/1.png", "x/2.png", "y, z/3.png", "4.png")
    text = (
        "Subject;path;session;eye\nada;x/1.png;day 1;L\nada;x/2.png;;left\n"
        "bo;y, z/3.png;day 2;right\nbo;4.png;;r\n"
    )
    found = read_samples(manifest(tmp_path, text, *pictures), "iris")
    assert found.layout == "csv"
    assert [(s.name, s.eye, s.session) for s in found.samples] == [
        ("x/1.png", "left", "day 1"),
        ("x/2.png", "left", None),
        ("4.png", "right", None),
        ("y, z/3.png", "right", "day 2"),
    ]
    empty = "subject,eye,session,path\n1,,,x/1.png\n1,,,x/2.png\n2,,,4.png\n"
    bare = read_samples(manifest(tmp_path, empty, *pictures), "iris")
    assert [s.identity for s in bare.samples] == [("1", ""), ("1", ""), ("2", "")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("subject,eye,session\n1,,\n", "no column path"),
        ("eye,path\n,1.png\n", "no column subject"),
        ("subject,path\n", "no rows"),
        ("subject,path\n1,1.png\n1,gone.png\n", r"row 3, column path: gone.png does not exist"),
        ("subject,path\n,1.png\n", "row 2, column subject: empty"),
        ("subject,path\n1,\n", "row 2, column path: empty"),
        ("subject,eye,path\n1,middle,1.png\n", "expected left, right or empty"),
        ("subject,path\n1,1.png\n1,1.png\n2,2.png\n", "1.png is listed more than once"),
        ("subject,path\n1,1.png,3\n", "3 fields, not 2"),
        ("subject,path,path\n1,1.png,1.png\n", "path twice"),
        ("subject,path\n1,1.png\n1,2.png\n", r"1 subject\(s\)"),
        ("subject,path\n1,1.png\n2,2.png\n", "no comparison is mated"),
        ('subject,path\n1,"1.png\n', "not valid CSV"),
    ],
)
def test_bad_manifests_are_refused_with_the_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told):
        read_samples(manifest(tmp_path, text, "1.png", "2.png"), "face")


def test_bad_places_are_refused(tmp_path: Path) -> None:
    for place, told in (
        (tmp_path / "gone", "cannot be opened"),
        (touch(tmp_path / "bare", "note.txt"), "no pictures"),
        (touch(tmp_path / "note", "note.txt") / "note.txt", "neither a folder nor a manifest"),
        (touch(tmp_path / "sets", "a/1_1.BMP", "a/1_1.png", "b/1.png"), "Give one of them"),
        (touch(tmp_path / "none", "a/1.txt", "b/2.txt"), "no iris picture in its 2 folders"),
        (touch(tmp_path / "test", "1.png", "2.png", "3.png"), "bear no label"),
    ):
        with pytest.raises(DatasetError, match=told):
            read_samples(place, "iris")


def test_flat_folders_part_by_suffix_and_eyes_follow_the_pattern(tmp_path: Path) -> None:
    touch(
        tmp_path, *(f"{s}_{k}.{end}" for s in (0, 11) for k in range(4) for end in ("BMP", "png"))
    )
    found = read_samples(tmp_path, "iris", eyes="llrr")
    assert found.layout == "flat"
    assert [(s.name, s.eye) for s in found.samples[:4]] == [
        ("0_0.png", "left"),
        ("0_1.png", "left"),
        ("0_2.png", "right"),
        ("0_3.png", "right"),
    ]
    assert len(read_samples(tmp_path, "face").samples) == 8
    with pytest.raises(OptionError, match="not a multiple of 3"):
        read_samples(tmp_path, "iris", eyes="LLR")
    with pytest.raises(OptionError, match="letters L and R"):
        read_samples(tmp_path, "iris", eyes="LX")
    with pytest.raises(OptionError, match="for irises"):
        read_samples(tmp_path, "face", eyes="LR")


def test_eyes_are_not_told_twice(tmp_path: Path) -> None:
    touch(tmp_path, "1/left/1.png", "1/left/2.png", "2/left/1.png", "2/left/2.png")
    with pytest.raises(OptionError, match="tells the eyes itself"):
        read_samples(tmp_path, "iris", eyes="LL")


def test_subjects_with_few_samples_are_left_aside(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "c/1.jpg", "c/2.jpg", "c/3.jpg")
    found = read_samples(tmp_path, "face", min_samples=2)
    assert found.subjects == ("a", "c")
    assert found.left_aside == ("b",)
    assert len(read_samples(tmp_path, "face").samples) == 6
    with pytest.raises(DatasetError, match=r"1 subject.s. with at least 3 samples"):
        read_samples(tmp_path, "face", min_samples=3)


def test_only_keeps_some_subjects(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{s}/{k}.png" for s in "abc" for k in range(2)))
    assert read_samples(tmp_path, "iris").only(["a", "c"]).subjects == ("a", "c")


def test_synthetic_people_are_known_and_their_manifest_of_pairs_serves(tmp_path: Path) -> None:
    synthesise(tmp_path, subjects=2, samples=4, tests=0, seed=1, eyes="both", iris_size=(80, 60))
    found = read_samples(tmp_path / "04_multimodal_training", "iris", eyes="LLRR")
    listed = read_samples(tmp_path, "iris")
    assert found.synthetic and listed.synthetic
    assert listed.layout == "csv"
    assert [s.identity for s in listed.samples] == [s.identity for s in found.samples]


def test_the_digest_changes_with_content_labels_and_names(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{s}/{k}.png" for s in "ab" for k in range(2)))
    before = read_samples(tmp_path, "iris").samples
    first = set_digest(before, digests(before))
    assert set_digest(before, digests(before)) == first
    (tmp_path / "a/0.png").write_bytes(b"another")
    assert set_digest(before, digests(before)) != first
    (tmp_path / "a/0.png").unlink()
    assert digests(before)[0] == ""


def test_real_sets_are_read_as_their_readme_says(real_data: Path) -> None:
    for name, modality, more, expected in (
        ("orl", "face", {}, (400, 40, 40)),
        ("lfw_subset", "face", {"min_samples": 2}, (1000, 200, 200)),
        ("lfw_subset", "face", {}, (1400, 600, 600)),
        ("ubiris_v1", "iris", {}, (825, 165, 165)),
        ("mmu1", "iris", {}, (450, 45, 90)),
        ("seed16/04_multimodal_training", "iris", {"eyes": "LLRR"}, (64, 16, 32)),
        ("chimera64/04_multimodal_training", "face", {}, (256, 64, 64)),
    ):
        found = read_samples(real_data / name, modality, **more)
        identities = len({sample.identity for sample in found.samples})
        assert (len(found.samples), len(found.subjects), identities) == expected, name
        assert not found.synthetic
