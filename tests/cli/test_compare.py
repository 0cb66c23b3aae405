"""`twofold compare` as it is typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import refused, twofold
from twofold import thresholds
from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic import draw_iris, make_person
from twofold.face.extraction import FaceExtractor
from twofold.thresholds import Threshold, Thresholds, ThresholdSource, save


def put(path: Path, pixels: Any) -> Path:
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two faces of one synthetic person, one of another; two pictures of an eye, one of another."""
    root = tmp_path_factory.mktemp("compare")
    for subject, sample in ((0, 0), (0, 1), (1, 0)):
        put(root / f"face{subject}-{sample}.png", rendered_face(subject, sample))
    for subject, sample in ((0, 0), (0, 1), (1, 0)):
        eye, _, _ = draw_iris(
            make_person(3, subject), 3, subject, sample, size=(240, 320), light="nir"
        )
        put(root / f"eye{subject}-{sample}.png", eye)
    put(root / "black.png", np.zeros((100, 100), np.uint8))
    return root


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Thresholds as a benchmark writes them, for the face model that is there."""
    source = ThresholdSource("made up", "d1", 40, 400, 0, 1800, 78000, "2026-01-02", "twofold ...")
    at = (Threshold(1e-2, 0.52, 0.0, 0.0, 0.01), Threshold(1e-3, 0.55, 0.02, 0.0, 0.04))
    made = Thresholds("face", "sface", FaceExtractor().contract, at, source)
    save(tmp_path / "own.json", made)
    return tmp_path / "own.json"


def test_faces_get_a_score_and_a_verdict_with_its_source(pictures: Path, own: Path) -> None:
    one = (pictures / "face0-0.png", pictures / "face0-1.png", "--thresholds", own)
    told = twofold("compare", *one)
    assert told.code == 0, told
    assert told.out.startswith("Faces: score 0.")
    assert "At FMR 0.001: MATCH (score ≥ threshold 0.5500; at this threshold 2 %" in told.out
    assert "made up: 40 subjects, 1,800 mated and 78,000 non-mated comparisons" in told.out
    other = twofold("compare", one[0], pictures / "face1-0.png", *one[2:], "--fmr", "0.01")
    assert "At FMR 0.01: NO MATCH (score < threshold 0.5200" in other.out
    refused(twofold("compare", *one, "--fmr", "1e-5"), "FMR 1e-05", "there are 0.01, 0.001")


def test_irises_say_bits_and_rotation(pictures: Path) -> None:
    same = twofold("compare", pictures / "eye0-0.png", pictures / "eye0-1.png")
    other = twofold("compare", pictures / "eye0-0.png", pictures / "eye1-0.png")
    assert (same.code, other.code) == (0, 0), (same, other)
    for told in (same, other):
        assert "bits compared" in told.out and "degrees" in told.out
    scores = [float(told.out.split("score ")[1].split()[0]) for told in (same, other)]
    assert scores[0] > scores[1] + 0.1


def test_without_a_measured_threshold_there_is_no_verdict(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thresholds, "shipped", lambda *named: None)
    told = twofold("compare", pictures / "face0-0.png", pictures / "face0-1.png")
    assert told.code == 0
    assert "No verdict: no threshold was measured for sface" in told.out
    assert "MATCH" not in told.out


def test_what_cannot_be_compared_is_refused_in_one_line(
    pictures: Path, own: Path, tmp_path: Path
) -> None:
    face, eye, black = (pictures / f"{name}.png" for name in ("face0-0", "eye0-0", "black"))
    refused(twofold("compare", face, eye), "shows a face", "an eye", "--modality")
    refused(twofold("compare", face, black, "--modality", "face"), "black.png", "no face")
    refused(twofold("compare", black, black), "black.png")
    refused(twofold("compare", face, tmp_path / "gone.png"), "gone.png", "cannot be read")
    refused(twofold("compare", face, face, "--fmr", "2"), "--fmr 2")
    refused(twofold("compare", face, face, "--model", "nobody"), "nobody")
    refused(twofold("compare", eye, eye, "--modality", "iris", "--model", "sface"), "--model sface")
    refused(twofold("compare", eye, eye, "--thresholds", own), "holds no threshold of iris")
    refused(twofold("compare", face, face, "--thresholds", tmp_path / "no.json"), "no.json")
