"""The remaining commands, and what holds for all of them."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.terminal import files_in, finish, refused, start, twofold
from twofold import __version__
from twofold.cli.lazy import imported
from twofold.cli.main import _COMMANDS
from twofold.data.rendered_faces import RENDERED_SUBJECTS, rendered_face
from twofold.data.synthetic.people import RENDERED
from twofold.images import read


def test_version_and_help() -> None:
    assert twofold("--version").out == f"twofold {__version__}\n"
    told = twofold("--help")
    assert told.code == 0
    for command in ("inspect", "train", "evaluate", "predict", "synth", "demo"):
        assert command in told.out
        assert twofold(command, "--help").code == 0


def test_commands_are_imported_when_they_are_run() -> None:
    """Listing them takes no library that a command needs; what is listed is their own help."""
    code = """
import atexit, sys
heavy = ("numpy", "scipy", "sklearn", "matplotlib", "cv2", "numba", "PIL", "keras", "tensorflow")
atexit.register(lambda: print("loaded:", [one for one in heavy if one in sys.modules]))
"""
    told = finish(start("--help", before=code))
    assert told.out.rstrip().endswith("loaded: []")
    for name, words in _COMMANDS.items():
        assert imported(name).help.partition("\n\n")[0].replace("\n", " ") == words, name


def test_the_command_line_starts_without_keras() -> None:
    code = (
        "import sys, twofold.cli.main; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    told = finish(start("--version", before=code))
    assert told.out.splitlines()[0] == "False False"


def test_names_that_the_terminal_cannot_show(people: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "사람.png"
    told = finish(start("inspect", people, "--out", sheet, PYTHONIOENCODING="ascii"))
    assert (told.code, told.err.strip()) == (0, "")
    assert r"\uc0ac\ub78c.png" in told.out
    assert sheet.is_file()


def test_output_that_nobody_reads(people: Path) -> None:
    """`twofold inspect ... | head -0` ends quietly."""
    process = start("inspect", people)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert process.wait() == 1
    process.stderr.close()


def test_synthetic_people(tmp_path: Path) -> None:
    out = tmp_path / "people"
    told = twofold("synth", out, "--subjects", 2, "--samples", 2, "--tests", 1)
    assert told.code == 0, told
    assert len(files_in(out / "04_multimodal_training")) == 8
    assert len(files_in(out / "04_multimodal_test")) == 4
    assert "plainer" not in told.out
    refused(twofold("synth", out, "--subjects", 0), "at least 1")
    refused(twofold("synth", out, "--seed", -1), "seed")
    mine = tmp_path / "mine" / "04_multimodal_training"
    mine.mkdir(parents=True)
    refused(twofold("synth", mine.parent, "--subjects", 2), str(mine), "not made by Twofold")


def test_five_samples_take_every_rendered_face(tmp_path: Path) -> None:
    """As `twofold synth OUT --samples 5`: all labelled, and no plainer face for want of a sixth."""
    told = twofold("synth", tmp_path, "--subjects", 1, "--samples", 5, "--iris-size", "64x48")
    assert told.code == 0, told
    assert "plainer" not in told.out
    assert len(files_in(tmp_path / "04_multimodal_training")) == 10
    assert files_in(tmp_path / "04_multimodal_test") == []
    dealt = np.random.default_rng([1, RENDERED]).permutation(RENDERED_SUBJECTS)
    for sample in range(5):
        drawn = read(tmp_path / "04_multimodal_training" / f"0_{sample}.BMP")
        assert (drawn == read(rendered_face(int(dealt[0]), sample), size=(56, 46))).all()
    told = twofold("synth", tmp_path, "--subjects", 1, "--samples", 6, "--iris-size", "64x48")
    assert "Faces are plainer" in told.out
    assert len(files_in(tmp_path / "04_multimodal_test")) == 2


def test_synthetic_irises_in_infrared_with_truth(tmp_path: Path) -> None:
    told = twofold(
        "synth", tmp_path, "--subjects", 1, "--samples", 4, "--light", "nir", "--eyes", "both",
        "--iris-size", "160x120", "--truth",
    )  # fmt: skip
    assert told.code == 0, told
    assert len(files_in(tmp_path / "truth" / "04_multimodal_training")) == 8
    assert (tmp_path / "manifest.csv").is_file()
    refused(twofold("synth", tmp_path, "--iris-size", "big"), "640x480")


def test_a_folder_that_holds_another_demo(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "demo.json").write_text('{"subjects": 3, "seed": 1}')
    refused(twofold("demo", "--out", tmp_path, "--subjects", 2), str(tmp_path), "other people")


@pytest.mark.slow
def test_the_demo(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    told = twofold("demo", "--out", out, "--subjects", 8)
    assert told.code == 0, told
    assert "This protocol leaks" in told.out
    for name in ("people.png", "answers.csv", "leak-free/report.html", "leaky/report.html"):
        assert (out / name).stat().st_size > 0
    assert "SYNTHETIC people" in told.out
    for way in ("trained network", "matchers"):
        right = re.search(rf"{way}\W+(\d) of 8\W+(\d) of 8\W+(\d) of 8", told.out)
        assert right is not None, way
        assert int(right[3]) >= 7, way
    with (out / "answers.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8
    page = (out / "leak-free" / "report.html").read_text(encoding="utf-8")
    table = page[page.index('id="comparison"') :]
    assert "leaky" in table
    assert ">matchers<" in table
    again = twofold("demo", "--out", out, "--subjects", 8)
    assert again.code == 0, again
    assert "matchers" in again.out


def test_the_installed_script() -> None:
    script = Path(sys.executable).with_name("twofold")
    if not script.exists():
        pytest.skip("the package is not installed here")
    ended = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("twofold ")
