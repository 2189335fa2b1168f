"""What a value may be, and the ends, steps and limits of a range; a mistake is a sentence for the user."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hpt_cli.space.scales import SCALES

Value = bool | int | float | str
Condition = Mapping[str, tuple[Value, ...]]
"""Names and their allowed values; all of them must hold."""

INT_LIMIT = 10**12
"""Bound of an int's absolute value: above it, a float in the exponent no longer tells neighbors apart."""


def same(a: Value, b: Value) -> bool:
    """Whether two values are one: 1 is 1.0, but neither is true, and text is never a number."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def finite(name: str, value: object) -> float:
    """A number that is one, as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, found {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, found {value!r}")
    return float(value)


def whole(name: str, value: object) -> int:
    """A whole number that is one."""
    number = finite(name, value)
    if not number.is_integer():
        raise ValueError(f"{name} of an int must be a whole number, found {value!r}")
    if abs(number) > INT_LIMIT:
        raise ValueError(f"{name} must lie within ±{INT_LIMIT:.0e}, found {value!r}")
    return int(number)


def check_range(low: float, high: float, scale: str, points: int | None) -> None:
    """The ends, the scale and the points of a grid."""
    if scale not in SCALES:
        raise ValueError(f"the scale is one of {', '.join(SCALES)}, found {scale!r}")
    if low > high:
        raise ValueError(f"low must be below high, found low {low!r} and high {high!r}")
    if low == high:
        raise ValueError(f"low and high are both {low!r}; write a constant as choices: [{low!r}]")
    if scale == "log" and low <= 0:
        raise ValueError(f"the log scale needs low above 0, found {low!r}")
    if scale == "log1m" and high >= 1:
        raise ValueError(f"the log1m scale needs high below 1, found {high!r}")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or points < 2):
        raise ValueError(f"points counts both ends, so it is a whole number of at least 2, found {points!r}")


def check_step(low: float, high: float, step: float, scale: str) -> None:
    """That a step fits between the ends."""
    if scale != "linear":
        raise ValueError(f"a step needs the linear scale, found the scale {scale}")
    if step <= 0:
        raise ValueError(f"step must be above 0, found {step!r}")
    steps = (high - low) / step
    if steps > INT_LIMIT:
        raise ValueError(f"step is too small for the range, found {step!r}")
    # relative, as the rounding of the division is: 0.3 / 0.1 is 2.9999999999999996
    if round(steps) < 1 or abs(steps - round(steps)) > 1e-9 * steps:
        below = float(Decimal(repr(low)) + math.floor(steps) * Decimal(repr(step)))
        nearest = int(below) if isinstance(low, int) else below
        instead = f", for example {nearest!r}" if nearest > low else ""
        raise ValueError(f"high must be low plus a whole number of steps{instead}, found {high!r}")


def check_hard(low: float, high: float, scale: str, hard_low: float | None, hard_high: float | None) -> None:
    """That the limits of later rounds hold the range, and lie on the scale."""
    if hard_low is not None and hard_low > low:
        raise ValueError(f"hard_low must not be above low, found hard_low {hard_low!r} and low {low!r}")
    if hard_high is not None and hard_high < high:
        raise ValueError(f"hard_high must not be below high, found hard_high {hard_high!r} and high {high!r}")
    if scale == "log" and hard_low is not None and hard_low <= 0:
        raise ValueError(
            f"the log scale needs hard_low above 0, found {hard_low!r}; leave it out for no limit"
        )
    if scale == "log1m" and hard_high is not None and hard_high >= 1:
        raise ValueError(
            f"the log1m scale needs hard_high below 1, found {hard_high!r}; leave it out for no limit"
        )


def normalized(when: Mapping[str, Sequence[Value]]) -> Condition:
    """A condition with its lists as tuples."""
    for name, allowed in when.items():
        if isinstance(allowed, str) or not isinstance(allowed, Sequence) or not allowed:
            raise ValueError(f"when: {name} needs a list of allowed values, found {allowed!r}")
    return {name: tuple(allowed) for name, allowed in when.items()}
