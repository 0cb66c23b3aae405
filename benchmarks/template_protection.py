"""What protected templates cost and what they give away, on real sets.

    python -m benchmarks.template_protection --data FOLDER --figure docs/images/unlinkability.png

FOLDER holds lfw_subset, orl, mmu1 and ubiris_v1 (docs/data.md). Accuracy: FNMR at FMR 0.1 % with
and without protection, and beside lossy transforms. Unlinkability: D_sys of several attackers'
scores, of single templates and of whole galleries. Irreversibility: with the key, without it, and
with known pairs. Cost: time to protect. docs/protection.md explains the figures.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import template_attacks as attacks
from benchmarks.template_linking import (
    best,
    draw,
    fused,
    only_protected_bits,
    plain,
    several_samples,
    unlinkability,
    unprotected,
    whole_galleries,
)
from benchmarks.template_reversal import bar, irreversibility
from benchmarks.template_sets import FMR, SETS, Floats, Set, matched, protected, read
from twofold.evaluation.verification.comparisons import compared
from twofold.evaluation.verification.rates import error_rates
from twofold.fusion.model import shipped
from twofold.gallery.protection import chaff
from twofold.iris.code import pack, unpack
from twofold.iris.comparison import DEFAULT, pack_codes
from twofold.iris.kernel import PackedCodes, match

DRAWN = "lfw_subset", "ubiris_v1"


def accuracy(one: Set) -> dict[str, Any]:
    """FNMR at FMR 0.1 % as it is and protected, and how far scores move."""
    transform = attacks.transforms(1, 1)[0]
    stored = protected(one, transform)
    found: dict[str, Any] = {}
    if one.faces:
        probes = np.stack([transform.probe(each).faces[0].vector for each in one.templates])
        plain, kept = one.vectors @ one.vectors.T, probes @ stored.vectors.T
    else:
        before, after = matched(one, one), matched(one, stored, transform)
        plain, kept = before.scores.astype(np.float64), after.scores.astype(np.float64)
        same = (before.compared == after.compared) & (before.differing == after.differing)
        found["comparisons_with_the_same_counts"] = float(same.mean())
        unused = chaff.unused(chaff.LAYOUT)
        lost = [int(np.bitwise_count(code.mask & unused).sum()) for code in one.codes]
        found["codes_with_bits_in_unused_places"] = float(np.mean(np.array(lost) > 0))
        found["most_bits_in_unused_places"] = max(lost)
        found["most_bits_in_a_mask"] = max(int(np.bitwise_count(c.mask).sum()) for c in one.codes)
    found["unprotected"], found["protected"] = _fnmr(one, plain), _fnmr(one, kept)
    found["largest_change_of_a_score"] = float(np.abs(plain - kept).max())
    return found | {"at_the_shipped_threshold": _decisions(one, plain, kept)}


def _fnmr(one: Set, scores: Floats) -> dict[str, Any]:
    rates = error_rates(compared(one.people, scores.astype(np.float32)))
    at = next(point for point in rates.points if point.wanted == FMR).fnmr
    return {
        "fnmr": at.value,
        "interval": [at.low, at.high],
        "mated": rates.counts.mated,
        "non_mated": rates.counts.non_mated,
    }


def _decisions(one: Set, plain: Floats, kept: Floats) -> dict[str, Any]:
    """FMR and FNMR of log-likelihood ratios: with both qualities, and with the probe's alone."""
    first = one.templates[0]
    model = shipped(first.face_contract, first.iris_contract)
    assert model is not None
    (modality,) = first.modalities
    light = SETS[one.name]
    calibration = model.calibration(modality, light)
    points = model.threshold([modality], light).points
    least = next(point.llr for point in points if point.fmr == FMR)
    quality = one.quality
    mated = one.identity[:, None] == one.identity
    other = ~np.eye(len(mated), dtype=np.bool_)
    alone = np.broadcast_to(quality[:, None], mated.shape)
    found = {}
    for name, scores, weighed in (
        ("unprotected", plain, np.minimum.outer(quality, quality)),
        ("protected", kept, alone),
    ):
        llr = calibration.llr(scores, weighed)
        found[name] = {
            "fmr": float((llr[~mated] >= least).mean()),
            "fnmr": float((llr[mated & other] < least).mean()),
        }
    return found


def mask_remedies(one: Set) -> dict[str, Any]:
    """Other ways to give all masks one weight, as references for whole probes."""
    rng = np.random.default_rng(5)
    codes = pack_codes(one.codes)
    shifts, bits = DEFAULT.shifts(codes.layout), DEFAULT.reference_bits(codes.layout)
    found = {}
    for weight in (1300, 1650, 1900, codes.layout.bits):
        masks = []
        for words in codes.masks:
            rank = unpack(words, codes.layout) + rng.random((128, 2, 16))
            kept = np.zeros(rank.size, np.bool_)
            kept[np.argsort(-rank, axis=None)[:weight]] = True
            masks.append(pack(kept.reshape(rank.shape)))
        even = PackedCodes(codes.layout, codes.bits, np.stack(masks))
        found[str(weight)] = _fnmr(one, match(codes, even, shifts, bits).scores.astype(np.float64))
    return found


def lossy(one: Set) -> dict[str, Any]:
    """Transforms that throw something away, one key for all people: FNMR, and what is left.

    Whoever has the key guesses the vector by adding up the directions that a template names.
    `accepted_with_key` is the share of guesses that plain templates accept at FMR 0.1 %.
    """
    vectors = one.vectors
    rng = np.random.default_rng(2)
    d = vectors.shape[1]
    plain = vectors @ vectors.T
    accepted_from = bar(one, plain)
    found: dict[str, Any] = {"cosine": {"fnmr": _fnmr(one, plain)["fnmr"]}}

    def told(name: str, scores: Floats, guess: Floats) -> None:
        near = attacks.cosines(guess, vectors)
        found[name] = {
            "fnmr": _fnmr(one, scores)["fnmr"],
            "mean_cosine_with_key": float(near.mean()),
            "accepted_with_key": float((near >= accepted_from).mean()),
        }

    for bits in (128, 256, 512, 1024, 4096):
        base = np.linalg.qr(rng.normal(size=(d, d)))[0] if bits == d else rng.normal(size=(d, bits))
        signs = np.sign(vectors @ base)
        told(f"signs of {bits} projections (BioHash)", signs @ signs.T / bits, signs @ base.T)
    for codes, ways in ((128, 16), (512, 16), (512, 64)):
        base = rng.normal(size=(d, codes * ways))
        picked = (vectors @ base).reshape(-1, codes, ways).argmax(2)
        alike = np.zeros((len(vectors),) * 2)
        for column in picked.T:
            alike += column[:, None] == column
        named = np.zeros((len(vectors), codes, ways))
        np.put_along_axis(named, picked[:, :, None], 1.0, axis=2)
        guess = named.reshape(len(vectors), -1) @ base.T
        told(f"{codes} codes of {ways} (IoM)", alike / codes, guess)
    return found


def cost(one: Set) -> dict[str, float]:
    """Milliseconds of one thread, the best of 200 short runs."""
    key = attacks.transforms(1, 10)[0]
    template = one.templates[0]
    key.protect(template)
    rolled = np.zeros((1, 31, 2, chaff.LAYOUT.words), np.uint64)

    def least(work: Callable[[], Any]) -> float:
        spent = []
        for _ in range(200):
            start = time.perf_counter()
            work()
            spent.append(time.perf_counter() - start)
        return 1000 * min(spent)

    found = {
        "protect": least(lambda: key.protect(template)),
        "protect_with_a_subject_key": least(lambda: key.for_subject("ada").protect(template)),
        "probe": least(lambda: key.probe(template)),
    }
    if not one.faces:
        found["31_rotations"] = least(lambda: key.rotations(chaff.LAYOUT, rolled))
    return found


def measure(folder: Path, figure: Path | None = None) -> dict[str, Any]:
    """All figures."""
    results: dict[str, Any] = {}
    panels, bests = [], {}
    for name in SETS:
        one = read(folder, name)
        print(name, flush=True)
        found: dict[str, Any] = {"accuracy": accuracy(one), "cost_ms": cost(one)}
        if name == "lfw_subset":
            found["lossy"] = lossy(one)
        if not one.faces:
            found["other_mask_remedies"] = mask_remedies(one)
        bare, whole = unlinkability(one, only_protected_bits), unlinkability(one)
        worst, bests[name] = best(whole)
        plainly = unprotected(one)
        found["unlinkability"] = {
            "unprotected": plainly,
            "scrambled_only": bare,
            "protected": whole,
            "best_attacker": {worst: bests[name]},
        }
        found["several_samples_of_a_person"] = several_samples(one)
        found["whole_galleries"] = whole_galleries(one)
        found["irreversibility"] = irreversibility(one)
        results[name] = found
        if name in DRAWN:
            attacker = "quality" if one.faces else "bits in the mask"
            own = "cosine" if one.faces else "Hamming over rotations"
            panels.append([
                (f"{name}, unprotected:\n{own}", plainly),
                (f"{name}, scrambled only:\n{attacker}", bare[attacker]["all"]),
                (f"{name}, protected:\n{worst.rsplit(',')[0]}", bests[name]),
            ])  # fmt: skip
    results["fused"] = {
        f"{face}+{iris}": fused(bests[face], bests[iris])
        for face, iris in (("lfw_subset", "ubiris_v1"), ("orl", "mmu1"))
    }
    if figure is not None:
        draw(panels, figure)
    return dict(plain(results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/template_protection.json"))
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    start = time.perf_counter()
    results = measure(given.data, given.figure)
    results["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    results["seconds"] = round(time.perf_counter() - start)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
