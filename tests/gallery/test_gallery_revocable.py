"""A gallery whose templates are protected by a keyed transform before they are sealed."""

import os
import shutil
from pathlib import Path

import pytest

from tests.gallery.conftest import KEY, Open
from tests.gallery.people import person, recognizer
from twofold.errors import ModelError, OptionError
from twofold.gallery import EnrolmentError, Gallery, bundle


def test_decisions_are_made_on_protected_references(open_gallery: Open) -> None:
    gallery = open_gallery(revocable=True)
    for number in range(6):
        gallery.enroll(f"person {number}", person(number, faces=2, eyes=("left", "right")))
    probe = person(3, 8)
    found = gallery.identify(probe, fpir=0.1)
    assert found.best is not None
    assert found.best.subject == "person 3"
    for one in found.candidates:
        kept = gallery.template(one.subject)
        ratios = gallery.recognizer.ratios(probe, kept, gallery.transform)
        assert one.llr == pytest.approx(ratios["fused"], abs=1e-9)
    assert gallery.identify(person(9), fpir=0.1).nobody
    assert gallery.verify("person 3", probe).match
    assert not gallery.verify("person 2", probe).match


def test_what_is_kept_is_another_template(open_gallery: Open) -> None:
    gallery = open_gallery(revocable=True)
    gallery.enroll("Ada", person(1))
    kept = gallery.template("Ada")
    assert kept.face_contract != person(1).face_contract
    plain = person(1).faces[0].vector
    assert abs(float(kept.faces[0].vector @ plain)) < 0.8  # a plain one of hers has 0.9
    assert gallery.transform is not None
    again = open_gallery()
    assert again.transform is not None
    assert again.transform.key_id == gallery.transform.key_id
    assert again.verify("Ada", person(1, 1)).match
    gallery.rotate_keys(data=True)
    assert open_gallery().verify("Ada", person(1, 1)).match


def test_all_verbs_work(open_gallery: Open) -> None:
    gallery = open_gallery(revocable=True)
    gallery.enroll("Ada", person(1))
    with pytest.raises(EnrolmentError) as refused:
        gallery.enroll("Eve", person(1, 1))
    assert refused.value.code == "duplicate"
    with pytest.raises(EnrolmentError) as refused:
        gallery.update("Ada", person(2))
    assert refused.value.code == "mixed"
    gallery.update("Ada", person(1, 2))
    assert gallery.get("Ada").references == 2
    assert gallery.verify_audit().ok
    gallery.delete("Ada")
    assert gallery.identify(person(1), fpir=0.1).nobody


def test_it_is_fixed_when_the_gallery_is_made(open_gallery: Open, tmp_path: Path) -> None:
    open_gallery(revocable=True)
    with pytest.raises(OptionError, match="with revocable"):
        open_gallery(revocable=False)
    Gallery.open(tmp_path / "plain", key=KEY).close()
    with pytest.raises(OptionError, match="without revocable"):
        Gallery.open(tmp_path / "plain", key=KEY, revocable=True)


def test_an_export_can_be_imported_anywhere(
    open_gallery: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_LOG_N", 14)
    gallery = open_gallery(revocable=True)
    gallery.enroll("Ada", person(1))
    gallery.export(tmp_path / "export", "five random words")
    with Gallery.open(tmp_path / "other", key=KEY, recognizer=recognizer()) as other:
        other.import_(tmp_path / "export", "five random words")
        assert other.verify("Ada", person(1, 1)).match
        (sample,) = other.template("Ada").faces
        assert sample.vector == pytest.approx(person(1).faces[0].vector, abs=1e-6)


def test_a_revoked_transform_is_replaced_for_all(open_gallery: Open) -> None:
    gallery, beside = open_gallery(revocable=True), open_gallery()
    for number in range(4):
        gallery.enroll(f"person {number}", person(number))
    gallery.update("person 1", person(1, 3))
    before = {one.name: gallery.template(one.name) for one in gallery.subjects()}
    for one in (gallery, beside):
        expected = one.identify(person(1, 1), fpir=0.1)
    old = gallery.transform
    assert gallery.reissue() == 4
    assert gallery.transform is not None
    assert old is not None
    assert gallery.transform.key_id != old.key_id
    for name, kept in before.items():
        now = gallery.template(name)
        assert now.face_contract != kept.face_contract
        assert abs(float(now.faces[0].vector @ kept.faces[0].vector)) < 0.8
        assert now.irises[0].code.bits.tolist() != kept.irises[0].code.bits.tolist()
    for one in (gallery, beside, open_gallery()):
        found = one.identify(person(1, 1), fpir=0.1)
        assert found.best is not None
        assert expected.best is not None
        assert found.best.llr == pytest.approx(expected.best.llr, abs=1e-4)
        assert one.verify("person 2", person(2, 1)).match
        assert one.get("person 1").references == 2
    assert beside.enroll("person 9", person(9)).subject.id == 5
    assert gallery.verify("person 9", person(9, 1)).match
    assert gallery.audit(action="key")[-1].outcome == "templates re-issued"
    assert gallery.verify_audit().ok


def test_what_was_kept_before_is_refused_after(open_gallery: Open) -> None:
    gallery = open_gallery(revocable=True)
    gallery.enroll("Ada", person(1))
    leaked, old = gallery.template("Ada"), gallery.transform
    gallery.reissue()
    now, new = gallery.template("Ada"), gallery.transform
    assert gallery.recognizer.ratios(person(1, 1), now, new)["fused"] > 0
    for reference, transform in ((leaked, new), (now, old), (leaked, None), (now, None)):
        with pytest.raises(ModelError, match=r"contract|protected"):
            gallery.recognizer.ratios(person(1, 1), reference, transform)
    with pytest.raises(ModelError):
        leaked.merged(now)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="snapshots need Linux's memfd")
def test_the_snapshot_before_is_gone_after(open_gallery: Open, tmp_path: Path) -> None:
    file, copy = tmp_path / "snapshot", tmp_path / "copy"
    gallery = open_gallery(revocable=True, snapshot=file)
    for number in range(3):
        gallery.enroll(f"person {number}", person(number), duplicates="allow")
    gallery.identify(person(1, 1))
    gallery.save_snapshot()
    shutil.copy(file, copy)
    gallery.reissue()
    assert not file.exists()
    shutil.copy(copy, file)  # somebody had kept it: nobody can open it any more
    again = open_gallery(snapshot=file)
    found = again.identify(person(1, 1), fpir=0.1).best
    assert found is not None and found.subject == "person 1"
    assert again._core.index._saved is None  # the index was made of the store


def test_other_galleries_cannot_be_reissued(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="not revocable"):
        gallery.reissue()
