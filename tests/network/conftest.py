"""A small dataset of synthetic people, split and ready to be trained on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from twofold.data.inspection import contents, dataset_digest, inspect_dataset
from twofold.data.layouts import read_dataset
from twofold.network.keras_backend import require_keras
from twofold.network.options import TrainingOptions

require_keras()

from twofold.network.division import divide  # noqa: E402
from twofold.network.training import TrainingData  # noqa: E402

MakeData = Callable[[TrainingOptions], TrainingData]


@pytest.fixture(scope="session")
def make_data(synthetic_people: Path) -> MakeData:
    """Training data for given options, of eight synthetic people with four pairs each."""
    dataset = read_dataset(synthetic_people / "04_multimodal_training")
    inspection = inspect_dataset(dataset)
    digests = contents(dataset, inspection)
    digest = dataset_digest(dataset, inspection)

    def make(options: TrainingOptions) -> TrainingData:
        split = divide(dataset, digests, options)
        return TrainingData(dataset, split, digests, {"digest": digest, "synthetic": True})

    return make
