"""`twofold compare` as it is typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import refused, twofold
from tests.recognition import made_up_model
from twofold import thresholds
from twofold.data.rendered_faces import rendered_face
from twofold.data.synthetic import draw_iris, make_person
from twofold.face.extraction import FaceExtractor
from twofold.iris.extraction import IrisExtractor
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


@pytest.fixture(scope="module")
def fusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fusion model made up for the models that are there."""
    path = tmp_path_factory.mktemp("fusion") / "fusion.json"
    made_up_model(FaceExtractor().contract, IrisExtractor().contract).save(path)
    return path


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


def test_two_people_get_their_evidence_and_one_decision(pictures: Path, fusion: Path) -> None:
    face, eye = (
        {name: pictures / f"{kind}{name}.png" for name in ("0-0", "0-1", "1-0")}
        for kind in ("face", "eye")
    )
    same = twofold(
        "compare", "--face", face["0-0"], face["0-1"], "--iris", eye["0-0"], eye["0-1"],
        "--fusion", fusion,
    )  # fmt: skip
    assert same.code == 0, same
    rows = [line for line in same.out.splitlines() if line.startswith("│")]
    assert [row.split()[1] for row in rows] == ["face", "iris", "fused"]
    ratios = [float(row.split()[-2]) for row in rows]
    assert ratios[2] == pytest.approx(sum(ratios[:2]), abs=0.11)
    assert "Match. The faces agree" in same.out and "The irises agree" in same.out
    assert "At FMR 0.001: MATCH (at this" in same.out
    assert "missed on the set below" in same.out
    assert "Threshold measured on SYNTHETIC people, made up" in same.out
    stolen = (
        "compare", "--face", face["0-0"], face["0-1"], "--iris", eye["0-0"], eye["1-0"],
        "--fusion", fusion, "--fmr", "0.1",
    )  # fmt: skip
    denied, flagged = twofold(*stolen), twofold(*stolen, "--contradiction", "flag")
    for told, verdict in ((denied, "NO MATCH"), (flagged, "MATCH")):
        assert "CONTRADICTION: the face strongly matches" in told.out
        assert f"At FMR 0.1: {verdict}, AND THE EVIDENCE CONTRADICTS ITSELF (at" in told.out
    eyes = twofold(
        "compare", "--left", eye["0-0"], eye["0-1"], "--right", eye["1-0"], eye["1-0"],
        "--light", "nir", "--fusion", fusion,
    )  # fmt: skip
    assert "left iris" in eyes.out and "right iris" in eyes.out and ": MATCH" in eyes.out


def test_what_fails_of_a_person_is_told_and_the_rest_decides(pictures: Path, fusion: Path) -> None:
    faces = ("--face", pictures / "face0-0.png", pictures / "face0-1.png", "--fusion", fusion)
    black, eye = pictures / "black.png", pictures / "eye0-0.png"
    told = twofold("compare", *faces, "--iris", eye, black)
    assert told.code == 0, told
    assert f"B: no iris: {black}: " in told.out
    assert "MATCH" in told.out and "fused" not in told.out
    refused(
        twofold("compare", "--face", eye, black, "--iris", eye, black, "--fusion", fusion),
        f"B: {black}: no face", "is blank",
    )  # fmt: skip
    refused(
        twofold("compare", "--left", eye, eye, "--fmr", "1e-9", "--fusion", fusion),
        "FMR 1e-09",
    )


def test_options_that_do_not_fit_together_are_refused(pictures: Path, own: Path) -> None:
    face = pictures / "face0-0.png"
    people = ("compare", "--face", face, face)
    refused(twofold(*people, face, face), "pictures A B")
    refused(twofold(*people, "--thresholds", own), "--thresholds", "--fusion")
    refused(twofold(*people, "--modality", "face"), "--modality")
    refused(twofold(*people, "--light", "nir"), "--light", "--iris")
    refused(twofold(*people, "--fusion", own), "own.json", "fusion model")
    refused(twofold("compare", face, face, "--fusion", own), "--fusion")
    refused(twofold("compare", face, face, "--light", "nir"), "--light")
    refused(twofold("compare", face), "two pictures are needed", "--iris")
    refused(twofold("compare"), "two pictures are needed")
