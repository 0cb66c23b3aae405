"""A page that shows a benchmark: its figures in words beside the pictures in its folder."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from twofold import __version__
from twofold.evaluation.verification import table
from twofold.evaluation.verification.benchmark import Outcome
from twofold.evaluation.verification.curves import percentage
from twofold.evaluation.verification.rates import RESAMPLES, Rate, lowest_fmr
from twofold.evaluation.wording import readable


def render(outcome: Outcome, title: str, command: str) -> str:
    """The HTML of `report.html`; pictures are named, not embedded, so that it can be shared."""
    environment = Environment(
        loader=PackageLoader("twofold.evaluation.verification", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cautions = table.remarks(outcome)
    if outcome.samples.synthetic:
        cautions.insert(
            0, "Synthetic people: these figures say nothing about real ones, and no threshold "
            "of theirs may be used for them.",
        )  # fmt: skip
    return environment.get_template("benchmark.html.j2").render(
        version=__version__,
        title=title,
        rates=outcome.rates,
        model=outcome.matcher.name,
        cautions=cautions,
        tiles=_tiles(outcome),
        resamples=RESAMPLES,
        columns=table.columns(outcome),
        rows=table.rows(outcome),
        command=command,
        facts={
            "Contract of the model": outcome.matcher.contract,
            "Digest of the dataset": outcome.digest,
            "Seed": outcome.seed,
            "Picture to template": table.timing(outcome),
            "All comparisons": f"{outcome.comparison_seconds:.2f} s",
        },
    )


def _tiles(outcome: Outcome) -> list[dict[str, str]]:
    rates = outcome.rates
    tiles = [_tile("EER", rates.eer)]
    for point in rates.points[1:3]:
        name = f"FNMR at FMR {percentage(point.wanted)}"
        if point.fnmr.refused is None:
            tiles.append(_tile(name, point.fnmr))
        else:
            least = percentage(lowest_fmr(rates.counts))
            detail = f"the data support no FMR below {least}"
            tiles.append({"name": name, "value": "–", "detail": detail})
    return [*tiles, _tile("Failure to extract", rates.failure)]


def _tile(name: str, rate: Rate) -> dict[str, str]:
    low, high = (percentage(bound).removesuffix(" %") for bound in (rate.low, rate.high))
    detail = "no interval: one subject" if rate.low is None else f"[{low}, {high}]"
    return {"name": name, "value": percentage(rate.value), "detail": detail}


def _finalise(value: Any) -> Any:
    """Names may hold control characters and lone surrogates, which no page can carry."""
    return readable(value) if type(value) is str else value
