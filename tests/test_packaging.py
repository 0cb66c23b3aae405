"""What is installed: pinned packages without CUDA, and a wheel that is whole."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
PINS = [Requirement(line) for line in LINES if line and not line.lstrip().startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
FORBIDDEN = re.compile(r"nvidia|cuda|cupy|triton|jax-.*plugin", re.IGNORECASE)


def test_every_line_pins_one_version() -> None:
    for pin in PINS:
        assert re.fullmatch(r"==[\w.!+]+", str(pin.specifier)), pin
        assert pin.url is None, pin


def test_every_declared_package_is_pinned_within_its_range() -> None:
    pinned: dict[str, list[Requirement]] = {}
    for pin in PINS:
        pinned.setdefault(canonicalize_name(pin.name), []).append(pin)
    declared = [*PROJECT["dependencies"], *(text for texts in EXTRAS.values() for text in texts)]
    for wanted in map(Requirement, declared):
        pins = pinned.get(canonicalize_name(wanted.name), [])
        assert pins, f"{wanted.name}: run make lock"
        for pin in pins:
            version = str(pin.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{wanted} but {pin}: run make lock"


def test_lock_names_no_index_and_no_folder() -> None:
    text = "\n".join(LINES)
    assert "://" not in text
    assert not re.search(r"^\s*-|\bfile:|(?<![\w.])/\w", text, re.MULTILINE)


def test_lock_holds_no_cuda_package() -> None:
    assert [pin.name for pin in PINS if FORBIDDEN.search(pin.name)] == []


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_linux_gets_the_cpu_build_of_tensorflow(python: str) -> None:
    linux = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    chosen = [pin.name for pin in PINS if pin.marker is None or pin.marker.evaluate(linux)]
    assert "tensorflow-cpu" in chosen
    assert "tensorflow" not in chosen
    assert len(chosen) == len(set(chosen)), "one version of each package"


def test_what_is_installed_holds_no_cuda_package() -> None:
    """Follows what Twofold asks for, so that a user's own packages beside it do not matter."""
    queue = [*PROJECT["dependencies"], *EXTRAS["train"], *EXTRAS["dev"]]
    seen: set[str] = set()
    while queue:
        wanted = Requirement(queue.pop())
        name = canonicalize_name(wanted.name)
        extras = ["", *wanted.extras]
        if name in seen or (
            wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras)
        ):
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed here
        seen.add(name)
        queue += [
            need
            for need in needs
            if (marker := Requirement(need).marker) is None
            or any(marker.evaluate({"extra": extra}) for extra in extras)
        ]
    assert "numpy" in seen
    assert {name for name in seen if FORBIDDEN.search(name)} == set()
    if sys.platform == "linux" and "tensorflow-cpu" in seen:
        assert "tensorflow" not in seen


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, as `pip install .` and the package index would have it."""
    uv = pytest.importorskip("uv", reason="uv is in the extra dev")
    folder = tmp_path_factory.mktemp("wheel")
    command = [uv.find_uv_bin(), "build", "--wheel", "--python", sys.executable]
    if find_spec("hatchling"):
        command.append("--no-build-isolation")
    ended = subprocess.run(
        [*command, "--out-dir", folder, ROOT], capture_output=True, text=True, check=False
    )
    if ended.returncode and re.search(r"fetch|network|connect|dns", ended.stderr, re.IGNORECASE):
        pytest.skip("hatchling is neither installed nor to be had: no network")
    assert ended.returncode == 0, ended.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    """Every file, data too, byte for byte: pictures, cards, templates, digests, licences."""
    source = ROOT / "src"
    wanted = {
        str(path.relative_to(source).as_posix()): path
        for path in sorted((source / "twofold").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert names == set(wanted)
        for name, path in wanted.items():
            assert archive.read(name) == path.read_bytes(), name
        facts = [name for name in archive.namelist() if ".dist-info/" in name]
        scripts = next(name for name in facts if name.endswith("entry_points.txt"))
        assert "twofold = twofold.cli.main:run" in archive.read(scripts).decode()
    faces = [name for name in names if re.fullmatch(r"twofold/data/faces/\d{3}/\d\.png", name)]
    assert len(faces) == 64 * 5
    assert {"twofold/py.typed", "twofold/evaluation/templates/report.html.j2"} <= names
    assert any(name.endswith("/LICENSE") for name in facts)
    assert any(name.endswith("LICENSE-CC0.md") for name in facts)
    assert wheel.stat().st_size < 20e6


OFFLINE = '''
"""Notes and refuses every attempt to reach the network, in this process and its children."""
import os, pathlib, socket

def refuse(*arguments, **named):
    with pathlib.Path(os.environ["ATTEMPTS"]).open("a") as file:
        file.write(f"{arguments[-1]!r}\\n")
    raise OSError("no network in this test")

class Deaf(socket.socket):
    def connect(self, address):
        if self.family == socket.AF_UNIX:
            return super().connect(address)
        refuse(address)

socket.socket = Deaf
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
'''


@pytest.mark.slow
def test_the_demo_from_the_wheel_outside_the_repository_without_network(
    wheel: Path, tmp_path: Path
) -> None:
    installed, work = tmp_path / "installed", tmp_path / "work"
    uv = pytest.importorskip("uv").find_uv_bin()
    subprocess.run(
        [uv, "pip", "install", "--offline", "--no-deps", "--python", sys.executable,
         "--target", installed, wheel], check=True, capture_output=True,
    )  # fmt: skip
    (installed / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    work.mkdir()
    attempts = tmp_path / "attempts"
    home = tmp_path / "home"
    home.mkdir()
    alone = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8",
             "PYTHONPATH": str(installed), "ATTEMPTS": str(attempts)}  # fmt: skip

    def python(*arguments: object) -> str:
        ended = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=work, env=alone, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert str(installed) in python("-c", "import twofold; print(twofold.__file__)")
    caught = "import socket\ntry: socket.socket().connect(('', 9))\nexcept OSError: print(1)"
    assert python("-c", caught) == "1\n"
    assert attempts.exists()
    attempts.unlink()
    script = installed / "bin" / "twofold"
    told = python(script, "demo", "--subjects", 8, "--out", "X")
    assert "8 of 8" in told
    assert "SYNTHETIC people" in told
    out = work / "X"
    assert "Synthetic people" in (out / "leak-free/report.html").read_text("utf-8")
    python(script, "predict", "X/leak-free", "X/people/04_multimodal_test", "--out", "again.csv")
    assert (work / "again.csv").read_bytes() == (out / "answers.csv").read_bytes()
    assert not attempts.exists(), attempts.read_text()
