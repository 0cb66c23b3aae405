"""What was measured on several systems, for programs; docs/evaluating.md tells every field."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twofold import __version__
from twofold.data.dataset import printable
from twofold.evaluation.verification.identification import Cmc, OpenSet
from twofold.evaluation.verification.intervals import RESAMPLES, Rate
from twofold.evaluation.verification.rates import Applied, ErrorRates
from twofold.evaluation.verification.subgroups import Group, Subgroups
from twofold.evaluation.verification.systems import INTERVAL, System

VERSION = 1


def digest(paths: Sequence[Path]) -> str:
    """SHA-256 over the content of the files of a system, in order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.stat().st_size.to_bytes(8, "big"))
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def measured(
    systems: Sequence[System], digests: Sequence[str], command: str, seed: int
) -> dict[str, Any]:
    """The content of `metrics.json`."""
    return {
        "version": VERSION,
        "kind": "evaluate-scores",
        "twofold": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "resamples": RESAMPLES,
        "seed": seed,
        "failures": "non-matches: false non-matches where mated, never false matches",
        "systems": [_system(system, one) for system, one in zip(systems, digests, strict=True)],
    }


def plain(rate: Rate) -> dict[str, Any]:
    """A rate with its interval; `refused` says why there is no value."""
    found = {"value": rate.value, "low": rate.low, "high": rate.high}
    return found | ({"refused": rate.refused} if rate.refused else {})


def subgroups(table: Subgroups, threshold: float | None = None) -> dict[str, Any]:
    """A table of groups; `threshold` where it is to be told in another direction."""
    return {
        "column": table.column,
        "threshold_for_fmr": table.wanted,
        "threshold": table.threshold if threshold is None else threshold,
        "groups": [_group(group) for group in table.groups],
        "across": None if table.across is None else _group(table.across),
        "ratios": {
            one.error.lower(): {"worst": one.worst, "best": one.best} | plain(one.ratio)
            for one in table.ratios
        },
    }


def identification(found: Cmc, unmated: OpenSet | None, sign: int = 1) -> dict[str, Any]:
    """Ranks, and FNIR at FPIR; `sign` turns thresholds into the direction of a file."""
    told: dict[str, Any] = {
        "probes": found.probes,
        "failed_probes": found.failed,
        "unmated_probes": found.unmated,
        "candidates": found.candidates,
        "cmc": {
            "rate": _numbers(found.rate),
            "low": _numbers(found.low),
            "high": _numbers(found.high),
        },
    }
    if unmated is not None:
        told["open_set"] = {
            "top_k": unmated.top_k,
            "failed_mated_probes": unmated.mated_failed,
            "failed_unmated_probes": unmated.unmated_failed,
            "fnir_at_fpir": {
                f"{point.wanted:g}": plain(point.fnmr)
                | {
                    "threshold": None if point.threshold is None else sign * point.threshold,
                    "fpir": point.fmr,
                }
                for point in unmated.points
            },
        }
    return told


def applied(found: Sequence[Applied], sign: int = 1) -> dict[str, Any]:
    """Errors at thresholds from elsewhere, by the FMR that each was set for."""
    return {
        f"{one.wanted:g}": {
            "threshold": one.threshold * sign,
            "fmr": plain(one.fmr),
            "fnmr": plain(one.fnmr),
        }
        for one in found
    }


def _system(system: System, content: str) -> dict[str, Any]:
    sign = -1 if system.file.distance else 1
    file, low_high = system.file, system.curve.eer_bounds()
    rates = _rates(system.rates, file.distance)
    rates["eer"] |= {"fvc_low": low_high[0], "fvc_high": low_high[1]}
    found = {
        "name": printable(system.name),
        "sha256": content,
        "direction": f"{'lower' if file.distance else 'higher'} means more alike",
        "interval": INTERVAL[file.units],
        **rates,
        "roc_area": system.curve.area,
        "d_prime": plain(system.d_prime),
        "min_cllr_bits": plain(system.min_cllr),
    }
    if system.cllr is not None:
        found["cllr_bits"] = plain(system.cllr)
    if system.development is not None:
        found["development"] = _rates(system.development, file.distance)
        found["at_thresholds_of_development"] = applied(system.applied, sign)
    if system.ranked is not None:
        found["identification"] = identification(system.ranked.cmc, system.ranked.open_set, sign)
    if system.subgroups is not None:
        threshold = file.as_written(system.subgroups.threshold)
        found["subgroups"] = subgroups(system.subgroups, threshold)
    return found


def _rates(rates: ErrorRates, distance: bool) -> dict[str, Any]:
    sign = -1 if distance else 1

    def turned(score: float | None) -> float | None:
        return None if score is None else sign * score

    return {
        "counts": {"subjects": rates.subjects or None} | asdict(rates.counts),
        "failed_comparisons": plain(rates.failure),
        "eer": plain(rates.eer) | {"threshold": turned(rates.eer_threshold)},
        "fnmr_at_fmr": {
            f"{point.wanted:g}": plain(point.fnmr)
            | {
                "threshold": turned(point.threshold),
                "fmr": point.fmr,
                "false_matches": point.false_matches,
                "false_non_matches": point.false_non_matches,
            }
            for point in rates.points
        },
        "det": {
            "fmr": _numbers(rates.det.fmr),
            "fnmr": _numbers(rates.det.fnmr),
            "low": _numbers(rates.det.low),
            "high": _numbers(rates.det.high),
        },
    }


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in values.tolist()]


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": printable(group.name),
        "subjects": group.subjects,
        "mated": group.mated,
        "non_mated": group.non_mated,
        "failed": group.failed,
        "fmr": plain(group.fmr),
        "fnmr": plain(group.fnmr),
    }
