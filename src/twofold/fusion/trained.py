"""Rules trained on fused development comparisons: logistic weights, and Gaussian mixtures.

Both are fitted for every combination of modalities, so that a missing one is a case of its own and
not a guessed value, and both give log-likelihood ratios at a prior of 1/2.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from twofold.errors import OptionError
from twofold.fusion.rules import Ratios, combination, stacked

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogisticRule:
    """A weighted sum of the ratios, with weights of its own for each combination.

    Attributes:
        weights: combination to the weight of each modality in order of their names.
        intercepts: combination to what is added.
    """

    weights: Mapping[str, tuple[float, ...]]
    intercepts: Mapping[str, float]

    @property
    def name(self) -> str:
        return "logistic"

    @classmethod
    def fit(cls, llrs: Ratios, mated: ArrayLike) -> "LogisticRule":
        """Fit on comparisons; where a modality is NaN, they count for the others alone.

        Raises:
            OptionError: a combination without mated or non-mated comparisons, or unlike shapes.
        """
        from sklearn.linear_model import LogisticRegression  # loading it takes a moment

        names, ratios = stacked(llrs)
        labels = np.asarray(mated, dtype=np.bool_)
        weights, intercepts = {}, {}
        for chosen in _subsets(len(names)):
            there, kind = _complete(names, ratios, labels, chosen)
            model = LogisticRegression(class_weight="balanced", C=1e6).fit(there, kind)
            key = combination([names[k] for k in chosen])
            weights[key] = tuple(float(one) for one in model.coef_[0])
            intercepts[key] = float(model.intercept_[0])
        return cls(weights, intercepts)

    def fuse(self, llrs: Ratios) -> Floats:
        def one(key: str, ratios: Floats) -> Floats:
            weighed: Floats = ratios @ np.array(self.weights[key]) + self.intercepts[key]
            return weighed

        return _by_combination(llrs, self.weights, one)


@dataclass(frozen=True)
class Mixture:
    """A mixture of normal distributions.

    Attributes:
        weights: (c,) of the components.
        means: (c, k).
        covariances: (c, k, k).
    """

    weights: tuple[float, ...]
    means: tuple[tuple[float, ...], ...]
    covariances: tuple[tuple[tuple[float, ...], ...], ...]

    def log_density(self, points: Floats, chosen: list[int]) -> Floats:
        """Of points (m, len(chosen)) under the marginal of the chosen dimensions."""
        means = np.array(self.means)[:, chosen]
        covariances = np.array(self.covariances)[:, chosen][:, :, chosen]
        parts = []
        for weight, mean, covariance in zip(self.weights, means, covariances, strict=True):
            half = np.linalg.cholesky(covariance)
            away = np.linalg.solve(half, (points - mean).T)
            log_root = np.log(np.diag(half)).sum()
            normal = -0.5 * (away**2).sum(axis=0) - log_root - 0.5 * len(mean) * np.log(2 * np.pi)
            parts.append(np.log(weight) + normal)
        density: Floats = logsumexp(np.stack(parts), axis=0)
        return density


@dataclass(frozen=True)
class GaussianMixtureRule:
    """The ratio of two densities of the ratios, mated over non-mated, each a Gaussian mixture.

    K. Nandakumar, Y. Chen, S. C. Dass, A. K. Jain: Likelihood ratio-based biometric score fusion.
    IEEE PAMI 30 (2008). A missing modality is integrated out. Unlike the other rules it need not
    rise with every ratio, and what it says beyond the training data is not bounded by their counts.

    Attributes:
        names: of the modalities, in the order of the mixtures' dimensions.
        mated, non_mated: the densities.
    """

    names: tuple[str, ...]
    mated: Mixture
    non_mated: Mixture

    @property
    def name(self) -> str:
        return "gaussian-mixture"

    @classmethod
    def fit(
        cls, llrs: Ratios, mated: ArrayLike, components: int = 2, seed: int = 0
    ) -> "GaussianMixtureRule":
        """Fit on the comparisons in which no modality is missing.

        Raises:
            OptionError: too few of them, or unlike shapes.
        """
        from sklearn.mixture import GaussianMixture

        names, ratios = stacked(llrs)
        labels = np.asarray(mated, dtype=np.bool_)
        points, kind = _complete(names, ratios, labels, tuple(range(len(names))))
        if min(kind.sum(), (~kind).sum()) < 2 * components:
            raise OptionError(
                f"{int(kind.sum())} mated and {int((~kind).sum())} non-mated comparisons with "
                f"every modality: too few for {components} components. Give more."
            )
        parts = [
            GaussianMixture(components, reg_covar=1e-2, random_state=seed, n_init=2).fit(points[k])
            for k in (kind, ~kind)
        ]
        return cls(names, _mixture(parts[0]), _mixture(parts[1]))

    def fuse(self, llrs: Ratios) -> Floats:
        keys = {combination([self.names[k] for k in one]): one for one in _subsets(len(self.names))}

        def one(key: str, ratios: Floats) -> Floats:
            chosen = list(keys[key])
            mated = self.mated.log_density(ratios, chosen)
            return mated - self.non_mated.log_density(ratios, chosen)

        return _by_combination(llrs, keys, one)


def _mixture(model: Any) -> Mixture:
    return Mixture(
        tuple(map(float, model.weights_)),
        tuple(tuple(map(float, mean)) for mean in model.means_),
        tuple(tuple(tuple(map(float, row)) for row in matrix) for matrix in model.covariances_),
    )


def _subsets(count: int) -> list[tuple[int, ...]]:
    return [one for size in range(1, count + 1) for one in combinations(range(count), size)]


def _complete(
    names: tuple[str, ...], ratios: Floats, mated: NDArray[np.bool_], chosen: tuple[int, ...]
) -> tuple[Floats, NDArray[np.bool_]]:
    if mated.shape != ratios.shape[1:] or mated.ndim != 1:
        raise OptionError(
            f"ratios {ratios.shape[1:]} and labels {mated.shape}: give one label for each."
        )
    points = ratios[list(chosen)].T
    there = np.isfinite(points).all(axis=1)
    kind = mated[there]
    if not kind.any() or kind.all():
        key = combination([names[k] for k in chosen])
        raise OptionError(
            f"{key}: {int(kind.sum())} mated and {int((~kind).sum())} non-mated comparisons; a "
            "trained rule needs both. Give more people."
        )
    return points[there], kind


def _by_combination(
    llrs: Ratios, known: Collection[str], one: Callable[[str, Floats], Floats]
) -> Floats:
    """Apply `one` to the comparisons of each combination of modalities that are there."""
    names, ratios = stacked(llrs)
    shape = ratios.shape[1:]
    flat = ratios.reshape(len(names), -1)
    fused = np.full(flat.shape[1], np.nan)
    there = ~np.isnan(flat)
    for chosen in _subsets(len(names)):
        mask = np.zeros(len(names), dtype=np.bool_)
        mask[list(chosen)] = True
        rows = (there == mask[:, None]).all(axis=0)
        if not rows.any():
            continue
        key = combination([names[k] for k in chosen])
        if key not in known:
            raise OptionError(
                f"{key}: the rule was fitted for {', '.join(known)} alone. Fit it on this too."
            )
        fused[rows] = one(key, flat[list(chosen)][:, rows].T)
    return fused.reshape(shape)
