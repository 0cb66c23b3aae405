"""A fused benchmark as files: report.html, scores.csv, failures.csv and, last, metrics.json."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from twofold import files
from twofold.evaluation.verification import fused_metrics, fused_page, fused_pictures
from twofold.evaluation.verification.fused import FusedOutcome

REPORT, METRICS, SCORES, FAILURES = "report.html", "metrics.json", "scores.csv", "failures.csv"
_HEADER = (
    "half,probe_face,probe_iris,reference_face,reference_iris,mated,face,iris,face_llr,iris_llr,llr"
)


def write_fused(
    outcome: FusedOutcome,
    folder: Path,
    command: str,
    watch: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Path:
    """Write every file; `metrics.json` comes last, so that it stands for all.

    Returns:
        The path of `report.html`.

    Raises:
        OutputError: the folder cannot be written to.
    """
    files.make_folder(folder)
    (folder / METRICS).unlink(missing_ok=True)
    watch("Writing scores", 0, 3)
    _write_scores(outcome, folder / SCORES)
    _write_failures(outcome, folder / FAILURES)
    watch("Writing the report", 1, 3)
    files.write_text(folder / REPORT, fused_page.render(outcome, command))
    files.write_json(folder / METRICS, fused_metrics.measured(outcome, command))
    return folder / REPORT


def _write_scores(outcome: FusedOutcome, path: Path) -> None:
    """The clean comparisons of the first pairing; an empty cell where nothing was compared."""
    pool, pairing = outcome.pool, outcome.pairings[0]
    chosen = pool.pairing == 0
    faces = [_cell(outcome.face.samples[k].name) for k in pairing.face]
    irises = [_cell(outcome.iris.samples[k].name) for k in pairing.iris]
    columns = [
        *(pool.score[name][chosen].tolist() for name in ("face", "iris")),
        *(pool.llr[name][chosen].tolist() for name in ("face", "iris", "fused")),
    ]
    numbers = (pool.half[chosen], pool.probe[chosen], pool.reference[chosen], pool.mated[chosen])
    with files.replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(_HEADER + "\n")
        for half, probe, reference, mated, *values in zip(
            *(column.tolist() for column in numbers), *columns, strict=True
        ):
            told = ",".join("" if np.isnan(value) else f"{value:.7g}" for value in values)
            file.write(
                f"{half + 1},{faces[probe]},{irises[probe]},{faces[reference]},"
                f"{irises[reference]},{mated:d},{told}\n"
            )


def _write_failures(outcome: FusedOutcome, path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["modality", "image", "code", "reason"])
    for one in fused_pictures.missing(outcome):
        name = one.side.samples[one.number].name
        writer.writerow([one.side.modality, name, one.code, one.reason])
    files.write_text(path, text.getvalue())


def _cell(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text.encode("utf-8", "replace").decode()])
    return line.getvalue()
