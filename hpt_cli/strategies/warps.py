"""Warps: objectives as a model of smooth, normal targets can take them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray

OFFSETS = (math.inf,)
"""Warps to choose from, in ways from the median to the best; an infinite offset is no warp."""


def clipped(values: Array) -> Array:
    """Values (N,) in units of the way from the median, at 1, to the best, at 0; the bad half compressed.

    Beyond the median only the logarithm counts: one loss of 4e7 must not flatten the differences among the
    good, and how bad a bad point is matters little.
    """
    scale = float(np.abs(values).max()) or 1.0
    ascent = values / scale - (values / scale).min()  # at most 2: no overflow
    way = float(np.median(ascent))
    if way == 0.0:  # half of the values are the best one
        way = float(ascent.mean()) or 1.0
    units = ascent / way
    with np.errstate(divide="ignore"):
        compressed: Array = np.where(units > 1.0, 1.0 + np.log(np.maximum(units, 1.0)), units)
    return compressed


def warped(units: Array, offset: float) -> Array:
    """Clipped values (N,), standardized by the logarithm of their distance to ``offset`` beyond the best."""
    targets = units if offset >= 1e9 else np.log(units + offset)
    spread = float(targets.std())
    return np.asarray((targets - targets.mean()) / (spread or 1.0))


def likeliest(units: Array, misfit: Callable[[Array], float]) -> float:
    """The offset under which a model with free mean and scale gives ``units`` (N,) the greatest likelihood.

    Args:
        units: Clipped values.
        misfit: The squared length of standardized targets (N,) under the model's covariance.

    Source:
        Box and Cox, "An Analysis of Transformations", Journal of the Royal Statistical Society B 26 (1964):
        the profile likelihood, the transformation's Jacobian in it; Snelson, Rasmussen and Ghahramani,
        "Warped Gaussian Processes" (2003).
    """
    n = len(units)
    scores = []
    for offset in OFFSETS:
        raw = units if offset >= 1e9 else np.log(units + offset)
        spread = float(raw.std()) or 1.0
        log_slope = 0.0 if offset >= 1e9 else -float(raw.sum())
        targets = (raw - raw.mean()) / spread
        scores.append(log_slope - n * math.log(spread) - 0.5 * n * math.log(max(misfit(targets), 1e-12) / n))
    return OFFSETS[int(np.argmax(scores))]


def selected(units: Array, most: int) -> Array:
    """The indices, ascending, of at most ``most`` values (N,): half are the best, the others the latest."""
    if len(units) <= most:
        return np.arange(len(units))
    best = np.argsort(units, kind="stable")[: most // 2]
    others = np.setdiff1d(np.arange(len(units)), best)  # ascending: the latest stand last
    return np.sort(np.concatenate([best, others[-(most - len(best)) :]]))
