"""`twofold evaluate-scores` as it is typed."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import files_in, refused, twofold

OUTPUT = {"metrics.json", "det.png", "roc.png", "scores.png"}


def four_columns(path: Path, apart: float, seed: int, people: range, sign: int = 1) -> Path:
    """Everybody's second and third picture against everybody's first."""
    rng = np.random.default_rng(seed)
    lines = [
        f"s{a} s{b} s{b}/{k} {sign * (rng.normal() + apart * (a == b)):.6f}"
        for a in people
        for b in people
        for k in (2, 3)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    four_columns(tmp_path / "strong.txt", 4, 1, range(40))
    four_columns(tmp_path / "weak.txt", 2, 2, range(40))
    return tmp_path


def test_two_systems_on_one_det(folder: Path) -> None:
    told = twofold(
        "evaluate-scores", folder / "strong.txt", folder / "weak.txt", "--out", folder / "out"
    )
    assert told.code == 0, told
    assert "strong" in told.out and "weak" in told.out and "EER" in told.out
    assert "subjects resampled" in told.out and "not supported" in told.out
    assert {path.name for path in files_in(folder / "out")} == OUTPUT
    for name in OUTPUT - {"metrics.json"}:
        with Image.open(folder / "out" / name) as picture:
            assert min(picture.size) > 300
    metrics = json.loads((folder / "out" / "metrics.json").read_text())
    assert metrics["version"] == 1
    assert metrics["command"] == "twofold evaluate-scores strong.txt weak.txt"
    strong, weak = metrics["systems"]
    assert strong["name"] == "strong" and len(strong["sha256"]) == 64
    assert strong["counts"] == {
        "subjects": 40, "mated": 80, "mated_failed": 0, "non_mated": 3120, "non_mated_failed": 0,
    }  # fmt: skip
    assert strong["eer"]["high"] < weak["eer"]["low"]
    assert weak["eer"]["low"] < 0.1587 < weak["eer"]["high"]
    assert weak["eer"]["fvc_low"] <= weak["eer"]["fvc_high"]
    assert weak["d_prime"]["low"] < 2 < weak["d_prime"]["high"]
    assert list(weak["fnmr_at_fmr"]) == ["0.1", "0.01", "0.001", "0.0001"]
    assert "support no FMR below 0.00096" in weak["fnmr_at_fmr"]["0.0001"]["refused"]
    assert len(weak["det"]["fmr"]) == len(weak["det"]["high"]) > 20
    assert "cllr_bits" not in weak and 0 < weak["min_cllr_bits"]["value"] < 1


def test_a_full_table_gives_ranks_and_open_set_rates(folder: Path) -> None:
    rng = np.random.default_rng(4)
    lines = [
        f"s{a} s{b} s{b}/{k} {rng.normal() + 5 * (a == b):.6f}"
        for a in range(30)
        for b in range(60)  # half of the probes have no reference
        for k in (2, 3)
    ]
    (folder / "open.txt").write_text("\n".join([*lines[:-1], lines[-1].rsplit(" ", 1)[0] + " nan"]))
    told = twofold("evaluate-scores", folder / "open.txt", folder / "weak.txt", "--out", folder)
    assert told.code == 0, told
    assert "Rank 1" in told.out and "FNIR at FPIR 10 %" in told.out
    first, second = json.loads((folder / "metrics.json").read_text())["systems"]
    found = first["identification"]
    assert (found["probes"], found["unmated_probes"], found["candidates"]) == (60, 60, 30)
    assert 0.8 < found["cmc"]["rate"][0] <= found["cmc"]["rate"][4] <= 1
    assert found["open_set"]["fnir_at_fpir"]["0.1"]["fpir"] <= 0.1
    assert "60 unmated probes" in found["open_set"]["fnir_at_fpir"]["0.001"]["refused"]
    assert "open_set" not in second["identification"]


def test_distances_give_the_same_figures_turned_round(folder: Path) -> None:
    turned = four_columns(folder / "turned.txt", 2, 2, range(40), sign=-1)
    assert twofold("evaluate-scores", folder / "weak.txt", "--out", folder / "a").code == 0
    assert twofold("evaluate-scores", turned, "--distance", "--out", folder / "b").code == 0
    (one,), (other,) = (
        json.loads((folder / name / "metrics.json").read_text())["systems"] for name in "ab"
    )
    assert other["direction"] == "lower means more alike"
    assert one["eer"]["value"] == other["eer"]["value"]
    assert one["eer"]["threshold"] == -other["eer"]["threshold"]
    for point, twin in zip(one["fnmr_at_fmr"].values(), other["fnmr_at_fmr"].values(), strict=True):
        assert point["value"] == twin["value"]
        if point["threshold"] is not None:
            assert point["threshold"] == pytest.approx(-twin["threshold"])


def test_lists_say_that_comparisons_were_resampled(folder: Path) -> None:
    rng = np.random.default_rng(3)
    for name, middle, number in (("g.txt", 3, 200), ("i.txt", 0, 900)):
        scores = rng.normal(middle, 1, number)
        (folder / name).write_text("".join(f"{score}\n" for score in scores))
    told = twofold(
        "evaluate-scores", folder / "weak.txt", "--genuine", folder / "g.txt",
        "--impostor", folder / "i.txt", "--name", "columns", "--name", "lists",
        "--out", folder / "out", "--llr",
    )  # fmt: skip
    assert told.code == 0, told
    assert "single comparisons resampled" in told.out and "too narrow" in told.out
    assert "not told" in told.out and "Cllr, bits" in told.out
    columns, lists = json.loads((folder / "out" / "metrics.json").read_text())["systems"]
    assert (columns["name"], lists["name"]) == ("columns", "lists")
    assert lists["counts"]["subjects"] is None
    assert lists["cllr_bits"]["value"] >= lists["min_cllr_bits"]["value"]


def test_development_thresholds_are_applied_unchanged(folder: Path) -> None:
    prior = four_columns(folder / "prior.txt", 2, 9, range(40, 80))
    told = twofold(
        "evaluate-scores", folder / "weak.txt", "--development", prior, "--out", folder / "out"
    )
    assert told.code == 0, told
    assert "at development's threshold" in " ".join(told.out.split())
    (system,) = json.loads((folder / "out" / "metrics.json").read_text())["systems"]
    for fmr, applied in system["at_thresholds_of_development"].items():
        assert applied["threshold"] == system["development"]["fnmr_at_fmr"][fmr]["threshold"]
        assert applied["fmr"]["low"] <= applied["fmr"]["value"] <= applied["fmr"]["high"]
    same = four_columns(folder / "same.txt", 2, 9, range(39, 80))
    refused(
        twofold("evaluate-scores", folder / "weak.txt", "--development", same, "--out", folder),
        "weak", "s39", "Keep people apart",
    )  # fmt: skip


def test_a_manifest_names_subjects_and_groups(folder: Path) -> None:
    rng = np.random.default_rng(6)
    names = [f"{s}/{k}.png" for s in range(30) for k in range(3)]
    lines = ["reference,probe,mated,score"]
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            mated = a.split("/")[0] == b.split("/")[0]
            lines.append(f"{a},{b},{mated:d},{rng.normal() + 3 * mated:.5f}")
    (folder / "scores.csv").write_text("\n".join(lines) + "\n")
    rows = [f"{n.split('/')[0]},{n},{'fm'[int(n.split('/')[0]) % 2]}" for n in names]
    (folder / "manifest.csv").write_text("subject,path,sex\n" + "\n".join(rows) + "\n")
    told = twofold(
        "evaluate-scores", folder / "scores.csv", "--manifest", folder / "manifest.csv",
        "--by", "sex", "--out", folder / "out",
    )  # fmt: skip
    assert told.code == 0, told
    assert "worst to best" in told.out and "across" in told.out
    (system,) = json.loads((folder / "out" / "metrics.json").read_text())["systems"]
    assert system["interval"] == "95 %, subjects resampled"
    assert [group["name"] for group in system["subgroups"]["groups"]] == ["f", "m"]
    assert system["subgroups"]["groups"][0]["subjects"] == 15
    assert system["subgroups"]["ratios"]["fnmr"]["worst"] in ("f", "m")


def test_the_benchmarks_scores_give_the_benchmarks_rates(folder: Path) -> None:
    """What `benchmark` writes is read back: the same EER, and intervals by the same people."""
    from twofold.data.rendered_faces import rendered_face

    root = folder / "faces"
    for subject in range(6):
        (root / str(subject)).mkdir(parents=True)
        for sample in range(3):
            picture = Image.fromarray(rendered_face(subject, sample))
            picture.save(root / str(subject) / f"{sample}.png")
    Image.fromarray(np.zeros((112, 92), np.uint8)).save(root / "5" / "2.png")  # no face
    made = twofold("benchmark", "face", root, "--out", folder / "bench", "--jobs", 1)
    assert made.code == 0, made
    told = twofold("evaluate-scores", folder / "bench" / "scores.csv", "--out", folder / "out")
    assert told.code == 0, told
    assert "linked samples" not in told.out and "mated comparisons link" in told.out
    benchmark = json.loads((folder / "bench" / "metrics.json").read_text())
    (system,) = json.loads((folder / "out" / "metrics.json").read_text())["systems"]
    assert system["counts"]["mated_failed"] == benchmark["counts"]["mated_failed"] == 2
    assert system["counts"]["non_mated"] == benchmark["counts"]["non_mated"]
    assert system["eer"]["value"] == pytest.approx(benchmark["eer"]["value"])
    assert system["eer"]["high"] == pytest.approx(benchmark["eer"]["high"])
    assert system["fnmr_at_fmr"]["0.1"]["threshold"] == pytest.approx(
        benchmark["fnmr_at_fmr"]["0.1"]["threshold"]
    )


def test_bad_input_is_one_line(folder: Path) -> None:
    out = ("--out", folder / "out")
    weak = folder / "weak.txt"
    refused(twofold("evaluate-scores", *out), "no scores")
    refused(twofold("evaluate-scores", folder / "gone", *out), "gone", "Check the path")
    refused(twofold("evaluate-scores", weak, "--by", "sex", *out), "--by sex", "--manifest")
    refused(twofold("evaluate-scores", weak, "--genuine", weak, *out), "--impostor 0 times")
    refused(twofold("evaluate-scores", weak, "--name", "a", "--name", "b", *out), "2 names for 1")
    refused(twofold("evaluate-scores", weak, "--llr", "--distance", *out), "no distances")
    refused(twofold("evaluate-scores", *[weak] * 9, *out), "9 systems")
    refused(
        twofold("evaluate-scores", weak, weak, "--development", weak, *out),
        "--development: given 1",
    )
    only = folder / "only.txt"
    only.write_text("a a x 1\nb b y 2\n")
    refused(twofold("evaluate-scores", only, *out), "only", "all comparisons are mated")
    assert not (folder / "out" / "metrics.json").exists()
