"""Axes of a picture: where a value stands, and which values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hpt_cli.space import Choice, Dimension, Value, same
from hpt_cli.space.scales import SCALES
from hpt_cli.views.text import number, short, value

_MOST_TICKS = 6
_LABEL = 12  # signs of a choice
_PADDING = 0.04  # share of an axis that is left free at both ends
_LOG_FROM = 20.0  # times the least value, as for learning curves
_FAR = 3.0  # times the range of the best nine tenths: a trial worse than that is far off
_ROOM = 1.5  # times that range is drawn where there are such, and they stand at the edge
_GOLDEN = 0.6180339887498949  # its multiples spread evenly over the unit interval


@dataclass(frozen=True)
class Axis:
    """Numbers from ``low`` to ``high``, which are not equal.

    Args:
        low: At place 0.
        high: At place 1.
        scale: Of :data:`hpt_cli.space.scales.SCALES`.
        title: What the numbers are.
        padding: Share that is left free at both ends.
    """

    low: float
    high: float
    scale: str = "linear"
    title: str = ""
    padding: float = _PADDING

    def place(self, at: float) -> float:
        """Where a value stands, in [0, 1]; what lies beyond an end stands at it."""
        inside = min(max(at, self.low), self.high)
        internal = SCALES[self.scale].to_internal
        # by halves: the distance of two floats may be none
        low, high, here = internal(self.low) / 2, internal(self.high) / 2, internal(inside) / 2
        return self.padding + (1 - 2 * self.padding) * (here - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Places and what is written there."""
        found = {"log": self._decades, "log1m": self._nines}.get(self.scale, self._even)()
        if len(found) < 2:
            found = self._even()
        if len(found) < 2:
            found = [self.low, self.high]
        step = -(-len(found) // _MOST_TICKS)
        return [(self.place(at), number(at)) for at in found[::step]]

    def _even(self) -> list[float]:
        rough = (self.high / 4) - (self.low / 4)
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * by for by in (1, 2, 5, 10) if size * by >= rough * 0.7)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [float(f"{index * step:.12g}") for index in range(first, last + 1)]

    def _decades(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        by = (1, 2, 5) if last - first < 3 else (1,)
        found = [times * float(f"1e{exponent}") for exponent in range(first, last + 1) for times in by]
        return [at for at in found if self.low <= at * (1 + 1e-9) and at <= self.high * (1 + 1e-9)]

    def _nines(self) -> list[float]:
        found = [float(f"{1 - 10.0**-exponent:.15g}") for exponent in range(16)]
        return [at for at in found if self.low <= at <= self.high]


@dataclass(frozen=True)
class Columns:
    """Choices side by side.

    Args:
        choices: The values, all different.
        title: What they are of.
    """

    choices: tuple[Value, ...]
    title: str = ""

    def column(self, at: Value) -> int | None:
        """Which column a value belongs to; ``None`` if to none."""
        return next((index for index, of in enumerate(self.choices) if same(of, at)), None)

    def place(self, column: int, trial: int) -> float:
        """Where a trial stands in a column: beside the others, the same each time."""
        return (column + 0.5 + 0.6 * (trial * _GOLDEN % 1 - 0.5)) / len(self.choices)

    def ticks(self) -> list[tuple[float, str]]:
        """The columns' middles and names."""
        count = len(self.choices)
        step = -(-count // _MOST_TICKS)
        length = _LABEL if count <= 4 else _LABEL // 2
        return [((index + 0.5) / count, short(value(of), length)) for index, of in enumerate(self.choices)][
            ::step
        ]


def trials_axis(count: int) -> Axis:
    """The numbers of ``count`` trials."""
    return Axis(0, max(count - 1, 1), title="trial")


def dimension_axis(name: str, dimension: Dimension, seen: Sequence[Value]) -> Axis | Columns | None:
    """The axis of a dimension, as wide as what was tried; ``None`` where only one value could be."""
    if isinstance(dimension, Choice):
        choices = list(dimension.choices)
        for at in seen:
            if not any(same(at, known) for known in choices):
                choices.append(at)
        return Columns(tuple(choices), name) if len(choices) > 1 else None
    tried = [float(at) for at in seen if _fits(at, dimension.scale)]
    low, high = min([dimension.low, *tried]), max([dimension.high, *tried])
    return Axis(low, high, dimension.scale, name) if low < high else None


def objective_axis(metric: str, goal: str, found: Sequence[float]) -> Axis:
    """The axis of objectives, of which there is one at least.

    It is on a log scale where a few are many times as good as others.  What is far worse than most stands at
    its edge: one trial that went wrong would leave no room for the others.
    """
    ordered = sorted(found, reverse=goal == "maximize")
    best, most, worst = ordered[0], ordered[(len(ordered) - 1) * 9 // 10], ordered[-1]
    low, high = min(best, worst), max(best, worst)
    by_log = goal == "minimize" and low > 0 and high / low > _LOG_FROM
    internal = SCALES["log" if by_log else "linear"]
    start, end, last = (internal.to_internal(at) for at in (best, most, worst))
    if most != best and abs(last - start) > _FAR * abs(end - start):
        far = internal.from_internal(start + (end - start) * _ROOM)
        low, high = (low, min(high, far)) if goal == "minimize" else (max(low, far), high)
    return numbers_axis(low, high, metric, by_log=by_log)


def numbers_axis(low: float, high: float, title: str, *, by_log: bool = False) -> Axis:
    """From ``low`` to ``high``; wider where they are the same, or nearly."""
    if high / 2 - low / 2 <= abs(high) * 1e-9:
        around = abs(high) / 2 or 0.5
        return Axis(low - around, high + around, title=title)
    return Axis(low, high, "log" if by_log else "linear", title)


def _fits(at: Value, scale: str) -> bool:
    if isinstance(at, (bool, str)):
        return False
    return at > 0 if scale == "log" else at < 1 if scale == "log1m" else True
