"""`twofold evaluate-scores`: error rates of any systems from their score files, on one DET."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from twofold import files
from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import OptionError
from twofold.evaluation import style
from twofold.evaluation.verification import systems_figures, systems_metrics
from twofold.evaluation.verification.curves import percentage, told
from twofold.evaluation.verification.identification import Cmc
from twofold.evaluation.verification.intervals import SEED, Rate
from twofold.evaluation.verification.rates import lowest_fmr
from twofold.evaluation.verification.score_files import (
    ScoreFile,
    read_lists,
    read_scores,
)
from twofold.evaluation.verification.subgroups import Subgroups
from twofold.evaluation.verification.systems import INTERVAL, System, measure_system
from twofold.evaluation.verification.text_rows import read_column, read_subjects
from twofold.evaluation.wording import readable

DET, ROC, HISTOGRAM, METRICS = "det.png", "roc.png", "scores.png", "metrics.json"
_RANKS = (1, 5, 10)
_COLUMN = 24  # characters of a name


def evaluate_scores_command(
    out: Annotated[Path, typer.Option(help="Folder for metrics.json and figures.")],
    scores: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="One CSV of comparisons a system: the header reference,probe,mated,score, or "
            "four columns claimed real probe score.",
        ),
    ] = None,
    genuine: Annotated[
        list[Path] | None,
        typer.Option(help="Mated scores, one a line; with --impostor; once a system."),
    ] = None,
    impostor: Annotated[
        list[Path] | None, typer.Option(help="Non-mated scores, one a line; once a system.")
    ] = None,
    histogram: Annotated[
        bool, typer.Option("--histogram", help="Impostor files count the scores 0, 1, 2 ...")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="Of each system in order; its file's otherwise.")
    ] = None,
    distance: Annotated[
        bool, typer.Option("--distance", help="Lower scores mean more alike.")
    ] = False,
    llr: Annotated[
        bool,
        typer.Option("--llr", help="Scores are natural-log likelihood ratios: report Cllr too."),
    ] = False,
    development: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Scores of other people whose thresholds are applied unchanged; once a system.",
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Names each sample's subject: the columns path and subject."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="A table by this column of the manifest."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = SEED,
) -> None:
    """Measure systems on their scores and put them on one DET, with 95 % intervals."""
    if by is not None and manifest is None:
        raise OptionError(f"--by {printable(by)}: needs --manifest with that column.")
    if llr and distance:
        raise OptionError("--llr: likelihood ratios are no distances. Leave --distance out.")
    subjects = None if manifest is None else read_subjects(manifest)
    column = None
    if by is not None and manifest is not None:
        column = (by, read_column(manifest, by))
    sources = _sources(scores or [], genuine or [], impostor or [], name or [])
    if development and len(development) != len(scores or []):
        raise OptionError(
            f"--development: given {len(development)} times for {len(scores or [])} score files. "
            "Give one for each, in their order."
        )
    files.make_folder(out)
    (out / METRICS).unlink(missing_ok=True)
    console = Console()
    systems, digests = [], []
    for place, (called, paths) in enumerate(sources):
        read = _reader(distance, histogram, subjects)
        file = read(paths, called)
        prior = read([development[place]], None) if development and len(paths) == 1 else None
        systems.append(measure_system(file, llr=llr, development=prior, by=column, seed=seed))
        digests.append(systems_metrics.digest(paths))
    several = f"{len(systems)} systems"
    title = f"Error rates of {systems[0].name if len(systems) == 1 else several}"
    named = [(system.name, system.rates) for system in systems]
    style.save(systems_figures.det_of(named, title), out / DET)
    style.save(systems_figures.roc_of(systems, title), out / ROC)
    style.save(systems_figures.histograms_of(systems, title), out / HISTOGRAM)
    command = _command(sources, development, manifest, by, distance, histogram, llr, seed)
    files.write_json(out / METRICS, systems_metrics.measured(systems, digests, command, seed))
    render(console, systems)
    say(console, f"Results: {out / METRICS}")


Source = tuple[str, list[Path]]
Reader = Callable[[Sequence[Path], str | None], ScoreFile]


def _sources(
    scores: Sequence[Path], genuine: Sequence[Path], impostor: Sequence[Path], names: Sequence[str]
) -> list[Source]:
    """A name and the files of each system, score files first."""
    if len(genuine) != len(impostor):
        raise OptionError(
            f"--genuine was given {len(genuine)} times, --impostor {len(impostor)} times. "
            "Give one of each for a system."
        )
    paths = [[path] for path in scores] + [
        [mated, other] for mated, other in zip(genuine, impostor, strict=True)
    ]
    if not paths:
        raise OptionError("no scores: give a FILE, or --genuine and --impostor.")
    if len(paths) > systems_figures.MOST:
        raise OptionError(
            f"{len(paths)} systems: a figure holds {systems_figures.MOST}. Give fewer at a time."
        )
    if names and len(names) != len(paths):
        raise OptionError(f"--name: {len(names)} names for {len(paths)} systems. Name all or none.")
    return list(zip(names or _told_apart([each[0] for each in paths]), paths, strict=True))


def _told_apart(paths: Sequence[Path]) -> list[str]:
    """Names of files without their ends, with folders where two would be alike."""
    names = [path.stem for path in paths]
    if len(set(names)) == len(names):
        return names
    names = [f"{path.resolve().parent.name}/{path.stem}" for path in paths]
    if len(set(names)) == len(names):
        return names
    return [f"{name} ({place})" for place, name in enumerate(names, 1)]


def _reader(distance: bool, histogram: bool, subjects: Mapping[str, str] | None) -> Reader:
    def read(paths: Sequence[Path], name: str | None) -> ScoreFile:
        if len(paths) == 2:
            return read_lists(paths[0], paths[1], distance=distance, histogram=histogram, name=name)
        return read_scores(paths[0], distance=distance, subjects=subjects, name=name)

    return read


def _command(
    sources: Sequence[Source],
    development: Sequence[Path] | None,
    manifest: Path | None,
    by: str | None,
    distance: bool,
    histogram: bool,
    llr: bool,
    seed: int,
) -> str:
    """What was asked for; files by name alone, since where they lay says nothing."""
    words = ["twofold", "evaluate-scores"]
    words += [paths[0].name for _, paths in sources if len(paths) == 1]
    for _, paths in sources:
        if len(paths) == 2:
            words += ["--genuine", paths[0].name, "--impostor", paths[1].name]
    for path in development or []:
        words += ["--development", path.name]
    words += ["--manifest", manifest.name] if manifest else []
    words += ["--by", by] if by else []
    flags = {"--distance": distance, "--histogram": histogram, "--llr": llr}
    words += [flag for flag, wanted in flags.items() if wanted]
    words += ["--seed", str(seed)] if seed != SEED else []
    return shlex.join(printable(word) for word in words)


def render(console: Console, systems: Sequence[System]) -> None:
    """Print the figures of the systems, one column each."""
    shown = Table("95 % intervals in brackets")
    for system in systems:
        shown.add_column(readable(system.name, _COLUMN), justify="right")

    def row(name: str, cells: Sequence[str]) -> None:
        shown.add_row(name, *cells)

    every = [system.rates for system in systems]
    row("Subjects", [f"{r.subjects:,}" if r.subjects else "not told" for r in every])
    row("Mated comparisons", [f"{r.counts.mated:,}" for r in every])
    row("Non-mated comparisons", [f"{r.counts.non_mated:,}" for r in every])
    row("without a score", [_failed(r.counts.mated_failed + r.counts.non_mated_failed, r.failure)
                            for r in every])  # fmt: skip
    shown.add_section()
    row("EER", [told(r.eer) for r in every])
    for wanted in sorted({p.wanted for r in every for p in r.points}, reverse=True):
        cells = []
        for rates in every:
            point = next((p for p in rates.points if p.wanted == wanted), None)
            refused = f"not supported (≥ {percentage(lowest_fmr(rates.counts))})"
            cells.append(told(point.fnmr) if point and not point.fnmr.refused else refused)
        row(f"FNMR at FMR {percentage(wanted)}", cells)
    shown.add_section()
    row("d'", [_number(system.d_prime) for system in systems])
    if any(system.cllr for system in systems):
        row("Cllr, bits", [_number(s.cllr) if s.cllr else "–" for s in systems])
    row("minCllr, bits", [_number(system.min_cllr) for system in systems])
    if any(system.ranked for system in systems):
        shown.add_section()
        every_rank = [system.ranked.cmc if system.ranked else None for system in systems]
        for rank in _RANKS:
            row(f"Rank {rank}", [_rank(found, rank) for found in every_rank])
        openly = [system.ranked.open_set if system.ranked else None for system in systems]
        for wanted in sorted({p.wanted for o in openly if o for p in o.points}, reverse=True)[:3]:
            points = [next((p for p in o.points if p.wanted == wanted), None) if o else None
                      for o in openly]  # fmt: skip
            row(f"FNIR at FPIR {percentage(wanted)}", [told(p.fnmr) if p else "–" for p in points])
    if any(system.applied for system in systems):
        shown.add_section()
        for wanted in sorted({a.wanted for s in systems for a in s.applied}, reverse=True):
            found = [next((a for a in s.applied if a.wanted == wanted), None) for s in systems]
            at = f"at development's threshold for FMR {percentage(wanted)}"
            row(f"FMR {at}", [told(one.fmr) if one else "–" for one in found])
            row(f"FNMR {at}", [told(one.fnmr) if one else "–" for one in found])
    console.print(shown)
    for units in dict.fromkeys(system.file.units for system in systems):
        of = ", ".join(readable(s.name, _COLUMN) for s in systems if s.file.units == units)
        say(console, f"Intervals of {of}: {INTERVAL[units]}.")
    for system in systems:
        if system.subgroups is not None:
            render_groups(console, system.subgroups, readable(system.name, _COLUMN))


def render_groups(console: Console, table: Subgroups, of: str) -> None:
    """Print a table of subgroups."""
    shown = Table(f"{of}, by {printable(table.column)}", "Subjects", "Mated", "Non-mated",
                  "FNMR", "FMR")  # fmt: skip
    for group in (*table.groups, *([table.across] if table.across else [])):
        shown.add_row(
            readable(group.name, _COLUMN),
            f"{group.subjects:,}",
            f"{group.mated:,}",
            f"{group.non_mated:,}",
            _group_rate(group.fnmr),
            _group_rate(group.fmr),
        )
    console.print(shown)
    say(console, f"At one threshold for all, set for FMR {percentage(table.wanted)}.")
    for one in table.ratios:
        if one.ratio.value is None:
            say(console, f"{one.error}, worst to best: {one.ratio.refused}.")
            continue
        names = f"{readable(str(one.worst), _COLUMN)} / {readable(str(one.best), _COLUMN)}"
        apart = "" if (one.ratio.low or 0) > 1 else "; the data do not tell them apart"
        say(
            console,
            f"{one.error}, worst to best ({names}): {_number(one.ratio)} times{apart}.",
        )


def _rank(found: Cmc | None, rank: int) -> str:
    return "–" if found is None or rank > len(found.rate) else told(found.at(rank))


def _group_rate(rate: Rate) -> str:
    return told(rate) if rate.value is not None else f"refused: {rate.refused}"


def _failed(number: int, share: Rate) -> str:
    return f"{number:,} = {told(share)}" if number else "0"


def _number(rate: Rate) -> str:
    if rate.value is None:
        return "–"
    if rate.low is None or rate.high is None:
        return f"{rate.value:.3g}"
    return f"{rate.value:.3g} [{rate.low:.3g}, {rate.high:.3g}]"
