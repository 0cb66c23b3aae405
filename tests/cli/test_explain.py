"""`twofold explain` as it is typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import files_in, refused, twofold
from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic import draw_iris, make_person


def put(path: Path, pixels: Any) -> Path:
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two faces and two pictures of an eye, all of synthetic people."""
    root = tmp_path_factory.mktemp("explain")
    for sample in range(2):
        put(root / f"face{sample}.png", rendered_face(0, sample))
        eye, _, _ = draw_iris(make_person(3, 0), 3, 0, sample, size=(240, 320), light="nir")
        put(root / f"eye{sample}.png", eye)
    return root


def drawn(folder: Path) -> list[str]:
    for path in files_in(folder):
        with Image.open(path) as picture:
            assert picture.mode == "RGB" and min(picture.size) >= 32, path
            assert np.asarray(picture).std() > 5, path  # something is drawn
    return sorted(path.name for path in files_in(folder))


def test_a_face_step_by_step(pictures: Path, tmp_path: Path) -> None:
    told = twofold("explain", pictures / "face0.png", "--out", tmp_path / "out")
    assert told.code == 0, told
    assert drawn(tmp_path / "out") == ["1-detection.png", "2-aligned.png", "3-quality.png"]
    assert "quality" in told.out and "1-detection.png" in told.out


def test_two_faces_and_how_alike_they_are(pictures: Path, tmp_path: Path) -> None:
    told = twofold("explain", pictures / "face0.png", pictures / "face1.png", "--out", tmp_path)
    assert told.code == 0, told
    assert "Faces: score 0." in told.out
    assert [name[:2] for name in drawn(tmp_path)] == ["A-"] * 3 + ["B-"] * 3


def test_an_eye_step_by_step(pictures: Path, tmp_path: Path) -> None:
    told = twofold("explain", pictures / "eye0.png", "--out", tmp_path)
    assert told.code == 0, told
    assert len(drawn(tmp_path)) >= 4  # boundaries, mask, strip, code


def test_two_eyes_and_the_agreement_of_their_bits(pictures: Path, tmp_path: Path) -> None:
    told = twofold("explain", pictures / "eye0.png", pictures / "eye1.png", "--out", tmp_path)
    assert told.code == 0, told
    assert "bits compared" in told.out and "degrees" in told.out
    names = drawn(tmp_path)
    assert any(name.startswith("AB-") for name in names)
    assert sum(name.startswith("A-") for name in names) >= 4


def test_what_cannot_be_explained_is_one_line(pictures: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    refused(twofold("explain", pictures / "gone.png", *out), "gone.png")
    refused(twofold("explain", pictures / "face0.png", pictures / "eye0.png", *out), "an eye")
    black = put(tmp_path / "black.png", np.zeros((64, 64), np.uint8))
    refused(twofold("explain", black, *out), "black.png")
    assert not files_in(tmp_path / "out")
