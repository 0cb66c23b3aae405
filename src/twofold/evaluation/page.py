"""The HTML page of a report: its words, its tables of facts, and the template filled in."""

import re
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from twofold import __version__
from twofold.evaluation import wording
from twofold.evaluation.classification import RESAMPLES, Classification
from twofold.evaluation.pictures import MOST_ERRORS
from twofold.evaluation.results import RunResults
from twofold.evaluation.scores import Scores
from twofold.network.run import BRANCHES, RunFolder

_FOLDED = 20  # a table with more rows is folded away


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: a data URI, its width in CSS pixels, and its words."""

    uri: str
    width: int
    alt: str


def banners(
    results: RunResults, fused: Classification, *, leaky: bool = False, trained_on: bool = False
) -> list[dict[str, str]]:
    """What a reader must know before any figure.

    `leaky`: scored by a protocol that leaks; `trained_on`: scored on the very pairs trained on.
    """
    found = []
    if leaky:
        leaked, images = results.data.get("leaked_images"), results.data.get("test_images")
        counted = (
            f" {leaked:,} of {images:,} test images have a copy in the training part."
            if isinstance(leaked, int) and isinstance(images, int)
            else ""
        )
        found.append({
            "kind": "alarm",
            "title": "These figures LEAK",
            "text": "Altered copies of the test pictures were trained on, so the network has seen "
            f"what it is asked.{counted} The figures show what the original report measured, "
            "not how well people are recognised. Use protocol kfold or holdout for that.",
        })  # fmt: skip
    if trained_on:
        found.append({
            "kind": "alarm",
            "title": "Scored on its own training data",
            "text": "The final network was trained on these very pairs. The figures say nothing "
            "about pairs that it has not seen.",
        })  # fmt: skip
    if results.synthetic:
        found.append({
            "kind": "caution",
            "title": "Synthetic people",
            "text": "The pictures were made by a program: figures say nothing about real ones.",
        })  # fmt: skip
    if fused.unknown:
        found.append({
            "kind": "caution",
            "title": "Pairs left aside",
            "text": f"{wording.counted(fused.unknown, 'pair')} of subjects that the run does not "
            "know: not scored, but counted.",
        })  # fmt: skip
    return found


def method(results: RunResults, *, held_out: bool) -> list[str]:
    protocols = wording.PROTOCOLS if results.method == "network" else wording.MATCHER_PROTOCOLS
    plain = protocols.get(results.protocol, f"Protocol {results.protocol}.")
    shown = "the held-out part" if held_out else "the pairs of all folds taken together"
    return [
        plain,
        f"Headline, per-subject figures, confusions and samples below are of {shown}.",
        wording.INDEPENDENCE,
    ]


def flattery(compared: list[tuple[RunResults, Scores]]) -> list[str]:
    """How much higher each preset scores where it leaks, for presets that were run both ways."""
    found = []
    for leaky, high in compared:
        for clean, low in compared:
            if leaky.leaky and not clean.leaky and clean.kind == leaky.kind:
                gains = ", ".join(
                    f"{branch} by {100 * (part.accuracy.value - other.accuracy.value):+.1f} points"
                    for (branch, part), other in zip(
                        high.branches.items(), low.branches.values(), strict=True
                    )
                )
                found.append(
                    f"Preset {leaky.kind}: the leak moves {gains} "
                    f"({leaky.name} against {clean.name})."
                )
    return found


_OF_THE_CARD = ("method", "preset", "backbones", "inputs", "onnx_sha256",
                "largest_difference_from_keras", "references", "without_template", "without_face",
                "without_iris", "face_contract", "iris_contract")  # fmt: skip


def facts(results: RunResults) -> dict[str, dict[str, str]]:
    """Tables of names and values: what was done, on what, with what."""
    folder: RunFolder = results.folder
    data = {key: value for key, value in results.data.items() if key != "left_out"}
    data["left_out"] = wording.counted(len(results.data.get("left_out") or []), "file")
    card = folder.read_json(folder.model_card)
    tables = {
        "Data": data,
        "Training": results.config,
        "Model": {key: card[key] for key in _OF_THE_CARD if key in card},
        "Environment": results.environment,
    }
    return {
        title: {
            str(key).replace("_", " "): _plain(value)
            for key, value in table.items()
            if value is not None
        }
        for title, table in tables.items()
    }


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        shown = ", ".join(_plain(part) for part in value[:12])
        return f"{shown} … ({len(value)})" if len(value) > 12 else shown
    text = str(value)
    # Sixteen digits of a hash tell two apart; the files hold the rest.
    return f"{text[:16]}…" if re.fullmatch("[0-9a-f]{64}", text) else text


def _finalise(value: Any) -> Any:
    """Names may hold control characters and lone surrogates, which no page can carry."""
    return wording.readable(value) if type(value) is str else value


def render(**context: Any) -> str:
    environment = Environment(
        loader=PackageLoader("twofold.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: getattr(wording, name)
        for name in ("percent", "interval", "points", "number", "duration", "flawless")
    }
    template = environment.get_template("report.html.j2")
    constants = {
        "version": __version__,
        "folded": _FOLDED,
        "branches": BRANCHES,
        "resamples": RESAMPLES,
        "most_errors": MOST_ERRORS,
    }
    return template.render(constants | context)
