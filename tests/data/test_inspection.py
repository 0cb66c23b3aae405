"""Looking into datasets: every fault is found, named, and nothing is invented."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from twofold.cli.inspect import inspect_command, render_problems
from twofold.data.dataset import Problem
from twofold.data.inspection import (
    Inspection,
    contents,
    dataset_digest,
    inspect_dataset,
    without_bad,
)
from twofold.data.layouts import read_dataset
from twofold.errors import DatasetError, TwofoldError


def picture(seed: int, size: tuple[int, int], mode: str = "L") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def face(seed: int) -> Image.Image:
    return picture(seed, (12, 15))


def iris(seed: int) -> Image.Image:
    return picture(10_000 + seed, (24, 18), "RGB")


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Six subjects with three pairs each, all different."""
    root = tmp_path / "04_set"
    root.mkdir()
    for subject in range(6):
        for k in range(3):
            face(10 * subject + k).save(root / f"{subject}_{k}.BMP")
            iris(10 * subject + k).save(root / f"{subject}_{k}.png")
    return root


def look(root: Path) -> Inspection:
    return inspect_dataset(read_dataset(root))


def found(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.file.name if problem.file else "") for problem in problems]


def test_a_sound_dataset(flat: Path) -> None:
    calls: list[tuple[int, int]] = []
    inspection = inspect_dataset(read_dataset(flat), lambda done, all: calls.append((done, all)))
    assert inspection.problems == ()
    assert calls == [(done, 36) for done in range(1, 37)]
    told = inspection.as_dict()
    assert (told["pairs"], told["subjects"]) == (18, 6)
    assert told["pairs_per_subject"] == {"min": 3, "max": 3}
    assert told["face"] == {
        "files": 18,
        "sizes": {"12x15": 18},
        "modes": {"L": 18},
        "formats": {"BMP": 18},
    }
    assert told["iris"]["modes"] == {"RGB": 18}
    json.dumps(told)


@pytest.mark.parametrize("name", ["chimera64", "seed16"])
@pytest.mark.parametrize("part", ["04_multimodal_training", "04_multimodal_test"])
def test_no_false_alarm_on_the_real_sets(real_data: Path, name: str, part: str) -> None:
    assert look(real_data / name / part).problems == ()


def test_no_false_alarm_on_synthetic_people(synthetic_people: Path) -> None:
    sets = [folder for folder in sorted(synthetic_people.iterdir()) if folder.is_dir()]
    assert len(sets) == 2
    for folder in sets:
        assert look(folder).errors == ()


def sixteen_bit(path: Path) -> None:
    Image.fromarray(np.full((18, 24), 40_000, np.uint16)).save(path, "PNG")


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.png")


BAD: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "zero bytes": ("empty", "empty (0 bytes)", lambda p: p.write_bytes(b"")),
    "text": ("unreadable", "not a picture", lambda p: p.write_text("not a picture at all")),
    "truncated": ("truncated", "truncated", lambda p: p.write_bytes(p.read_bytes()[:400])),
    "16-bit": ("unreadable", "more than 8 bits", sixteen_bit),
    "alpha": ("unreadable", "alpha", lambda p: iris(1).convert("RGBA").save(p, "PNG")),
    "CMYK": ("unreadable", "CMYK", lambda p: iris(1).convert("CMYK").save(p, "JPEG")),
    "other format": ("format", "its content is JPEG", lambda p: iris(77).save(p, "JPEG")),
    "dangling link": (
        "unreadable",
        "cannot be read",
        dangling_link,
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_pictures_are_named_and_can_be_left_out(flat: Path, fault: str) -> None:
    kind, words, spoil = BAD[fault]
    bad = flat / "2_1.png"
    spoil(bad)
    dataset = read_dataset(flat)
    inspection = inspect_dataset(dataset)
    assert found(inspection.errors) == [(kind, "2_1.png")]
    message = inspection.errors[0].message
    assert words in message and str(flat) not in message and "\n" not in message

    kept, left_out = without_bad(dataset, inspection)
    assert [pair.name for pair in kept.pairs] == [
        pair.name for pair in dataset.pairs if pair.name != "2_1"
    ]
    assert [(one.file, one.reason, one.pair) for one in left_out] == [(bad, message, "2_1")]
    assert len(contents(kept, inspection)) == len(kept.pairs)
    if kind != "format":
        with pytest.raises(DatasetError, match=r"2_1\.png"):
            contents(dataset, inspection)


def test_swapped_extensions(flat: Path) -> None:
    a, b = flat / "1_1.BMP", flat / "1_1.png"
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    kinds = found(look(flat).errors)
    assert ("format", "1_1.BMP") in kinds and ("format", "1_1.png") in kinds


def test_modalities_changed_over_and_saved_in_the_right_format(flat: Path) -> None:
    for subject in range(6, 10):
        for k in range(3):
            face(10 * subject + k).save(flat / f"{subject}_{k}.BMP")
            iris(10 * subject + k).save(flat / f"{subject}_{k}.png")
    iris(500).save(flat / "4_0.BMP")
    face(500).save(flat / "4_0.png")
    assert found(look(flat).errors) == [("swapped", "4_0.BMP"), ("swapped", "4_0.png")]


def test_a_duplicate_within_a_subject_is_a_warning(flat: Path) -> None:
    face(0).save(flat / "0_1.BMP")
    inspection = look(flat)
    assert inspection.errors == ()
    assert found(inspection.warnings) == [("duplicate", "0_1.BMP")]
    assert "the same content as 0_0.BMP" in inspection.warnings[0].message


def test_a_duplicate_across_subjects_is_a_suspicious_label(flat: Path) -> None:
    iris(0).save(flat / "3_1.png")
    inspection = look(flat)
    assert found(inspection.errors) == [("label", "0_0.png"), ("label", "3_1.png")]
    assert "the same content as 3_1.png of subject 3" in inspection.errors[0].message
    kept, left_out = without_bad(read_dataset(flat), inspection)
    assert len(kept.pairs) == 16 and {one.pair for one in left_out} == {"0_0", "3_1"}


def test_one_picture_as_face_and_iris(flat: Path) -> None:
    face(0).save(flat / "0_0.png")
    duplicates = [one for one in look(flat).errors if one.kind == "duplicate"]
    assert found(tuple(duplicates)) == [("duplicate", "0_0.BMP"), ("duplicate", "0_0.png")]
    assert "saved anew" in duplicates[0].message


def test_the_same_pixels_in_another_format_count_as_the_same(tmp_path: Path) -> None:
    for subject in ("a", "b"):
        for k in range(2):
            for modality, make in (("face", face), ("iris", iris)):
                folder = tmp_path / subject / modality
                folder.mkdir(parents=True, exist_ok=True)
                make(ord(subject) + 10 * k).save(folder / f"{k}.png")
    face(ord("a")).convert("RGB").save(tmp_path / "a" / "face" / "1.png", compress_level=1)
    dataset = read_dataset(tmp_path)
    inspection = inspect_dataset(dataset)
    assert found(inspection.warnings) == [("duplicate", "1.png")]
    assert "saved anew, as a/face/0.png" in inspection.warnings[0].message
    both = contents(dataset, inspection)
    assert both[0][0] == both[1][0] and both[0][1] != both[1][1]


def test_a_face_paired_with_both_eyes_is_no_duplicate(tmp_path: Path) -> None:
    for subject in ("a", "b"):
        for k, folder in enumerate(("face", "iris/left", "iris/right")):
            (tmp_path / subject / folder).mkdir(parents=True)
            picture(ord(subject) + 10 * k, (20, 20)).save(tmp_path / subject / folder / "1.png")
    assert look(tmp_path).problems == ()


def test_counts_that_stand_out(flat: Path) -> None:
    for subject in range(6, 12):
        for k in range(3):
            face(10 * subject + k).save(flat / f"{subject}_{k}.BMP")
            iris(10 * subject + k).save(flat / f"{subject}_{k}.png")
    face(900).save(flat / "5_7.BMP")
    iris(900).save(flat / "5_7.png")
    inspection = look(flat)
    assert found(inspection.problems) == [("label", "5_0.BMP")]
    assert "Subject 5 has 4 pairs" in inspection.warnings[0].message


def test_single_pairs_and_one_subject(tmp_path: Path) -> None:
    face(1).save(tmp_path / "7_0.BMP")
    iris(1).save(tmp_path / "7_0.png")
    inspection = look(tmp_path)
    assert inspection.errors == ()
    assert found(inspection.warnings) == [("label", ""), ("single", "7_0.BMP")]


def test_a_file_named_after_another_subject(tmp_path: Path) -> None:
    for subject in ("anna", "bo", "cy", "dee", "eve"):
        for k in range(3):
            for modality, make in (("face", face), ("iris", iris)):
                folder = tmp_path / subject / modality
                folder.mkdir(parents=True, exist_ok=True)
                make(10 * ord(subject[0]) + k).save(folder / f"{subject}_{k}.png")
    assert look(tmp_path).problems == ()
    for modality in ("face", "iris"):
        wrong = tmp_path / "anna" / modality / "anna_1.png"
        wrong.rename(wrong.with_name("bo_9.png"))
    inspection = look(tmp_path)
    assert found(inspection.problems) == [("label", "bo_9.png")] * 2
    assert "labelled anna: it is named after subject bo" in inspection.warnings[0].message


def test_nothing_is_left_without_bad(tmp_path: Path) -> None:
    (tmp_path / "7_0.BMP").touch()
    (tmp_path / "7_0.png").touch()
    dataset = read_dataset(tmp_path)
    with pytest.raises(DatasetError, match="no pair is left"):
        without_bad(dataset, inspect_dataset(dataset))


def test_faults_of_names_are_left_out_too(flat: Path) -> None:
    (flat / "1_1.png").unlink()
    dataset = read_dataset(flat)
    kept, left_out = without_bad(dataset, inspect_dataset(dataset))
    assert [(one.file.name, one.pair) for one in left_out] == [("1_1.BMP", None)]
    assert len(kept.pairs) == 17 and not inspect_dataset(kept).errors


def test_the_digest_tells_datasets_apart(flat: Path) -> None:
    def digest() -> str:
        dataset = read_dataset(flat)
        return dataset_digest(dataset, inspect_dataset(dataset))

    first = digest()
    assert len(first) == 64 and first == digest()
    face(999).save(flat / "0_0.BMP")
    changed = digest()
    assert changed != first
    for suffix in (".BMP", ".png"):
        (flat / f"0_2{suffix}").rename(flat / f"1_5{suffix}")
    assert digest() not in (first, changed)


# the command


def run(*arguments: object) -> tuple[int, str, BaseException | None]:
    app = typer.Typer()
    app.command("inspect")(inspect_command)
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.output, result.exception


def test_the_command_on_a_sound_dataset(flat: Path, tmp_path: Path) -> None:
    sheet, findings = tmp_path / "new" / "sheet.png", tmp_path / "found.json"
    code, output, _ = run(flat, "--out", sheet, "--json", findings, "--people", 2)
    assert code == 0
    assert "No problems found" in output and "6 subjects with 3 pairs each" in output
    assert Image.open(sheet).size[0] > 300
    assert json.loads(findings.read_text(encoding="utf-8"))["pairs"] == 18


def test_the_command_lists_every_problem_and_fails(flat: Path) -> None:
    (flat / "1_1.png").write_bytes(b"")
    (flat / "3_0.BMP").unlink()
    (flat / "[red]notes.txt").touch()
    code, output, _ = run(flat, "--layout", "flat")
    assert code == 1
    for words in ("2 errors", "1_1.png: empty", "3_0.png: an iris without", "[red]notes.txt"):
        assert words in output


def test_the_command_without_a_single_pair(tmp_path: Path) -> None:
    (tmp_path / "1_0.BMP").touch()
    (tmp_path / "1_1.png").touch()
    (tmp_path / "1_2.png").touch()
    code, output, _ = run(tmp_path, "--out", tmp_path / "sheet.png")
    assert code == 1 and "No contact sheet" in output
    assert not (tmp_path / "sheet.png").exists()


def test_the_command_refuses_before_it_works(flat: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments in (
        (flat, "--out", tmp_path / "sheet.pdf"),
        (flat, "--out", tmp_path / "file" / "sheet.png"),
        (tmp_path / "missing",),
    ):
        code, _, error = run(*arguments)
        assert code == 1 and isinstance(error, TwofoldError)
        assert "\n" not in str(error)


def test_warnings_can_be_counted_instead_of_printed(flat: Path) -> None:
    for k in range(1, 3):
        face(0).save(flat / f"0_{k}.BMP")
    console = Console(record=True, width=200)
    render_problems(console, look(flat), most_warnings=1)
    text = console.export_text()
    assert "0_1.BMP" in text and "0_2.BMP" not in text and "and 1 more" in text
