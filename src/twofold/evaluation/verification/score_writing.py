"""Score files, written: so that other programs can evaluate the same comparisons."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from twofold import files
from twofold.errors import OptionError
from twofold.evaluation.verification.score_files import ScoreFile


def write_scores(path: Path, scores: ScoreFile, form: Literal["csv", "four"] = "csv") -> None:
    """Write comparisons in the file's own direction; failed ones have an empty score, or `nan`.

    Args:
        form: "csv" for a header and `reference,probe,reference_subject,probe_subject,mated,score`
            as far as known; "four" for `claimed real probe score` with spaces and without a header.

    Raises:
        OptionError: "four" without names, with names that hold spaces, or where a comparison of
            one subject is not mated (two eyes).
        OutputError: cannot be written.
    """
    made = scores.comparisons
    named = scores.units == "subjects" and bool(made.subjects)
    values = -made.score if scores.distance else made.score
    columns: dict[str, Sequence[str]] = {}
    if scores.probes:
        columns |= {"reference": scores.references, "probe": scores.probes}
    if named:
        columns["reference_subject"] = [made.subjects[k] for k in made.first.tolist()]
        columns["probe_subject"] = [made.subjects[k] for k in made.second.tolist()]
    with files.replacing(path) as temporary:
        if form == "four":
            _refuse_four(path, scores, columns)
            with temporary.open("w", encoding="utf-8", newline="") as file:
                for claimed, real, probe, value in zip(
                    columns["reference_subject"], columns["probe_subject"],
                    columns["probe"], values.tolist(), strict=True,
                ):  # fmt: skip
                    file.write(f"{claimed} {real} {probe} {_number(value) or 'nan'}\n")
            return
        columns["mated"] = [f"{mated:d}" for mated in made.mated.tolist()]
        columns["score"] = [_number(value) for value in values.tolist()]
        with temporary.open("w", encoding="utf-8", newline="") as file:
            # A bare carriage return ends a line for readers, but is not quoted on its own.
            returns = any("\r" in name for kind in columns.values() for name in kind)
            writer = csv.writer(
                file,
                lineterminator="\n",
                quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
            )
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def write_lists(genuine: Path, impostor: Path, scores: ScoreFile) -> None:
    """Write mated and non-mated scores apart, one a line; failed ones as `nan`.

    Raises:
        OutputError: cannot be written.
    """
    made = scores.comparisons
    values = -made.score if scores.distance else made.score
    for path, kind in ((genuine, made.mated), (impostor, ~made.mated)):
        lines = (f"{_number(value) or 'nan'}\n" for value in values[kind].tolist())
        files.write_text(path, "".join(lines))


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.17g}"


def _refuse_four(path: Path, scores: ScoreFile, columns: Mapping[str, Sequence[str]]) -> None:
    if not {"reference_subject", "probe"} <= columns.keys():
        raise OptionError(
            f"{path}: four columns need subjects and probes, which these scores lack. Write CSV."
        )
    made = scores.comparisons
    if ((made.first == made.second) != made.mated).any():
        raise OptionError(
            f"{path}: comparisons within a subject that are not mated (two eyes) have no place in "
            "four columns. Write CSV."
        )
    names = (*made.subjects, *set(columns["probe"]))
    if any(len(name.split()) != 1 or set(",;") & set(name) for name in names):
        raise OptionError(f"{path}: names with spaces or commas do not fit here. Write CSV.")
