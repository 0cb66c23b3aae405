"""The figures of a benchmark as words, the same in the terminal and on the page."""

from dataclasses import dataclass

from twofold.evaluation.verification.benchmark import Outcome
from twofold.evaluation.verification.curves import percentage, told
from twofold.evaluation.verification.rates import Applied, ErrorRates, lowest_fmr


@dataclass(frozen=True)
class Row:
    """A line of a table: its name, a cell for each column, and whether a new part begins."""

    name: str
    cells: tuple[str, ...]
    begins: bool = False


def columns(outcome: Outcome) -> tuple[str, ...]:
    """Names of the columns: all people, then the halves if any."""
    return "All people", *(f"Half {number}" for number in range(1, len(outcome.halves) + 1))


def rows(outcome: Outcome) -> list[Row]:
    """Counts and rates of all people and of the halves."""
    every = [outcome.rates, *(half.rates for half in outcome.halves)]

    def row(name: str, cells: list[str], begins: bool = False) -> Row:
        return Row(name, tuple(cells), begins)

    found = [
        row("Subjects", [f"{rates.subjects:,}" for rates in every]),
        row("Samples", [f"{rates.samples:,}" for rates in every]),
        row("without a template", [_failed(rates) for rates in every]),
        row("Mated comparisons", [f"{rates.counts.mated:,}" for rates in every]),
        row("Non-mated comparisons", [f"{rates.counts.non_mated:,}" for rates in every]),
        row("EER", [told(rates.eer) for rates in every], begins=True),
    ]
    found += [
        row(f"FNMR at FMR {percentage(point.wanted)}", [_point(rates, place) for rates in every])
        for place, point in enumerate(outcome.rates.points)
    ]
    return found + _applied(outcome) + _of_protocol(outcome)


def _applied(outcome: Outcome) -> list[Row]:
    """Errors of each half at the thresholds of the other one."""
    by_fmr = [{one.wanted: one for one in half.applied} for half in outcome.halves]
    wanted = sorted(set().union(*by_fmr), reverse=True)
    found = []
    for fmr in wanted:
        there: list[Applied | None] = [half.get(fmr) for half in by_fmr]
        name = f"at the other half's threshold for FMR {percentage(fmr)}"
        cells = [told(one.fmr) if one else "–" for one in there]
        found.append(Row(f"FMR {name}", ("", *cells), begins=fmr == wanted[0]))
        cells = [told(one.fnmr) if one else "–" for one in there]
        found.append(Row(f"FNMR {name}", ("", *cells)))
    return found


def _of_protocol(outcome: Outcome) -> list[Row]:
    """The comparisons that a protocol names; all of them in the first column."""
    measured = outcome.protocol
    if measured is None:
        return []
    rest = ("",) * len(outcome.halves)
    found: list[Row] = []

    def row(name: str, cell: str, begins: bool = False) -> None:
        found.append(Row(name, (cell, *rest), begins))

    parts = [("evaluation", measured.evaluation)]
    if measured.development is not None:
        parts.insert(0, ("development", measured.development))
    for name, rates in parts:
        counts = rates.counts
        row(f"Protocol, {name}: subjects", f"{rates.subjects:,}", begins=True)
        row("Mated / non-mated comparisons", f"{counts.mated:,} / {counts.non_mated:,}")
        row("EER", told(rates.eer))
        for place, point in enumerate(rates.points):
            row(f"FNMR at FMR {percentage(point.wanted)}", _point(rates, place))
    for one in measured.applied:
        name = f"at development's threshold for FMR {percentage(one.wanted)}"
        row(f"FMR {name}", told(one.fmr), begins=one is measured.applied[0])
        row(f"FNMR {name}", told(one.fnmr))
    return found


def remarks(outcome: Outcome) -> list[str]:
    """What a reader must know beside the figures."""
    counts, rates = outcome.rates.counts, outcome.rates
    found = []
    if rates.failed:
        found.append(
            f"Failures count as non-matches: {counts.mated_failed:,} of the mated and "
            f"{counts.non_mated_failed:,} of the non-mated comparisons."
        )
    defects = sum(
        one.failure is not None and one.failure.code == "defect" for one in outcome.extracted
    )
    if defects:
        found.append(f"{defects} failures are defects of the program: please report them.")
    if outcome.copies:
        found.append(
            f"{outcome.copies:,} files are byte for byte copies of others: rates flatter where "
            "they are mated, and labels are wrong where they are not."
        )
    if rates.eer.value == 0:
        found.append(
            "No error was seen, so nothing differs between resamples: the upper bounds take every "
            "subject as one trial (about 3.7 / subjects)."
        )
    return found


def timing(outcome: Outcome) -> str:
    """How long an extraction took."""
    spent = sorted(one.seconds for one in outcome.extracted if one.seconds is not None)
    if not spent:
        return "no picture could be read"
    processes = "1 process" if outcome.jobs == 1 else f"{outcome.jobs} processes"
    return (
        f"{1000 * spent[len(spent) // 2]:.1f} ms median CPU time on one core; all in "
        f"{outcome.extraction_seconds:.1f} s by {processes}"
    )


def _failed(rates: ErrorRates) -> str:
    return f"{rates.failed:,} = {told(rates.failure)}" if rates.failed else "0"


def _point(rates: ErrorRates, place: int) -> str:
    if place >= len(rates.points) or rates.points[place].fnmr.refused is not None:
        return f"not supported (≥ {percentage(lowest_fmr(rates.counts))})"
    return told(rates.points[place].fnmr)
