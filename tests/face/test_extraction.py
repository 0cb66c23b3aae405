"""Every kind of picture gets a vector or a reasoned answer."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.face.conftest import rgb_face, scene
from twofold.errors import AcquisitionError, ImageError, OptionError, TwofoldError
from twofold.face.comparison import compare, compare_all
from twofold.face.extraction import FaceExtractor, FaceSample
from twofold.images import Pixels


def _encoded(pixels: Pixels, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()


def _refusal(extractor: FaceExtractor, source: Pixels | bytes, **options: str) -> AcquisitionError:
    with pytest.raises(AcquisitionError) as refused:
        extractor.extract(source, **options)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_sample_holds_what_it_promises(extractor: FaceExtractor) -> None:
    sample = extractor.extract(rgb_face())
    assert sample.vector.shape == (extractor.dimension,) == (128,)
    assert sample.vector.dtype == np.float32
    assert np.linalg.norm(sample.vector) == pytest.approx(1, abs=1e-6)
    assert sample.aligned.shape == (112, 112, 3)
    assert (sample.others, sample.comparable, sample.notes) == (0, 0, ())


def test_the_same_rendered_person_is_more_alike_than_another(extractor: FaceExtractor) -> None:
    samples = [extractor.extract(rgb_face(subject, k)) for subject in range(8) for k in range(3)]
    scores = compare_all(np.stack([sample.vector for sample in samples]))
    subject = np.arange(len(samples)) // 3
    mated = subject[:, np.newaxis] == subject
    np.fill_diagonal(mated, False)
    others = scores[subject[:, np.newaxis] != subject]
    assert np.median(scores[mated]) > np.quantile(others, 0.95)


def test_path_bytes_array_grey_and_colour_give_the_same_vector(
    extractor: FaceExtractor, tmp_path
) -> None:
    content = _encoded(rgb_face())
    path = tmp_path / "face.png"
    path.write_bytes(content)
    vectors = [
        extractor.extract(source).vector
        for source in (rgb_face(), rgb_face()[:, :, 0], content, path, str(path))
    ]
    for vector in vectors[1:]:
        assert np.array_equal(vector, vectors[0])


def test_a_46x56_crop_is_enough(extractor: FaceExtractor) -> None:
    small = np.asarray(cv2.resize(rgb_face(), (46, 56), interpolation=cv2.INTER_AREA), np.uint8)
    sample = extractor.extract(small)
    assert compare(sample.vector, extractor.extract(rgb_face()).vector) > 0.6


def _house() -> Pixels:
    picture = np.full((240, 240, 3), 255, np.uint8)
    cv2.rectangle(picture, (50, 110), (190, 220), (20, 20, 20), 3)
    cv2.line(picture, (40, 112), (120, 40), (150, 30, 30), 4)
    cv2.line(picture, (200, 112), (120, 40), (150, 30, 30), 4)
    for x in (70, 140):
        cv2.rectangle(picture, (x, 130), (x + 30, 160), (40, 90, 200), -1)
    cv2.rectangle(picture, (105, 170), (135, 220), (120, 70, 20), -1)
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((112, 92, 3), np.uint8),
        np.full((112, 92), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (112, 92, 3), dtype=np.uint8),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((8, 4000, 3), np.uint8),
        _house(),
    ],
    ids=["black", "white", "noise", "8x8", "8x4000", "drawing"],
)
def test_what_is_no_face_is_refused(extractor: FaceExtractor, picture: Pixels) -> None:
    refused = _refusal(extractor, picture)
    assert refused.code == "no_face" and "no face was found" in str(refused)


@pytest.mark.parametrize(("turns", "words"), [(1, "90"), (2, "180"), (3, "270")])
def test_a_turned_face_is_refused_with_the_way_to_turn_it(
    extractor: FaceExtractor, turns: int, words: str
) -> None:
    picture = np.ascontiguousarray(np.rot90(scene(250, 250, (70, 70, rgb_face(3))), turns))
    refused = _refusal(extractor, picture)
    assert refused.code == "turned" and f"{words} degrees clockwise" in str(refused)


def test_exif_orientation_is_obeyed(extractor: FaceExtractor) -> None:
    upright = scene(250, 250, (70, 70, rgb_face(3)))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    stored = np.ascontiguousarray(np.rot90(upright, 1))
    rotated = extractor.extract(_encoded(stored, "JPEG", exif=exif, quality=95))
    straight = extractor.extract(_encoded(upright, "JPEG", quality=95))
    assert compare(rotated.vector, straight.vector) > 0.98


def test_a_profile_is_answered(extractor: FaceExtractor) -> None:
    """Half of a face: found with a warning, or refused with a reason."""
    half = rgb_face().copy()
    half[:, :50] = half[:, :1]
    try:
        sample = extractor.extract(half)
    except AcquisitionError as refused:
        assert refused.code in ("no_face", "low_quality")
    else:
        assert sample.quality.overall < extractor.extract(rgb_face()).quality.overall


def test_a_very_large_picture_is_answered(extractor: FaceExtractor) -> None:
    face = np.asarray(cv2.resize(rgb_face(), (1840, 2240)), np.uint8)
    sample = extractor.extract(scene(8000, 6000, (3000, 1800, face)))
    assert compare(sample.vector, extractor.extract(rgb_face()).vector) > 0.8
    assert np.all(sample.detection.landmarks > 1800)


def _saved(picture: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def test_kinds_whose_grey_values_could_be_misread_are_refused(extractor: FaceExtractor) -> None:
    face = Image.fromarray(rgb_face())
    deep = Image.fromarray(rgb_face()[:, :, 0].astype(np.uint16) * 257)
    frames = [face, Image.fromarray(rgb_face(1))]
    for content, words in (
        (_saved(face.convert("CMYK"), "JPEG"), "CMYK"),
        (_saved(deep, "PNG"), "more than 8 bits"),
        (_saved(face, "GIF", save_all=True, append_images=frames[1:]), "several frames"),
        (_encoded(rgb_face())[:500], "damaged"),
        (b"not a picture", "not a picture"),
    ):
        with pytest.raises(ImageError, match=words):
            extractor.extract(content)


def _two(second: float) -> Pixels:
    size = (round(92 * second), round(112 * second))
    other = np.asarray(cv2.resize(rgb_face(5), size, interpolation=cv2.INTER_AREA), np.uint8)
    return scene(420, 240, (60, 60, rgb_face(3)), (250, 60, other))


def test_enrolment_refuses_a_second_face_of_comparable_size(extractor: FaceExtractor) -> None:
    refused = _refusal(extractor, _two(1.0), purpose="enrol")
    assert refused.code == "several_faces" and "2 faces" in str(refused)


def test_enrolment_takes_a_face_with_a_much_smaller_one_behind(extractor: FaceExtractor) -> None:
    sample = extractor.extract(_two(0.45), "enrol")
    assert (sample.others, sample.comparable) == (1, 0)


def test_a_probe_takes_the_most_prominent_face_and_says_so(extractor: FaceExtractor) -> None:
    sample = extractor.extract(_two(0.8))
    assert (sample.others, sample.comparable) == (1, 1)
    assert "1 further face" in sample.notes[0]
    mine = compare(sample.vector, extractor.extract(rgb_face(3)).vector)
    assert mine > 0.8 > compare(sample.vector, extractor.extract(rgb_face(5)).vector)


def test_many_faces_are_counted(extractor: FaceExtractor) -> None:
    crowd = [(20 + 130 * (i % 4), 20 + 150 * (i // 4), rgb_face(i)) for i in range(8)]
    sample = extractor.extract(scene(560, 330, *crowd))
    assert sample.others == 7
    assert "8 faces" in str(_refusal(extractor, scene(560, 330, *crowd), purpose="enrol"))


def test_enrolment_asks_for_more_quality_than_a_probe(extractor: FaceExtractor) -> None:
    blurred = np.asarray(cv2.GaussianBlur(rgb_face(), (0, 0), 2), np.uint8)
    dull = (blurred * 0.3).astype(np.uint8)
    assert extractor.extract(dull).quality.reasons
    refused = _refusal(extractor, dull, purpose="enrol")
    assert refused.code == "low_quality" and "below the minimum" in str(refused)


def test_a_batch_gives_the_vectors_of_single_pictures_in_order(extractor: FaceExtractor) -> None:
    sources: list[Pixels] = [rgb_face(i) for i in range(6)]
    sources.insert(2, np.zeros((50, 50, 3), np.uint8))
    for workers in (1, 3, None):
        answers = extractor.extract_many(sources, workers=workers)
        assert isinstance(answers[2], AcquisitionError) and len(answers) == 7
        for source, answer in zip(sources, answers, strict=True):
            if isinstance(answer, FaceSample):
                assert np.abs(answer.vector - extractor.extract(source).vector).max() < 1e-5
            else:
                assert isinstance(answer, TwofoldError)


def test_a_batch_takes_its_pictures_as_it_goes(extractor: FaceExtractor) -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield np.zeros((16, 16, 3), np.uint8)

    answers = extractor.extract_each(endless(), workers=2)
    assert all(isinstance(next(answers), AcquisitionError) for _ in range(4))
    assert taken < 30
    answers.close()


def test_the_contract_tells_models_apart_and_is_stable(extractor: FaceExtractor) -> None:
    assert FaceExtractor(threads=2).contract == extractor.contract
    assert len(extractor.contract) == 64
    pytest.importorskip("dlib")
    assert FaceExtractor("dlib").contract != extractor.contract


def test_parameters_are_visible_and_checked(extractor: FaceExtractor) -> None:
    assert "model='sface', threads=1" in repr(extractor)
    with pytest.raises(OptionError, match="threads"):
        FaceExtractor(threads=0)
    with pytest.raises(OptionError, match="no face model"):
        FaceExtractor("unknown")
