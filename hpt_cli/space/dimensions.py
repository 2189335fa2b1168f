"""Dimensions: the values that one hyperparameter may take, and how they lie on the unit interval.

Each kind maps the unit interval to its legal values and back; every strategy goes through this one
mapping.  A discrete value owns a cell of the interval: whatever falls into the cell is that value, and
the value's place is the middle of its cell.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hpt_cli.space.scales import SCALES
from hpt_cli.space.values import (
    Condition,
    Value,
    check_hard,
    check_range,
    check_step,
    finite,
    normalized,
    same,
    whole,
)

GRID_INT_LIMIT = 32
"""An int dimension with at most so many values may stand in a grid without ``points`` or ``step``."""


@dataclass(frozen=True)
class Float:
    """A real number in [low, high], both ends included.

    Args:
        low: Least value.
        high: Greatest value.
        scale: ``linear``, ``log`` (low above 0) or ``log1m`` (high below 1).
        step: Only ``low + k * step`` are legal; needs the linear scale and ``high`` on the lattice.
        points: How many values a grid takes, spaced on the scale, both ends included; nothing else reads it.
        when: The dimension exists only where each named value is one of those listed.
        hard_low: No later round looks below it; ``None`` where nothing is known to stand in the way.
        hard_high: No later round looks above it.

    Raises:
        ValueError: It is not a range, in a sentence for the user.
    """

    low: float
    high: float
    scale: str = "linear"
    step: float | None = None
    points: int | None = None
    when: Condition = field(default_factory=dict)
    hard_low: float | None = None
    hard_high: float | None = None

    def __post_init__(self) -> None:
        for name in _given(self):
            object.__setattr__(self, name, finite(name, getattr(self, name)))
        object.__setattr__(self, "when", normalized(self.when))
        check_range(self.low, self.high, self.scale, self.points)
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"the range from {self.low!r} to {self.high!r} is too wide for a float")
        if self.step is not None:
            check_step(self.low, self.high, self.step, self.scale)
        check_hard(self.low, self.high, self.scale, self.hard_low, self.hard_high)

    @property
    def size(self) -> int | None:
        """How many values there are; ``None`` without a step."""
        return None if self.step is None else round((self.high - self.low) / self.step) + 1

    def value_at(self, index: int) -> float:
        """Value ``index`` of the lattice, with the decimals that a person would write: 0.3, not 0.1 * 3."""
        if index == (self.size or 0) - 1:
            return self.high
        return float(Decimal(repr(self.low)) + index * Decimal(repr(self.step)))

    def values(self) -> Sequence[float]:
        """All values, ascending.

        Raises:
            ValueError: There is no step.
        """
        if self.size is None:
            raise ValueError("a float without a step has no list of values")
        return [self.value_at(index) for index in range(self.size)]

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not self.low <= value <= self.high:
            return False
        return self.step is None or self.value_at(round((value - self.low) / self.step)) == value

    def from_unit(self, unit: float) -> float:
        """The value at ``unit`` in [0, 1]; 0 and 1 are ``low`` and ``high`` to the last bit."""
        if self.size is not None:
            return self.value_at(_cell(unit, self.size))
        if unit <= 0.0:
            return self.low
        if unit >= 1.0:
            return self.high
        scale = SCALES[self.scale]
        low, high = scale.to_internal(self.low), scale.to_internal(self.high)
        # Rounding may carry a draw near an end past it.
        return min(max(scale.from_internal(low + (high - low) * unit), self.low), self.high)

    def to_unit(self, value: Value) -> float:
        """The place of a legal value in [0, 1]."""
        number = float(value)
        if self.size is not None and self.step is not None:
            return (round((number - self.low) / self.step) + 0.5) / self.size
        if number in (self.low, self.high):
            return float(number == self.high)
        scale = SCALES[self.scale]
        low, high = scale.to_internal(self.low), scale.to_internal(self.high)
        return min(max((scale.to_internal(number) - low) / (high - low), 0.0), 1.0)

    def mass(self, _: Value) -> float:
        """The share of the unit interval that is a value; 0 for a single point of a continuous range."""
        return 0.0 if self.size is None else 1.0 / self.size

    def grid(self) -> Sequence[float]:
        """The values of a grid, ascending.

        Raises:
            ValueError: Neither ``points`` nor ``step`` says how many.
        """
        if self.points is None:
            if self.step is None:
                raise ValueError("a grid needs points or a step")
            return self.values()
        if self.size is not None:
            last = self.size - 1
            indices = dict.fromkeys(round(place * last) for place in _places(self.points))
            return [self.value_at(index) for index in indices]
        return [self._legible(place) for place in _places(self.points)]

    def _legible(self, unit: float) -> float:
        # 12 significant digits: 0.001, where the logarithm's rounding left 0.0010000000000000002
        value = float(f"{self.from_unit(unit):.12g}")
        return value if self.low <= value <= self.high else self.from_unit(unit)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"type": "float", "low": self.low, "high": self.high, **_options(self)}


@dataclass(frozen=True)
class Int:
    """A whole number in [low, high], drawn on [low - 0.5, high + 0.5] of its scale and rounded.

    So both ends are as likely as their neighbors, and on the ``log`` scale (low at least 1) each value
    has its share of the decades.

    Args:
        low: Least value.
        high: Greatest value.
        scale: ``linear`` or ``log``.
        step: Only ``low + k * step`` are legal; needs the linear scale and ``high`` on the lattice.
        points: How many values a grid takes, spaced on the scale, both ends included; nothing else reads it.
        when: The dimension exists only where each named value is one of those listed.
        hard_low: No later round looks below it; ``None`` where nothing is known to stand in the way.
        hard_high: No later round looks above it.

    Raises:
        ValueError: It is not a range, in a sentence for the user.
    """

    low: int
    high: int
    scale: str = "linear"
    step: int | None = None
    points: int | None = None
    when: Condition = field(default_factory=dict)
    hard_low: int | None = None
    hard_high: int | None = None

    def __post_init__(self) -> None:
        for name in _given(self):
            object.__setattr__(self, name, whole(name, getattr(self, name)))
        object.__setattr__(self, "when", normalized(self.when))
        if self.scale == "log1m":
            raise ValueError("the log1m scale is for floats below 1; an int has linear or log")
        check_range(self.low, self.high, self.scale, self.points)
        if self.step is not None:
            check_step(self.low, self.high, self.step, self.scale)
        check_hard(self.low, self.high, self.scale, self.hard_low, self.hard_high)

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // (self.step or 1) + 1

    def values(self) -> Sequence[int]:
        """All values, ascending."""
        return range(self.low, self.high + 1, self.step or 1)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value in self.values()

    def from_unit(self, unit: float) -> int:
        """The value whose cell holds ``unit`` in [0, 1]."""
        if self.scale == "linear":
            return self.low + (self.step or 1) * _cell(unit, self.size)
        low, high = math.log10(self.low - 0.5), math.log10(self.high + 0.5)
        value = math.floor(math.pow(10.0, low + (high - low) * unit) + 0.5)
        return min(max(value, self.low), self.high)

    def to_unit(self, value: Value) -> float:
        """The middle of the cell of a legal value."""
        number = int(value)
        if self.scale == "linear":
            return ((number - self.low) // (self.step or 1) + 0.5) / self.size
        low, high = math.log10(self.low - 0.5), math.log10(self.high + 0.5)
        middle = (math.log10(number - 0.5) + math.log10(number + 0.5)) / 2
        return (middle - low) / (high - low)

    def mass(self, value: Value) -> float:
        """The share of the unit interval that is ``value``."""
        if self.scale == "linear":
            return 1.0 / self.size
        number = int(value)
        whole = math.log((self.high + 0.5) / (self.low - 0.5))
        return math.log((number + 0.5) / (number - 0.5)) / whole

    def grid(self) -> Sequence[int]:
        """The values of a grid, ascending.

        Raises:
            ValueError: Neither ``points`` nor ``step`` says how many, and there are too many to take all.
        """
        if self.points is None:
            if self.step is None and self.size > GRID_INT_LIMIT:
                raise ValueError("a grid needs points or a step")
            return self.values()
        if self.scale == "linear":
            last, values = self.size - 1, self.values()
            return list(dict.fromkeys(values[round(place * last)] for place in _places(self.points)))
        low, high = math.log10(self.low), math.log10(self.high)
        spaced = (round(math.pow(10.0, low + (high - low) * place)) for place in _places(self.points))
        return list(dict.fromkeys(min(max(value, self.low), self.high) for value in spaced))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"type": "int", "low": self.low, "high": self.high, **_options(self)}


@dataclass(frozen=True)
class Choice:
    """One of a few values without an order; a single one is a constant.

    Args:
        choices: The values, all different.
        when: The dimension exists only where each named value is one of those listed.
        weights: How likely each is to be drawn, relative to the others; left out, all alike.  A grid takes
            each once, whatever its weight.

    Raises:
        ValueError: No values, one of them twice, or weights that are none, in a sentence for the user.
    """

    choices: tuple[Value, ...]
    when: Condition = field(default_factory=dict)
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        object.__setattr__(self, "when", normalized(self.when))
        if not self.choices:
            raise ValueError("there are no choices")
        for index, value in enumerate(self.choices):
            if not isinstance(value, (bool, int, float, str)):
                raise ValueError(f"a choice is a number, true, false or text, found {value!r}")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"a choice must be finite, found {value!r}")
            if any(same(value, other) for other in self.choices[:index]):
                raise ValueError(f"the choice {value!r} stands twice")
        if self.weights is not None:
            object.__setattr__(self, "weights", tuple(finite("weights", weight) for weight in self.weights))
            if len(self.weights) != len(self.choices):
                raise ValueError(
                    f"weights needs one number for each choice: {len(self.choices)}, not {len(self.weights)}"
                )
            if min(self.weights) <= 0:
                raise ValueError(
                    f"weights must be above 0, found {min(self.weights)!r}; leave the choice out"
                )

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.choices)

    def edges(self) -> list[float]:
        """Where the values' cells of the unit interval begin and end: one more than there are values."""
        if self.weights is None:
            return [index / self.size for index in range(self.size + 1)]
        total = math.fsum(self.weights)
        return [math.fsum(self.weights[:index]) / total for index in range(self.size)] + [1.0]

    def keep(self, choices: Iterable[Value]) -> Choice:
        """The same choice among other values; those that stay keep their weights, new ones have the mean."""
        values = tuple(choices)
        if self.weights is None:
            return Choice(values, self.when)
        mean = math.fsum(self.weights) / self.size
        known = list(zip(self.choices, self.weights, strict=True))
        weights = tuple(next((w for old, w in known if same(old, value)), mean) for value in values)
        return Choice(values, self.when, weights)

    def values(self) -> Sequence[Value]:
        """All values, in their order."""
        return self.choices

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (bool, int, float, str)) and any(same(value, c) for c in self.choices)

    def from_unit(self, unit: float) -> Value:
        """The choice whose cell holds ``unit`` in [0, 1]."""
        if self.weights is None:
            return self.choices[_cell(unit, self.size)]
        return self.choices[min(max(bisect.bisect_right(self.edges(), unit) - 1, 0), self.size - 1)]

    def to_unit(self, value: Value) -> float:
        """The middle of the cell of a choice."""
        index = self._index(value)
        if self.weights is None:
            return (index + 0.5) / self.size
        edges = self.edges()
        return (edges[index] + edges[index + 1]) / 2

    def mass(self, value: Value) -> float:
        """The share of the unit interval that is a value."""
        if self.weights is None:
            return 1.0 / self.size
        return self.weights[self._index(value)] / math.fsum(self.weights)

    def _index(self, value: Value) -> int:
        return next(index for index, choice in enumerate(self.choices) if same(value, choice))

    def grid(self) -> Sequence[Value]:
        """The values of a grid: all choices, in their order."""
        return self.choices

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        weights = {} if self.weights is None else {"weights": list(self.weights)}
        return {"type": "choice", "choices": list(self.choices), **weights, **_options(self)}


Dimension = Float | Int | Choice


def dimension_from_json(data: Mapping[str, Any]) -> Dimension:
    """The inverse of a dimension's ``to_json``.

    Raises:
        ValueError, KeyError, TypeError: It is not a dimension's JSON.
    """
    options = dict(data)
    kind = options.pop("type")
    kinds: dict[str, type[Dimension]] = {"float": Float, "int": Int, "choice": Choice}
    if kind not in kinds:
        raise ValueError(f"there is no dimension of type {kind!r}")
    return kinds[kind](**options)


def decade_counts(dimension: Float | Int, values: Iterable[float]) -> list[tuple[float, float, int]]:
    """How many of ``values`` fall into each decade of a numeric dimension: what its scale does, made visible.

    Args:
        dimension: Where the values were drawn.
        values: Draws.

    Returns:
        (from, to, count), ascending in value and cut at the dimension's ends.  Decades are those of the
        value; on ``log1m`` those of 1 - value (0.9 to 0.99 is one).  Empty where there are none: low is
        not above 0.
    """
    mirrored = dimension.scale == "log1m"
    near, far = (1 - dimension.high, 1 - dimension.low) if mirrored else (dimension.low, dimension.high)
    if near <= 0:
        return []
    # a hair off, so that an end at a power of ten does not open a decade of its own
    first = math.floor(math.log10(near) + 1e-9)
    last = max(math.ceil(math.log10(far) - 1e-9), first + 1)
    counts = [0] * (last - first)
    for value in values:
        exponent = math.floor(math.log10(1 - value if mirrored else value) + 1e-9)
        counts[min(max(exponent - first, 0), len(counts) - 1)] += 1
    edges = [near, *(float(f"1e{exponent}") for exponent in range(first + 1, last)), far]
    decades = [(low, high, count) for low, high, count in zip(edges, edges[1:], counts, strict=False)]
    if not mirrored:
        return decades
    ends = [dimension.low, *(float(f"{1 - edge:.12g}") for edge in reversed(edges[1:-1])), dimension.high]
    return [(a, b, c) for a, b, c in zip(ends, ends[1:], reversed(counts), strict=False)]


def _cell(unit: float, size: int) -> int:
    return min(max(math.floor(unit * size), 0), size - 1)


def _places(points: int) -> list[float]:
    return [index / (points - 1) for index in range(points)]


def _given(dimension: Float | Int) -> list[str]:
    optional = ("step", "hard_low", "hard_high")
    return ["low", "high", *(name for name in optional if getattr(dimension, name) is not None)]


def _options(dimension: Dimension) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if not isinstance(dimension, Choice):
        options["scale"] = dimension.scale
        if dimension.step is not None:
            options["step"] = dimension.step
        if dimension.points is not None:
            options["points"] = dimension.points
        if dimension.hard_low is not None:
            options["hard_low"] = dimension.hard_low
        if dimension.hard_high is not None:
            options["hard_high"] = dimension.hard_high
    if dimension.when:
        options["when"] = {name: list(allowed) for name, allowed in dimension.when.items()}
    return options
