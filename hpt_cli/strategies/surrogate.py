"""The model of bayes search: what is believed of a point that was not tried."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.exceptions import ConvergenceWarning
from skopt.acquisition import gaussian_ei
from skopt.learning import GaussianProcessRegressor
from skopt.learning.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

Array = np.ndarray

RESTARTS = 1
"""Fits of the kernel from a second, random start, as long as there are few rows."""
FEW_ROWS = 60
"""Up to here a second fit costs less than a tenth of a second."""

LENGTHS = (0.05, 3.0)
"""Bounds of a length scale, in ranges of the dimension.

The upper one keeps a dimension from being written off: with 20, 3 of 12 searches over 6 mixed dimensions
ended at a poor value of one that had not mattered at first; with 3, none.
"""


def warped(values: Array) -> Array:
    """The values (N,) by their ranks, as quantiles of the standard normal distribution; ties share one.

    Objectives have heavy tails: one loss of 4e7 must not flatten the differences that count.
    """
    return np.asarray(norm.ppf((rankdata(values) - 0.5) / len(values)))


class Surrogate:
    """A Gaussian process that takes its targets to be noisy.

    Matérn 5/2 with a length scale for each feature; the noise is estimated with them by maximum likelihood.

    Args:
        X: Features (N, D), N and D at least 1.
        y: Targets (N,), low is good, of about unit variance.
        seed: For the random restart of the fit.

    Source:
        Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms" (2012),
        https://arxiv.org/abs/1206.2944; the process itself is scikit-optimize's.
    """

    def __init__(self, X: Array, y: Array, *, seed: int) -> None:
        n_features = X.shape[1]
        lengths = [LENGTHS] * n_features
        matern = Matern(np.full(n_features, 0.5), lengths, nu=2.5)
        kernel = ConstantKernel(1.0, (0.05, 100.0)) * matern + WhiteKernel(0.05, (1e-5, 1.0))
        restarts = RESTARTS if len(y) <= FEW_ROWS else 0
        with _quiet():
            self._process = GaussianProcessRegressor(
                kernel, noise="gaussian", n_restarts_optimizer=restarts, random_state=seed
            ).fit(X, y)
        self._X, self._y = X, y

    def believe(self, X: Array) -> None:
        """Take what is predicted at pending points (N, D) for true, so that they are not proposed again.

        Source:
            "Kriging believer" in Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize
            optimization" (2010), https://doi.org/10.1007/978-3-642-10701-6_6
        """
        fitted = self._process.kernel_.k1 + WhiteKernel(self._process.noise_)
        self._y = np.concatenate([self._y, self._process.predict(X)])
        self._X = np.vstack([self._X, X])
        with _quiet():
            process = GaussianProcessRegressor(fitted, noise="gaussian", optimizer=None)
            self._process = process.fit(self._X, self._y)

    def expected_improvement(self, X: Array) -> Array:
        """How much below the best believed point each of ``X`` (N, D) is expected to be, (N,).

        The best is the model's belief at the tried and pending points, not the luckiest target.
        """
        with _quiet():
            best = float(np.min(self._process.predict(self._X)))
            return np.asarray(gaussian_ei(X, self._process, y_opt=best))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks on a fit that ended at a bound or a variance that rounding made negative."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield
