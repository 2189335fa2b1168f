"""From places in a range to a new range: outward to values that people write, and never past a hard limit.

A place is 0 at the low end of the old range and 1 at its high end, even on its scale.  Values with cells
(ints, steps) own equal cells of it, as in :mod:`hpt_cli.space.dimensions`; beyond 0 and 1 the lattice
goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from hpt_cli.space import SCALES, Float, Int

_HAIR = 1e-9  # what rounding left so little beyond a bound or a cell is that bound or cell
_FINENESS = 0.03  # bounds are rounded outward by at most so much of the range
_SHORT_OF = 0.01  # an end that cannot be reached itself is kept so far away, in the rest of the range


@dataclass(frozen=True)
class Limits:
    """Between what a dimension's values make sense at all.

    Args:
        low: Least value; ``None`` where there is none.
        high: Greatest value.
        open_low: ``low`` itself makes none.
        open_high: ``high`` itself makes none.
    """

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def with_hard(self, dimension: Float | Int) -> Limits:
        """These, and what the dimension says itself; a count (an int of 0 or more) stays one."""
        limits = self
        if isinstance(dimension, Int) and dimension.low >= 0 and limits.low is None:
            limits = replace(limits, low=min(dimension.low, 1))
        if dimension.hard_low is not None and (limits.low is None or dimension.hard_low > limits.low):
            limits = replace(limits, low=dimension.hard_low, open_low=False)
        if dimension.hard_high is not None and (limits.high is None or dimension.hard_high < limits.high):
            limits = replace(limits, high=dimension.hard_high, open_high=False)
        return limits


NO_LIMITS = Limits()


def place_of(dimension: Float | Int, value: float) -> float:
    """The place of a value, which may lie beyond the range; the middle of its cell if it has one."""
    to_internal = SCALES[dimension.scale].to_internal
    if isinstance(dimension, Int) and dimension.scale == "log":
        low, high = math.log10(dimension.low - 0.5), math.log10(dimension.high + 0.5)
        middle = (math.log10(value - 0.5) + math.log10(value + 0.5)) / 2
        return (middle - low) / (high - low)
    if dimension.size is not None:
        return ((value - dimension.low) / (dimension.step or 1) + 0.5) / dimension.size
    low, high = to_internal(dimension.low), to_internal(dimension.high)
    return (to_internal(value) - low) / (high - low)


def share_of(inner: Float | Int, outer: Float | Int) -> float:
    """The width of one range in that of another, on their scale."""
    if inner.size is not None and outer.size is not None and inner.scale == "linear":
        return inner.size / outer.size
    ends = place_of(outer, inner.low), place_of(outer, inner.high)
    return abs(ends[1] - ends[0])


def moved(old: Float | Int, low: float, high: float, limits: Limits = NO_LIMITS) -> Float | Int:
    """``old`` with its ends at the places ``low`` and ``high``, rounded outward.

    Args:
        old: The range.
        low: Place of the new low end; below 0 it widens.
        high: Place of the new high end; above 1 it widens.
        limits: Ends never pass them; an end that is on its limit stays.
    """
    limits = limits.with_hard(old)
    if isinstance(old, Int) and old.scale == "log":
        return _moved_log_int(old, low, high, limits)
    if old.size is not None:
        return _moved_lattice(old, low, high, limits)
    assert isinstance(old, Float)
    new_low = old.low if abs(low) < _HAIR else _legible(old, low, low, high, math.floor)
    new_high = old.high if abs(high - 1) < _HAIR else _legible(old, high, low, high, math.ceil)
    if low >= 0:
        new_low = max(new_low, old.low)
    if high <= 1:
        new_high = min(new_high, old.high)
    new_low, new_high = _clipped(new_low, new_high, old, limits)
    return replace(old, low=new_low, high=new_high)


def _clipped(low: float, high: float, old: Float | Int, limits: Limits) -> tuple[float, float]:
    """Ends within the limits; an open limit is approached, not reached."""
    if limits.low is not None and (low < limits.low or (limits.open_low and low <= limits.low)):
        short = limits.low + _SHORT_OF * (old.high - limits.low) if limits.open_low else limits.low
        low = min(short, old.low)
    if limits.high is not None and (high > limits.high or (limits.open_high and high >= limits.high)):
        short = limits.high - _SHORT_OF * (limits.high - old.low) if limits.open_high else limits.high
        high = max(short, old.high)
    return low, high


def _moved_log_int(old: Int, low: float, high: float, limits: Limits) -> Int:
    start, end = math.log10(old.low - 0.5), math.log10(old.high + 0.5)
    first = math.floor(10 ** (start + (end - start) * low) + 0.5 + _HAIR) if abs(low) > _HAIR else old.low
    last = (
        math.ceil(10 ** (start + (end - start) * high) - 0.5 - _HAIR) if abs(high - 1) > _HAIR else old.high
    )
    least = max(1, math.ceil(limits.low) if limits.low is not None else 1)
    most = math.floor(limits.high) if limits.high is not None else 10**12
    first, last = max(first, min(least, old.low)), min(last, max(most, old.high))
    if first >= last:  # a single value is no range
        first, last = (last - 1, last) if last > least else (first, first + 1)
    return replace(old, low=first, high=last)


def _moved_lattice(old: Float | Int, low: float, high: float, limits: Limits) -> Float | Int:
    size = old.size or 1
    first, last = math.floor(low * size + _HAIR), math.ceil(high * size - _HAIR) - 1
    step = Decimal(repr(old.step or 1))
    start = Decimal(repr(old.low))
    if limits.low is not None:
        first = max(first, min(math.ceil((Decimal(repr(limits.low)) - start) / step), 0))
    if limits.high is not None:
        last = min(last, max(math.floor((Decimal(repr(limits.high)) - start) / step), size - 1))
    if limits.open_low and limits.low is not None and start + first * step <= Decimal(repr(limits.low)):
        first += 1
    if limits.open_high and limits.high is not None and start + last * step >= Decimal(repr(limits.high)):
        last -= 1
    if last <= first:  # a single value is no range
        first, last = (last - 1, last) if last > 0 else (0, 1)
    if isinstance(old, Int):
        return replace(old, low=int(start + first * step), high=int(start + last * step))
    return replace(old, low=float(start + first * step), high=float(start + last * step))


def value_at(old: Float | Int, place: float) -> float:
    """The value at a place of a continuous range, beyond it too."""
    scale = SCALES[old.scale]
    start, end = scale.to_internal(old.low), scale.to_internal(old.high)
    return scale.from_internal(start + (end - start) * place)


def _legible(old: Float, place: float, low: float, high: float, outward: Callable[[float], int]) -> float:
    """The value at ``place``, rounded outward to as few digits as the new width allows."""
    value = value_at(old, place)
    ends = value_at(old, low), value_at(old, high)
    if old.scale == "linear":
        counts = ends[1] - ends[0]
    else:
        near, far = ends if old.scale == "log" else (1 - ends[1], 1 - ends[0])
        counts = (value if old.scale == "log" else 1 - value) * min(math.log(far / near), 1.0)
    digits = -math.floor(math.log10(_FINENESS * counts))
    # through text: 123 * 10^-5 is 0.00123, without the product's rounding
    legible = float(f"{outward(value * 10.0**digits)}e{-digits}")
    return legible if old.scale != "log1m" or legible < 1 else value
