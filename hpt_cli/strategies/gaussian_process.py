"""A Gaussian process on NumPy and SciPy, for a few hundred rows and milliseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

Array = np.ndarray

LEAST_NOISE = math.log(1e-6)
"""Below it, rounding spoils the factorization."""


@dataclass(frozen=True)
class Hyperparameters:
    """What a process is made of, all as logarithms.

    Args:
        lengths: A length scale a group of features, (G,).
        variance: Of the process.
        noise: Variance of the noise.
    """

    lengths: Array
    variance: float
    noise: float

    def vector(self) -> Array:
        """All of them, (G + 2,)."""
        return np.concatenate([self.lengths, [self.variance, self.noise]])

    @classmethod
    def of(cls, vector: Array) -> Hyperparameters:
        """The inverse of :meth:`vector`."""
        return cls(vector[:-2], float(vector[-2]), float(vector[-1]))


@dataclass(frozen=True)
class Prior:
    """What is believed of hyperparameters beforehand: mean and standard deviation of each logarithm.

    Args:
        length: Of a length scale in one dimension, in ranges of it; the mean grows by half of log G.
        choice_length: The same where the features are those of a choice, any two of which are 1 apart.
        variance: Of the process's variance.
        noise: Of the noise's variance.

    Source:
        Hvarfner, Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions"
        (2024), https://arxiv.org/abs/2402.02229: length scales grow with the square root of the dimension.
    """

    length: tuple[float, float]
    choice_length: tuple[float, float]
    variance: tuple[float, float]
    noise: tuple[float, float]

    def moments(self, kernel: Kernel) -> tuple[Array, Array]:
        """Means and standard deviations of all logarithms, (G + 2,) each."""
        lengths = [self.choice_length if is_choice else self.length for is_choice in kernel.is_choice]
        means, deviations = np.array([*lengths, self.variance, self.noise]).T
        means[:-2] += 0.5 * math.log(max(kernel.n_groups, 1))
        return means, deviations

    def center(self, kernel: Kernel) -> Hyperparameters:
        """The likeliest hyperparameters beforehand."""
        return Hyperparameters.of(self.moments(kernel)[0])


class Kernel:
    r"""Matern 5/2 with a length scale for each group of features.

    .. math:: k(x, x') = \sigma^2 (1 + r + r^2 / 3) e^{-r}, \quad r^2 = 5 \sum_f (x_f - x'_f)^2 / l_{g(f)}^2

    Args:
        groups: The group g(f) of each feature, (F,), from 0 to G - 1; a group without a feature is harmless.
        is_choice: Which groups are choices, (G,).
    """

    def __init__(self, groups: Array, is_choice: Array) -> None:
        self.groups, self.is_choice, self.n_groups = groups, is_choice, len(is_choice)

    def scaled(self, X: Array, lengths: Array) -> Array:
        """``X`` (N, F) in units of its length scales."""
        return np.asarray(X * (math.sqrt(5.0) * np.exp(-lengths))[self.groups])


def _squares(A: Array, B: Array) -> Array:
    """Squared distances (N, M) of the rows of ``A`` (N, F) and ``B`` (M, F)."""
    squares = A @ (-2.0 * B.T)
    squares += (A * A).sum(axis=1)[:, None]
    squares += (B * B).sum(axis=1)
    return np.maximum(squares, 0.0, out=squares)


class Posterior:
    """A process given its rows: what is believed elsewhere.

    Args:
        kernel: Its form.
        hyperparameters: Its numbers.
        X: Features (N, F).
        y: Targets (N,).
        share: The noise's variance in each target, in that of one training, (N,); left out, all 1.
        doubts: Variance of noise beyond it, (N,); left out, none.
    """

    def __init__(
        self,
        kernel: Kernel,
        hyperparameters: Hyperparameters,
        X: Array,
        y: Array,
        share: Array | float = 1.0,
        doubts: Array | float = 0.0,
    ) -> None:
        self.kernel, self.hyperparameters, self.X, self.y = kernel, hyperparameters, X, y
        self._share, self._doubts = share, doubts
        self._noise = math.exp(hyperparameters.noise) * share + doubts
        self._scaled = kernel.scaled(X, hyperparameters.lengths)
        covariance = self._covariance(self._scaled)
        covariance[np.diag_indices_from(covariance)] += self._noise
        factor = _factor(covariance)
        self._inverse, _ = lapack.dtrtri(factor, lower=1)  # (N, N): L^-1, so that predicting is a product
        ones, white = self._inverse @ np.ones(len(X)), self._inverse @ y  # L^-1 1 and L^-1 y
        self.mean = float(ones @ white / (ones @ ones))  # the likeliest constant
        self._weights = self._inverse.T @ (white - self.mean * ones)  # K^-1 (y - m)

    def _covariance(self, scaled: Array) -> Array:
        """Of the rows (N) and others (M), (N, M)."""
        r = np.sqrt(_squares(self._scaled, scaled))
        covariance: Array = np.exp(-r)
        covariance *= math.exp(self.hyperparameters.variance)
        covariance *= 1.0 + r + r * r / 3.0
        return covariance

    def predict(self, X: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (M,) of the noiseless objective at ``X`` (M, F)."""
        cross = self._covariance(self.kernel.scaled(X, self.hyperparameters.lengths))
        mean = self.mean + self._weights @ cross
        explained = self._inverse @ cross
        variance = math.exp(self.hyperparameters.variance) - np.einsum("nm,nm->m", explained, explained)
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def smoothed(self) -> Array:
        """The mean at the rows themselves, (N,): the targets, less the noise that is in them."""
        return np.asarray(self.y - self._noise * self._weights)

    def log_likelihood(self) -> float:
        """Of the targets, up to a constant for each of them."""
        misfit = 0.5 * float((self.y - self.mean) @ self._weights)
        return float(np.log(np.diag(self._inverse)).sum()) - misfit

    def draws(self, X: Array, count: int, rng: np.random.Generator) -> Array:
        """Noiseless objectives at ``X`` (M, F), each as likely as the process has it, (M, count)."""
        scaled = self.kernel.scaled(X, self.hyperparameters.lengths)
        cross = self._covariance(scaled)
        explained = self._inverse @ cross
        variance = math.exp(self.hyperparameters.variance)
        r = np.sqrt(_squares(scaled, scaled))
        covariance = variance * (1.0 + r + r * r / 3.0) * np.exp(-r) - explained.T @ explained
        covariance[np.diag_indices_from(covariance)] += 1e-6 * variance
        normal = rng.standard_normal((len(X), count))
        return np.asarray((self.mean + self._weights @ cross)[:, None] + _factor(covariance) @ normal)

    def with_rows(self, X: Array, y: Array) -> Posterior:
        """The same process given more rows."""
        share, doubts = self._share, self._doubts
        if isinstance(share, np.ndarray):
            share = np.concatenate([share, np.ones(len(X))])
        if isinstance(doubts, np.ndarray):
            doubts = np.concatenate([doubts, np.zeros(len(X))])
        rows, targets = np.vstack([self.X, X]), np.concatenate([self.y, y])
        return Posterior(self.kernel, self.hyperparameters, rows, targets, share, doubts)


def _factor(covariance: Array) -> Array:
    """The lower Cholesky factor; where rounding forbids one, of a slightly noisier covariance."""
    jitter = 0.0
    while True:
        factor, info = lapack.dpotrf(covariance, lower=1, clean=1)
        if info == 0:
            return np.asarray(factor)
        jitter = max(1e-6, 10 * jitter)
        covariance[np.diag_indices_from(covariance)] += jitter


def fit(
    kernel: Kernel,
    prior: Prior,
    X: Array,
    y: Array,
    start: Hyperparameters,
    *,
    steps: int,
    share: Array | float = 1.0,
    doubts: Array | float = 0.0,
) -> Hyperparameters:
    """The likeliest hyperparameters a posteriori that a few steps from ``start`` reach.

    Args:
        kernel: The process's form.
        prior: What is believed beforehand.
        X: Features (N, F).
        y: Targets (N,), about standardized.
        start: Where the descent begins.
        steps: Of L-BFGS, at most.
        share: As in :class:`Posterior`.
        doubts: As in :class:`Posterior`.
    """
    objective = Objective(kernel, prior, X, y, share, doubts)
    means, deviations = objective.means, objective.deviations
    lower, upper = means - 4 * deviations, means + 4 * deviations
    lower[-1] = max(lower[-1], LEAST_NOISE)
    upper[-1] = 0.0
    first = np.clip(start.vector(), lower, upper)
    found = minimize(
        objective,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower, upper, strict=True)),
        options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-5, "gtol": 1e-3},
    )
    return Hyperparameters.of(found.x)


def order(
    kernel: Kernel, hyperparameters: Hyperparameters, X: Array, y: Array, *, doubts: Array | float = 0.0
) -> float:
    """How much greater the log likelihood of targets is under a process than as independent normal numbers.

    The targets are standardized.

    Args:
        kernel: The process's form.
        hyperparameters: Its numbers.
        X: Features (N, F).
        y: Targets (N,); where all are equal, there is no order.
        doubts: As in :class:`Posterior`.
    """
    if not y.any():
        return 0.0
    process = Posterior(kernel, hyperparameters, X, y, doubts=doubts)
    independent = -0.5 * len(y) * (1.0 + math.log(float(y.var())))
    return process.log_likelihood() - independent


class Objective:
    """The negative log posterior density of hyperparameters (up to a constant), with its gradient.

    Args:
        kernel: The process's form.
        prior: What is believed beforehand.
        X: Features (N, F).
        y: Targets (N,).
        share: As in :class:`Posterior`.
        doubts: As in :class:`Posterior`.
    """

    def __init__(
        self,
        kernel: Kernel,
        prior: Prior,
        X: Array,
        y: Array,
        share: Array | float = 1.0,
        doubts: Array | float = 0.0,
    ) -> None:
        self.kernel, self.X, self.y, self.share, self.doubts = kernel, X, y, share, doubts
        self.means, self.deviations = prior.moments(kernel)
        self._ones = np.ones(len(X))
        self.misfit = math.inf
        """The negative log likelihood at the last vector, without what was believed beforehand."""

    def __call__(self, vector: Array) -> tuple[float, Array]:
        """At the logarithms ``vector`` (G + 2,): the value and its gradient."""
        n, groups = len(self.y), self.kernel.groups
        variance, noise = np.exp(vector[-2:])
        Z = self.kernel.scaled(self.X, vector[:-2])  # (N, F)
        r = np.sqrt(_squares(Z, Z))
        decay = np.exp(-r)
        decay *= variance
        slope = (1.0 + r) * decay / 3.0  # -dk / d(r^2 / 2)
        matern = slope * 3.0 + (r * r / 3.0) * decay
        covariance = matern.copy()
        covariance[np.diag_indices(n)] += noise * self.share + self.doubts
        factor, info = lapack.dpotrf(covariance, lower=1, clean=1)
        if info != 0:
            self.misfit = math.inf
            return 1e10, np.zeros_like(vector)
        inverse, _ = lapack.dpotri(factor, lower=1)  # the lower triangle of K^-1
        inverse += np.tril(inverse, -1).T
        ones = inverse @ self._ones
        residual = self.y - (ones @ self.y) / ones.sum()  # the mean is profiled out
        alpha = inverse @ residual
        value = 0.5 * residual @ alpha + np.log(np.diag(factor)).sum()
        W = inverse - np.outer(alpha, alpha)  # 2 d value / dK

        gradient = np.empty_like(vector)
        A = W * slope
        # d k / d log l_f = slope (z_f - z'_f)^2, summed with A over all pairs without making them
        by_feature = (A.sum(axis=1)[:, None] * Z * Z).sum(axis=0) - (Z * (A @ Z)).sum(axis=0)
        gradient[:-2] = np.bincount(groups, by_feature, minlength=self.kernel.n_groups)
        gradient[-2] = 0.5 * float(np.vdot(W, matern))
        gradient[-1] = 0.5 * noise * np.trace(W * self.share)
        self.misfit = float(value)
        off = (vector - self.means) / self.deviations
        return float(value + 0.5 * off @ off), gradient + off / self.deviations
