"""A gallery whose subjects' templates are each under a key of their own: verification only."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cli.terminal import refused, twofold
from tests.gallery.conftest import KEY
from tests.gallery.people import person, recognizer
from twofold.errors import ModelError, OptionError
from twofold.gallery import EnrolmentError, Gallery, KeySource, Settings, bundle, generate_key_file
from twofold.gallery.protection import Transform
from twofold.gallery.settings import Revocable
from twofold.gallery.values import Duplicates
from twofold.template import Template

ODD = ("Zoë", "李 小龙", "a/b\\c'd\"e;--", "\U0001f9ff", "x" * 255, "ada", "Ada")
WORDS = "five random words"
Make = Callable[..., Gallery]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes or opens a gallery in a file."""
    opened: list[Gallery] = []

    def made(revocable: Revocable | None = "subject", name: str = "people") -> Gallery:
        opened.append(
            Gallery.open(
                tmp_path / name, key=KEY, recognizer=recognizer(), actor="test", revocable=revocable
            )
        )
        return opened[-1]

    yield made
    for one in opened:
        one.close(save=False)


def own(gallery: Gallery, name: str) -> Transform:
    assert gallery.transform is not None
    return gallery.transform.for_subject(name)


def test_verification_gives_the_scores_that_one_key_gives(make: Make) -> None:
    gallery, one_key = make(), make("gallery", "other")
    for number in range(2):
        for made in (gallery, one_key):
            made.enroll(
                f"person {number}",
                person(number, faces=2, eyes=("left", "right")),
                duplicates="allow",
            )
    for number in range(2):
        probe = person(number, 7)
        for other in range(2):
            found = gallery.verify(f"person {other}", probe)
            expected = one_key.verify(f"person {other}", probe)
            assert found.match == expected.match == (other == number)
            assert found.comparison.llr == pytest.approx(expected.comparison.llr, abs=1e-4)
    again = make(None)
    assert again.settings.revocable == "subject"
    assert again.verify("person 1", person(1, 9)).match


def test_subjects_with_odd_names_have_keys_of_their_own(make: Make) -> None:
    gallery = make()
    for number, name in enumerate(ODD):
        gallery.enroll(name, person(number))
    kept = {name: gallery.template(name) for name in ODD}
    assert len({one.contract for one in kept.values()}) == len(ODD)
    for number, name in enumerate(ODD):
        assert gallery.verify(name, person(number, 1)).match
        assert kept[name].contract == own(gallery, name).protect(person(number)).contract
    assert gallery.verify("Zoe\u0308", person(0, 1)).match  # one name, composed or not


def test_templates_of_two_subjects_never_compare(make: Make) -> None:
    gallery = make()
    gallery.enroll("Ada", person(1))
    gallery.enroll("also Ada", person(1))  # nobody finds it out
    kept, other = gallery.template("Ada"), gallery.template("also Ada")
    assert abs(float(kept.faces[0].vector @ other.faces[0].vector)) < 0.8
    assert gallery.transform is not None
    for attempt in (
        lambda: gallery.recognizer.ratios(kept, other),
        lambda: gallery.recognizer.ratios(person(1), other),
        lambda: gallery.recognizer.ratios(person(1), other, own(gallery, "Ada")),
        lambda: gallery.recognizer.ratios(person(1), other, gallery.transform),
        lambda: kept.merged(other),
        lambda: own(gallery, "Ada").unprotect(other, _contracts()),
    ):
        with pytest.raises(ModelError):
            attempt()
    ratios = gallery.recognizer.ratios(person(1), other, own(gallery, "also Ada"))
    assert ratios["fused"] > 0


def test_nobody_can_be_searched_for(make: Make, tmp_path: Path) -> None:
    gallery = make()
    gallery.enroll("Ada", person(1))
    for fpir in (None, 0.1):
        with pytest.raises(OptionError, match=r"key of their own.*verify"):
            gallery.identify(person(1, 1), fpir=fpir)
    with pytest.raises(OptionError, match="key of their own"):
        gallery.save_snapshot(tmp_path / "snapshot")
    gallery.close(save=True)
    options = {"key": KEY, "recognizer": recognizer(), "snapshot": tmp_path / "snapshot"}
    with Gallery.open(tmp_path / "people", **options) as again:  # type: ignore[arg-type]
        again.enroll("Bea", person(2))
        assert again.verify("Ada", person(1, 1)).match
        assert {one.action for one in again.audit()} == {"create", "enrol", "verify"}
        assert again.verify_audit().ok
    assert not (tmp_path / "snapshot").exists()


def test_duplicates_cannot_be_looked_for(make: Make) -> None:
    gallery = make()
    assert gallery.settings == Settings(revocable="subject", duplicates="allow")
    assert gallery.audit()[0].policy == gallery.settings.told()
    policies: tuple[Duplicates, ...] = ("refuse", "warn")
    for policy in policies:
        with pytest.raises(OptionError, match="Only 'allow'"):
            gallery.configure(duplicates=policy)
        with pytest.raises(OptionError, match="Only 'allow'"):
            gallery.enroll("Ada", person(1), duplicates=policy)
    assert len(gallery) == 0
    assert gallery.configure(fmr=1e-2, duplicates="allow").by_subject
    with pytest.raises(EnrolmentError) as refused:
        gallery.enroll("mixed", person(1).merged(person(2)).merged(person(3)))
    assert refused.value.code == "mixed"


def test_update_delete_and_keys(make: Make) -> None:
    gallery = make()
    gallery.enroll("Ada", person(1))
    gallery.enroll("Bea", person(2))
    with pytest.raises(EnrolmentError) as refused:
        gallery.update("Ada", person(2, 1))
    assert refused.value.code == "mixed"
    gallery.update("Ada", person(1, 2))
    gallery.update("Bea", person(2, 2), replace_references=True)
    assert [gallery.get(name).references for name in ("Ada", "Bea")] == [2, 1]
    gallery.rotate_keys(data=True, reseal=True)
    assert gallery.verify("Ada", person(1, 1)).match
    assert gallery.verify("Bea", person(2, 1)).match
    gallery.delete("Ada")
    assert "Ada" not in gallery
    assert gallery.verify_audit().ok


def test_a_new_key_for_every_subject(make: Make) -> None:
    gallery, names = make(), ODD[:4]
    for number, name in enumerate(names):
        gallery.enroll(name, person(number))
    gallery.update(names[1], person(1, 3))
    beside = make(None)
    before = {name: gallery.template(name) for name in names}
    expected = [beside.verify(name, person(n, 1)).comparison.llr for n, name in enumerate(names)]
    old = own(gallery, names[0])
    assert gallery.reissue() == len(names)
    for one in (gallery, beside, make(None)):
        found = [one.verify(name, person(n, 1)).comparison.llr for n, name in enumerate(names)]
        assert found == pytest.approx(expected, abs=1e-4)
    for number, (name, leaked) in enumerate(before.items()):
        now = gallery.template(name)
        assert len(now.faces) == len(leaked.faces)
        assert now.contract != leaked.contract
        assert not np.allclose(now.faces[0].vector, leaked.faces[0].vector, atol=0.01)
        with pytest.raises(ModelError):
            gallery.recognizer.ratios(person(number), leaked, own(gallery, name))
    with pytest.raises(ModelError):
        gallery.recognizer.ratios(person(0), gallery.template(names[0]), old)
    assert gallery.audit(action="key")[-1].outcome == "templates re-issued"
    assert gallery.verify_audit().ok


@pytest.mark.parametrize(("source", "target"), [("subject", False), (True, "subject")])
def test_export_and_import(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Revocable,
    target: Revocable,
) -> None:  # fmt: skip
    monkeypatch.setattr(bundle, "_LOG_N", 14)
    gallery, other = make(source), make(target, "other")
    gallery.enroll("Zoë", person(1, eyes=("left", "right")), consent="form 1")
    gallery.update("Zoë", person(1, 2))
    gallery.enroll("Bea", person(2))
    assert gallery.export(tmp_path / "export", WORDS).subjects == 2
    other.import_(tmp_path / "export", WORDS)
    other.import_(tmp_path / "export", WORDS, existing="replace")
    assert other.get("Zoë").references == 2
    assert other.verify("Zoë", person(1, 5)).match
    assert not other.verify("Bea", person(1, 5)).match
    kept = other.template("Zoë")
    plain = own(other, "Zoë").unprotect(kept, _contracts()) if target else kept
    assert plain.faces[0].vector == pytest.approx(person(1).faces[0].vector, abs=1e-6)
    assert other.verify_audit().ok


def test_the_kind_is_fixed_and_said(make: Make, tmp_path: Path) -> None:
    make()
    make("gallery", "one key")
    for wrong in (False, True, "gallery"):
        with pytest.raises(OptionError, match="under a key of each subject"):
            make(wrong)
    with pytest.raises(OptionError, match="under one key"):
        make("subject", "one key")
    assert make(True, "one key").settings.revocable is True
    with pytest.raises(OptionError, match="revocable 'person'"):
        make("person", "third")
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize("kept", [False, True, "subject"])
def test_settings_are_stored(kept: bool | str) -> None:
    told = Settings.begun(kept)  # type: ignore[arg-type]
    assert told.revocable is kept
    assert Settings.from_bytes(told.to_bytes()) == told
    assert Settings.from_bytes(b'{"revocable": true}').revocable is True  # as it was stored before
    assert not Settings.from_bytes(b'{"revocable": false}').by_subject


def test_on_the_command_line(tmp_path: Path) -> None:
    generate_key_file(tmp_path / "key")
    place = ("--gallery", tmp_path / "people", "--key", tmp_path / "key")
    told = ("create", *place, "--revocable-by", "subject", "--duplicates", "warn")
    refused(twofold("gallery", *told), "Only 'allow'")
    assert not (tmp_path / "people").exists()
    made = twofold("gallery", "create", *place, "--revocable-by", "subject")
    assert made.code == 0, made
    info = twofold("gallery", "info", *place).out
    for said in (made.out, info):
        assert "Revocable templates: yes, by a key of each subject" in said
        assert "identify: not possible" in said and "another name: allow" in said
    refused(twofold("gallery", "configure", *place, "--duplicates", "refuse"), "Only 'allow'")
    refused(twofold("identify", "--face", "none.jpg", *place), "key of their own")
    refused(twofold("enroll", "Ada", "--face", "none", "--duplicates", "warn", *place), "'allow'")
    key = KeySource.from_file(tmp_path / "key")
    with Gallery.open(tmp_path / "people", key=key, recognizer=recognizer()) as gallery:
        gallery.enroll("Ada", person(1))
        before = gallery.template("Ada").contract
    refused(twofold("gallery", "snapshot", *place), "key of their own")
    again = twofold("gallery", "reissue", "--yes", *place)
    assert "templates of 1 subject." in again.out
    with Gallery.open(tmp_path / "people", key=key, recognizer=recognizer()) as gallery:
        assert gallery.template("Ada").contract != before
    place = ("--gallery", tmp_path / "other", "--key", tmp_path / "key")
    assert twofold("gallery", "create", *place, "--revocable-by", "gallery").code == 0
    assert "templates: yes\n" in twofold("gallery", "info", *place).out


def _contracts() -> list[str]:
    template: Template = person(1)
    assert template.face_contract and template.iris_contract
    return [template.face_contract, template.iris_contract]
