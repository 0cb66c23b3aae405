"""The pinned packages: the same for everyone, from the index alone, and no CUDA among them."""

import re
import sys
import tomllib
from importlib import metadata
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
