"""Development sets for tools/fit_fusion.py: extracted as they are and degraded, and compared."""

import multiprocessing
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from twofold import images
from twofold.data.samples import digests, read_samples, set_digest
from twofold.errors import TwofoldError
from twofold.template import Light, Modality
from twofold.thresholds import ThresholdSource

KINDS = ("blur", "coarse", "noise", "occlusion")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Version:
    """Scores (n, n) of every sample, perhaps degraded, with every sample as photographed.

    NaN where either gave no template; `quality` is that of the worse of the two.
    """

    score: Floats
    quality: Floats


@dataclass(frozen=True)
class Compared:
    """A development set, compared: subject and identity of each sample, and its two versions."""

    modality: Modality
    light: Light | None
    contract: str
    subject: Ints
    identity: Ints
    plain: Version
    degraded: Version
    source: ThresholdSource

    def comparisons(self, kept: NDArray[np.bool_], version: Version) -> tuple[Floats, ...]:
        """Scores, mated and quality, of the samples kept: (m,) each."""
        both = np.outer(kept, kept)
        # Of the plain version a pair would be there twice; of the degraded one it is two.
        upper = np.triu(both, 1) if version is self.plain else both & ~np.eye(len(kept), dtype=bool)
        mated = self.identity[:, None] == self.identity[None]
        there = upper & ~np.isnan(version.score)
        return version.score[there], mated[there], version.quality[there]


def degraded(pixels: images.Pixels, name: str) -> images.Pixels:
    """The picture made worse, in a way and by an amount drawn from its name."""
    drawn = np.random.default_rng(zlib.crc32(name.encode()))
    kind, amount = KINDS[drawn.integers(len(KINDS))], float(drawn.random())
    height, width = pixels.shape[:2]
    side = min(height, width)
    if kind == "blur":
        return cv2.GaussianBlur(pixels, (0, 0), max(0.3, 0.03 * amount * side)).astype(np.uint8)
    if kind == "coarse":
        size = [max(8, round(length / (1 + 7 * amount))) for length in (width, height)]
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    if kind == "noise":
        noise = drawn.normal(0, 5 + 60 * amount, pixels.shape)
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)
    covered = pixels.copy()
    block = int(side * (0.1 + 0.45 * amount))
    top, left = (int(drawn.integers(0, max(1, length - block))) for length in (height, width))
    covered[top : top + block, left : left + block] = int(pixels.mean())
    return covered


_extractor: Any = None


def _prepare(modality: Modality) -> None:
    global _extractor
    cv2.setNumThreads(1)
    _extractor = _new_extractor(modality)


def _new_extractor(modality: Modality) -> Any:
    if modality == "face":
        from twofold.face.extraction import FaceExtractor

        return FaceExtractor(threads=1)
    from twofold.iris.extraction import IrisExtractor

    return IrisExtractor()


def _extract(task: tuple[Path, str, bool]) -> tuple[Any, float]:
    path, name, worse = task
    try:
        pixels = images.read(path)
        found = _extractor.extract(degraded(pixels, name) if worse else pixels)
    except TwofoldError:
        return None, np.nan
    template = found.vector if hasattr(found, "vector") else found.code
    return template, (found.quality.overall)


def _scores(modality: Modality, first: Sequence[Any], second: Sequence[Any]) -> Floats:
    """(n, n), NaN where either has no template."""
    rows, columns = (np.array([one is not None for one in part]) for part in (first, second))
    some, others = ([one for one in part if one is not None] for part in (first, second))
    scores = np.full((len(rows), len(columns)), np.nan)
    if modality == "face":
        between = np.clip(np.stack(some) @ np.stack(others).T, -1.0, 1.0)
    else:
        from twofold.iris.comparison import DEFAULT, pack_codes
        from twofold.iris.kernel import match

        packed, layout = pack_codes(some), some[0].layout
        shifts, bits = DEFAULT.shifts(layout), DEFAULT.reference_bits(layout)
        between = match(packed, pack_codes(others), shifts, bits, DEFAULT.minimum_bits).scores
    scores[np.ix_(rows, columns)] = between
    return scores


def compare_set(
    root: Path, modality: Modality, light: Light | None, jobs: int, command: str
) -> Compared:
    """Extract and compare every picture of a set."""
    samples = read_samples(root, modality, min_samples=2)
    listed = samples.samples
    tasks = [(one.path, one.name, worse) for worse in (False, True) for one in listed]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _prepare, (modality,)) as pool:
        found = list(pool.map(_extract, tasks, chunksize=8))
    plain, worse = found[: len(listed)], found[len(listed) :]
    versions = []
    for part in (plain, worse):
        score = _scores(modality, [one for one, _ in part], [one for one, _ in plain])
        quality = np.minimum.outer([q for _, q in part], [q for _, q in plain])
        versions.append(Version(score, quality))
    subjects = {name: number for number, name in enumerate(samples.subjects)}
    identities = {one.identity: 0 for one in listed}
    numbers = {identity: number for number, identity in enumerate(identities)}
    identity = np.array([numbers[one.identity] for one in listed])
    pairs = len(listed) * (len(listed) - 1) // 2
    mated = int((np.bincount(identity) * (np.bincount(identity) - 1) // 2).sum())
    failed = sum(one is None for one, _ in plain)
    lost = sum(one is None for one, _ in worse)
    print(f"{samples.name}: {len(listed)} samples, {failed} failed, {lost} failed degraded")
    return Compared(
        modality,
        light,
        _new_extractor(modality).contract,
        np.array([subjects[one.subject] for one in listed]),
        identity,
        versions[0],
        versions[1],
        ThresholdSource(
            data=samples.name,
            digest=set_digest(listed, digests(listed)),
            subjects=len(subjects),
            samples=len(listed),
            failed=failed,
            mated=mated,
            non_mated=pairs - mated,
            made=datetime.now(UTC).date().isoformat(),
            command=command,
        ),
    )
