"""Snapshots of an index: the same answers after a start, and no start from a damaged file."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.gallery.search_templates import FACE, IRIS, LAYOUT, People, model
from twofold.errors import ModelError, OutputError
from twofold.gallery.search import Index
from twofold.gallery.search.segments import Shape, empty
from twofold.gallery.search.snapshot_layout import START

COUNT = 50


@pytest.fixture
def index() -> Index:
    people = People(21)
    made = Index(model())
    made.put_many((900 - number, people.template(number)) for number in range(COUNT))
    made.remove(880)
    made.put(870, people.template(99))
    return made


@pytest.fixture
def path(index: Index, tmp_path: Path) -> Path:
    index.save(tmp_path / "index", 77)
    return tmp_path / "index"


@pytest.mark.parametrize("verify", [True, False])
def test_answers_are_the_same_after_a_start(index: Index, path: Path, verify: bool) -> None:
    loaded = Index.load(path, model(), verify=verify)
    assert loaded.position == 77
    assert len(loaded) == len(index) == COUNT - 1
    assert 880 not in loaded and 870 in loaded
    assert loaded.face_contract == FACE
    people = People(21)
    for number in (0, 3, 99):
        probe = people.template(number)
        assert loaded.search(probe, 8) == index.search(probe, 8)


def test_changes_go_on_upon_a_mapped_file(index: Index, path: Path, tmp_path: Path) -> None:
    loaded = Index.load(path, model())
    people = People(22)
    for one in (index, loaded):
        people = People(22)
        one.put(5, people.template(1))
        one.put(890, people.template(2))
        assert one.remove(889)
        assert not one.remove(889)
    probe = people.template(2)
    assert loaded.search(probe, 60) == index.search(probe, 60)
    before = path.read_bytes()
    loaded.save(tmp_path / "later", 78)
    loaded.save(path, 79)  # over the file that is mapped
    assert loaded.search(probe, 60) == index.search(probe, 60)
    assert path.read_bytes() != before
    again = Index.load(path, model())
    assert again.position == 79
    assert again.search(probe, 60) == index.search(probe, 60)
    loaded.compact()
    assert loaded.search(probe, 60) == index.search(probe, 60)


def test_a_snapshot_holds_nothing_of_who_was_removed(tmp_path: Path) -> None:
    people = People(23, plain=True)
    gone, kept = people.template(0), people.template(1)
    index = Index(model())
    index.put_many([(1, gone), (2, kept)])
    index.remove(1)
    index.save(tmp_path / "index", 1)
    content = (tmp_path / "index").read_bytes()
    assert kept.irises[0].code.bits.tobytes() in content
    assert gone.irises[0].code.bits.tobytes() not in content
    assert gone.faces[0].vector.tobytes() not in content


@pytest.mark.parametrize("modality", ["face", "iris", None])
def test_one_modality_or_nobody(tmp_path: Path, modality: str | None) -> None:
    people = People(24, plain=True)
    index = Index(model())
    if modality:
        index.put_many((number, people.template(number).only(modality)) for number in range(12))  # type: ignore[arg-type]
    index.save(tmp_path / "index", 3)
    loaded = Index.load(tmp_path / "index", model())
    probe = people.template(1)
    assert loaded.search(probe, 20) == index.search(probe, 20)
    assert len(loaded) == (12 if modality else 0)
    loaded.put(100, probe)
    found = loaded.search(probe, 20)
    assert 100 in [one.subject for one in found]
    loaded.save(tmp_path / "both", 4)
    assert Index.load(tmp_path / "both", model()).search(probe, 20) == found
    loaded.compact()
    assert loaded.search(probe, 20) == found


def test_only_its_owner_may_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_any_flipped_byte_is_found(path: Path) -> None:
    """But in the padding, which nothing reads."""
    content = path.read_bytes()
    header = START.size + START.unpack_from(content)[2]
    places = {0, 9, 13, 20, header - 1, 4096}
    places |= {place for place in range(4096, len(content), 977) if content[place]}
    for place in sorted(places):
        path.write_bytes(content[:place] + bytes([content[place] ^ 64]) + content[place + 1 :])
        with pytest.raises(ModelError, match=r"snapshot|newer"):
            Index.load(path, model())


def test_cut_off_or_longer(path: Path) -> None:
    content = path.read_bytes()
    for changed in (b"", content[:30], content[:200], content[:-1], content + b"\0"):
        path.write_bytes(changed)
        with pytest.raises(ModelError):
            Index.load(path, model(), verify=False)
    with pytest.raises(ModelError, match="cannot be read"):
        Index.load(path.with_name("nothing"), model())


@pytest.mark.parametrize(
    "changed",
    [
        {"subjects": -1},
        {"faces": 10**15},
        {"dimension": None},
        {"dimension": 1},
        {"layout": [32, 4]},
        {"layout": [LAYOUT.angles, LAYOUT.bands, 0]},
        {"iris_contract": None},
        {"face_contract": "x"},
        {"position": "7"},
        {"digests": {}},
    ],
)
def test_a_header_that_cannot_be(path: Path, changed: dict[str, object]) -> None:
    """With a digest that fits, as if written by someone else."""
    content = path.read_bytes()
    magic, version, length, _ = START.unpack_from(content)
    told = json.loads(content[START.size : START.size + length]) | changed
    text = json.dumps(told).encode()
    start = START.pack(magic, version, len(text), hashlib.sha256(text).digest())
    first = -(-(START.size + length) // 4096) * 4096
    path.write_bytes((start + text).ljust(first, b"\0") + content[first:])
    with pytest.raises(ModelError, match="damaged"):
        Index.load(path, model())


def test_a_header_nested_too_deeply(path: Path) -> None:
    text = b"[" * 200_000
    start = START.pack(b"TWFIDX\0\0", 1, len(text), hashlib.sha256(text).digest())
    path.write_bytes(start + text)
    with pytest.raises(ModelError, match="no JSON"):
        Index.load(path, model())


def test_more_samples_than_a_template_holds_are_refused(tmp_path: Path) -> None:
    """The compiled loops have room for 255 irises of a subject, and do not count again."""
    rows = empty(1, 0, 300, Shape(None, LAYOUT, None, IRIS))
    for array in vars(rows).values():
        array[:] = 0
    rows.iris_starts[1] = 300
    Index.of_rows(model(), rows, Shape(None, LAYOUT, None, IRIS)).save(tmp_path / "index", 1)
    with pytest.raises(ModelError, match="do not fit together"):
        Index.load(tmp_path / "index", model())


def test_starts_that_point_outside_are_refused_without_digests(path: Path) -> None:
    content = bytearray(path.read_bytes())
    header = START.size + START.unpack_from(content)[2]
    starts = -(-header // 4096) * 4096 + 4096
    assert np.frombuffer(content, "<i8", 1, starts)[0] == 0
    content[starts + 8 : starts + 16] = (10**6).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(ModelError, match="do not fit together"):
        Index.load(path, model(), verify=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(index: Index, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError):
        index.save(tmp_path / "index", 1)


def test_what_was_there_stays_where_a_snapshot_fails(
    index: Index, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("twofold.gallery.search.snapshot._put", full)
    with pytest.raises(OutputError, match="No space"):
        index.save(path, 99)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]
