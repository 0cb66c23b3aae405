"""Error rates on real development sets; every pair counts, and failures are non-matches."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from twofold.errors import TwofoldError
from twofold.face.extraction import FaceExtractor
from twofold.images import Pixels


def _at(path: Path, size: tuple[int, int] | None) -> Pixels:
    with Image.open(path) as picture:
        if size is not None:
            picture = picture.convert("L").resize(size, Image.Resampling.BOX)
        return np.asarray(picture.convert("RGB"))


def _rates(
    extractor: FaceExtractor, people: list[list[Path]], size: tuple[int, int] | None = None
) -> tuple[float, float, float]:
    """EER, FNMR at FMR 0.1 % and failures to acquire, each in percent."""
    vectors, subject, failures = [], [], 0
    for number, paths in enumerate(people):
        for answer in extractor.extract_many([_at(path, size) for path in paths]):
            failed = isinstance(answer, TwofoldError)
            failures += failed
            vectors.append(np.full(128, np.nan) if failed else answer.vector)  # type: ignore[union-attr]
            subject.append(number)
    matrix = np.stack(vectors)
    first, second = np.triu_indices(len(subject), 1)
    scores = np.nan_to_num((matrix @ matrix.T)[first, second], nan=-2.0)
    mated = np.array(subject)[first] == np.array(subject)[second]
    same, other = np.sort(scores[mated]), np.sort(scores[~mated])
    thresholds = np.unique(scores)
    fmr = 1 - np.searchsorted(other, thresholds) / len(other)
    fnmr = np.searchsorted(same, thresholds) / len(same)
    middle = np.argmin(np.abs(fmr - fnmr))
    eer = 100 * (fmr[middle] + fnmr[middle]) / 2
    return eer, 100 * fnmr[np.argmax(fmr <= 0.001)], 100 * failures / len(subject)


def _people(folder: Path, pattern: str) -> list[list[Path]]:
    found = [sorted(person.glob(pattern)) for person in sorted(folder.iterdir())]
    return [paths for paths in found if len(paths) > 1]


def test_tiny_crops_of_half_of_orl(extractor: FaceExtractor, real_data: Path) -> None:
    eer, fnmr, failures = _rates(extractor, _people(real_data / "orl", "*.png")[1::4], (46, 56))
    assert failures == 0
    assert eer <= 0.25 and fnmr <= 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("size", "most"), [(None, (0.15, 0.3, 0.0)), ((46, 56), (0.25, 0.5, 0.0))])
def test_orl(extractor, real_data: Path, size, most) -> None:
    found = _rates(extractor, _people(real_data / "orl", "*.png"), size)
    assert all(value <= limit for value, limit in zip(found, most, strict=True)), found


@pytest.mark.slow
def test_lfw(extractor: FaceExtractor, real_data: Path) -> None:
    found = _rates(extractor, _people(real_data / "lfw_subset", "*.jpg"))
    assert all(value <= limit for value, limit in zip(found, (0.6, 1.5, 0.2), strict=True)), found


@pytest.mark.slow
def test_tiny_crops_from_the_wild(extractor: FaceExtractor, real_data: Path) -> None:
    files = sorted((real_data / "chimera64" / "04_multimodal_training").glob("*.BMP"))
    labels = sorted({path.name.split("_")[0] for path in files})
    people = [[path for path in files if path.name.split("_")[0] == label] for label in labels]
    found = _rates(extractor, people)
    assert all(value <= limit for value, limit in zip(found, (3.0, 10.0, 1.0), strict=True)), found
