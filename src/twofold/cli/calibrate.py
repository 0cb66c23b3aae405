"""`twofold calibrate`: from score files to calibrations, thresholds, and what they cost."""

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from twofold.cli.inspect import say
from twofold.data.dataset import printable
from twofold.errors import DatasetError, OptionError
from twofold.evaluation.verification.comparisons import count
from twofold.evaluation.verification.score_files import ScoreFile, read_scores
from twofold.evaluation.verification.text_rows import Rows
from twofold.evaluation.wording import counted
from twofold.files import make_folder
from twofold.fusion.calibration import Calibration, CalibrationCard, Method, calibrate
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import CombinationThresholds, measure
from twofold.fusion.pairing import PAIRINGS, pair_comparisons
from twofold.fusion.rules import SumRule
from twofold.template import Light, Modality
from twofold.thresholds import ThresholdSource

METRICS = "metrics.json"


@dataclass(frozen=True)
class _Scores:
    """One score file with what is known of it; quality is (m,) or None."""

    file: ScoreFile
    quality: NDArray[np.float64] | None
    modality: Modality
    light: Light | None
    contract: str
    source: ThresholdSource
    synthetic: bool


def calibrate_command(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORES...",
            help="scores.csv of `twofold benchmark` (reference,probe,mated,score, and quality "
            "where known). One of faces and one of irises together also give fused thresholds.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write the fusion model to (JSON).")],
    modality: Annotated[
        Literal["face", "iris"] | None, typer.Option(help="Default: as metrics.json says.")
    ] = None,
    light: Annotated[
        Literal["nir", "visible"] | None,
        typer.Option(help="Of the irises; without it the calibration is for any light."),
    ] = None,
    method: Annotated[
        Literal["logistic", "isotonic"], typer.Option(help="Form of the calibration.")
    ] = "logistic",
    contract: Annotated[
        str | None, typer.Option(help="Of the templates compared. Default: as metrics.json says.")
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(help="metrics.json of the benchmark. Default: the one beside SCORES."),
    ] = None,
    allow_synthetic: Annotated[
        bool, typer.Option("--allow-synthetic", help="Also fit on made-up people, and say so.")
    ] = False,
) -> None:
    """Fit calibrations (score to log-likelihood ratio) and thresholds on score files."""
    if len(scores) > 1 and (modality or contract or metrics):
        raise OptionError(
            "--modality, --contract, --metrics: for one file of scores only. Leave them out; each "
            f"file's {METRICS} beside it says these."
        )
    make_folder(out.absolute().parent)
    command = shlex.join(
        ["twofold", "calibrate", *(printable(path.name) for path in scores)]
        + (["--light", light] if light else [])
        + (["--method", method] if method != "logistic" else [])
    )
    given = [_read(path, modality, light, contract, metrics, command) for path in scores]
    _refuse(given, light, allow_synthetic)
    fitted = [_fit(one, method) for one in given]
    model = _model(given, fitted)
    model.save(out)
    console = Console()
    console.print(_table(fitted))
    for thresholds in model.thresholds:
        _say_thresholds(console, thresholds)
    say(
        console,
        "Costs and thresholds are of the comparisons fitted on; judge them on other people.",
    )
    if any(one.synthetic for one in given):
        say(console, "SYNTHETIC people: these figures say nothing about real ones.")
    say(console, f"Fusion model: {out}")


def _read(
    path: Path,
    modality: Modality | None,
    light: Light | None,
    contract: str | None,
    metrics: Path | None,
    command: str,
) -> _Scores:
    told = _metrics(path, metrics)
    named: Any = modality or told.get("modality")
    if named not in ("face", "iris"):
        raise OptionError(
            f"{path}: of which modality these scores are is not known. Give --modality face or "
            f"iris, or the benchmark's {METRICS} with --metrics."
        )
    bound = contract or _at(told, "model", "contract")
    if not isinstance(bound, str) or not bound:
        raise OptionError(
            f"{path}: of which models these scores are is not known. Give --contract (`twofold "
            f"models list` shows it), or the benchmark's {METRICS} with --metrics."
        )
    read = read_scores(path)
    counts = count(read.comparisons)
    source = ThresholdSource(
        data=str(_at(told, "dataset", "name") or printable(path.name)),
        digest=str(_at(told, "dataset", "digest") or ""),
        subjects=_whole(_at(told, "dataset", "subjects")),
        samples=_whole(_at(told, "dataset", "samples")),
        failed=_whole(_at(told, "counts", "failed")),
        mated=counts.mated - counts.mated_failed,
        non_mated=counts.non_mated - counts.non_mated_failed,
        made=datetime.now(UTC).date().isoformat(),
        command=command,
    )
    return _Scores(
        read, _quality(path, len(read.comparisons.score)), named,
        light if named == "iris" else None, bound, source, bool(told.get("synthetic")),
    )  # fmt: skip


def _metrics(scores: Path, given: Path | None) -> dict[str, Any]:
    place = given or scores.with_name(METRICS)
    if given is None and not place.is_file():
        return {}
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{place}: cannot be read ({error.strerror}). Check it.") from error
    except ValueError as error:
        raise DatasetError(f"{place}: no JSON ({error}). Give the benchmark's own.") from error
    if not isinstance(content, dict):
        raise DatasetError(f"{place}: not the figures of a benchmark. Give the benchmark's own.")
    return content


def _at(content: dict[str, Any], *keys: str) -> Any:
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _quality(path: Path, expected: int) -> NDArray[np.float64] | None:
    """The column `quality`, NaN where empty; None without such a column."""
    rows = iter(Rows(path))
    header = [cell.strip().lower() for cell in next(rows, [])]
    if "quality" not in header:
        return None
    place = header.index("quality")
    found = np.full(expected, np.nan)
    for number, cells in enumerate(rows):
        text = cells[place].strip()
        try:
            found[number] = float(text) if text else np.nan
        except ValueError:
            found[number] = np.inf
        if not (np.isnan(found[number]) or 0 <= found[number] <= 100):
            raise DatasetError(
                f"{path}: quality {printable(text[:40])!r}. Write a number from 0 to 100, or "
                "nothing where it is not known."
            )
    return found


def _refuse(given: list[_Scores], light: Light | None, allow_synthetic: bool) -> None:
    if light and all(one.modality == "face" for one in given):
        raise OptionError(f"--light {light}: faces have none. Leave the option out.")
    made_up = next((one for one in given if one.synthetic), None)
    if made_up is not None and not allow_synthetic:
        raise OptionError(
            f"{made_up.source.data}: these people are synthetic, and a calibration from them must "
            "not be used for real ones. Measure on real people, or give --allow-synthetic."
        )
    kinds = [one.modality for one in given]
    if len(kinds) != len(set(kinds)):
        raise OptionError(
            f"{len(given)} files of scores, of which two are of the {kinds[0]}. Give one of each "
            "modality."
        )


def _fit(one: _Scores, method: Method) -> Calibration:
    return calibrate(
        one.file.comparisons.score,
        one.file.comparisons.mated,
        modality=one.modality,
        light=one.light,
        contract=one.contract,
        method=method,
        quality=one.quality,
        card=CalibrationCard(sources=(one.source,), synthetic=one.synthetic),
    )


def _model(given: list[_Scores], fitted: list[Calibration]) -> FusionModel:
    found, ratios = [], {}
    synthetic = any(one.synthetic for one in given)
    for one, calibration in zip(given, fitted, strict=True):
        llr = calibration.llr(one.file.comparisons.score, one.quality)
        ratios[one.modality] = llr, one.file.comparisons.mated
        found.append(
            measure(
                *ratios[one.modality], combination=one.modality, light=one.light,
                source=one.source.data, synthetic=one.synthetic,
            )
        )  # fmt: skip
    rule = SumRule()
    if len(given) == 2:
        pairs = list(pair_comparisons(ratios["face"], ratios["iris"]))
        names = " with ".join(one.source.data for one in sorted(given, key=lambda s: s.modality))
        found.append(
            measure(
                np.concatenate([rule.fuse(both) for both, _ in pairs]),
                np.concatenate([mated for _, mated in pairs]),
                combination="face+iris",
                light=next(one.light for one in given if one.modality == "iris"),
                source=f"{PAIRINGS} chimeric pairings of comparisons of {names}",
                pairings=PAIRINGS,
                synthetic=synthetic,
            )
        )
    return FusionModel(tuple(fitted), rule, tuple(found))


def _table(fitted: list[Calibration]) -> Table:
    shown = Table()
    shown.add_column("costs in bits", no_wrap=True)
    columns = ("mated", "non-mated", "Cllr", "minCllr", "trusted to FMR")
    for title in columns:
        shown.add_column(title, justify="right")
    for one in fitted:
        card = one.card
        light = f", {one.light}" if one.light else ""
        shown.add_row(
            f"{one.modality}{light} ({one.method})",
            f"{card.mated:,}",
            f"{card.non_mated:,}",
            f"{card.cllr:.4f}",
            f"{card.min_cllr:.4f}",
            f"{card.lowest_fmr:.1e}",
        )
    return shown


def _say_thresholds(console: Console, found: CombinationThresholds) -> None:
    if not found.points:
        say(
            console,
            f"No threshold of {found.combination}: "
            f"{counted(found.non_mated, 'non-mated comparison')} carry none.",
        )
        return
    points = "; ".join(
        f"FMR {point.fmr:g} from {point.llr:.2f} on (FNMR {point.fnmr:.2%})"
        for point in found.points
    )
    say(console, f"Matches of {found.combination}, by log-likelihood ratio: {points}")
