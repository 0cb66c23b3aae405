"""The report of a run: figures, one self-contained HTML page, and lastly metrics.json."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from twofold import __version__, files
from twofold.data.dataset import Dataset
from twofold.errors import OptionError
from twofold.evaluation import classification, figures, page, pictures, style, wording
from twofold.evaluation.page import Drawing
from twofold.evaluation.results import RunResults, read_run
from twofold.evaluation.scores import Scores, score
from twofold.network.run import BRANCHES, Predictions

METRICS_SCHEMA = 1


def write_report(run: Path, dataset: Dataset, compare: Sequence[Path] = ()) -> Path:
    """Write RUN/figures/*.png, RUN/report.html and RUN/metrics.json.

    Args:
        run: a finished run folder.
        dataset: what it was trained on, for its pictures.
        compare: other finished run folders on the same data, shown in one table.

    Returns:
        Path of report.html.

    Raises:
        ModelError: a run is unfinished or damaged.
        OptionError: a run to compare with was trained on other data.
        OutputError: the folder is read-only, or the disk is full.
    """
    results = read_run(run)
    others = [_comparable(results, path) for path in compare if not _same(path, run)]
    scores = score(results.headline)
    crossed = results.cross_validated
    tested = scores if results.final.predictions else None
    pooled = (scores if tested is None else score(crossed)) if crossed else None
    scored = {"Held-out part": tested, "Cross-validation": pooled}
    groups = {title: part for title, part in scored.items() if part}
    compared = {results.name: (results, scores)}
    compared |= {_distinct(other, compared): (other, score(other.headline)) for other in others}

    folder = files.make_folder(results.folder.figures)
    drawings = _draw_scores(scores, groups, dataset, folder, leaky=results.leaky)
    if any(training.history for training in results.trainings):
        curves = figures.learning_curves(results.folds, results.final)
        drawings["curves"] = _draw(curves, folder, "curves", "Loss and accuracy by epoch")
    if others:
        bars = figures.branch_accuracy(
            {name: _accuracies(part) for name, (_, part) in compared.items()},
            1 / len(results.labels),
            [name for name, (other, _) in compared.items() if other.leaky],
        )
        drawings["comparison"] = _draw(bars, folder, "comparison", "Accuracy of every run")
    metrics = _metrics(results, scores, pooled, tested)
    content = page.render(
        title=f"Run {results.name}",
        scores=scores,
        groups=groups,
        drawings=drawings,
        results=results,
        leaky=results.leaky,
        banners=page.banners(results, scores.fused, leaky=results.leaky),
        method=page.method(results, held_out=tested is not None),
        cross_validation=metrics["cross_validation"],
        compared=compared if others else {},
        flattery=page.flattery(list(compared.values())),
        facts=page.facts(results),
        command=wording.training_command(
            results.config, str(results.data.get("root", dataset.root)), str(run)
        ),
    )
    files.write_text(results.folder.report, content)
    files.write_json(results.folder.metrics, metrics)
    return results.folder.report


def write_evaluation(predictions: Predictions, dataset: Dataset, out: Path, run: Path) -> Path:
    """Write OUT/figures/*.png, OUT/report.html and OUT/metrics.json of a run on another dataset.

    Args:
        predictions: the run's on `dataset`; truth -1 where the run does not know the subject.
        dataset: labelled, not what the run was trained on.
        out: folder to write to, made if need be.
        run: the finished run folder.

    Returns:
        Path of report.html.

    Raises:
        DatasetError: none of the pairs has a subject that the run knows.
        ModelError: the run is unfinished or damaged.
        OutputError: the folder cannot be written to, or the disk is full.
    """
    results = read_run(run)
    scores = score(predictions)
    folder = files.make_folder(files.make_folder(out) / "figures")
    groups = {"This dataset": scores}
    known = _trained_on(results, dataset)
    strangers = set(dataset.subjects) - set(results.labels)
    metrics = _about(results) | {
        "leaky": known,
        "headline": "another dataset",
        "dataset": str(dataset.root),
        "unknown_pairs": scores.fused.unknown,
        "unknown_subjects": len(strangers),
        "scores": scores.as_dict(),
    }
    content = page.render(
        title=f"Run {results.name} on {dataset.root.name}",
        scores=scores,
        groups=groups,
        drawings=_draw_scores(scores, groups, dataset, folder, leaky=known),
        results=results,
        leaky=known,
        banners=page.banners(results, scores.fused, trained_on=known),
        method=[
            f"The final network of run {results.name} answered every pair of {dataset.root}. "
            "Its training is described below.",
            wording.INDEPENDENCE,
        ],
        cross_validation=None,
        compared={},
        flattery=[],
        facts=page.facts(results),
        command=None,
    )
    files.write_text(out / "report.html", content)
    files.write_json(out / "metrics.json", metrics)
    return out / "report.html"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _trained_on(results: RunResults, dataset: Dataset) -> bool:
    return _same(Path(str(results.data.get("root", ""))), dataset.root)


def _comparable(results: RunResults, path: Path) -> RunResults:
    other = read_run(path)
    if other.data.get("digest") != results.data.get("digest"):
        raise OptionError(
            f"{path}: trained on other data than {results.folder.root} (data.json: digest differs)."
            " Compare runs on the same data only."
        )
    return other


def _distinct(other: RunResults, taken: Mapping[str, Any]) -> str:
    return str(other.folder.root) if other.name in taken else other.name


def _accuracies(scores: Scores) -> dict[str, classification.Estimate]:
    return {branch: part.accuracy for branch, part in scores.branches.items()}


def _draw(figure: Figure, folder: Path, name: str, alt: str) -> Drawing:
    path = folder / f"{name}.png"
    style.save(figure, path)
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    width = round(figure.get_size_inches()[0] * 96)
    return Drawing(f"data:image/png;base64,{encoded}", width, alt)


def _draw_scores(
    scores: Scores, groups: Mapping[str, Scores], dataset: Dataset, folder: Path, *, leaky: bool
) -> dict[str, Drawing]:
    """The figures that every report has."""
    fused, predictions = scores.fused, scores.predictions
    pairs = {pair.name: pair for pair in dataset.pairs}
    bars = figures.branch_accuracy(
        {title: _accuracies(part) for title, part in groups.items()},
        1 / len(fused.labels),
        list(groups) if leaky else (),
    )
    samples = pictures.sample_predictions(fused, predictions, pairs)
    drawn = {
        "branches": _draw(bars, folder, "branches", "Accuracy of face, iris and both"),
        "labels": _draw(figures.label_scores(fused), folder, "labels", "F1 of every subject"),
        "confusion": _draw(
            figures.confusion_matrix(fused), folder, "confusion", "Confusion matrix"
        ),
        "samples": _draw(samples, folder, "samples", "Pairs with their answers"),
    }
    if fused.errors:
        figure = pictures.confused_subjects(fused, predictions, pairs)
        drawn["confused"] = _draw(figure, folder, "confused", "Most confused subjects")
    return drawn


def _about(results: RunResults) -> dict[str, Any]:
    return {
        "schema": METRICS_SCHEMA,
        "twofold": __version__,
        "run": results.name,
        "method": results.method,
        "preset": results.config.get("preset"),
        "protocol": results.protocol,
        "leaky": results.leaky,
        "synthetic": results.synthetic,
        "data_digest": results.data.get("digest"),
        "subjects": len(results.labels),
        "interval": {
            "level": classification.LEVEL,
            "method": "percentile bootstrap over subjects",
            "resamples": classification.RESAMPLES,
            "seed": classification.SEED,
        },
    }


def _metrics(
    results: RunResults, scores: Scores, pooled: Scores | None, tested: Scores | None
) -> dict[str, Any]:
    leak = {key: results.data.get(key) for key in ("leaked_images", "test_images")}
    return _about(results) | {
        "headline": "held-out part" if tested else "cross-validation",
        "accuracy": {branch: part.accuracy.value for branch, part in scores.branches.items()},
        "leak": leak if results.leaky else None,
        "seconds": results.total("seconds"),
        "cpu_seconds": results.total("cpu_seconds"),
        "answering": results.speed,
        "cross_validation": _cross_validation(results, pooled) if pooled else None,
        "held_out": tested.as_dict() if tested else None,
    }


def _cross_validation(results: RunResults, pooled: Scores) -> dict[str, Any]:
    rows = []
    for fold in results.folds:
        if fold.predictions is not None:
            part = score(fold.predictions)
            accuracies = {branch: c.accuracy.value for branch, c in part.branches.items()}
            rows.append({"fold": fold.name, **accuracies, "pairs": part.fused.pairs, **fold.done})
    accuracy = {branch: np.array([row[branch] for row in rows]) for branch in BRANCHES}
    return {
        "folds": rows,
        "mean": {branch: float(values.mean()) for branch, values in accuracy.items()},
        "deviation": {
            branch: float(values.std(ddof=1)) if len(values) > 1 else None
            for branch, values in accuracy.items()
        },
        "deviation_ddof": 1,
        "pooled": pooled.as_dict(),
    }
