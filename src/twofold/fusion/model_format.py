"""The file of a fusion model: JSON with a version; every field is checked when read."""

import json
import math
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from twofold.errors import ModelError
from twofold.files import write_json
from twofold.fusion.calibration import Calibration, CalibrationCard
from twofold.fusion.curves import Curve, IsotonicCurve, LogisticCurve
from twofold.fusion.model import FusionModel
from twofold.fusion.operating import CombinationThresholds, OperatingPoint
from twofold.fusion.rules import Rule, SumRule
from twofold.fusion.tails import Tail
from twofold.fusion.trained import GaussianMixtureRule, LogisticRule, Mixture
from twofold.thresholds import ThresholdSource

VERSION = 1
KIND = "twofold fusion model"
SCALE = "natural log-likelihood ratios; thresholds or more are matches"


def save(model: FusionModel, path: Path) -> None:
    """Write a model, all or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    write_json(
        path,
        {
            "kind": KIND,
            "version": VERSION,
            "scale": SCALE,
            "rule": {"name": model.rule.name} | asdict(cast(Any, model.rule)),
            "calibrations": [asdict(one) for one in model.calibrations],
            "thresholds": [asdict(one) for one in model.thresholds],
        },
    )


def parse(text: str, name: str) -> FusionModel:
    """The model in a file's text; `name` is for messages.

    Raises:
        ModelError: damaged, or of another kind or version.
    """
    try:
        content = json.loads(text)
        if content["kind"] != KIND:
            raise ValueError(f"kind {content['kind']!r}")
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']!r}, not {VERSION}")
        model = FusionModel(
            tuple(_calibration(one) for one in content["calibrations"]),
            _rule(content["rule"]),
            tuple(_thresholds(one) for one in content["thresholds"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{name}: not a fusion model ({type(error).__name__}: {error}). Make it again with "
            "`twofold calibrate`."
        ) from error
    return model


def _calibration(entry: dict[str, Any]) -> Calibration:
    if entry["modality"] not in ("face", "iris") or entry["light"] not in (None, "nir", "visible"):
        raise ValueError(f"modality {entry['modality']!r}, light {entry['light']!r}")
    if not isinstance(entry["contract"], str) or not entry["contract"]:
        raise ValueError("no contract")
    curve: Curve
    if entry["method"] == "logistic":
        given = entry["curve"]
        curve = LogisticCurve(
            _finite(given["slope"]),
            _finite(given["intercept"]),
            _pair(given["missed"]),
            _finite(given["doubt"]),
            _finite(given["quality"]),
        )
        # With e + d of 1 or more the curve would no longer rise.
        missed = 1 / (1 + math.exp(-max(-50.0, min(50.0, max(curve.missed)))))
        if curve.slope <= 0 or curve.doubt < 0 or missed + curve.doubt >= 1:
            raise ValueError("a curve that does not rise")
        if not 0 <= curve.quality <= 100:
            raise ValueError(f"quality {curve.quality}")
    elif entry["method"] == "isotonic":
        curve = IsotonicCurve(_rising(entry["curve"]["score"]), _numbers(entry["curve"]["llrs"]))
        _same_length(curve.score, curve.llrs)
        if any(a > b for a, b in pairwise(curve.llrs)):
            raise ValueError("a curve that falls")
    else:
        raise ValueError(f"method {entry['method']!r}")
    card = dict(entry["card"])
    card["sources"] = tuple(ThresholdSource(**one) for one in card["sources"])
    return Calibration(
        entry["modality"],
        entry["light"],
        entry["contract"],
        entry["method"],
        curve,
        _tail(entry["non_mated"], upper=True),
        _tail(entry["mated"], upper=False),
        CalibrationCard(**card),
    )


def _tail(entry: dict[str, Any], *, upper: bool) -> Tail:
    shares, scores = _numbers(entry["share"]), _numbers(entry["score"])
    _same_length(shares, scores)
    sign = 1 if upper else -1
    outward = all(sign * (b - a) >= 0 for a, b in pairwise(scores))
    falling = all(b < a for a, b in pairwise(shares))
    if not (outward and falling and shares[-1] > 0 and shares[0] <= 1):
        raise ValueError("a tail out of order")
    return Tail(shares, scores, upper)


def _thresholds(entry: dict[str, Any]) -> CombinationThresholds:
    if entry["combination"] not in ("face", "iris", "face+iris"):
        raise ValueError(f"combination {entry['combination']!r}")
    if entry["light"] not in (None, "nir", "visible"):
        raise ValueError(f"light {entry['light']!r}")
    points = tuple(OperatingPoint(**one) for one in entry["points"])
    for point in points:
        _numbers((point.fmr, point.llr, point.observed_fmr, point.fnmr))
    lowest = _finite(entry["lowest_fmr"])
    if any(not lowest <= point.fmr <= 1 for point in points):
        raise ValueError("a threshold for an FMR that its data do not carry")
    return CombinationThresholds(**{**entry, "points": points})


def _rule(entry: dict[str, Any]) -> Rule:
    name = entry["name"]
    if name == "sum":
        return SumRule()
    if name == "logistic":
        weights = {key: _numbers(value) for key, value in entry["weights"].items()}
        intercepts = {key: _finite(value) for key, value in entry["intercepts"].items()}
        if weights.keys() != intercepts.keys() or any(
            len(value) != key.count("+") + 1 for key, value in weights.items()
        ):
            raise ValueError("weights that do not fit their combinations")
        return LogisticRule(weights, intercepts)
    if name == "gaussian-mixture":
        names = tuple(entry["names"])
        mixtures = [_mixture(entry[key], len(names)) for key in ("mated", "non_mated")]
        return GaussianMixtureRule(names, mixtures[0], mixtures[1])
    raise ValueError(f"rule {name!r}")


def _mixture(entry: dict[str, Any], size: int) -> Mixture:
    weights = _numbers(entry["weights"])
    means = tuple(_numbers(one) for one in entry["means"])
    covariances = tuple(tuple(_numbers(row) for row in one) for one in entry["covariances"])
    _same_length(weights, means)
    _same_length(weights, covariances)
    rows = [row for matrix in covariances for row in matrix]
    if any(len(one) != size for one in (*means, *rows, *covariances)) or min(weights) <= 0:
        raise ValueError("a mixture of unlike sizes")
    return Mixture(weights, means, covariances)


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _numbers(values: Any) -> tuple[float, ...]:
    numbers = tuple(_finite(value) for value in values)
    if not numbers:
        raise ValueError("an empty list")
    return numbers


def _pair(values: Any) -> tuple[float, float]:
    first, second = _numbers(values)
    return first, second


def _rising(values: Any) -> tuple[float, ...]:
    numbers = _numbers(values)
    if any(a >= b for a, b in pairwise(numbers)):
        raise ValueError("scores that do not rise")
    return numbers


def _same_length(first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values that belong together")
