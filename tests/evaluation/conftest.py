"""Made-up runs for the tests of reports."""

from pathlib import Path

import pytest
from fabricated import make_dataset

from twofold.data.dataset import Dataset


@pytest.fixture
def six(tmp_path: Path) -> Dataset:
    """Six subjects with four pairs each."""
    return make_dataset(tmp_path / "six", [str(i) for i in range(6)])
