"""Scales: how the values of a dimension are spread over its range.

A scale turns a value into internal units, in which draws are uniform, and back.  On the ``log`` scale a
value is 10^r with r uniform in [log10 low, log10 high], so that each decade gets the same share of the
draws; ``log1m`` does the same to 1 - x, for values such as momentum that matter by their distance from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LN10 = math.log(10)


@dataclass(frozen=True)
class Scale:
    """A pair of inverse functions, monotone on the values that the scale is for.

    Args:
        name: As it stands in a config.
        to_internal: Value to internal units.
        from_internal: Internal units to value.
    """

    name: str
    to_internal: Callable[[float], float]
    from_internal: Callable[[float], float]


def _power_of_ten(exponent: float) -> float:
    return math.pow(10.0, exponent)


def _log1m(value: float) -> float:
    return math.log1p(-value) / _LN10  # log10(1 - value), exact for tiny values too


def _one_minus_power_of_ten(exponent: float) -> float:
    return -math.expm1(exponent * _LN10)


SCALES: Mapping[str, Scale] = {
    "linear": Scale("linear", float, float),
    "log": Scale("log", math.log10, _power_of_ten),
    "log1m": Scale("log1m", _log1m, _one_minus_power_of_ten),
}
"""Every scale by its name."""
