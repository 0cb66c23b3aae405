"""Enrol, verify, identify, update, list."""

from datetime import UTC, date, datetime

import pytest

from tests.gallery.conftest import Open
from tests.gallery.people import face, iris, person
from tests.templates import FACE_CONTRACT
from twofold.errors import OptionError
from twofold.fusion.decision import Policy
from twofold.gallery import (
    Consent,
    Enrolment,
    EnrolmentError,
    Gallery,
    GalleryError,
    NewSubject,
    Reference,
    UnknownReferenceError,
    UnknownSubjectError,
)
from twofold.template import Template


def test_what_is_enrolled_is_verified_and_identified(gallery: Gallery) -> None:
    for number in range(5):
        gallery.enroll(f"person {number}", person(number))
    assert len(gallery) == 5
    assert "person 3" in gallery
    assert "person 5" not in gallery
    assert gallery.verify("person 3", person(3, sample=1)).match
    assert not gallery.verify("person 3", person(4, sample=1)).match
    found = gallery.identify(person(3, sample=1), fpir=0.05)
    assert found.best is not None
    assert found.best.subject == "person 3"
    assert found.references == 5
    assert found.best.threshold is not None
    assert found.best.llr > found.best.threshold


def test_nobody_is_an_answer(gallery: Gallery) -> None:
    assert gallery.identify(person(9), fpir=0.05).nobody
    for number in range(5):
        gallery.enroll(f"person {number}", person(number))
    found = gallery.identify(person(9), fpir=0.05)
    assert found.nobody
    assert len(found.candidates) == 5
    closed = gallery.identify(person(3, 1), top_k=2)
    assert closed.candidates[0].subject == "person 3"
    assert len(closed.candidates) == 2
    assert closed.fpir is None
    assert closed.best is not None


def test_scores_are_those_of_the_recognizer(gallery: Gallery) -> None:
    for number in range(4):
        gallery.enroll(f"person {number}", person(number, faces=2, eyes=("left", "right")))
    probe = person(2, 5, faces=2)
    for one in gallery.identify(probe, top_k=4).candidates:
        expected = gallery.recognizer.ratios(probe, gallery.template(one.subject))
        assert one.llr == pytest.approx(expected["fused"], abs=1e-9)


def test_a_stored_template_comes_back_to_the_last_bit(gallery: Gallery) -> None:
    template = person(1, faces=3, eyes=("left", "right"))
    gallery.enroll("Ada", template)
    assert gallery.template("Ada") == template


def test_what_is_told_of_a_subject(gallery: Gallery) -> None:
    given = datetime(2026, 11, 1, tzinfo=UTC)
    gallery.enroll(
        "Ada", person(1, faces=2), consent=Consent("form 17", given), expires=date(2099, 1, 1)
    )
    ada = gallery.get("Ada")
    assert ada.consent == Consent("form 17", given)
    assert ada.expires == datetime(2099, 1, 1, tzinfo=UTC)
    assert (ada.references, ada.faces, ada.irises, ada.revision) == (1, 2, 1, 1)
    assert abs((ada.enrolled - datetime.now(UTC)).total_seconds()) < 60


def test_subjects_come_in_pages(gallery: Gallery) -> None:
    people = [NewSubject(f"person {number}", person(number)) for number in range(7)]
    list(gallery.enroll_many(people, batch=3))
    names = [one.name for one in gallery.subjects()]
    assert names == [one.subject for one in people]
    first = list(gallery.subjects(limit=3))
    rest = list(gallery.subjects(after=first[-1].id))
    assert [one.name for one in first + rest] == names


def test_a_name_is_taken_once_in_whatever_unicode_form(gallery: Gallery) -> None:
    gallery.enroll("Zo\u00eb", person(1))
    with pytest.raises(EnrolmentError, match="enrolled already") as refused:
        gallery.enroll("Zoe\u0308", person(2))
    assert refused.value.code == "exists"
    assert gallery.get("Zoe\u0308").name == "Zo\u00eb"


@pytest.mark.parametrize("name", ["", " Ada", "A\nda", "x" * 256])
def test_a_name_that_cannot_be_one(gallery: Gallery, name: str) -> None:
    with pytest.raises(OptionError):
        gallery.enroll(name, person(1))
    assert len(gallery) == 0


def test_an_unknown_subject(gallery: Gallery) -> None:
    with pytest.raises(UnknownSubjectError):
        gallery.verify("Ada", person(1))
    with pytest.raises(UnknownSubjectError):
        gallery.delete("Ada")
    with pytest.raises(UnknownSubjectError):
        gallery.update("Ada", person(1))


def test_refusals_of_some_keep_nobody_else_out(gallery: Gallery) -> None:
    gallery.enroll("person 0", person(0))
    other = Template((face(8),), (), "ab" * 32)
    results = list(
        gallery.enroll_many(
            [
                NewSubject("person 1", person(1)),
                NewSubject("person 0", person(5)),
                NewSubject("two", Template((face(1), face(2)), (), FACE_CONTRACT)),
                NewSubject("other model", other),
                NewSubject("person 2", person(2)),
                NewSubject("person 2", person(3)),
                NewSubject("twin", person(2, sample=1)),
                NewSubject("Ada", person(6), expires=datetime(2030, 1, 1)),
            ]
        )
    )
    codes = [
        one.subject.name if isinstance(one, Enrolment) else getattr(one, "code", "option")
        for one in results
    ]
    assert codes == [
        "person 1", "exists", "mixed", "contract", "person 2", "exists", "duplicate", "option",
    ]  # fmt: skip
    assert len(gallery) == 3


def test_a_person_is_not_enrolled_under_two_names(open_gallery: Open) -> None:
    gallery, other = open_gallery(), open_gallery()
    gallery.enroll("Ada", person(1))
    with pytest.raises(EnrolmentError, match="'Ada'") as refused:
        other.enroll("Eve", person(1, sample=1))
    assert refused.value.code == "duplicate"
    assert refused.value.subjects == ("Ada",)
    assert "Eve" not in gallery
    warned = gallery.enroll("Eve", person(1, sample=2), duplicates="warn")
    assert [one.subject for one in warned.duplicates] == ["Ada"]
    allowed = other.enroll("Eva", person(1, sample=3), duplicates="allow")
    assert allowed.duplicates == ()
    gallery.configure(duplicates="allow")
    other.enroll("Adam", person(1, sample=4))


def test_who_came_in_since_the_search_counts_as_well(
    open_gallery: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twofold.gallery import enrolment

    gallery, other = open_gallery(), open_gallery()
    gallery.enroll("Ada", person(1))
    search = enrolment.search_before

    def search_slowly(*given: object) -> object:
        found = search(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(enrolment, "search_before", search)
        other.enroll("Bea", person(2))
        return found

    monkeypatch.setattr(enrolment, "search_before", search_slowly)
    with pytest.raises(EnrolmentError, match="'Bea'"):
        gallery.enroll("Eve", person(2, sample=1))


def test_samples_of_two_people_are_named(gallery: Gallery) -> None:
    mixed = Template((face(1), face(1, 1), face(2)), (), FACE_CONTRACT)
    with pytest.raises(EnrolmentError, match=r"^face 3 strongly") as refused:
        gallery.enroll("Ada", mixed)
    assert refused.value.code == "mixed"
    whole = person(1)
    assert whole.iris_contract is not None
    eyes = Template((), (iris(1), iris(2)), None, whole.iris_contract)
    with pytest.raises(EnrolmentError, match=r"iris 1 \(left\) and iris 2 \(left\)"):
        gallery.enroll("Ada", eyes)
    # Two eyes of a person are as unlike as two people's.
    gallery.enroll("Ada", person(1, faces=2, eyes=("left", "right")))


def test_update_adds_and_replaces(open_gallery: Open) -> None:
    gallery, other = open_gallery(), open_gallery()
    gallery.enroll("Ada", person(1), consent="first")
    other.identify(person(1, 1))
    gallery.update("Ada", person(1, sample=1))
    assert gallery.template("Ada") == person(1).merged(person(1, sample=1))
    assert gallery.get("Ada").references == 2
    found = other.identify(person(1, 7), top_k=1).candidates[0]
    assert found.llr == pytest.approx(
        gallery.recognizer.ratios(person(1, 7), gallery.template("Ada"))["fused"]
    )
    gallery.update("Ada", person(1, sample=2), replace_references=True)
    assert other.template("Ada") == person(1, sample=2)
    gallery.update("Ada", consent="second", expires=date(2099, 1, 1))
    ada = gallery.get("Ada")
    assert ada.consent is not None
    assert (ada.consent.text, ada.revision) == ("second", 4)
    gallery.update("Ada", expires=None)
    assert gallery.get("Ada").expires is None
    with pytest.raises(OptionError, match="nothing to update"):
        gallery.update("Ada")
    assert gallery.verify_audit().ok


def test_references_are_listed(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1, faces=2, eyes=()))
    gallery.update("Ada", person(1, 2, faces=0, eyes=("left", "right")))
    gallery.update("Ada", person(1, 3))
    first, second, third = gallery.references("Ada")
    assert first == Reference(first.id, 1, 2, 0, (), 80.0)
    assert second == Reference(second.id, 2, 0, 2, ("left", "right"), 70.0)
    assert third == Reference(third.id, 3, 1, 1, ("left",), 70.0)
    with pytest.raises(UnknownSubjectError):
        gallery.references("Eve")


def test_one_of_several_references_is_removed(open_gallery: Open) -> None:
    gallery, other = open_gallery(), open_gallery()
    gallery.enroll("Ada", person(1), consent="form 17")
    gallery.enroll("Bea", person(2))
    gallery.update("Ada", person(1, sample=1))
    other.identify(person(1, 7))
    first, second = gallery.references("Ada")
    ada = gallery.remove_reference("Ada", first.id, actor="Carl")
    assert ada == gallery.get("Ada")
    assert (ada.references, ada.faces, ada.irises, ada.revision) == (1, 1, 1, 3)
    assert ada.consent is not None
    assert gallery.references("Ada") == [second]
    assert gallery.template("Ada") == person(1, sample=1)
    for one in (gallery, other):
        found = one.identify(person(1, 7), top_k=1).candidates[0]
        expected = one.recognizer.ratios(person(1, 7), person(1, sample=1))["fused"]
        assert found.llr == pytest.approx(expected)
    event = gallery.audit(action="update")[-1]
    assert (event.actor, event.subject) == ("Carl", ada.id)
    assert event.details == {
        "revision": 3, "added": 0, "removed": 1, "consent": False, "expiry": False,
    }  # fmt: skip
    assert gallery.verify_audit().ok


def test_references_that_are_not_removed(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    gallery.enroll("Bea", person(2))
    (only,), (another,) = gallery.references("Ada"), gallery.references("Bea")
    with pytest.raises(OptionError, match="erase the subject instead"):
        gallery.remove_reference("Ada", only.id)
    with pytest.raises(UnknownReferenceError, match="List those"):
        gallery.remove_reference("Ada", another.id)
    with pytest.raises(UnknownSubjectError):
        gallery.remove_reference("Eve", only.id)
    assert gallery.get("Ada").revision == 1
    assert gallery.audit(action="update") == []
    assert gallery.verify_audit().ok


def test_nobody_elses_samples_join_a_subject(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    with pytest.raises(EnrolmentError) as refused:
        gallery.update("Ada", person(2, faces=2))
    assert refused.value.code == "mixed"
    assert gallery.template("Ada") == person(1)


def test_modalities_may_come_later(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1, eyes=()))
    assert gallery.identify(person(1, 1, faces=0)).candidates == ()
    gallery.update("Ada", person(1, faces=0))
    gallery.enroll("Bea", person(2))
    best = gallery.identify(person(1, 1, faces=0), fpir=0.1).best
    assert best is not None
    assert best.subject == "Ada"


def test_policies_are_kept_and_checked(open_gallery: Open) -> None:
    gallery = open_gallery()
    gallery.configure(fmr=1e-2, fpir=0.05)
    again = open_gallery()
    assert again.settings.policy == Policy(1e-2)
    again.enroll("Ada", person(1))
    assert again.verify("Ada", person(1, 1)).comparison.decision.fmr == 1e-2
    with pytest.raises(OptionError):
        gallery.configure(fmr=2.0)
    with pytest.raises(OptionError, match=r"no threshold was measured for it; there are 0\.1, "):
        gallery.configure(fmr=1e-300)
    with pytest.raises(OptionError, match="expected one of"):
        gallery.configure(colour="red")


def test_a_contradiction_is_no_match(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1))
    stolen = Template((face(1, 1),), (iris(2, 1),), FACE_CONTRACT, person(1).iris_contract)
    found = gallery.identify(stolen, fpir=0.5)
    assert found.candidates[0].contradiction
    assert found.nobody
    gallery.configure(contradiction="flag")
    flagged = gallery.identify(stolen, fpir=0.5).candidates[0]
    assert flagged.contradiction
    assert flagged.match is (flagged.threshold is not None and flagged.llr >= flagged.threshold)


def test_an_fpir_that_the_data_do_not_carry_is_refused(gallery: Gallery) -> None:
    gallery.enroll("Ada", person(1, eyes=()))
    with pytest.raises(OptionError, match="FPIR"):
        gallery.identify(person(1, 1), fpir=1e-30)
    with pytest.raises(OptionError):
        gallery.identify(person(1, 1), fpir=1.5)
    with pytest.raises(OptionError):
        gallery.identify(person(1, 1), top_k=0)


def test_no_template_is_a_refusal(gallery: Gallery) -> None:
    with pytest.raises(OptionError, match="no picture"):
        gallery.enroll("Ada")
    with pytest.raises(OptionError, match="not both"):
        gallery.enroll("Ada", person(1), face="ada.jpg")


def test_a_gallery_that_is_not_there(tmp_path: object) -> None:
    with pytest.raises(GalleryError, match="not there"):
        Gallery.open(f"{tmp_path}/none.gallery", key=_key(), create=False)
    with pytest.raises(GalleryError, match="cannot be made"):
        Gallery.open(f"{tmp_path}/no/folder/x.gallery", key=_key())
    for wrong in ("", "mysql://me:secret@host/db", "sqlite://", "postgresql://host"):
        with pytest.raises(OptionError) as refused:
            Gallery.open(wrong, key=_key())
        assert "secret" not in str(refused.value)


def _key() -> object:
    from tests.gallery.conftest import KEY

    return KEY
