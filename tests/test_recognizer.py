"""From pictures of people who do not exist to decisions."""

import dataclasses
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import SOURCE
from tests.recognition import BLACK, eye, face, made_up_model
from tests.templates import FACE_CONTRACT, IRIS_CONTRACT, template
from twofold.errors import AcquisitionError, ImageError, ModelError, OptionError, TwofoldError
from twofold.fusion.decision import Policy
from twofold.iris.comparison import compare as compare_irises
from twofold.iris.comparison import correct_for_tries
from twofold.recognizer import ExtractionError, Person, Recognizer
from twofold.template import FaceFeature, Template


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """With calibrations made up for the models that are there."""
    made = Recognizer()
    both = made.extract(face=face(0), iris=eye(0))
    made.fusion = made_up_model(str(both.face_contract), str(both.iris_contract))
    return made


@pytest.fixture(scope="module")
def ada(recognizer: Recognizer) -> Template:
    return recognizer.extract(face=face(0), iris=eye(0), eye="left", light="nir", purpose="enrol")


def test_the_right_person_matches_and_the_wrong_one_does_not(
    recognizer: Recognizer, ada: Template
) -> None:
    same = recognizer.compare(recognizer.extract(face=face(0, 1), iris=eye(0, 1)), ada)
    assert same.match and same.decision.match and not same.decision.contradiction
    assert same.decision.combination == "face+iris" and same.decision.fmr == 1e-3
    assert [one.modality for one in same.evidence] == ["face", "iris"]
    assert same.llr == pytest.approx(sum(one.llr for one in same.evidence)) and same.llr > 8
    assert str(same).startswith("Match.") and "made up" in same.decision.threshold_source
    other = recognizer.compare(recognizer.extract(face=face(1), iris=eye(1)), ada)
    assert not other.match and other.llr < -3
    assert str(other).startswith("No match.")


def test_a_missing_modality_is_no_evidence(recognizer: Recognizer, ada: Template) -> None:
    for given, named in (({"face": face(0, 1)}, "face"), ({"iris": eye(0, 1)}, "iris")):
        alone = recognizer.extract(**given)
        assert alone.modalities == (named,)
        for probe, reference in ((alone, ada), (ada, alone)):
            found = recognizer.compare(probe, reference)
            assert found.match and found.decision.combination == named
            assert [one.modality for one in found.evidence] == [named]
            both = recognizer.compare(ada, ada)
            assert both.llr > found.llr
    with pytest.raises(OptionError, match=r"nothing can be compared: the probe has 1 face\(s\)"):
        recognizer.compare(ada.only("face"), ada.only("iris"))


def test_a_stolen_modality_is_flagged(recognizer: Recognizer, ada: Template) -> None:
    for subjects, named in (((0, 1), "face"), ((1, 0), "iris")):
        stolen = recognizer.extract(face=face(subjects[0], 1), iris=eye(subjects[1], 1))
        refused = recognizer.compare(stolen, ada, Policy(1e-1))
        flagged = recognizer.compare(stolen, ada, Policy(1e-1, contradiction="flag"))
        assert not refused.match and flagged.match
        for one in (refused, flagged):
            assert one.decision.contradiction and f"CONTRADICTION: the {named}" in str(one)


def test_a_policy_asks_for_measured_rates_only(recognizer: Recognizer, ada: Template) -> None:
    strict = recognizer.compare(ada, ada, Policy(1e-2))
    assert strict.decision.fmr == 1e-2
    with pytest.raises(OptionError, match="FMR 1e-07"):
        recognizer.compare(ada, ada, Policy(1e-7))


def test_other_models_do_not_compare(recognizer: Recognizer, ada: Template) -> None:
    for field in ("face_contract", "iris_contract"):
        foreign = dataclasses.replace(ada, **{field: "0" * 64})
        with pytest.raises(ModelError, match=r"different models.*Extract both with one"):
            recognizer.compare(foreign, ada)
    foreign = dataclasses.replace(ada, face_contract="0" * 64)
    with pytest.raises(ModelError, match=r"face: there is no calibration.*twofold calibrate"):
        recognizer.compare(foreign, foreign)
    with pytest.raises(ModelError, match=r"none of the calibrations given holds.*calibrate"):
        recognizer.compare(foreign.only("face"), foreign.only("face"))
    assert recognizer.compare(foreign.only("iris"), foreign.only("iris")).match


def test_several_faces_weigh_the_mean_of_their_ratios(recognizer: Recognizer) -> None:
    probe = recognizer.extract(face=[face(0, 0), face(0, 1)])
    reference = recognizer.extract(face=[face(0, 2), face(0, 3), face(0, 4)])
    (part,) = recognizer.compare(probe, reference).parts
    single = [
        recognizer.compare(one, other).evidence[0]
        for one in alone(probe)
        for other in alone(reference)
    ]
    assert part.scored.pairs == 6
    assert part.scored.scores == pytest.approx([one.score for one in single], abs=1e-6)
    assert part.evidence.llr == pytest.approx(np.log(np.mean(np.exp([o.llr for o in single]))))
    scores = [one.score for one in single]
    assert min(scores) < part.evidence.score < max(scores)


def test_a_bad_sample_costs_no_more_than_its_share(recognizer: Recognizer) -> None:
    reference = recognizer.extract(face=face(0))
    good, stranger = recognizer.extract(face=face(0, 1)), recognizer.extract(face=face(1))
    before = recognizer.compare(good, reference).llr
    after = recognizer.compare(good.merged(stranger), reference).llr
    assert before - np.log(2) - 1e-9 <= after < before
    nobody = recognizer.compare(stranger, reference).llr
    assert recognizer.compare(stranger.merged(stranger), reference).llr == pytest.approx(nobody)


def alone(template: Template) -> list[Template]:
    return [dataclasses.replace(template, faces=(one,)) for one in template.faces]


def test_several_irises_score_their_best_less_its_luck(recognizer: Recognizer) -> None:
    probe = recognizer.extract(iris=[eye(0, 0), eye(0, 1)])
    reference = recognizer.extract(iris=[eye(0, 2), eye(0, 3)])
    (part,) = recognizer.compare(probe, reference).parts
    single = [compare_irises(a.code, b.code).score for a in probe.irises for b in reference.irises]
    assert part.scored.pairs == 4
    assert part.evidence.score == pytest.approx(correct_for_tries(max(single), 4, 249.0))
    assert part.evidence.score < max(single)


def test_both_eyes_are_two_pieces_of_evidence(recognizer: Recognizer) -> None:
    def both(sample: int, *, named: bool) -> Template:
        pictures = [eye(0, sample, "left"), eye(0, sample, "right")]
        return recognizer.extract(iris=pictures, eye=["left", "right"] if named else None)

    named = recognizer.compare(both(1, named=True), both(0, named=True))
    assert [part.scored.eye for part in named.parts] == ["left", "right"]
    (joined,) = named.evidence
    assert joined.llr == pytest.approx(sum(part.evidence.llr for part in named.parts))
    assert joined.words.startswith("Left eye: ") and "Right eye: " in joined.words
    assert named.match and named.decision.combination == "iris"
    for probe, reference in ((False, False), (True, False), (False, True)):
        unknown = recognizer.compare(both(1, named=probe), both(0, named=reference))
        assert [part.scored.pairs for part in unknown.parts] == [4]
        assert unknown.llr < named.llr


def test_one_eye_is_not_held_against_the_other(recognizer: Recognizer) -> None:
    left = recognizer.extract(iris=eye(0, 0), eye="left")
    right = recognizer.extract(iris=eye(0, 0, "right"), eye="right")
    with pytest.raises(OptionError, match=r"eye left.*eye right.*of one eye and light"):
        recognizer.compare(left, right)
    assert recognizer.compare(left, left.merged(right)).parts[0].scored.pairs == 1


def test_one_light_is_not_held_against_the_other(recognizer: Recognizer) -> None:
    nir, visible, unknown = (
        recognizer.extract(iris=eye(0, sample), light=light)
        for sample, light in ((0, "nir"), (1, "visible"), (2, None))
    )
    with pytest.raises(OptionError, match=r"light nir.*light visible.*eye and light"):
        recognizer.compare(nir, visible)
    for probe, reference, light, pairs in (
        (nir, nir.merged(visible), "nir", 1),
        (nir.merged(visible), visible, "visible", 1),
        (nir, visible.merged(unknown), None, 1),
        (nir, unknown, None, 1),
        (nir.merged(visible), nir.merged(visible).merged(visible), "visible", 2),
    ):
        (part,) = recognizer.compare(probe, reference).parts
        assert (part.scored.light, part.scored.pairs) == (light, pairs)


def test_eyes_that_contradict_each_other_are_flagged(recognizer: Recognizer) -> None:
    reference = recognizer.extract(iris=[eye(0), eye(0, 0, "right")], eye=["left", "right"])
    probe = recognizer.extract(iris=[eye(0, 1), eye(1, 0, "right")], eye=["left", "right"])
    refused = recognizer.compare(probe, reference, Policy(1e-1))
    flagged = recognizer.compare(probe, reference, Policy(1e-1, contradiction="flag"))
    assert not refused.match and str(refused).startswith("No match.")
    assert flagged.match and str(flagged).startswith("Match.")
    for one in (refused, flagged):
        assert one.decision.contradiction and "the left iris strongly matches" in str(one)
    assert "The policy refuses" in str(refused) and "The policy refuses" not in str(flagged)


def test_what_worked_is_kept_and_what_failed_is_told(recognizer: Recognizer) -> None:
    found = recognizer.extract(face=face(0), iris=[BLACK, eye(0)], eye=["left", "right"])
    assert found.modalities == ("face", "iris") and found.irises[0].eye == "right"
    (failure,) = found.failures
    assert (failure.modality, failure.number) == ("iris", 0) and failure.code
    assert failure.message.startswith("the iris picture 1: ")
    alone = recognizer.extract(face=BLACK, iris=eye(0))
    assert alone.modalities == ("iris",) and alone.failures[0].code == "no_face"


def test_where_nothing_worked_the_reason_of_each_picture_is_told(recognizer: Recognizer) -> None:
    with pytest.raises(
        AcquisitionError, match=r"the face picture: no face.*the iris picture 1: .*picture 2: "
    ) as refused:
        recognizer.extract(face=BLACK, iris=[BLACK, BLACK])
    error = refused.value
    assert isinstance(error, ExtractionError) and error.code == "no_face"
    assert [(one.modality, one.number) for one in error.failures] == [
        ("face", 0), ("iris", 0), ("iris", 1),
    ]  # fmt: skip
    assert all(one.code and one.message for one in error.failures)


def test_errors_come_back_from_a_worker_process(recognizer: Recognizer) -> None:
    with pytest.raises(ExtractionError) as refused:
        recognizer.extract(face=BLACK)
    for error in (refused.value, AcquisitionError("too dark", "exposure")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
        assert vars(again) == vars(error)


def test_enrolment_is_stricter_than_a_probe(recognizer: Recognizer) -> None:
    poor = np.asarray(Image.fromarray(face(0)).resize((23, 28)).resize((92, 112)))
    kept = recognizer.extract(face=poor, iris=eye(0))
    assert kept.modalities == ("face", "iris") and kept.faces[0].quality < 20
    strict = recognizer.extract(face=poor, iris=eye(0), purpose="enrol")
    assert strict.modalities == ("iris",) and strict.failures[0].code == "low_quality"


def test_files_that_cannot_be_read_are_no_failures_to_acquire(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match=r"gone\.png"):
        recognizer.extract(face=face(0), iris=tmp_path / "gone.png")
    with pytest.raises(ImageError):
        recognizer.extract(face=b"no picture", iris=eye(0))


def test_paths_bytes_and_arrays_give_one_template(recognizer: Recognizer, tmp_path: Path) -> None:
    Image.fromarray(face(0)).save(tmp_path / "face.png")
    Image.fromarray(eye(0)).save(tmp_path / "eye.png")
    templates = [
        recognizer.extract(face=face(0), iris=eye(0)),
        recognizer.extract(face=tmp_path / "face.png", iris=str(tmp_path / "eye.png")),
        recognizer.extract(
            face=[(tmp_path / "face.png").read_bytes()], iris=(tmp_path / "eye.png",)
        ),
    ]
    assert len(set(templates)) == 1
    with pytest.raises(AcquisitionError, match=r"black\.png: no face"):
        Image.fromarray(BLACK).save(tmp_path / "black.png")
        recognizer.extract(face=tmp_path / "black.png")


def test_colour_tells_the_light_and_grey_does_not(recognizer: Recognizer) -> None:
    coloured = eye(0, 0, "left", "visible")
    assert coloured.ndim == 3
    grey = np.asarray(Image.fromarray(coloured).convert("L"))
    lights = [
        recognizer.extract(iris=picture, light=named).irises[0].light
        for picture, named in (
            (coloured, None),
            (grey, None),
            (np.repeat(grey[:, :, None], 3, axis=2), None),
            (eye(0), None),
            (eye(0), "nir"),
            (coloured, "nir"),
        )
    ]
    assert lights == ["visible", None, None, None, "nir", "nir"]
    both = recognizer.extract(iris=[eye(0), coloured], light=["nir", None])
    assert [iris.light for iris in both.irises] == ["nir", "visible"]


def test_wrong_arguments_are_refused(recognizer: Recognizer) -> None:
    for given, told in [
        ({}, "no picture given"),
        ({"face": []}, "no picture given"),
        ({"face": face(0), "purpose": "guess"}, "purpose 'guess'"),
        ({"iris": eye(0), "eye": "both"}, "eye 'both': expected left, right"),
        ({"iris": eye(0), "eye": ["left", "right"]}, r"eye: 2 given for 1 iris picture"),
        ({"iris": [eye(0)] * 3, "light": ["nir"]}, r"light: 1 given for 3"),
        ({"iris": eye(0), "light": "uv"}, "light 'uv'"),
    ]:
        with pytest.raises(OptionError, match=told):
            recognizer.extract(**given)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="threads 0"):
        Recognizer(threads=0)
    with pytest.raises(OptionError, match="nobody"):
        Recognizer("nobody").extract(face=face(0))


def test_nothing_is_loaded_before_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, recognizer: Recognizer, ada: Template
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("loaded without need")

    monkeypatch.setattr("twofold.iris.extraction.IrisExtractor", forbidden)
    assert Recognizer().extract(face=face(0)).faces == ada.faces
    monkeypatch.setattr("twofold.face.extraction.FaceExtractor", forbidden)
    assert Recognizer(fusion=recognizer.fusion).compare(ada, ada).match


def test_comparing_stored_templates_needs_no_inference(ada: Template, tmp_path: Path) -> None:
    (tmp_path / "ada.template").write_bytes(ada.to_bytes())
    program = """
import sys
from pathlib import Path
from twofold.recognizer.scoring import score
from twofold.template import Template
ada = Template.from_bytes(Path(sys.argv[1]).read_bytes())
assert [one.scores[0] > 0.8 for one in score(ada, ada)] == [True, True]
print([name for name in ("onnxruntime", "cv2", "keras", "numba") if name in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "ada.template"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert told.stdout.strip() == "[]", told


def test_threads_share_one_recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    from twofold.face.extraction import FaceExtractor

    made = []
    original = FaceExtractor.__init__

    def counted(self: FaceExtractor, *given: object) -> None:
        made.append(threading.current_thread())
        original(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(FaceExtractor, "__init__", counted)
    shared = Recognizer()
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda n: shared.extract(face=face(n % 3), iris=eye(n % 3)), range(9))
        )
    assert len(made) == 1
    assert found == [found[n % 3] for n in range(9)]
    assert len(set(found)) == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_many_people_come_in_order_with_errors_in_place(
    recognizer: Recognizer, ada: Template, workers: int
) -> None:
    people = [
        Person(face(0), eye(0), "left", "nir"),
        Person(BLACK),
        Person(iris=[eye(1), eye(1, 0, "right")], eye=["left", "right"]),
        Person(),
    ]
    done: list[int] = []
    found = recognizer.extract_many(iter(people), "enrol", workers, done.append)
    assert done == [1, 2, 3, 4]
    assert found[0] == ada
    assert isinstance(found[1], AcquisitionError) and isinstance(found[3], OptionError)
    assert not isinstance(found[2], TwofoldError)
    assert [iris.eye for iris in found[2].irises] == ["left", "right"]


def test_a_stored_template_decides_as_the_fresh_one(recognizer: Recognizer, ada: Template) -> None:
    probe = recognizer.extract(face=face(0, 1), iris=eye(0, 1))
    fresh = recognizer.compare(probe, ada)
    stored = [Template.from_bytes(one.to_bytes()) for one in (probe, ada)]
    assert recognizer.compare(*stored) == fresh
    small = [Template.from_bytes(one.to_bytes("int8")) for one in (probe, ada)]
    assert recognizer.compare(*small).llr == pytest.approx(fresh.llr, abs=0.2)


def test_faces_of_other_lengths_are_refused(recognizer: Recognizer, ada: Template) -> None:
    short = FaceFeature(np.array([1, 0], np.float32), 50)
    with pytest.raises(OptionError, match="come from different models"):
        recognizer.compare(dataclasses.replace(ada, faces=(short,)), ada)


def test_ratios_are_those_of_the_comparison() -> None:
    recognizer = Recognizer(fusion=made_up_model(FACE_CONTRACT, IRIS_CONTRACT))
    one, other = template(), template()
    compared = recognizer.compare(one, other)
    found = recognizer.ratios(one, other)
    assert found == {"fused": compared.llr} | {e.modality: e.llr for e in compared.evidence}
    assert recognizer.ratios(one.only("face"), other.only("iris")) == {}
