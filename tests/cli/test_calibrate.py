"""`twofold calibrate` as it is typed."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli import terminal
from twofold.fusion.cost import cllr, min_cllr
from twofold.fusion.decision import Policy
from twofold.fusion.model import load


def twofold(*arguments: object) -> str:
    """What a command that succeeds prints."""
    told = terminal.twofold(*arguments)
    assert told.code == 0, told
    return " ".join(told.out.split())


def refused(*arguments: object) -> str:
    """The one line of a command that fails."""
    told = terminal.twofold(*arguments)
    terminal.refused(told)
    return told.err


CONTRACT = {"face": "fa" * 32, "iris": "1e" * 32}


def write_scores(
    folder: Path,
    modality: str | None,
    *,
    apart: float = 5.0,
    seed: int = 0,
    quality: bool = False,
    synthetic: bool = False,
) -> Path:
    """Scores of 30 people with 4 samples each, and metrics.json where the modality is told."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = np.random.default_rng(seed)
    names = [f"s{subject}/{sample}.png" for subject in range(30) for sample in range(4)]
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["reference", "probe", "mated", "score"] + ["quality"] * quality)
        for first, one in enumerate(names):
            for second in range(first + 1, len(names)):
                mated = first // 4 == second // 4
                score = drawn.normal() + apart * mated
                more = [f"{drawn.uniform(0, 100):.1f}"] if quality else []
                writer.writerow([one, names[second], int(mated), f"{score:.6f}", *more])
    if modality:
        metrics = {
            "modality": modality,
            "synthetic": synthetic,
            "dataset": {"name": f"set-{modality}", "digest": "d" * 64, "subjects": 30,
                        "samples": 120},
            "model": {"contract": CONTRACT[modality]},
            "counts": {"failed": 2},
        }  # fmt: skip
        (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder / "scores.csv"


def test_a_calibration_with_its_cost_and_its_card(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "run", "iris")
    told = twofold("calibrate", scores, "--out", tmp_path / "fusion.json", "--light", "nir")
    model = load(tmp_path / "fusion.json")
    (one,) = model.calibrations
    assert (one.modality, one.light, one.contract) == ("iris", "nir", CONTRACT["iris"])
    (source,) = one.card.sources
    assert (source.data, source.digest, source.subjects) == ("set-iris", "d" * 64, 30)
    assert (source.mated, source.non_mated, source.failed) == (180, 6960, 2)
    assert source.command == "twofold calibrate scores.csv --light nir"
    rows = list(csv.DictReader(scores.open()))
    llr = one.llr([float(row["score"]) for row in rows])
    mated = [row["mated"] == "1" for row in rows]
    assert one.card.cllr == pytest.approx(cllr(llr, mated))
    assert one.card.min_cllr == pytest.approx(min_cllr(llr, mated))
    for figure in (f"{one.card.cllr:.4f}", f"{one.card.min_cllr:.4f}", "4.3e-04", "6,960"):
        assert figure in told
    assert "FMR 0.001 from" in told and "FMR 0.0001" not in told
    assert "on other people" in told and "SYNTHETIC" not in told


def test_a_face_and_an_iris_together_give_fused_thresholds(tmp_path: Path) -> None:
    face = write_scores(tmp_path / "face", "face", seed=1)
    iris = write_scores(tmp_path / "iris", "iris", seed=2)
    out = tmp_path / "fusion.json"
    told = twofold("calibrate", face, iris, "--out", out, "--light", "visible")
    model = load(out)
    assert [(one.combination, one.light) for one in model.thresholds] == [
        ("face", None),
        ("iris", "visible"),
        ("face+iris", "visible"),
    ]
    assert "Matches of face+iris" in told
    fused = model.thresholds[2]
    assert fused.non_mated == 6960 and "20 chimeric pairings" in str(fused)
    assert fused.at(1e-3).fnmr <= min(one.at(1e-3).fnmr for one in model.thresholds[:2])
    both = [model.evidence("face", 5.0), model.evidence("iris", 5.0, light="visible")]
    assert model.decide(both, Policy(1e-3)).match


def test_quality_is_used_where_the_file_has_it(tmp_path: Path) -> None:
    scores = write_scores(tmp_path, "face", quality=True)
    twofold("calibrate", scores, "--out", tmp_path / "fusion.json")
    curve = load(tmp_path / "fusion.json").calibrations[0].curve
    assert 40 < getattr(curve, "quality", 0) < 60, "the median of the file"


def test_without_metrics_the_options_say_it(tmp_path: Path) -> None:
    scores = write_scores(tmp_path, None)
    out = ("--out", tmp_path / "fusion.json")
    assert "--modality" in refused("calibrate", scores, *out)
    assert "--contract" in refused("calibrate", scores, *out, "--modality", "face")
    twofold("calibrate", scores, *out, "--modality", "face", "--contract", "abc", "--method",
            "isotonic")  # fmt: skip
    (one,) = load(tmp_path / "fusion.json").calibrations
    assert (one.contract, one.method) == ("abc", "isotonic")
    assert one.card.sources[0].data == "scores.csv"
    elsewhere = write_scores(tmp_path / "other", "iris").with_name("metrics.json")
    twofold("calibrate", scores, *out, "--metrics", elsewhere)
    assert load(tmp_path / "fusion.json").calibrations[0].contract == CONTRACT["iris"]


def test_made_up_people_are_refused_unless_wanted(tmp_path: Path) -> None:
    scores = write_scores(tmp_path, "face", synthetic=True)
    out = tmp_path / "fusion.json"
    assert "synthetic" in refused("calibrate", scores, "--out", out)
    assert not out.exists()
    assert "SYNTHETIC" in twofold("calibrate", scores, "--out", out, "--allow-synthetic")
    model = load(out)
    assert model.calibrations[0].card.synthetic
    told = model.decide([model.evidence("face", 5.0)], Policy(1e-2))
    assert "SYNTHETIC" in told.threshold_source


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    face = write_scores(tmp_path / "face", "face")
    out = ("--out", tmp_path / "fusion.json")
    assert "faces have none" in refused("calibrate", face, *out, "--light", "nir")
    assert "one of each modality" in refused("calibrate", face, face, *out)
    assert "for one file" in refused("calibrate", face, face, *out, "--modality", "face")
    assert "cannot be read" in refused("calibrate", face, *out, "--metrics", tmp_path / "no.json")
    assert "cannot be read" in refused("calibrate", tmp_path / "no.csv", *out, "--modality",
                                       "face", "--contract", "c")  # fmt: skip
    face.with_name("metrics.json").write_text("{")
    assert "no JSON" in refused("calibrate", face, *out)
    face.with_name("metrics.json").write_text("[]")
    assert "not the figures of a benchmark" in refused("calibrate", face, *out)


@pytest.mark.parametrize("quality", ["good", "101", "-1", "inf"])
def test_a_wrong_quality_is_refused(tmp_path: Path, quality: str) -> None:
    (tmp_path / "scores.csv").write_text(
        f"reference,probe,mated,score,quality\na,b,1,0.9,50\na,c,0,0.1,{quality}\n"
    )
    told = refused("calibrate", tmp_path / "scores.csv", "--out", tmp_path / "f.json",
                   "--modality", "face", "--contract", "c")  # fmt: skip
    assert f"quality '{quality}'" in told or f"quality {quality}" in told


def test_one_kind_of_comparison_calibrates_nothing(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("reference,probe,mated,score\na,b,1,0.9\na,c,1,0.8\n")
    told = refused("calibrate", tmp_path / "scores.csv", "--out", tmp_path / "f.json",
                   "--modality", "face", "--contract", "c")  # fmt: skip
    assert "2 mated and 0 non-mated comparisons" in told
