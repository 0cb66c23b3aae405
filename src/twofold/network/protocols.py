"""Which items each training of a run learns from and which it is scored on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twofold.data.splits import Split
from twofold.network.presets import Preset
from twofold.network.stream import Items


@dataclass(frozen=True)
class Part:
    """One training of a run.

    Attributes:
        name: its folder in the run: "folds/1" ... or "final".
        train: items to learn from.
        test: items it is scored on, or None for a final network that saw everything.
    """

    name: str
    train: Items
    test: Items | None


def leak_free_parts(split: Split, preset: Preset) -> list[Part]:
    """Folds, then the final network; copies are made of training pairs alone."""
    copies = preset.copies if preset.augmentation == "copies" else 0
    parts = [
        Part(f"folds/{number}", Items.of(fold.train, copies), Items.of(fold.test))
        for number, fold in enumerate(split.folds, start=1)
    ]
    held_out = Items.of(split.test) if len(split.test) else None
    return [*parts, Part("final", Items.of(split.train, copies), held_out)]


def leaky_parts(split: Split, pairs: int, copies: int) -> list[Part]:
    """The report's order: `split` divides pairs and copies alike, so a test picture's copies may
    be in the training part.

    Args:
        split: over the `pairs` x (1 + `copies`) items, a pair's own items side by side.
        pairs: number of pairs.
        copies: altered copies of each.
    """
    everything = Items.of(np.arange(pairs), copies)
    parts = [
        Part(f"folds/{number}", everything[fold.train], everything[fold.test])
        for number, fold in enumerate(split.folds, start=1)
    ]
    return [*parts, Part("final", everything[split.train], everything[split.test])]


def leaked(part: Part) -> int:
    """How many test pairs of a part have themselves, or a copy of themselves, in its training."""
    if part.test is None:
        return 0
    return int(np.isin(part.test.pairs, part.train.pairs).sum())


def item_name(items: Items, place: int, names: Sequence[str]) -> str:
    """Name of one item: its pair's, with the number of the copy where it is one."""
    copy = int(items.copies[place])
    name = names[int(items.pairs[place])]
    return f"{name} (copy {copy})" if copy else name


def leaky_record(parts: Sequence[Part], names: Sequence[str]) -> dict[str, Any]:
    """What split.json keeps of `leaky_parts`: for each, names of the items learned and scored."""

    def named(items: Items | None) -> list[str]:
        return [] if items is None else [item_name(items, k, names) for k in range(len(items))]

    return {part.name: {"train": named(part.train), "test": named(part.test)} for part in parts}
