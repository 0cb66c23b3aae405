"""The second embedder keeps the same promises as the first."""

import sys

import numpy as np
import pytest

from tests.face.conftest import rgb_face
from twofold.errors import MissingExtraError
from twofold.face import weights
from twofold.face.cards import find_card
from twofold.face.comparison import compare
from twofold.face.extraction import FaceExtractor


@pytest.fixture(scope="module")
def extractor() -> FaceExtractor:
    pytest.importorskip("dlib")
    try:
        weights.locate(find_card("dlib"))
    except MissingExtraError:
        pytest.skip("face-recognition-models is not installed")
    return FaceExtractor("dlib")


def test_vectors_have_unit_length_and_tell_rendered_people_apart(extractor: FaceExtractor) -> None:
    vectors = [extractor.extract(rgb_face(i, k)).vector for i in range(5) for k in range(2)]
    assert all(vector.shape == (128,) for vector in vectors)
    assert np.allclose([np.linalg.norm(vector) for vector in vectors], 1, atol=1e-6)
    mated = [compare(vectors[2 * i], vectors[2 * i + 1]) for i in range(5)]
    others = [compare(vectors[2 * i], vectors[(2 * i + 2) % 10]) for i in range(5)]
    assert np.median(mated) > max(others)


def test_a_batch_is_the_same(extractor: FaceExtractor) -> None:
    sources = [rgb_face(i) for i in range(3)]
    for source, sample in zip(sources, extractor.extract_many(sources, workers=2), strict=True):
        assert not isinstance(sample, Exception)
        assert np.abs(sample.vector - extractor.extract(source).vector).max() < 1e-5
        assert sample.aligned.shape == (150, 150, 3)


def test_without_dlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingExtraError, match=r"twofold\[dlib\]"):
        FaceExtractor("dlib")
