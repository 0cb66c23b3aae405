"""A benchmark from samples to measured rates: extract, compare, measure."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twofold.data.samples import SampleSet, digests, set_digest
from twofold.errors import DatasetError
from twofold.evaluation.verification.comparisons import (
    Comparisons,
    People,
    compared,
    of_subjects,
    people_of,
)
from twofold.evaluation.verification.extraction import Extracted, Size, extract_all
from twofold.evaluation.verification.matcher import Matcher, MatcherFactory
from twofold.evaluation.verification.protocols import (
    Protocol,
    ProtocolRates,
    measure_protocol,
    select,
)
from twofold.evaluation.verification.rates import (
    SEED,
    TARGETS,
    Applied,
    ErrorRates,
    apply_threshold,
    error_rates,
)
from twofold.evaluation.verification.subgroup_columns import by_columns, values_of
from twofold.evaluation.verification.subgroups import Subgroups

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Half:
    """Half of the people measured alone.

    Attributes:
        subjects: whose samples it holds.
        rates: at thresholds of its own.
        applied: its errors at the thresholds of the other half.
    """

    subjects: tuple[str, ...]
    rates: ErrorRates
    applied: tuple[Applied, ...]


@dataclass(frozen=True)
class Outcome:
    """Everything a benchmark measured.

    Attributes:
        samples: what was compared.
        digest: SHA-256 over names, labels and content of the samples.
        copies: samples whose file is byte for byte that of another one.
        matcher: of the main process.
        size: (height, width) that pictures were resized to, or None.
        extracted: one of each sample.
        comparisons: all of them.
        rates: of all people.
        halves: of the two halves of the people, where asked for.
        seed: of the intervals and of the halves.
        jobs: processes that extracted.
        extraction_seconds, comparison_seconds: by the clock.
        protocol: what a protocol's comparisons gave, where one was given.
        subgroups: a table for each column asked for.
    """

    samples: SampleSet
    digest: str
    copies: int
    matcher: Matcher
    size: Size | None
    extracted: tuple[Extracted, ...]
    comparisons: Comparisons
    rates: ErrorRates
    halves: tuple[Half, ...]
    seed: int
    jobs: int
    extraction_seconds: float
    comparison_seconds: float
    protocol: ProtocolRates | None = None
    subgroups: tuple[Subgroups, ...] = ()


def run_benchmark(
    samples: SampleSet,
    factory: MatcherFactory,
    *,
    size: Size | None = None,
    jobs: int = 1,
    seed: int = SEED,
    halves: bool = False,
    protocol: Protocol | None = None,
    by: Sequence[str] = (),
    watch: Watch = lambda stage, done, total: None,
) -> Outcome:
    """Compare every sample with every other and measure.

    Args:
        samples: of one modality.
        factory: makes the matcher, in this process and in those that extract.
        size: (height, width) to resize every picture to first.
        jobs: processes that extract; figures are the same whatever their number.
        seed: of the resampling and of the halves.
        halves: also measure two halves of the people apart.
        protocol: also measure its comparisons; samples that it does not name are left aside.
        by: columns that subgroups are told by.
        watch: told the stage, how much is done, and how much there is.

    Raises:
        DatasetError: fewer than two samples gave a template, a half has nothing to compare, or
            the protocol does not fit the samples.
        OptionError: a column of `by` cannot part the samples.
    """
    left_aside = 0
    if protocol is not None:
        chosen = select(protocol, samples)
        left_aside = len(samples.samples) - len(chosen.samples)
        samples = chosen
    columns = {column: values_of(samples, column) for column in by}
    matcher = factory()  # before the files are read: a missing model is found at once
    contents = digests(samples.samples)
    start = time.perf_counter()
    extracted = extract_all(
        factory,
        [sample.path for sample in samples.samples],
        size=size,
        jobs=jobs,
        progress=lambda done, total: watch("Extracting", done, total),
    )
    extraction_seconds = time.perf_counter() - start
    templates = [one.template for one in extracted if one.failure is None]
    if len(templates) < 2:
        first = next(one.failure for one in extracted if one.failure is not None)
        raise DatasetError(
            f"{samples.root}: {len(templates)} of {len(extracted)} pictures gave a template, so "
            f"there is nothing to compare; the first failed with: {first.reason} "
            f"Check that these are pictures for `{samples.modality}`."
        )
    watch("Comparing", 0, 1)
    start = time.perf_counter()
    scores = matcher.compare_all(templates)
    comparison_seconds = time.perf_counter() - start
    people = people_of(samples, [one.failure is not None for one in extracted])
    comparisons = compared(people, scores)
    watch("Resampling", 0, 1)
    rates = error_rates(comparisons, seed=seed)
    measured = None
    if protocol is not None:
        measured = measure_protocol(
            protocol, samples.samples, _with_failures(people, scores), seed=seed,
            left_aside=left_aside,
        )  # fmt: skip
    known = [content for content in contents if content]
    return Outcome(
        samples=samples,
        digest=set_digest(samples.samples, contents),
        copies=len(known) - len(set(known)),
        matcher=matcher,
        size=size,
        extracted=tuple(extracted),
        comparisons=comparisons,
        rates=rates,
        halves=_halves(samples, comparisons, seed) if halves else (),
        seed=seed,
        jobs=jobs,
        extraction_seconds=extraction_seconds,
        comparison_seconds=comparison_seconds,
        protocol=measured,
        subgroups=by_columns(comparisons, rates, samples.samples, columns, seed=seed),
    )


def _with_failures(people: People, scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores of every sample with every other, NaN where one has no template."""
    there = np.flatnonzero(~people.failed)
    table = np.full((len(people.failed),) * 2, np.nan)
    table[np.ix_(there, there)] = scores
    return table


def split(subjects: int, seed: int) -> tuple[list[int], list[int]]:
    """Numbers of the subjects in two random halves, the same for the same seed."""
    shuffled = np.random.default_rng(seed).permutation(subjects).tolist()
    middle = (subjects + 1) // 2
    return sorted(shuffled[:middle]), sorted(shuffled[middle:])


def _halves(samples: SampleSet, comparisons: Comparisons, seed: int) -> tuple[Half, ...]:
    names = comparisons.people.names
    numbers = split(len(names), seed)
    parts = [of_subjects(comparisons, half) for half in numbers]
    for part in parts:
        if not part.mated.any() or part.mated.all():
            raise DatasetError(
                f"{samples.root}: too few people for --halves: a half needs mated and non-mated "
                "comparisons. Leave the option out."
            )
    rates = [error_rates(part, seed=seed) for part in parts]
    return tuple(
        Half(
            _named(names, numbers[this]),
            rates[this],
            tuple(
                applied
                for point in rates[1 - this].points
                if point.wanted in TARGETS
                and (applied := apply_threshold(parts[this], point, seed=seed)) is not None
            ),
        )
        for this in (0, 1)
    )


def _named(names: Sequence[str], numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(names[number] for number in numbers)
