"""Params as rows of numbers, for a model that measures how far two points are from each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.space import SCALES, Choice, Float, Int, Value, same

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace

Array = np.ndarray
_Column = Callable[[Value | None], list[float]]


class Encoder:
    """Maps params to features: each dimension's range is 0 to 1 on its scale, two choices are 1 apart.

    An inactive dimension stands at its middle, an inactive choice between all choices.  A point outside the
    space, from a wider round, lies outside 0 to 1.

    Args:
        space: Whose ranges are 0 to 1.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._columns: dict[str, _Column] = {
            name: _choice_column(dimension) if isinstance(dimension, Choice) else _numeric_column(dimension)
            for name, dimension in space.dimensions.items()
        }

    def fits(self, params: Params) -> bool:
        """Whether all names are the space's, so that there is a place for the point."""
        return params.keys() <= self._columns.keys()

    def __call__(self, points: Sequence[Params]) -> Array:
        """The features (N, D) of ``points``, N of them."""
        rows = [
            [feature for name, column in self._columns.items() for feature in column(params.get(name))]
            for params in points
        ]
        return np.array(rows, dtype=float).reshape(len(points), -1)


def _numeric_column(dimension: Float | Int) -> _Column:
    to_internal = SCALES[dimension.scale].to_internal
    half = 0.5 if isinstance(dimension, Int) else 0.0  # an int is drawn on its range and half a step more
    low, high = to_internal(dimension.low - half), to_internal(dimension.high + half)
    return lambda value: [0.5 if value is None else (to_internal(float(value)) - low) / (high - low)]


def _choice_column(dimension: Choice) -> _Column:
    choices = dimension.choices
    if len(choices) == 1:
        return lambda _: []
    if len(choices) == 2:
        return lambda value: [0.5 if value is None else float(same(value, choices[1]))]
    apart = 0.5**0.5  # two rows that differ in two columns by this are 1 apart
    middle = [apart / len(choices)] * len(choices)
    return lambda value: middle if value is None else [apart * same(value, choice) for choice in choices]
