"""The file of references."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.templates import template
from twofold.errors import ModelError
from twofold.matchers.references import Enrolled, load, save

PAIRS = (
    Enrolled("1_0", "1", template()),
    Enrolled("1_1", "1", None),
    Enrolled("ü_0", "ü/../x", template(irises=0)),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "references.zip"
    save(path, PAIRS)
    assert load(path) == PAIRS
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_same_templates_make_the_same_file(tmp_path: Path) -> None:
    one, other = tmp_path / "1.zip", tmp_path / "2.zip"
    save(one, PAIRS)
    save(other, PAIRS)
    assert one.read_bytes() == other.read_bytes()


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "references.zip"
    with pytest.raises(ModelError, match=r"references\.zip: missing"):
        load(path)
    save(path, PAIRS)
    whole = path.read_bytes()
    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole[:100] + whole[101:]):
        path.write_bytes(damaged)
        with pytest.raises(ModelError):
            load(path)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ({"format": 2, "pairs": []}, "format 2, this version reads 1"),
        ({"pairs": []}, "not readable"),
        ({"format": 1, "pairs": [{"name": "a"}]}, "not readable"),
        ({"format": 1, "pairs": [{"name": "a", "subject": "b", "template": "gone"}]}, "gone"),
        ([], "not readable"),
    ],
)
def test_an_index_that_does_not_fit(index: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / "references.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.json", json.dumps(index))
    with pytest.raises(ModelError, match=words):
        load(path)


def test_a_member_that_unpacks_to_far_too_much(tmp_path: Path) -> None:
    path = tmp_path / "references.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", b" " * ((1 << 26) + 1))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="larger than"):
        load(path)
