"""Subgroups of a dataset: values of a column for its samples, and the tables that they make."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import printable
from twofold.data.layouts.manifest import MANIFEST
from twofold.data.samples import Sample, SampleSet
from twofold.errors import OptionError
from twofold.evaluation.verification.comparisons import Comparisons, Listed
from twofold.evaluation.verification.intervals import SEED
from twofold.evaluation.verification.rates import ErrorRates
from twofold.evaluation.verification.subgroups import Subgroups, strictest, subgroup_table
from twofold.evaluation.verification.text_rows import read_column


def values_of(samples: SampleSet, column: str) -> dict[str, str]:
    """What is known of each sample in a column: of the manifest, or else its eye or session.

    Raises:
        OptionError: no manifest, and neither `eye` nor `session`.
        DatasetError: the manifest has no such column.
    """
    if samples.layout == "csv":
        path = samples.root if samples.root.is_file() else samples.root / MANIFEST
        told = read_column(path, column, ("path", samples.modality))
        return {s.name: told.get(s.name, told.get(s.path.as_posix(), "")) for s in samples.samples}
    known = {
        "eye": {sample.name: sample.eye or "" for sample in samples.samples},
        "session": {sample.name: sample.session or "" for sample in samples.samples},
    }
    if column.lower() not in known:
        raise OptionError(
            f"--by {printable(column)}: {samples.root} has no manifest (.csv) with that column. "
            "Write one, or choose eye."
        )
    return known[column.lower()]


def by_columns(
    comparisons: Comparisons,
    rates: ErrorRates,
    samples: Sequence[Sample],
    columns: Mapping[str, Mapping[str, str]],
    *,
    seed: int = SEED,
) -> tuple[Subgroups, ...]:
    """A table for each column: values of the samples by name.

    Raises:
        OptionError: as `subgroup_table`, or the data support no threshold at all.
    """
    if not columns:
        return ()
    point = strictest(rates)
    if point is None:
        raise OptionError("--by: the data support no threshold to measure groups at.")
    made, first, second = spread_out(comparisons)
    tables = []
    for column, values in columns.items():
        told = np.array([values.get(sample.name, "") for sample in samples])
        tables.append(
            subgroup_table(
                made, told[first].tolist(), told[second].tolist(), column=column, point=point,
                seed=seed,
            )
        )  # fmt: skip
    return tuple(tables)


def spread_out(comparisons: Comparisons) -> tuple[Listed, NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of samples as a list, failed ones as NaN, and the two samples of each."""
    people = comparisons.people
    samples = len(people.subject)
    first, second = np.triu_indices(samples, 1)
    table = np.full((samples, samples), np.nan, dtype=np.float32)
    table[comparisons.first, comparisons.second] = comparisons.score
    made = Listed(
        people.names,
        people.subject[first],
        people.subject[second],
        table[first, second].astype(np.float64),
        people.identity[first] == people.identity[second],
    )
    return made, first, second
