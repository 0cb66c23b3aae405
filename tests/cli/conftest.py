"""One trained run for all tests of the command line."""

from pathlib import Path

import pytest

from tests.cli.terminal import twofold

QUICK = ("--epochs", "3", "--folds", "2", "--no-logs")


@pytest.fixture(scope="session")
def people(synthetic_people: Path) -> Path:
    """32 labelled pairs of 8 synthetic people, to be read only."""
    return synthetic_people / "04_multimodal_training"


@pytest.fixture(scope="session")
def strangers(synthetic_people: Path) -> Path:
    """8 unlabelled pairs of the same people, to be read only."""
    return synthetic_people / "04_multimodal_test"


@pytest.fixture(scope="session")
def trained(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on `people`, made by `twofold train`; to be read only."""
    run = tmp_path_factory.mktemp("trained") / "run"
    told = twofold("train", people, "--out", run, *QUICK)
    assert told.code == 0, told
    return run
