"""Several systems measured on their score files, to be shown beside one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twofold.data.dataset import printable
from twofold.errors import DatasetError, OptionError
from twofold.evaluation.verification.comparisons import Listed
from twofold.evaluation.verification.identification import Cmc, OpenSet, cmc, open_set
from twofold.evaluation.verification.intervals import RESAMPLES, SEED, Rate
from twofold.evaluation.verification.protocols import transferred
from twofold.evaluation.verification.rates import Applied, ErrorRates, error_rates
from twofold.evaluation.verification.score_files import ScoreFile
from twofold.evaluation.verification.separation import cllr, d_prime, min_cllr
from twofold.evaluation.verification.subgroups import Subgroups, strictest, subgroup_table
from twofold.evaluation.verification.trade_off import TradeOff, trade_off

INTERVAL = {
    "subjects": "95 %, subjects resampled",
    "linked samples": "95 %, resampled by samples that mated comparisons link, since the file "
    "names no subjects: where a person has several such groups (two eyes), it is too narrow",
    "comparisons": "95 %, single comparisons resampled, since the lists name no subjects: it is "
    "too narrow wherever a person took part in several",
}


@dataclass(frozen=True)
class Ranked:
    """Identification, where a file compares every probe with every reference.

    Attributes:
        cmc: of the probes whose subject has a reference.
        open_set: with the probes whose subject has none, or None without such probes.
    """

    cmc: Cmc
    open_set: OpenSet | None


@dataclass(frozen=True)
class System:
    """One system and everything measured on it.

    Attributes:
        file: its comparisons.
        rates: at thresholds of its own.
        curve: both errors at every threshold.
        d_prime, min_cllr: how far mated and non-mated scores lie apart.
        cllr: of scores that are likelihood ratios, else None.
        development: of the comparisons that set thresholds, or None.
        applied: errors at the thresholds of `development`.
        subgroups: one table, or None.
        ranked: identification, or None where the file is no full table.
    """

    file: ScoreFile
    rates: ErrorRates
    curve: TradeOff
    d_prime: Rate
    min_cllr: Rate
    cllr: Rate | None = None
    development: ErrorRates | None = None
    applied: tuple[Applied, ...] = ()
    subgroups: Subgroups | None = None
    ranked: Ranked | None = None

    @property
    def name(self) -> str:
        """What to call it, fit for printing."""
        return printable(self.file.name)


def measure_system(
    file: ScoreFile,
    *,
    llr: bool = False,
    development: ScoreFile | None = None,
    by: tuple[str, Mapping[str, str]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> System:
    """Measure one system.

    Args:
        file: its comparisons.
        llr: the scores are natural-log likelihood ratios.
        development: comparisons of other people, whose thresholds are applied to `file`.
        by: the name of a manifest's column, and its value for each sample by name.

    Raises:
        DatasetError: all comparisons are of one kind, people stand in both files, or a sample is
            not in the manifest.
        OptionError: the subgroups cannot be made.
    """
    comparisons = file.comparisons
    for one in (file, *([] if development is None else [development])):
        _require_both(one)
    found: ErrorRates | None = None
    applied: tuple[Applied, ...] = ()
    if development is not None:
        _keep_apart(development, file)
        found = error_rates(development.comparisons, resamples=resamples, seed=seed)
        applied = transferred(found, comparisons, seed)
    rates = error_rates(comparisons, resamples=resamples, seed=seed)
    return System(
        file,
        rates,
        trade_off(comparisons),
        d_prime(comparisons, resamples=resamples, seed=seed),
        min_cllr(comparisons, seed=seed),
        cllr(comparisons, resamples=resamples, seed=seed) if llr else None,
        found,
        applied,
        None if by is None else _subgroups(file, rates, *by, resamples, seed),
        _ranked(file, resamples, seed),
    )


def _ranked(file: ScoreFile, resamples: int, seed: int) -> Ranked | None:
    made = file.comparisons
    if file.units != "subjects" or not file.probes:
        return None
    references, row = np.unique(np.array(file.references), return_inverse=True)
    probes, column = np.unique(np.array(file.probes), return_inverse=True)
    cells = column.astype(np.int64) * len(references) + row
    if len(cells) != len(probes) * len(references) or len(np.unique(cells)) != len(cells):
        return None
    table = np.full((len(probes), len(references)), np.nan)
    table[column, row] = made.score
    of_reference = np.zeros(len(references), dtype=np.int64)
    of_probe = np.zeros(len(probes), dtype=np.int64)
    of_reference[row], of_probe[column] = made.first, made.second
    known = np.isin(of_probe, of_reference)
    # Two eyes of a person are one subject, but no mates: then ranks would say nothing.
    if ((made.first == made.second) != made.mated).any() or len(np.unique(of_reference)) < 2:
        return None
    settings = {"resamples": resamples, "seed": seed}
    return Ranked(
        cmc(table, of_probe, of_reference, **settings),
        None if known.all() else open_set(table, of_probe, of_reference, **settings),
    )


def _require_both(file: ScoreFile) -> None:
    mated = file.comparisons.mated
    if not mated.any() or mated.all():
        kind = "mated" if mated.any() else "non-mated"
        raise DatasetError(
            f"{printable(file.name)}: all comparisons are {kind}. Error rates need both kinds."
        )


def _keep_apart(development: ScoreFile, file: ScoreFile) -> None:
    """People in both would make a threshold look better than it is."""
    if "comparisons" in (development.units, file.units):
        return
    both: set[str] = set()
    if development.units == file.units == "subjects":
        both = _used(development.comparisons) & _used(file.comparisons)
    elif development.probes and file.probes:
        both = {*development.references, *development.probes} & {*file.references, *file.probes}
    if both:
        raise DatasetError(
            f"{printable(file.name)}: {printable(min(both))} is in the development scores "
            f"{printable(development.name)} too"
            f"{f' (and {len(both) - 1} others)' if len(both) > 1 else ''}. Keep people apart."
        )


def _used(comparisons: Listed) -> set[str]:
    return set(comparisons.subjects)


def _subgroups(
    file: ScoreFile,
    rates: ErrorRates,
    column: str,
    values: Mapping[str, str],
    resamples: int,
    seed: int,
) -> Subgroups:
    if not file.probes:
        raise OptionError(f"--by {column}: {printable(file.name)} names no samples.")
    point = strictest(rates)
    if point is None:
        raise OptionError(f"--by {column}: {printable(file.name)} supports no threshold.")
    return subgroup_table(
        file.comparisons,
        _of(file, file.references, values),
        _of(file, file.probes, values),
        column=column,
        point=point,
        resamples=resamples,
        seed=seed,
    )


def _of(file: ScoreFile, names: Sequence[str], values: Mapping[str, str]) -> list[str]:
    missing = next((name for name in names if name not in values), None)
    if missing is not None:
        raise DatasetError(
            f"{printable(file.name)}: {printable(missing)} is not in the manifest. Add its row."
        )
    return [values[name] for name in names]
