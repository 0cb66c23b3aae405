"""Thresholds measured once on one set, kept with where they come from, applied to any other.

A file holds one entry a model: `src/twofold/face/thresholds.json` and the one of iris are read by
`shipped`; `twofold benchmark ... --thresholds FILE` writes such a file. A threshold holds only for
templates of the very contract that it was measured with.
"""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from twofold.errors import ModelError, OptionError
from twofold.files import write_json

VERSION = 1
DIRECTION = "scores of the threshold or more are matches"


@dataclass(frozen=True)
class Threshold:
    """Where scores begin to be matches.

    Attributes:
        fmr: false match rate that the threshold was set for, 0 to 1.
        score: the threshold, in the score's own range.
        fnmr, fnmr_low, fnmr_high: false non-match rate there with its 95 % interval, on the set
            that the threshold was measured on.
    """

    fmr: float
    score: float
    fnmr: float
    fnmr_low: float | None
    fnmr_high: float | None


@dataclass(frozen=True)
class ThresholdSource:
    """What a threshold was measured on: the set's name and digest, its counts, when and how."""

    data: str
    digest: str
    subjects: int
    samples: int
    failed: int
    mated: int
    non_mated: int
    made: str
    command: str

    def __str__(self) -> str:
        return (
            f"{self.data}: {self.subjects:,} subjects, {self.mated:,} mated and "
            f"{self.non_mated:,} non-mated comparisons, {self.made}"
        )


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of one model, falling by FMR."""

    modality: str
    model: str
    contract: str
    thresholds: tuple[Threshold, ...]
    source: ThresholdSource

    def at(self, fmr: float) -> Threshold:
        """The threshold set for an FMR.

        Raises:
            OptionError: none was measured for it.
        """
        for one in self.thresholds:
            if abs(one.fmr - fmr) <= 1e-9 * one.fmr:
                return one
        there = ", ".join(f"{one.fmr:g}" for one in self.thresholds)
        raise OptionError(
            f"FMR {fmr:g}: no threshold of {self.model} was measured for it; there are {there}. "
            "Choose one of these, or measure more with `twofold benchmark --thresholds`."
        )


def shipped(modality: str, model: str, contract: str) -> Thresholds | None:
    """The thresholds that come with Twofold for a model; None where none were measured.

    None also where the model's contract is another than the one measured: a stale threshold is
    worse than none.
    """
    place = resources("twofold") / modality / "thresholds.json"
    if not place.is_file():
        return None
    return find(parse(place.read_text(encoding="utf-8"), str(place)), model, contract)


def find(entries: tuple[Thresholds, ...], model: str, contract: str) -> Thresholds | None:
    """The entry of a model and contract."""
    for entry in entries:
        if entry.model == model and entry.contract == contract:
            return entry
    return None


def load(path: Path) -> tuple[Thresholds, ...]:
    """Read a file of thresholds.

    Raises:
        ModelError: missing, or no such file.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise _damaged(str(path), "not UTF-8") from error


def parse(text: str, name: str) -> tuple[Thresholds, ...]:
    """The entries in a file's text; `name` is for messages.

    Raises:
        ModelError: not of this kind or version.
    """
    try:
        content = json.loads(text)
        if content["version"] != VERSION:
            raise _damaged(name, f"version {content['version']!r}, not {VERSION}")
        return tuple(
            Thresholds(
                content["modality"],
                model,
                entry["contract"],
                tuple(Threshold(**one) for one in entry["thresholds"]),
                ThresholdSource(**entry["source"]),
            )
            for model, entry in content["models"].items()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name, f"{type(error).__name__}: {error}") from error


def save(path: Path, new: Thresholds) -> None:
    """Write an entry, all or nothing; entries of other models in the file are kept.

    Raises:
        ModelError: the file is there but of another kind or modality.
        OutputError: it cannot be written.
    """
    kept = load(path) if path.exists() else ()
    if any(entry.modality != new.modality for entry in kept):
        raise ModelError(
            f"{path}: holds thresholds of {kept[0].modality}, not {new.modality}. "
            "Give another file."
        )
    entries = {entry.model: entry for entry in kept} | {new.model: new}
    write_json(
        path,
        {
            "version": VERSION,
            "modality": new.modality,
            "direction": DIRECTION,
            "models": {model: _plain(entries[model]) for model in sorted(entries)},
        },
    )


def _plain(entry: Thresholds) -> dict[str, Any]:
    whole = asdict(entry)
    return {key: whole[key] for key in ("contract", "source", "thresholds")}


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(
        f"{name}: not a file of thresholds ({why}). Make it again with "
        "`twofold benchmark ... --thresholds FILE`."
    )
