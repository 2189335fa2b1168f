"""Warps: objectives as a model of smooth, normal targets can take them."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def clipped(values: Array) -> Array:
    """Values (N,) in units of the way from the median, at 1, to the best, at 0; the bad half compressed.

    Beyond the median only the logarithm counts: one loss of 4e7 must not flatten the differences among the
    good, and how bad a bad point is matters little.  Infinity is as bad as the worst.
    """
    values = np.minimum(values, values[np.isfinite(values)].max())
    scale = float(np.abs(values).max()) or 1.0
    ascent = values / scale - (values / scale).min()  # at most 2: no overflow
    way = float(np.median(ascent))
    if way == 0.0:  # half of the values are the best one
        way = float(ascent.mean()) or 1.0
    units = ascent / max(way, 1e-290)  # beside 1e308, everything sane is nothing
    with np.errstate(divide="ignore"):
        compressed: Array = np.where(units > 1.0, 1.0 + np.log(np.maximum(units, 1.0)), units)
    return compressed


def standardized(units: Array) -> Array:
    """Values (N,) less their mean, in units of their standard deviation; all 0 where they are all equal."""
    return np.asarray((units - units.mean()) / (float(units.std()) or 1.0))


def selected(units: Array, most: int) -> Array:
    """The indices, ascending, of at most ``most`` values (N,): half are the best, the others the latest."""
    if len(units) <= most:
        return np.arange(len(units))
    best = np.argsort(units, kind="stable")[: most // 2]
    others = np.setdiff1d(np.arange(len(units)), best)  # ascending: the latest stand last
    return np.sort(np.concatenate([best, others[-(most - len(best)) :]]))
