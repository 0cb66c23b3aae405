"""`twofold enroll`, `verify`, `identify`, `subjects` and `delete` as they are typed."""

import csv
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from tests.cli.terminal import Told, refused, twofold
from tests.gallery import people
from tests.recognition import BLACK, eye, face, made_up_model
from twofold.face.extraction import FaceExtractor
from twofold.gallery import Gallery, KeySource, generate_key_file
from twofold.gallery.store import tables
from twofold.iris.extraction import IrisExtractor

MANIFEST = """\
subject,face,iris,eye,light,consent,expires
ada,face0-0.png,eye0-0.png,left,nir,form 1,2090-01-01
ada,face0-1.png,,,,,
bob,face1-0.png,eye1-0.png,left,nir,,
cyd,face2-0.png,gone.png,left,nir,,
dan,black.png,black.png,left,nir,,
eve,face0-0.png,eye0-1.png,left,nir,,
"a\tb",face3-0.png,,,,,
"""


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own gallery and key, never those of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("TWOFOLD_")]:
        if name != "TWOFOLD_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """Pictures of synthetic people, and a gallery enrolled from a manifest of them; read only."""
    root = tmp_path_factory.mktemp("gallery")
    for person in range(4):
        for sample in range(2):
            Image.fromarray(face(person, sample)).save(root / f"face{person}-{sample}.png")
            Image.fromarray(eye(person, sample)).save(root / f"eye{person}-{sample}.png")
    Image.fromarray(BLACK).save(root / "black.png")
    made_up_model(FaceExtractor().contract, IrisExtractor().contract).save(root / "fusion.json")
    (root / "people.csv").write_text(MANIFEST)
    generate_key_file(root / "master.key")
    place = ("--gallery", root / "people.gallery", "--key", root / "master.key")
    assert twofold("gallery", "create", *place, "--fpir", "0.05").code == 0
    told = twofold(
        "enroll", "--manifest", root / "people.csv", *place, "--fusion", root / "fusion.json",
        "--report", root / "report.csv",
    )  # fmt: skip
    return root, told


@pytest.fixture
def root(made: tuple[Path, Told], tmp_path: Path) -> Path:
    """A copy of the folder, to be changed."""
    return shutil.copytree(made[0], tmp_path / "copy")


def door(root: Path) -> tuple[object, ...]:
    return (
        "--gallery", root / "people.gallery", "--key", root / "master.key",
        "--fusion", root / "fusion.json",
    )  # fmt: skip


def probe(root: Path, person: int, sample: int = 1) -> tuple[object, ...]:
    return (
        "--face", root / f"face{person}-{sample}.png", "--left", root / f"eye{person}-{sample}.png",
        "--light", "nir",
    )  # fmt: skip


def enrolled(root: Path) -> dict[str, tuple[int, int]]:
    """Names with their numbers of faces and irises."""
    key = KeySource.from_file(root / "master.key")
    with Gallery.open(root / "people.gallery", key=key, create=False) as gallery:
        return {one.name: (one.faces, one.irises) for one in gallery.subjects()}


def test_a_manifest_enrols_and_sums_up_who_was_refused_and_why(made: tuple[Path, Told]) -> None:
    root, told = made
    assert told.code == 0, told
    assert enrolled(root) == {"ada": (2, 1), "bob": (1, 1)}
    assert f"cyd: {root / 'people.csv'}, row 5, column iris: gone.png does not exist." in told.out
    assert f"dan: {root / 'black.png'}" in told.out
    assert "'ada', who is enrolled" in told.out
    assert "Enrolled 2 of 6 subjects." in told.out
    rows = [line.split("│")[1:3] for line in told.out.splitlines() if line.startswith("│")]
    counts = {reason.strip(): count.strip() for reason, count in rows if reason.strip()}
    assert counts["manifest"] == counts["duplicate"] == counts["no_face"] == "1"
    with (root / "report.csv").open(newline="") as file:
        outcomes = {row["subject"]: row["outcome"] for row in csv.DictReader(file)}
    assert outcomes == {
        "ada": "enrolled", "bob": "enrolled", "cyd": "manifest", "dan": "no_face",
        "eve": "duplicate", "a\tb": "option",
    }  # fmt: skip
    assert "confidence" not in told.out.lower()


def test_a_manifest_of_which_nobody_comes_ends_with_an_error(root: Path) -> None:
    again = twofold("enroll", "--manifest", root / "people.csv", *door(root))
    assert again.code == 1
    assert "ada: is enrolled already" in again.out and "exists" in again.out
    assert "nobody was enrolled" in again.err
    refused(twofold("enroll", "--manifest", root / "none.csv", *door(root)), "none.csv")


def test_a_folder_of_pairs_enrols(root: Path, people: Path) -> None:
    told = twofold(
        "enroll", "--manifest", people, *door(root), "--duplicates", "allow", "--light", "visible"
    )
    assert told.code == 0, told
    assert "of 8 subjects" in told.out
    assert len(enrolled(root)) > 2


def test_one_person_is_enrolled_added_to_and_erased(root: Path) -> None:
    told = twofold(
        "enroll", "cyd", *probe(root, 2, 0), *door(root), "--consent", "form 7", "--expires",
        "2090-06-30",
    )  # fmt: skip
    assert told.code == 0, told
    assert "Enrolled cyd: 1 face, 1 iris." in told.out
    more = twofold("enroll", "cyd", "--face", root / "face2-1.png", "--add", *door(root))
    assert more.code == 0 and "Enrolled cyd: 2 faces, 1 iris." in more.out, more
    refused(
        twofold("enroll", "cyd", "--face", root / "face0-0.png", "--add", *door(root)),
        "strongly disagree",
    )
    less = twofold("enroll", "cyd", "--face", root / "face2-1.png", "--replace", *door(root))
    assert "Enrolled cyd: 1 face, 0 irises." in less.out
    place = door(root)[:4]
    listed = twofold("subjects", "cyd", *place)
    assert "form 7" in listed.out and "2090-06-" in listed.out and "ada" not in listed.out
    refused(twofold("delete", "cyd", "nobody", "--yes", *place), "nobody")
    gone = twofold("delete", "cyd", "--yes", *place)
    assert gone.code == 0 and "Erased 1 subject." in gone.out
    assert set(enrolled(root)) == {"ada", "bob"}


def test_damaged_records_are_erased_by_number(tmp_path: Path) -> None:
    key = generate_key_file(tmp_path / "master.key")
    place = ("--gallery", tmp_path / "damaged.gallery", "--key", key)
    own = {"key": KeySource.from_file(key), "recognizer": people.recognizer()}
    with Gallery.open(tmp_path / "damaged.gallery", **own) as gallery:  # type: ignore[arg-type]
        for number in range(3):
            gallery.enroll(str(number), people.person(number))
        with gallery.database.writing() as connection:
            connection.execute(update(tables.subject).values(profile=b"damaged"))
    refused(twofold("delete", "1", "--yes", *place), "changed, damaged")
    for words in ((), ("1", "--number", "1")):
        refused(twofold("delete", *words, "--yes", *place), "--number")
    gone = twofold("delete", "--number", "1", "--number", "3", "--number", "9", "--yes", *place)
    assert gone.code == 0 and "Erased 2 subjects." in gone.out, gone
    assert twofold("delete", "--number", "0", "--yes", *place).code == 2


def test_erasing_asks_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = door(root)[:4]
    for answer in ("n\n", ""):
        (root / "answer").write_text(answer)
        with (root / "answer").open() as file:
            monkeypatch.setattr("sys.stdin", file)
            told = twofold("delete", "ada", *place)
        assert told.code == 1 and "nothing was done" in told.err, told
    assert "ada" in enrolled(root)


def test_verify_tells_the_evidence_and_answers_by_its_exit_code(made: tuple[Path, Told]) -> None:
    root = made[0]
    same = twofold("verify", "ada", *probe(root, 0), *door(root))
    assert same.code == 0, same
    rows = [line.split()[1] for line in same.out.splitlines() if line.startswith("│")]
    assert rows == ["face", "left", "fused"]
    assert "ada, at FMR 0.001: MATCH" in same.out and "Threshold measured on SYNTHETIC" in same.out
    other = twofold("verify", "bob", *probe(root, 0), *door(root), "--fmr", "0.01")
    assert other.code == 3, other
    assert "bob, at FMR 0.01: NO MATCH" in other.out
    refused(twofold("verify", "zoe", *probe(root, 0), *door(root)), "nobody is enrolled as 'zoe'")
    refused(twofold("verify", "ada", *door(root)), "no picture given")
    refused(twofold("verify", "ada", *probe(root, 0), *door(root), "--fmr", "2"), "--fmr 2")
    refused(
        twofold("verify", "ada", *probe(root, 0), *door(root), "--fmr", "1e-9"), "FMR 1e-09"
    )  # fmt: skip
    black = ("--face", root / "black.png")
    refused(twofold("verify", "ada", *black, *door(root)), "black.png")


def test_identify_finds_somebody_or_nobody(made: tuple[Path, Told]) -> None:
    root = made[0]
    found = twofold("identify", *probe(root, 1), *door(root))
    assert found.code == 0, found
    assert "MATCH: bob, among 2 subjects, at FPIR 0.05." in found.out
    rows = [line.split("│")[1].strip() for line in found.out.splitlines() if line[:1] == "│"]
    assert rows == ["bob", "ada"]
    nobody = twofold("identify", *probe(root, 3), *door(root), "--fpir", "0.01", "--top-k", "1")
    assert nobody.code == 3, nobody
    assert "NOBODY among 2 subjects, at FPIR 0.01." in nobody.out
    ranked = twofold("identify", *probe(root, 3), *door(root), "--closed")
    assert ranked.code == 0 and "Nothing was decided." in ranked.out
    for told in (found, nobody, ranked):
        assert "confidence" not in told.out.lower() and "probab" not in told.out.lower()
    refused(
        twofold("identify", "--face", root / "face0-0.png", *door(root), "--fpir", "1e-7"),
        "FPIR 1e-07 among 2 subjects", "give the iris too",
    )  # fmt: skip
    refused(twofold("identify", *probe(root, 3), *door(root), "--fpir", "0"), "--fpir 0")


def test_many_probes_get_a_table_of_answers(root: Path) -> None:
    (root / "probes.csv").write_text(
        "probe;face;iris;eye;light\n"
        "first;face0-1.png;eye0-1.png;left;nir\n"
        ";face3-0.png;eye3-0.png;left;nir\n"
        "dark;black.png;;;\n"
        "lost;none.png;;;\n"
    )
    given = ("--manifest", root / "probes.csv", "--out", root / "new" / "answers.csv")
    told = twofold("identify", *given, *door(root), "--top-k", "2")
    assert told.code == 0, told
    assert "2 answers, 1 of them nobody" in told.out
    with (root / "new" / "answers.csv").open(newline="") as file:
        rows = {row["Image"]: row for row in csv.DictReader(file)}
    assert [(name, row["Answer"], row["Outcome"]) for name, row in rows.items()] == [
        ("first", "ada", "match"), ("face3-0", "", "nobody"), ("lost", "", "failed: manifest"),
        ("dark", "", "failed: no_face"),
    ]  # fmt: skip
    first = rows["first"]
    assert first["Candidate"] == "ada" and first["Candidate 2"] == "bob"
    assert float(first["Fused"]) == pytest.approx(float(first["Face"]) + float(first["Iris"]), 0.1)
    assert float(first["Fused"]) >= float(first["Threshold"]) > float(first["Fused 2"])
    assert "black.png" in rows["dark"]["Message"] and "none.png" in rows["lost"]["Message"]
    refused(twofold("identify", *given[:2], *door(root)), "--out")


def test_the_environment_names_gallery_and_key(
    made: tuple[Path, Told], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = made[0]
    refused(twofold("subjects"), "--gallery", "TWOFOLD_GALLERY")
    monkeypatch.setenv("TWOFOLD_GALLERY", str(root / "people.gallery"))
    refused(twofold("subjects"), "TWOFOLD_MASTER_KEY")
    monkeypatch.setenv("TWOFOLD_MASTER_KEY_COMMAND", f"cat {root / 'master.key'}")
    told = twofold("subjects", "--limit", "1")
    assert told.code == 0 and "The first 1 of 2" in told.out, told
    out = tmp_path / "subjects.csv"
    assert twofold("subjects", "--out", out).code == 0
    with out.open(newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file)] == ["ada", "bob"]
    wrong = tmp_path / "wrong.key"
    generate_key_file(wrong)
    told = twofold("subjects", "--key", wrong)
    refused(told, "key")
    assert wrong.read_text().strip() not in told.err
    refused(twofold("subjects", "--gallery", tmp_path / "none.gallery"), "none.gallery")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("enroll",), ("SUBJECT", "--manifest")),
        (("enroll", "ada"), ("no picture given",)),
        (("enroll", "ada", "--manifest", "x.csv"), ("SUBJECT", "beside --manifest")),
        (("enroll", "ada", "--face", "x.png", "--report", "x.csv"), ("--report",)),
        (("enroll", "ada", "--face", "x.png", "--light", "nir"), ("--light",)),
        (("enroll", "ada", "--face", "x.png", "--expires", "soon"), ("expires 'soon'",)),
        (("enroll", "ada", "--face", "x.png", "--expires", "2001-01-01"), ("over already",)),
        (("enroll", "ada", "--face", "x", "--expires", "2090-01-01T10:00"), ("time zone",)),
        (("identify",), ("no picture given",)),
        (("identify", "--closed", "--fpir", "0.1"), ("--closed",)),
        (("identify", "--face", "x.png", "--out", "x.csv"), ("--out",)),
        (("identify", "--face", "x", "--manifest", "x", "--out", "y"), ("beside --manifest",)),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(twofold(*arguments), *words)
