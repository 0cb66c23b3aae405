"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

from twofold.data.synthetic import synthesise


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real development sets; tests that need them skip where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TWOFOLD_DATA", beside))
    if not (folder / "chimera64").is_dir():
        pytest.skip("the real development sets are not here (set TWOFOLD_DATA to their folder)")
    return folder


@pytest.fixture(scope="session")
def synthetic_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 8 synthetic people with 4 labelled pairs and 1 unlabelled pair each.

    Read it, do not write to it: all tests share it.
    """
    folder = tmp_path_factory.mktemp("synthetic")
    synthesise(folder, subjects=8, samples=4, tests=1, seed=5)
    return folder
