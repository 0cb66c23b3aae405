"""A fused benchmark's figures for programs; docs/fused-benchmark.md has the schema."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np

from twofold import __version__
from twofold.evaluation.verification.chimeric import DIVISIONS
from twofold.evaluation.verification.fused import FusedOutcome, Measured
from twofold.evaluation.verification.pooled_rates import Spread
from twofold.evaluation.verification.pools import SYSTEMS, System
from twofold.evaluation.verification.rates import RESAMPLES, ErrorRates, Rate
from twofold.evaluation.verification.sides import Side

SCHEMA = 1


def measured(outcome: FusedOutcome, command: str) -> dict[str, Any]:
    """Everything measured (metrics.json)."""
    return {
        "schema": SCHEMA,
        "kind": "fused benchmark",
        "twofold": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "chimeric": outcome.chimeric,
        "synthetic": outcome.synthetic,
        "data": {side.modality: _side(side) for side in (outcome.face, outcome.iris)},
        "protocol": {
            "pairings": len(outcome.pairings),
            "divisions": min(DIVISIONS, len(outcome.pairings)),
            "seed": outcome.seed,
            "share": outcome.share,
            "calibration": outcome.source,
            "calibration_words": outcome.calibration,
            "interval": "95 %, both sides' people resampled",
            "resamples": RESAMPLES,
            "failures": "non-matches, in the denominators",
        },
        "pairings": [
            {
                "number": one.number,
                "division": one.division,
                "subjects": [int((one.half == half).sum()) for half in (0, 1)],
                "pairs_of_samples": len(one.face),
            }
            for one in outcome.pairings
        ],
        "conditions": [_condition(one) for one in outcome.measured],
        "halves": [
            {
                "pairing": one.pairing,
                "half": one.half,
                "system": one.system,
                "wanted_fmr": one.applied.wanted,
                "threshold": one.applied.threshold,
                "fmr": _rate(one.applied.fmr),
                "fnmr": _rate(one.applied.fnmr),
                "within_interval": one.holds,
            }
            for one in outcome.transfers
        ],
        "identification": {system: _identified(outcome, system) for system in SYSTEMS},
        "calibration": {
            system: {
                "cllr": outcome.reliability[system].cllr,
                "min_cllr": outcome.reliability[system].min_cllr,
                "stated_llr": _list(outcome.reliability[system].stated),
                "observed_llr": _list(outcome.reliability[system].observed),
            }
            for system in SYSTEMS
        },
        "confusions": {
            system: {
                "threshold": outcome.mistakes[system].threshold,
                "fmr": outcome.mistakes[system].wanted,
                "most_confused": [vars(one) for one in outcome.mistakes[system].confusions],
                "most_missed": [vars(one) for one in outcome.mistakes[system].hard],
            }
            for system in SYSTEMS
        },
        "seconds": round(outcome.seconds, 1),
    }


def _side(side: Side) -> dict[str, Any]:
    codes = Counter(one.failure.code for one in side.extracted if one.failure is not None)
    return {
        "name": side.name,
        "digest": side.digest,
        "synthetic": side.synthetic,
        "people": len(side.persons),
        "identities": len(set(side.identity.tolist())),
        "samples": len(side.samples),
        "failed": int(side.failed.sum()),
        "failure_codes": dict(codes.most_common()),
        "degraded_failed": {
            how: sum(one.failure is not None for one in worse.extracted)
            for how, worse in side.worse.items()
        },
        "light": side.light,
        "model": side.matcher.name,
        "contract": side.matcher.contract,
    }


def _condition(one: Measured) -> dict[str, Any]:
    return {
        "condition": one.condition.key,
        "degraded": one.condition.modality,
        "how": one.condition.how,
        "supporting_comparisons": one.carried,
        "systems": {
            system: _rates(one.rates[system])
            | {
                "eer_of_pairings": _spread(one.eer_spread[system]),
                "fnmr_of_pairings": {
                    f"{fmr:g}": _spread(spread) for fmr, spread in one.fnmr_spread[system].items()
                },
            }
            for system in SYSTEMS
        },
        "operating_points_compared": one.points,
        "fused_worse_at": [vars(back) for back in one.setbacks],
    }


def _rates(rates: ErrorRates) -> dict[str, Any]:
    return {
        "counts": vars(rates.counts),
        "eer": _rate(rates.eer) | {"threshold": rates.eer_threshold},
        "fnmr_at_fmr": {
            f"{point.wanted:g}": _rate(point.fnmr)
            | {
                "threshold": point.threshold,
                "fmr": point.fmr,
                "false_matches": point.false_matches,
                "false_non_matches": point.false_non_matches,
            }
            for point in rates.points
        },
        "det": {
            "fmr": _list(rates.det.fmr),
            "fnmr": _list(rates.det.fnmr),
            "low": _list(rates.det.low),
            "high": _list(rates.det.high),
        },
    }


def _identified(outcome: FusedOutcome, system: System) -> dict[str, Any]:
    found = outcome.identified[system]
    return {
        "rank": _list(found.rank),
        "rank_one": _rate(found.rank_one),
        "rank_one_of_galleries": _spread(Spread(found.spread)),
        "candidates": list(found.candidates),
        "probes": found.probes,
        "unmated_probes": found.unmated,
        "fnir_at_fpir_0.01": _rate(found.fnir),
        "open_set": {"fpir": _list(found.open_set.fmr), "fnir": _list(found.open_set.fnmr)},
    }


def _rate(rate: Rate) -> dict[str, Any]:
    plain = {"value": rate.value, "low": rate.low, "high": rate.high}
    return plain | ({"refused": rate.refused} if rate.refused else {})


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "median": spread.median, "least": spread.low, "greatest": spread.high,
        "pairings": len(spread.values),
    }  # fmt: skip


def _list(values: "np.ndarray[Any, Any]") -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 9) for value in values]
