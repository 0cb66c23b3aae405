"""A benchmark's outcome as files."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from twofold import files, images
from twofold.data.samples import SampleSet
from twofold.errors import OptionError, TwofoldError
from twofold.evaluation import style
from twofold.evaluation.verification import curves, metrics, page, sheets
from twofold.evaluation.verification.benchmark import Outcome
from twofold.evaluation.verification.comparisons import People
from twofold.evaluation.verification.extraction import read
from twofold.evaluation.wording import counted
from twofold.images import Pixels
from twofold.thresholds import Threshold, Thresholds, ThresholdSource

SCORES, FAILURES, METRICS = "scores.csv", "failures.csv", "metrics.json"
REPORT = "report.html"
DET, HISTOGRAM = "det.png", "scores.png"
FALSE_MATCHES, FALSE_NON_MATCHES = "worst-false-matches.png", "worst-false-non-matches.png"


def write_outcome(
    outcome: Outcome,
    folder: Path,
    command: str,
    watch: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Path:
    """Write every file of a benchmark; `metrics.json` comes last, so that it stands for all.

    Returns:
        The path of `metrics.json`.

    Raises:
        OutputError: the folder cannot be written to.
    """
    files.make_folder(folder)
    (folder / METRICS).unlink(missing_ok=True)
    watch("Writing", 0, 4)
    _write_scores(outcome, folder / SCORES)
    _write_failures(outcome, folder / FAILURES)
    watch("Writing", 1, 4)
    title = title_of(outcome)
    style.save(curves.det_plot(outcome.rates, title), folder / DET)
    style.save(
        curves.score_histogram(outcome.comparisons, outcome.rates.points, title),
        folder / HISTOGRAM,
    )
    watch("Writing", 2, 4)
    _write_sheets(outcome, folder, title)
    files.write_text(folder / REPORT, page.render(outcome, title, command))
    watch("Writing", 4, 4)
    files.write_json(folder / METRICS, metrics.measured(outcome, command))
    return folder / METRICS


def title_of(outcome: Outcome) -> str:
    """Which set, which modality, and whether people are made up."""
    samples = outcome.samples
    size = f" at {outcome.size[1]}x{outcome.size[0]}" if outcome.size else ""
    kind = "Faces" if samples.modality == "face" else "Irises"
    return f"{kind} of {samples.name}{size}{' (synthetic)' if samples.synthetic else ''}"


def _write_scores(outcome: Outcome, path: Path) -> None:
    """Every comparison in the order of samples, then those with a failed sample as `nan`.

    Scores round-trip float32.
    """
    comparisons = outcome.comparisons
    names = [_cell(sample.name) for sample in outcome.samples.samples]
    starts = np.flatnonzero(np.diff(comparisons.first, prepend=-1))
    ends = np.append(starts[1:], len(comparisons.first))
    with files.replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write("reference,probe,mated,score\n")
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            reference = names[comparisons.first[start]]
            file.writelines(
                f"{reference},{names[probe]},{mated:d},{score:.9g}\n"
                for probe, mated, score in zip(
                    comparisons.second[start:end].tolist(),
                    comparisons.mated[start:end].tolist(),
                    comparisons.score[start:end].tolist(),
                    strict=True,
                )
            )
        file.writelines(_failed_lines(comparisons.people, names))


def _failed_lines(people: People, names: Sequence[str]) -> Iterator[str]:
    for first in range(len(names)):
        later = np.arange(first + 1, len(names))
        failed = later if people.failed[first] else later[people.failed[later]]
        for second in failed.tolist():
            mated = people.identity[first] == people.identity[second]
            yield f"{names[first]},{names[second]},{mated:d},nan\n"


def _cell(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text.encode("utf-8", "replace").decode()])
    return line.getvalue()


def _write_failures(outcome: Outcome, path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "code", "reason"])
    for sample, one in zip(outcome.samples.samples, outcome.extracted, strict=True):
        if one.failure is not None:
            writer.writerow([sample.name, one.failure.code, one.failure.reason])
    files.write_text(path, text.getvalue())


def _write_sheets(outcome: Outcome, folder: Path, title: str) -> None:
    false_matches = sheets.worst_false_matches(outcome.comparisons)
    false_non_matches = sheets.worst_false_non_matches(outcome.comparisons)
    shown = {
        number
        for mistake in false_matches + false_non_matches
        for number in (mistake.first, mistake.second)
    }
    pictures = _pictures(outcome, sorted(shown))
    failures = {
        number: one.failure
        for number, one in enumerate(outcome.extracted)
        if one.failure is not None
    }
    failed = sum(mistake.score is None for mistake in false_non_matches)
    for file, mistakes, heading, note in (
        (
            FALSE_MATCHES,
            false_matches,
            f"Most alike of different people · {title}",
            f"The {len(false_matches)} non-mated comparisons with the highest scores",
        ),
        (
            FALSE_NON_MATCHES,
            false_non_matches,
            f"Least alike of the same person · {title}",
            _of_non_matches(failed, len(false_non_matches) - failed),
        ),
    ):
        drawn = sheets.sheet(heading, note, mistakes, outcome.samples.samples, pictures, failures)
        with files.replacing(folder / file) as temporary:
            drawn.save(temporary, format="PNG")


def _of_non_matches(failed: int, compared: int) -> str:
    lowest = f"he {counted(compared, 'mated comparison')} with the lowest scores"
    if not failed:
        return f"T{lowest}"
    return f"{counted(failed, 'picture')} without a template, beside a mated one; then t{lowest}"


def _pictures(outcome: Outcome, numbers: list[int]) -> Mapping[int, Pixels]:
    """What was found drawn on each picture, the bare picture where nothing was."""
    found: dict[int, Pixels] = {}
    for number in numbers:
        try:
            pixels = read(outcome.samples.samples[number].path, outcome.size)
        except TwofoldError:
            continue
        found[number] = pixels
        if outcome.extracted[number].failure is None:
            try:
                found[number] = outcome.matcher.draw(pixels)
            except TwofoldError:
                found[number] = images.read(pixels, colour="rgb")
    return found


def refuse_synthetic(samples: SampleSet) -> None:
    """Thresholds are for real people.

    Raises:
        OptionError: these are made up.
    """
    if samples.synthetic:
        raise OptionError(
            "--thresholds: these people are synthetic, and a threshold from them must not be used "
            "for real ones. Measure on real people."
        )


def thresholds(outcome: Outcome, command: str) -> Thresholds:
    """The thresholds measured, to be kept with the model.

    Raises:
        OptionError: made-up people, or too few comparisons for any.
    """
    samples, found = outcome.samples, outcome.rates
    refuse_synthetic(samples)
    usable = tuple(
        Threshold(point.wanted, point.threshold, point.fnmr.value, point.fnmr.low, point.fnmr.high)
        for point in found.points
        if point.threshold is not None and point.fnmr.value is not None
    )
    if not usable:
        raise OptionError(
            f"--thresholds: {found.counts.non_mated} non-mated comparisons support none. "
            "Measure on more people."
        )
    modality: Literal["face", "iris"] = samples.modality
    return Thresholds(
        modality,
        outcome.matcher.name,
        outcome.matcher.contract,
        usable,
        ThresholdSource(
            data=samples.name,
            digest=outcome.digest,
            subjects=found.subjects,
            samples=found.samples,
            failed=found.failed,
            mated=found.counts.mated,
            non_mated=found.counts.non_mated,
            made=datetime.now(UTC).date().isoformat(),
            command=command,
        ),
    )
