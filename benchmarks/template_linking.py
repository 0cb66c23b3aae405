"""How well protected templates under two keys are linked, for `template_protection`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks import template_attacks as attacks
from benchmarks.template_sets import Floats, Set, matched, of_several, protected
from twofold.gallery.protection import Transform
from twofold.gallery.protection.unlinkability import Linkability, linkability
from twofold.iris.code import IrisCode, pack

MATED = 100_000  # pairs that D_sys is measured on, about
Score = Callable[[Set, Set], Floats]


def attackers(one: Set) -> dict[str, Score]:
    """What someone with one template of each of two galleries might compare: scores (n, n)."""

    def difference(of: Callable[[Set], Floats]) -> Score:
        return lambda a, b: -np.abs(of(a)[:, None] - of(b)[None])

    def quality(s: Set) -> Floats:
        return s.quality

    if one.faces:
        return {
            "cosine": lambda a, b: a.vectors @ b.vectors.T,
            "sorted numbers": lambda a, b: (
                np.sort(np.abs(a.vectors), axis=1) @ np.sort(np.abs(b.vectors), axis=1).T
            ),
            "largest number": difference(lambda s: np.abs(s.vectors).max(axis=1)),
            "quality": difference(quality),
        }
    return {
        "Hamming over rotations": lambda a, b: matched(a, b).scores.astype(np.float64),
        "bits in the mask": difference(lambda s: attacks.iris_statistics(s.codes)[:, 0]),
        "bits in the code": difference(lambda s: attacks.iris_statistics(s.codes)[:, 1]),
        "quality": difference(quality),
    }


def unlinkability(one: Set, prepare: Callable[[Set, Transform], Set] = protected) -> Any:
    """D_sys of each attacker; of every pair of samples, and of one sample under both keys."""
    some = of_several(one)
    mated = some.identity[:, None] == some.identity
    np_rng = np.random.default_rng(3)
    rounds = max(2, round(MATED / mated.sum()))
    keys = attacks.transforms(2 * rounds, 4)
    scores: dict[str, list[tuple[Floats, Floats, Floats]]] = {}
    learnt = []
    for turn in range(rounds):
        a, b = (prepare(some, key) for key in keys[2 * turn : 2 * turn + 2])
        few = np_rng.choice(np.flatnonzero(~mated), min(int(mated.sum()), 20_000), replace=False)
        for name, compare in attackers(some).items():
            table = compare(a, b)
            scores.setdefault(name, []).append(
                (table[mated], np.diagonal(table), table.ravel()[few])
            )
        left, right = (
            attacks.face_statistics(s.vectors) if s.faces else attacks.iris_statistics(s.codes)
            for s in (a, b)
        )
        rows, columns = np.divmod(np.concatenate([np.flatnonzero(mated), few]), len(mated))
        learnt.append((attacks.pair_features(left[rows], right[columns]), int(mated.sum())))
    found = {
        name: {
            "all": linkability(
                np.concatenate([t[0] for t in parts]), np.concatenate([t[2] for t in parts])
            ),
            "same sample": linkability(
                np.concatenate([t[1] for t in parts]), np.concatenate([t[2] for t in parts])
            ),
        }
        for name, parts in scores.items()
    }
    found["trained on statistics"] = {"all": _trained(learnt)}
    return found


def _trained(parts: list[tuple[Floats, int]]) -> Linkability:
    """Gradient boosting on half of the keys, scores of the other half."""
    middle = len(parts) // 2
    told = [(np.arange(len(x)) < mated, x) for x, mated in parts]
    fit_y, fit_x = (np.concatenate(side) for side in zip(*told[:middle], strict=True))
    test_y, test_x = (np.concatenate(side) for side in zip(*told[middle:], strict=True))
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(fit_x, fit_y)
    score = model.decision_function(test_x)
    return linkability(score[test_y], score[~test_y])


def only_protected_bits(one: Set, transform: Transform) -> Set:
    """As `protected`, but with masks and qualities as they were: what chaff is for."""
    stored = protected(one, transform)
    kept = []
    for before, after in zip(one.templates, stored.templates, strict=True):
        if one.faces:
            quality = before.faces[0].quality
            kept.append(replace(after, faces=(replace(after.faces[0], quality=quality),)))
            continue
        iris, code = before.irises[0], after.irises[0].code
        bits = np.arange(code.layout.bits) < np.bitwise_count(iris.code.mask).sum()
        mask = pack(np.random.default_rng(0).permutation(bits))
        changed = replace(iris, code=IrisCode(code.layout, code.bits, mask))
        kept.append(replace(after, irises=(changed,)))
    return replace(stored, templates=kept)


def fused(face: Any, iris: Any, seed: int = 0) -> Linkability:
    """Each modality's best attacker, their local evidence added up; chimeric pairs."""
    rng = np.random.default_rng(seed)
    ratios: dict[str, list[Floats]] = {"mated": [], "non_mated": []}
    for one in (face, iris):
        for kind, drawn in ratios.items():
            share = getattr(one, kind)
            ratio = np.log((one.mated + 1e-5) / (one.non_mated + 1e-5))
            drawn.append(ratio[rng.choice(len(share), MATED, p=share / share.sum())])
    return linkability(*(np.sum(parts, axis=0) for parts in ratios.values()))


def whole_galleries(one: Set) -> dict[str, Any]:
    """Linking everybody of one stolen gallery to everybody of another, by relations alone."""
    some = of_several(one)
    first = np.unique(some.identity, return_index=True)[1]
    keys = attacks.transforms(2, 6)

    def gallery(offset: int, key: Transform) -> Set:
        return protected(
            replace(some, templates=[some.templates[k + offset] for k in first.tolist()]), key
        )

    def likeness(s: Set) -> Floats:
        return s.vectors @ s.vectors.T if s.faces else attacks.unrotated_agreement(s.codes)

    found = {}
    for name, offset in (("same samples", 0), ("other samples", 1)):
        table = attacks.linked_by_relations(
            likeness(gallery(0, keys[0])), likeness(gallery(offset, keys[1]))
        )
        mated = np.eye(len(table), dtype=np.bool_)
        link = linkability(table[mated], table[~mated])
        found[name] = {
            "people": len(table),
            "d_sys": link.overall,
            "chance": link.chance,
            "first_choice_right": float((table.argmax(axis=1) == np.arange(len(table))).mean()),
        }
    return found


def several_samples(one: Set) -> dict[str, Any]:
    """Two samples of a person under one key keep their likeness: what that alone tells."""
    some = of_several(one)
    first = np.unique(some.identity, return_index=True)[1]
    if some.faces:
        vectors = some.vectors
        inner = [(vectors[k] @ vectors[k + 1], vectors[k] @ vectors[k + 2]) for k in first.tolist()]
    else:
        codes = some.codes
        inner = []
        for k in first.tolist():
            likeness = attacks.unrotated_agreement(codes[k : k + 3])
            inner.append((likeness[0, 1], likeness[0, 2]))
    values = np.array(inner)
    found = {}
    for name, column in (("same samples", 0), ("one other sample", 1)):
        table = -np.abs(values[:, :1] - values[None, :, column])
        mated = np.eye(len(table), dtype=np.bool_)
        link = linkability(table[mated], table[~mated])
        found[name] = {
            "people": len(table),
            "d_sys": link.overall,
            "chance": link.chance,
            "first_choice_right": float((table.argmax(axis=1) == np.arange(len(table))).mean()),
        }
    return found


def plain(found: Any) -> Any:
    """Linkabilities as two numbers, everything else as it is."""
    if isinstance(found, Linkability):
        return {"d_sys": round(found.overall, 5), "chance": round(found.chance, 5)}
    if isinstance(found, dict):
        return {str(name): plain(value) for name, value in found.items()}
    return found


def draw(panels: list[list[tuple[str, Linkability]]], path: Path) -> None:
    """D<-> over attackers' scores, one row a set."""
    from matplotlib.figure import Figure

    from twofold.evaluation import style

    with style.look():
        figure = Figure(figsize=(10, 3 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), len(panels[0]), squeeze=False, sharey=True)
        for row, told in zip(axes, panels, strict=True):
            for axis, (title, link) in zip(row, told, strict=True):
                top = max(link.mated.max(), link.non_mated.max())
                axis.fill_between(
                    link.score, link.local, step="mid", color=style.BRANCH["fused"], alpha=0.25,
                    linewidth=0, label="D↔(s)",
                )  # fmt: skip
                for share, colour, dashes, label in (
                    (link.non_mated, style.WRONG, "--", "non-mated pairs"),
                    (link.mated, style.RIGHT, "-", "mated pairs"),
                ):
                    axis.step(
                        link.score, share / top, dashes, where="mid", color=colour, label=label
                    )
                axis.set_title(f"{title}, D_sys {link.overall:.3f}")
                axis.set_ylim(0, 1.05)
                axis.grid(axis="y")
            row[0].set_ylabel("D↔; share of pairs, scaled")
        axes[0, 1].legend(loc="upper center")
        for axis in axes[-1]:
            axis.set_xlabel("attacker's score")
        style.save(figure, path)


def unprotected(one: Set) -> Linkability:
    """Plain templates, compared as they are meant to be."""
    some = of_several(one)
    table = some.vectors @ some.vectors.T if some.faces else matched(some, some).scores
    mated = some.identity[:, None] == some.identity
    other = ~np.eye(len(mated), dtype=np.bool_)
    return linkability(table[mated & other], table[~mated])


def best(found: Any) -> tuple[str, Linkability]:
    """The attacker who links best, noise taken off."""
    every = {
        f"{name}, {kind}": link for name, kinds in found.items() for kind, link in kinds.items()
    }
    return max(every.items(), key=lambda item: item[1].overall - item[1].chance)
