"""The self-contained page of a fused benchmark."""

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from twofold import __version__
from twofold.evaluation.verification import fused_figures as figures
from twofold.evaluation.verification import fused_pictures as pictures
from twofold.evaluation.verification import fused_words as words
from twofold.evaluation.verification.curves import percentage
from twofold.evaluation.verification.fused import FusedOutcome
from twofold.evaluation.verification.mistakes import Shown
from twofold.evaluation.verification.pools import SYSTEMS, System
from twofold.evaluation.verification.rates import RESAMPLES
from twofold.evaluation.wording import readable

_SPREAD_AT = 1e-3
_NAME = 34  # characters of a subject's name


def render(outcome: FusedOutcome, command: str) -> str:
    """The HTML of `report.html`; every picture is inlined, so the file can travel alone.

    It holds pictures of people: it goes where the dataset may go, and nowhere else.
    """
    environment = Environment(
        loader=PackageLoader("twofold.evaluation.verification", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    failures = pictures.missing(outcome)
    drawn = pictures.drawn(outcome)
    return environment.get_template("fused.html.j2").render(
        version=__version__,
        title=words.title(outcome),
        short=words.short(outcome),
        cautions=words.cautions(outcome),
        outcome=outcome,
        systems=[(system, figures.TITLES[system]) for system in SYSTEMS],
        tiles=words.tiles(outcome),
        verdicts=words.verdicts(outcome),
        plots=_plots(outcome),
        rates=words.rate_rows(outcome.clean),
        conditions=[words.condition_words(outcome, one.condition) for one in outcome.measured[1:]],
        degraded=words.degraded_rows(outcome),
        transfers=words.transfer_rows(outcome),
        identified=words.identification_rows(outcome),
        reliability=outcome.reliability,
        mistakes={system: _mistakes(outcome, system) for system in SYSTEMS},
        galleries=_galleries(outcome, dict(drawn)),
        failures=[
            {
                "picture": drawn.get((one.side.modality, one.number)),
                "name": one.side.samples[one.number].name,
                "code": one.code,
                "reason": one.reason,
            }
            for one in failures
        ],
        codes=pictures.codes(failures),
        most_failures=pictures.MOST_FAILURES,
        data=words.data(outcome),
        method=words.method(outcome),
        resamples=RESAMPLES,
        command=command,
    )


def _plots(outcome: FusedOutcome) -> dict[str, figures.Plot]:
    found = {
        "det": figures.plot(
            partial(figures.det, outcome.clean), "FNMR against FMR of face, iris and both"
        ),
        "histograms": figures.plot(
            partial(figures.histograms, outcome), "Mated and non-mated scores with thresholds"
        ),
        "identification": figures.plot(
            partial(figures.identification, outcome), "CMC and open-set curve"
        ),
        "reliability": figures.plot(
            partial(figures.reliability, outcome), "Observed against stated likelihood ratios"
        ),
    }
    if len(outcome.pairings) > 1:
        found["spread"] = figures.plot(
            partial(figures.spread, outcome, _SPREAD_AT), "EER and FNMR of every pairing"
        )
    if len(outcome.measured) > 1:
        found["degraded"] = figures.plot(
            partial(figures.degraded, outcome.measured[1:]), "Curves with degraded probes"
        )
    return found


def _mistakes(outcome: FusedOutcome, system: System) -> dict[str, Any]:
    found = outcome.mistakes[system]
    form = _form(system)
    return {
        "threshold": None if found.threshold is None else format(found.threshold, form),
        "fmr": percentage(found.wanted),
        "confusions": [
            {
                "first": readable(one.first, _NAME),
                "second": readable(one.second, _NAME),
                "errors": one.errors,
                "comparisons": one.comparisons,
                "highest": format(one.highest, form),
            }
            for one in found.confusions
        ],
        "hard": found.hard,
    }


def _galleries(outcome: FusedOutcome, drawn: dict[tuple[str, int], str]) -> list[dict[str, Any]]:
    found = []
    for system in ("fused", "face", "iris"):
        parts = outcome.mistakes[system]
        for name, shown in (
            ("Most alike of different people", parts.false_matches),
            ("Least alike of the same person", parts.false_non_matches),
        ):
            found.append({
                "system": system,
                "title": f"{name}: {figures.TITLES[system]}",
                "tiles": [_tile(outcome, one, system, drawn) for one in shown],
            })  # fmt: skip
    return found


def _tile(
    outcome: FusedOutcome, one: Shown, system: System, drawn: dict[tuple[str, int], str]
) -> dict[str, Any]:
    at = outcome.mistakes[system].threshold
    verdict = ""
    if at is not None:
        verdict = "match" if one.score is not None and one.score >= at else "no match"
    rows = []
    for name, numbers, side in (
        ("face", one.faces, outcome.face), ("iris", one.irises, outcome.iris),
    ):  # fmt: skip
        if numbers is not None:
            part = one.parts[name]
            rows.append({
                "pictures": [
                    (drawn.get((name, number)), readable(side.samples[number].name, 60))
                    for number in numbers
                ],
                "words": f"{name}: no comparison" if part is None
                else f"{name} {part[0]:.3f} → LLR {part[1]:+.1f}",
            })  # fmt: skip
    score = "nothing to compare" if one.score is None else format(one.score, _form(system))
    label = "LLR" if system == "fused" else "score"
    return {
        "names": [readable(name, _NAME) for name in one.names],
        "same": one.names[0] == one.names[1],
        "score": score if one.score is None else f"{label} {score}",
        "verdict": verdict,
        "rows": rows,
    }


def _form(system: System) -> str:
    return "+.2f" if system == "fused" else ".3f"


def _finalise(value: Any) -> Any:
    """Names may hold control characters and lone surrogates, which no page can carry."""
    return readable(value) if type(value) is str else value
