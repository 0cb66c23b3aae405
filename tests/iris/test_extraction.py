"""From pictures to codes, on drawn eyes and, where they are, on real ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.iris.drawing import true_eye
from twofold.errors import AcquisitionError, ImageError
from twofold.images import Pixels
from twofold.iris.comparison import compare, compare_all
from twofold.iris.encoding import Encoding, Wave
from twofold.iris.extraction import IrisExtractor
from twofold.iris.quality import ENROL_MINIMUM, PROBE_MINIMUM, judge
from twofold.iris.segmentation import Segmentation


class Known:
    """A segmenter that answers what it was given."""

    def __init__(self, found: Segmentation) -> None:
        self.found = found

    def segment(self, grey: Pixels) -> Segmentation:
        return self.found


@pytest.mark.parametrize("light", ["nir", "visible"])
def test_drawn_eyes_are_told_apart(light: str) -> None:
    extractor = IrisExtractor()
    samples, subjects = [], []
    for subject in range(5):
        for sample in range(2):
            grey, _ = true_eye(subject, sample, light)  # type: ignore[arg-type]
            try:
                samples.append(extractor.extract(grey))
                subjects.append(subject)
            except AcquisitionError:
                continue  # drawn eyes may be nearly shut
    assert len(samples) >= 8
    scores = compare_all([sample.code for sample in samples])
    same = np.equal.outer(subjects, subjects) & ~np.eye(len(subjects), dtype=bool)
    other = ~np.equal.outer(subjects, subjects)
    assert np.median(scores[same]) > scores[other].max()
    for sample in samples:
        assert 0 <= sample.quality.overall <= 100
        assert sample.strip.pixels.shape == (64, 512)


def test_colour_grey_file_and_array_give_the_same_code(tmp_path: Path) -> None:
    from PIL import Image

    grey, _ = true_eye(1, 0)
    Image.fromarray(grey).save(tmp_path / "eye.png")
    extractor = IrisExtractor()
    sources = [grey, np.repeat(grey[:, :, None], 3, axis=2), tmp_path / "eye.png"]
    codes = [extractor.extract(source).code for source in sources]
    for code in codes[1:]:
        np.testing.assert_array_equal(code.bits, codes[0].bits)
        np.testing.assert_array_equal(code.mask, codes[0].mask)
    assert compare(codes[0], codes[1]).hamming_distance == 0


def test_enrolment_asks_for_better_quality_than_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    grey, found = true_eye(1, 0)
    known = Known(found)
    fair = dataclasses.replace(judge(grey, found), overall=(ENROL_MINIMUM + PROBE_MINIMUM) / 2)
    monkeypatch.setattr("twofold.iris.extraction.judge", lambda *_: fair)
    assert IrisExtractor(known).extract(grey).quality.overall > PROBE_MINIMUM
    with pytest.raises(AcquisitionError, match="below the minimum of 20"):
        IrisExtractor(known).extract(grey, "enrol")
    assert IrisExtractor(known, minimum=0).extract(grey, "enrol").quality == fair


def test_an_iris_without_bits_is_refused_with_a_reason() -> None:
    grey, found = true_eye(1, 0)
    covered = dataclasses.replace(found, mask=np.zeros_like(found.mask))
    with pytest.raises(AcquisitionError, match=r"only 0% of the iris code") as refusal:
        IrisExtractor(Known(covered)).extract(grey)
    assert refusal.value.code == "little_iris"


def test_unreadable_is_another_error() -> None:
    with pytest.raises(ImageError):
        IrisExtractor().extract(b"no picture")


def test_the_contract_names_what_decides_about_bits() -> None:
    contract = IrisExtractor().contract
    assert contract == IrisExtractor().contract
    assert len(contract) == 64
    others = [
        IrisExtractor(encoding=Encoding(fragile=0.1)),
        IrisExtractor(encoding=Encoding(waves=(Wave(1 / 20),))),
        IrisExtractor(Known(true_eye(1, 0)[1])),
    ]
    assert len({contract, *(other.contract for other in others)}) == 4


def test_real_eyes_in_infrared(real_data: Path) -> None:
    folders = sorted((real_data / "mmu1").glob("*/left"))[:6]
    if not folders:
        pytest.skip("mmu1 is not here")
    extractor = IrisExtractor()
    codes, eyes = [], []
    for eye, folder in enumerate(folders):
        for path in sorted(folder.glob("*.*"))[:3]:
            codes.append(extractor.extract(path).code)
            eyes.append(eye)
    scores = compare_all(codes)
    same = np.equal.outer(eyes, eyes) & ~np.eye(len(eyes), dtype=bool)
    assert np.median(scores[same]) > 0.7
    assert scores[~np.equal.outer(eyes, eyes)].max() < 0.7
