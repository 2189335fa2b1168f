"""The model of bayes search that scikit-optimize's Gaussian process makes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.exceptions import ConvergenceWarning
from skopt.acquisition import gaussian_ei
from skopt.learning import GaussianProcessRegressor
from skopt.learning.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from hpt_cli.strategies.surrogate import JUDGED, ORDER
from hpt_cli.strategies.warps import selected

if TYPE_CHECKING:
    from hpt_cli.strategies.encoding import Encoder
    from hpt_cli.strategies.evidence import Evidence

Array = np.ndarray

ROWS = 200
"""The model sees at most so many results."""
RESTARTS = 1
"""Fits of the kernel from a second, random start, as long as there are few rows."""
FEW_ROWS = 60
"""Up to here a second fit costs less than a tenth of a second."""

LENGTHS = (0.05, 3.0)
"""Bounds of a length scale, in ranges of the dimension.

The upper one keeps a dimension from being written off: with 20, 3 of 12 searches over 6 mixed dimensions
ended at a poor value of one that had not mattered at first; with 3, none.
"""


def ranked(values: Array) -> Array:
    """The values (N,) by their ranks, as quantiles of the standard normal distribution; ties share one.

    Objectives have heavy tails: one loss of 4e7 must not flatten the differences that count.
    """
    return np.asarray(norm.ppf((rankdata(values) - 0.5) / len(values)))


class SkoptModel:
    """Fits scikit-optimize's process anew for every belief; a failed trial counts as the worst that did not.

    Args:
        encode: Turns places into features.
        evidence: The results, which may grow.
        seed: Words of entropy for the random restarts.
    """

    def __init__(self, encode: Encoder, evidence: Evidence, *, seed: Sequence[int]) -> None:
        self._encode, self._evidence, self._seed = encode, evidence, seed

    def revise(self, n: int) -> None:
        """Nothing is kept."""

    def after(self, n: int, *, doubtful: bool = False) -> SkoptBelief:  # noqa: ARG002 - it cannot doubt
        """As in :class:`~hpt_cli.strategies.surrogate.Model`."""
        places, values = self._evidence.rows(n)
        rng = np.random.default_rng(np.random.SeedSequence([*self._seed, n]))
        return SkoptBelief(self._encode, places, values, seed=int(rng.integers(2**31)))


class SkoptBelief:
    """A Gaussian process that takes its targets to be noisy.

    Matern 5/2 with a length scale for each feature; the noise is estimated with them by maximum likelihood.

    Source:
        Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms" (2012),
        https://arxiv.org/abs/1206.2944; the process itself is scikit-optimize's.
    """

    def __init__(self, encode: Encoder, places: Array, values: Array, *, seed: int) -> None:
        self._encode, self._n = encode, len(values)
        targets = np.where(np.isfinite(values), values, values[np.isfinite(values)].max())
        self._rows = selected(targets, ROWS)
        self._X, self._y = encode.features(places[self._rows]), ranked(targets[self._rows])
        n_features = self._X.shape[1]
        lengths = [LENGTHS] * n_features
        matern = Matern(np.full(n_features, 0.5), lengths, nu=2.5)
        kernel = ConstantKernel(1.0, (0.05, 100.0)) * matern + WhiteKernel(0.05, (1e-5, 1.0))
        restarts = RESTARTS if len(self._y) <= FEW_ROWS else 0
        with _quiet():
            self._process = GaussianProcessRegressor(
                kernel, noise="gaussian", n_restarts_optimizer=restarts, random_state=seed
            ).fit(self._X, self._y)
        spread = float(self._y.var()) or 1.0
        independent = -0.5 * len(self._y) * (1.0 + math.log(2.0 * math.pi * spread))
        gain = self._process.log_marginal_likelihood_value_ - independent
        self.orderly = bool(gain > ORDER) or len(self._y) < JUDGED
        """As in :class:`~hpt_cli.strategies.surrogate.Belief`."""

    @property
    def strides(self) -> Array:
        """The same in every dimension."""
        return np.ones(self._encode.n_dimensions)

    def means(self) -> Array:
        """As in :class:`~hpt_cli.strategies.surrogate.Belief`."""
        means = np.full(self._n, np.nan)
        with _quiet():
            means[self._rows] = self._process.predict(self._X[: len(self._rows)])
        return means

    def believe(self, places: Array) -> None:
        """As in :class:`~hpt_cli.strategies.surrogate.Belief`."""
        X = self._encode.features(places)
        fitted = self._process.kernel_.k1 + WhiteKernel(self._process.noise_)
        self._y = np.concatenate([self._y, self._process.predict(X)])
        self._X = np.vstack([self._X, X])
        with _quiet():
            process = GaussianProcessRegressor(fitted, noise="gaussian", optimizer=None)
            self._process = process.fit(self._X, self._y)

    def promise(self, places: Array) -> Array:
        """How much below the best believed point each is expected to be, (N,).

        The best is the model's belief at the tried and pending points, not the luckiest target.
        """
        with _quiet():
            best = float(np.min(self._process.predict(self._X)))
            return np.asarray(gaussian_ei(self._encode.features(places), self._process, y_opt=best))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks on a fit that ended at a bound or a variance that rounding made negative."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield
