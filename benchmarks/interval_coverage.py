"""How often 95 % intervals hold the truth, on scores of known distributions with subject effects.

    python benchmarks/interval_coverage.py --subjects 40 --samples 4 --apart 3 --trials 1000

Non-mated scores are standard normal, mated ones lie `apart` higher. Of the variance, 40 % of mated
scores and 2 x 15 % of non-mated ones belong to the subjects, so that comparisons of one person err
together. The true rates follow in closed form. For comparison, the percentiles of the same
resamples are told too. With `--others`, ranks, open-set rates, d-prime and costs instead; their
truth is that of 400 further experiments put together, or known.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import norm

from twofold.data.samples import Sample
from twofold.evaluation.verification import walk
from twofold.evaluation.verification.comparisons import Comparisons, compared, people_of
from twofold.evaluation.verification.identification import cmc, open_set
from twofold.evaluation.verification.intervals import draw
from twofold.evaluation.verification.rates import (
    OperatingPoint,
    Rate,
    apply_threshold,
    error_rates,
)
from twofold.evaluation.verification.separation import cllr, d_prime, min_cllr

OF_MATED, OF_NON_MATED = 0.4, 0.15  # shares of the variance that belong to a subject
TARGETS = (0.1, 0.01, 0.001)


class Tally:
    """Intervals of one rate over the trials."""

    def __init__(self, truth: float) -> None:
        self.truth = truth
        self.seen = self.below = self.above = self.without = self.percentiles = 0
        self.width = 0.0

    def add(self, rate: Rate, resampled: np.ndarray | None = None) -> None:
        if rate.value is None or rate.low is None or rate.high is None:
            return
        self.seen += 1
        self.below += self.truth < rate.low
        self.above += self.truth > rate.high
        self.without += rate.value == 0
        self.width += rate.high - rate.low
        if resampled is not None:
            low, high = np.nanquantile(resampled, [0.025, 0.975])
            self.percentiles += bool(low <= self.truth <= high)

    def line(self, name: str, compared: bool) -> str:
        held = 1 - (self.above + self.below) / self.seen
        percentiles = f"{self.percentiles / self.seen:.1%}" if compared else "-"
        return (
            f"| {name} | {100 * self.truth:.3g} % | {held:.1%} | {self.below / self.seen:.1%} | "
            f"{self.above / self.seen:.1%} | {100 * self.width / self.seen:.2g} % | "
            f"{self.without / self.seen:.0%} | {percentiles} |"
        )


def trial(rng: np.random.Generator, subjects: int, samples: int, apart: float) -> Comparisons:
    """Scores of one imagined experiment."""
    listed = [Sample(Path(), f"{s}/{k}", str(s)) for s in range(subjects) for k in range(samples)]
    people = people_of(listed, [False] * len(listed))
    of = people.subject
    noise = rng.normal(size=(len(of),) * 2)
    own = rng.normal(0, np.sqrt(OF_MATED), subjects)[of]
    other = rng.normal(0, np.sqrt(OF_NON_MATED), subjects)[of]
    mated = apart + own[:, None] + np.sqrt(1 - OF_MATED) * noise
    non_mated = other[:, None] + other + np.sqrt(1 - 2 * OF_NON_MATED) * noise
    return compared(people, np.where(of[:, None] == of, mated, non_mated).astype(np.float32))


def searches(rng: np.random.Generator, people: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores (p, r) of the samples of `people` with a reference and as many without, and whose."""
    of = np.repeat(np.arange(2 * people), samples)
    drift = rng.normal(0, np.sqrt(OF_NON_MATED), 2 * people)[of]
    scores = np.sqrt(1 - OF_NON_MATED) * rng.normal(size=(len(of), people)) + drift[:, None]
    own = rng.normal(0, np.sqrt(OF_MATED), 2 * people)[of]
    mates = 4 + own + np.sqrt(1 - OF_MATED) * rng.normal(size=len(of))
    known = np.flatnonzero(of < people)
    scores[known, of[known]] = mates[known]
    return scores, of


def others(
    people: int, samples: int, apart: float, trials: int, resamples: int
) -> dict[str, Tally]:
    """Ranks, open-set rates, d-prime and costs."""
    rng = np.random.default_rng(2)
    references = np.arange(people)
    ranks, mates, best = [], [], []
    for _ in range(400):
        scores, of = searches(rng, people, samples)
        known = of < people
        own = scores[known, of[known]]
        first = own > np.where(np.arange(people) == of[known][:, None], -np.inf, scores[known]).max(
            1
        )
        ranks.append(first.mean())
        mates.append(np.where(first, own, -np.inf))
        best.append(scores[~known].max(axis=1))
    threshold = np.quantile(np.concatenate(best), 0.9)
    normal = rng.normal(size=2_000_000)
    ratio = apart * np.stack([normal + apart, normal]) - apart**2 / 2
    cost = np.logaddexp(0, ratio * [[-1], [1]]).mean() / np.log(2)
    tallies = {
        "rank 1": Tally(float(np.mean(ranks))),
        "FNIR at FPIR 10 %": Tally(float((np.concatenate(mates) < threshold).mean())),
        "d'": Tally(apart),
        "Cllr": Tally(float(cost)),
        "minCllr": Tally(float(cost)),
    }
    for seed in range(trials):
        scores, of = searches(rng, people, samples)
        settings = {"resamples": resamples, "seed": seed}
        tallies["rank 1"].add(cmc(scores, of, references, **settings).at(1))
        found = open_set(scores, of, references, **settings)
        tallies["FNIR at FPIR 10 %"].add(found.points[0].fnmr)
        made = trial(rng, people, samples, apart)
        tallies["d'"].add(d_prime(made, **settings))
        true = replace(made, score=(apart * made.score - apart**2 / 2).astype(np.float32))
        tallies["Cllr"].add(cllr(true, **settings))
        tallies["minCllr"].add(min_cllr(true, resamples=100, seed=seed))
    return tallies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=40)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--apart", type=float, default=3.0)
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--others", action="store_true")
    told = parser.parse_args()
    if told.others:
        found = others(told.subjects, told.samples, told.apart, told.trials, told.resamples)
        show(told, found, compared=False)
        return
    rng, start = np.random.default_rng(1), time.perf_counter()
    tallies = {"EER": Tally(norm.cdf(-told.apart / 2))}
    for fmr in TARGETS:
        miss = norm.cdf(norm.isf(fmr) - told.apart)
        tallies[f"FNMR at FMR {fmr:.1%}"] = Tally(miss)
        tallies[f"FMR at the threshold of {fmr:.1%}"] = Tally(fmr)
    for seed in range(told.trials):
        made = trial(rng, told.subjects, told.samples, told.apart)
        rates = error_rates(made, resamples=told.resamples, seed=seed)
        drawn = draw(told.subjects, told.resamples, seed)
        eers, fnmrs = walk.eer_and_fnmr(walk.sort(made), drawn, np.array(TARGETS[::-1]))
        tallies["EER"].add(rates.eer, eers)
        for place, fmr in enumerate(TARGETS):
            tallies[f"FNMR at FMR {fmr:.1%}"].add(
                rates.points[place].fnmr, fnmrs[:, len(TARGETS) - 1 - place]
            )
            fixed = OperatingPoint(fmr, Rate(0.0), float(norm.isf(fmr)))
            applied = apply_threshold(made, fixed, resamples=told.resamples, seed=seed)
            if applied is not None:
                tallies[f"FMR at the threshold of {fmr:.1%}"].add(applied.fmr)
    print(f"{time.perf_counter() - start:.0f} s")
    show(told, tallies, compared=True)


def show(told: argparse.Namespace, tallies: dict[str, Tally], compared: bool) -> None:
    print(told)
    print("| rate | truth | held | truth below | truth above | width | no error | percentiles |")
    print("|---|---|---|---|---|---|---|---|")
    for name, tally in tallies.items():
        if tally.seen:
            print(tally.line(name, compared and not name.startswith("FMR")))


if __name__ == "__main__":
    main()
