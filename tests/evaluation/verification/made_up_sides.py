"""Sides of a fused benchmark: made of numbers, or of drawn patterns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tests.evaluation.verification.fake_matcher import PatternMatcher

from twofold import images
from twofold.data.samples import Sample
from twofold.evaluation.verification.extraction import Extracted, Failure
from twofold.evaluation.verification.judged import Judged
from twofold.evaluation.verification.sides import Side, Worse


class JudgedPatterns(PatternMatcher):
    """Patterns with a quality that falls with noise."""

    def extract(self, source: images.Source) -> Any:
        grey = images.read(source, colour="grey").astype(float)
        rough = float(np.abs(np.diff(grey, axis=1)).mean())
        return Judged(super().extract(source), max(0.0, 100 - rough))

    def compare_all(self, templates: Sequence[Any]) -> Any:
        return super().compare_all([one.template for one in templates])


class JudgedFacePatterns(JudgedPatterns):
    modality = "face"


def side(
    modality: Any,
    people: int,
    samples: int,
    *,
    apart: float = 3.0,
    eyes: int = 1,
    failed: Sequence[int] = (),
    seed: int = 0,
) -> Side:
    """Mated scores lie `apart` deviations above non-mated ones; degraded ones much less so."""
    rng = np.random.default_rng([seed, len(modality)])
    listed = tuple(
        Sample(Path(f"{p}/{e}/{s}.png"), f"{p}/{e}/{s}.png", f"{modality}{p}",
               ("left", "right")[e] if eyes == 2 else None)
        for p in range(people) for e in range(eyes) for s in range(samples)
    )  # fmt: skip
    person = np.repeat(np.arange(people), eyes * samples).astype(np.int32)
    identity = np.repeat(np.arange(people * eyes), samples).astype(np.int32)
    mated = identity[:, None] == identity
    count = len(listed)

    def scores(strength: float) -> Any:
        found = rng.normal(0, 1, (count, count)) + strength * mated
        return found.astype(np.float32)

    clean = scores(apart)
    clean = np.triu(clean, 1) + np.triu(clean, 1).T
    bad = np.isin(np.arange(count), failed)
    clean[bad] = clean[:, bad] = np.nan
    worse = scores(apart / 4)
    worse[:, bad] = np.nan
    quality = np.where(bad, np.nan, 80.0)
    extracted = tuple(
        Extracted(None, Failure("dark", "It is dark."), 0.01) if lost
        else Extracted(Judged(k, 80.0), None, 0.01)
        for k, lost in enumerate(bad.tolist())
    )  # fmt: skip
    return Side(
        modality, Path(modality), f"{modality} set", "0" * 64, True, JudgedPatterns(), listed,
        person, identity, tuple(f"{modality}{p}" for p in range(people)), extracted, quality, None,
        clean,
        {"blur": Worse(extracted, np.full(count, 15.0), worse)}, 0.01,
    )  # fmt: skip
