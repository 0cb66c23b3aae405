"""What is shipped in `deploy`, and galleries on both databases to try it on."""

from pathlib import Path

import pytest

from tests.gallery.conftest import (  # noqa: F401 - fixtures
    no_key_in_the_environment,
    postgres_folder,
    postgres_url,
)

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder of what is shipped."""
    return DEPLOY
