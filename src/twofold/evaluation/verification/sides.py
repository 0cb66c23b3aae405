"""One modality of a fused benchmark: every sample extracted once, every score computed once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold.data.dataset import Modality
from twofold.data.samples import Sample, digests, set_digest
from twofold.errors import DatasetError
from twofold.evaluation.verification.degradation import How, degrading
from twofold.evaluation.verification.extraction import Extracted, extract_all
from twofold.evaluation.verification.matcher import Matcher, MatcherFactory
from twofold.template import Light

Scores = NDArray[np.float32]
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Worse:
    """The same samples degraded.

    Attributes:
        extracted: of every degraded sample.
        quality: float64 (n,), NaN where no template.
        score: float32 (n, n), degraded probe (row) against clean reference; NaN where none.
    """

    extracted: tuple[Extracted, ...]
    quality: NDArray[np.float64]
    score: Scores


@dataclass(frozen=True)
class Side:
    """One modality.

    Attributes:
        modality: "face" or "iris".
        root, name: where the samples are, and what their set is called.
        digest: SHA-256 over names, labels and content.
        synthetic: whether these people are made up.
        matcher: that extracted and compared.
        samples: n of them.
        person: int32 (n,) number of each sample's person.
        identity: int32 (n,) number of what mated samples share: the person, or the person's eye.
        persons: names by number.
        extracted: n results; templates are `Judged`.
        quality: float64 (n,), NaN where no template.
        light: of irises, where the pictures tell and agree.
        score: float32 (n, n), NaN where a sample has no template.
        worse: degraded copies by how.
        seconds: median CPU time of an extraction.
    """

    modality: Modality
    root: Path
    name: str
    digest: str
    synthetic: bool
    matcher: Matcher
    samples: tuple[Sample, ...]
    person: NDArray[np.int32]
    identity: NDArray[np.int32]
    persons: tuple[str, ...]
    extracted: tuple[Extracted, ...]
    quality: NDArray[np.float64]
    light: Light | None
    score: Scores
    worse: Mapping[How, Worse]
    seconds: float

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n,) whether no template could be extracted."""
        return np.array([one.failure is not None for one in self.extracted])


def measure_side(
    modality: Modality,
    root: Path,
    name: str,
    samples: Sequence[Sample],
    factory: MatcherFactory,
    *,
    hows: Sequence[How] = (),
    synthetic: bool = False,
    jobs: int = 1,
    seed: int,
    watch: Watch = lambda stage, done, total: None,
) -> Side:
    """Extract every sample once, and once more for each degradation, and compare all.

    Args:
        modality, root, name: of the samples.
        samples: n of them.
        factory: makes matchers whose templates are `Judged`.
        hows: degradations wanted; "missing" needs no extraction.
        synthetic: whether these people are made up.
        jobs: processes that extract.
        seed: of the degradations.
        watch: told the stage, how much is done, and how much there is.

    Raises:
        DatasetError: fewer than two samples gave a template.
    """
    matcher = factory()
    paths = [sample.path for sample in samples]

    def extracted(stage: str, maker: MatcherFactory) -> tuple[Extracted, ...]:
        return tuple(extract_all(maker, paths, jobs=jobs, progress=lambda k, n: watch(stage, k, n)))

    plural = "faces" if modality == "face" else "irises"
    clean = extracted(f"Extracting {plural}", factory)
    if sum(one.failure is None for one in clean) < 2:
        first = next(one.failure for one in clean if one.failure is not None)
        raise DatasetError(
            f"{root}: fewer than two of {len(clean)} pictures gave a template; the first failed "
            f"with: {first.reason} Check that these are pictures of {plural}."
        )
    watch(f"Comparing {plural}", 0, 1)
    worse: dict[How, Worse] = {}
    for how in hows:
        if how != "missing":
            bad = extracted(f"Extracting {plural}, {how}", degrading(factory, how, seed))
            worse[how] = Worse(bad, _qualities(bad), _scores(matcher, bad, clean))
    people = list(dict.fromkeys(sample.subject for sample in samples))
    identities = list(dict.fromkeys(sample.identity for sample in samples))
    numbers = {name: k for k, name in enumerate(people)}
    places = {name: k for k, name in enumerate(identities)}
    lights = {one.template.light for one in clean if one.failure is None}
    spent = [one.seconds for one in clean if one.seconds is not None]
    return Side(
        modality,
        root,
        name,
        set_digest(samples, digests(samples)),
        synthetic,
        matcher,
        tuple(samples),
        np.array([numbers[sample.subject] for sample in samples], dtype=np.int32),
        np.array([places[sample.identity] for sample in samples], dtype=np.int32),
        tuple(people),
        clean,
        _qualities(clean),
        lights.pop() if len(lights) == 1 else None,
        _scores(matcher, clean, clean),
        worse,
        float(np.median(spent)) if spent else float("nan"),
    )


def _qualities(extracted: Sequence[Extracted]) -> NDArray[np.float64]:
    return np.array([
        one.template.quality if one.failure is None else np.nan for one in extracted
    ], dtype=np.float64)  # fmt: skip


def _scores(
    matcher: Matcher, probes: Sequence[Extracted], references: Sequence[Extracted]
) -> Scores:
    """(n, n) with NaN where either has no template."""
    rows = [k for k, one in enumerate(probes) if one.failure is None]
    columns = [k for k, one in enumerate(references) if one.failure is None]
    found = np.full((len(probes), len(references)), np.nan, dtype=np.float32)
    if not rows or not columns:
        return found
    templates: list[Any] = [probes[k].template for k in rows]
    if probes is references:
        found[np.ix_(rows, columns)] = matcher.compare_all(templates)
    else:  # both at once: a matcher compares one list with itself
        both = matcher.compare_all([*templates, *(references[k].template for k in columns)])
        found[np.ix_(rows, columns)] = both[: len(rows), len(rows) :]
    return found
