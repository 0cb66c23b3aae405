"""How near one comes to unprotected templates, for `template_protection`."""

from typing import Any

import numpy as np

from benchmarks import template_attacks as attacks
from benchmarks.template_sets import FMR, Floats, Set, matched, protected
from twofold.gallery.protection import chaff
from twofold.iris.code import IrisCode, unpack
from twofold.iris.comparison import DEFAULT, pack_codes
from twofold.iris.kernel import match


def irreversibility(one: Set) -> dict[str, Any]:
    """How near to the original someone gets, and whether what he gets is accepted."""
    return _faces_back(one) if one.faces else _irises_back(one)


def _faces_back(one: Set) -> dict[str, Any]:
    key = attacks.transforms(1, 7)[0]
    plain, hidden = one.vectors, protected(one, key).vectors
    undone = np.stack([key.unprotect(t).faces[0].vector for t in protected(one, key).templates])
    least = bar(one, plain @ plain.T)
    half = len(plain) // 2
    public, stolen = slice(0, half), slice(half, None)
    rng = np.random.default_rng(8)

    def told(guess: Floats, truth: Floats) -> dict[str, float]:
        near = attacks.cosines(guess, truth)
        return {"mean_cosine": float(near.mean()), "accepted": float((near >= least).mean())}

    mean = np.broadcast_to(plain[public].mean(axis=0), plain[stolen].shape)
    shape = attacks.aligned_by_shape(plain[public], hidden[stolen])
    curve = {}
    for pairs in (1, 2, 4, 8, 16, 32, 64, 96, 112, 128, 160):
        known = rng.choice(len(plain), pairs, replace=False)
        rest = np.setdiff1d(np.arange(len(plain)), known)
        turned = attacks.procrustes(plain[known], hidden[known])
        curve[pairs] = told(hidden[rest] @ turned, plain[rest])
    return {
        "accepted_from": least,
        "with_key": told(undone.astype(np.float64), plain),
        "one_template_taken_as_it_is": told(hidden, plain),
        "chance_mean_absolute_cosine": float(np.sqrt(2 / np.pi / plain.shape[1])),
        "measured_mean_absolute_cosine": float(np.abs(attacks.cosines(hidden, plain)).mean()),
        "mean_face_without_any_template": told(mean, plain[stolen]),
        "whole_gallery_aligned_by_shape": told(hidden[stolen] @ shape, plain[stolen]),
        "known_pairs": curve,
    }


def _irises_back(one: Set) -> dict[str, Any]:
    key = attacks.transforms(1, 7)[0]
    codes, stored = one.codes, protected(one, key)
    hidden = stored.codes
    layout = codes[0].layout
    used = ~unpack(chaff.unused(layout), layout).ravel()
    order = key._scrambling(layout).order
    least = bar(one, matched(one, one).scores.astype(np.float64))
    rng = np.random.default_rng(9)

    def told(guess: list[IrisCode], truth: list[IrisCode]) -> dict[str, float]:
        both = [
            match(pack_codes([a]), pack_codes([b]), [0], DEFAULT.reference_bits(layout))
            for a, b in zip(guess, truth, strict=True)
        ]
        unlike = [m.differing[0, 0] / max(m.compared[0, 0], 1) for m in both]
        passed = [m.scores[0, 0] >= least for m in both]
        return {"mean_hamming_distance": float(np.mean(unlike)), "accepted": float(np.mean(passed))}

    back = [key.unprotect(t).irises[0].code for t in stored.templates]
    curve = {}
    for pairs in (1, 2, 4, 8, 12, 16, 24, 32, 64, 128):
        drawn = rng.permutation(len(codes))
        known, rest = drawn[:pairs].tolist(), drawn[pairs : pairs + 100].tolist()
        guess, certain = attacks.solved_order(
            [codes[k] for k in known], [hidden[k] for k in known], used, rng
        )
        pair = codes[known[0]], hidden[known[0]]
        opened = [attacks.unscrambled(hidden[k], guess, pair) for k in rest]
        right = (guess == order) & certain
        curve[pairs] = told(opened, [codes[k] for k in rest]) | {
            "places_known_for_certain": float(right.sum() / used.sum())
        }
    some = [int(n) for n in (50, 200, len(codes)) if n <= len(codes)]
    return {
        "accepted_from": least,
        "with_key": told(back, codes),
        "one_template_taken_as_it_is": told(hidden, codes),
        "known_pairs": curve,
        "neighbours_found_without_any_pair": {
            n: attacks.neighbours_found(hidden[:n], order, used) for n in some
        },
    }


def bar(one: Set, scores: Floats) -> float:
    """The score that FMR of non-mated comparisons reach."""
    mated = one.identity[:, None] == one.identity
    return float(np.quantile(scores[~mated], 1 - FMR))
