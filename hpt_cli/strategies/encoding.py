"""Params as rows of numbers: their places in the unit cube, and features for a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.space import SCALES, Choice, Constraint, Int, Value, same

if TYPE_CHECKING:
    from hpt_cli.space import Dimension, Params, SearchSpace

Array = np.ndarray

_CLOSE = 1e-9
"""Two places nearer than this are one: cells are wider, rounding is smaller."""


class Encoder:
    """Maps params to places in the unit cube, places to legal ones, and places to features, many at once.

    A *place* is a row of the unit cube, as :meth:`SearchSpace.from_unit` reads it, but for NaN where a
    dimension is inactive.  A legal place stands in the middle of its cell wherever a dimension has cells.  A
    point from a wider round lies outside the cube; a choice that the space no longer has is NaN.

    Features are places, but for choices: two choices are 0 and 1, more are one column each, so that any two
    are 1 apart.  What is NaN stands at the middle of its range, between all choices.

    Args:
        space: Whose unit cube it is.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        dimensions = list(space.dimensions.values())
        self.n_dimensions = len(dimensions)
        self._places = [(name, _place_of(dimension)) for name, dimension in space.dimensions.items()]
        cells = [_uneven_cell_of(dimension) for dimension in dimensions]
        self._uneven = [(column, cell) for column, cell in enumerate(cells) if cell is not None]
        even = [_is_even(dimension) for dimension in dimensions]
        self._even = np.flatnonzero(even)
        self._even_sizes = np.array([float(dimension.size or 0) for dimension in dimensions])[self._even]
        self.sizes = np.array([float(dimension.size or np.inf) for dimension in dimensions])
        """How many values each dimension has, (D,)."""
        self.is_choice = np.array([isinstance(dimension, Choice) for dimension in dimensions], dtype=bool)
        """Which dimensions have no neighbors, (D,)."""
        self._conditions = _conditions(space)
        self._constraints = [Constraint.parse(text) for text in space.constraints]
        self.groups = np.array(
            [index for index, dimension in enumerate(dimensions) for _ in range(_n_columns(dimension))],
            dtype=int,
        )
        """The dimension that each feature belongs to, (F,)."""
        self._choices = [
            (column, np.flatnonzero(self.groups == column), _middles(dimension))
            for column, dimension in enumerate(dimensions)
            if isinstance(dimension, Choice)
        ]
        self._numeric_features = np.flatnonzero(~self.is_choice[self.groups])

    def fits(self, params: Params) -> bool:
        """Whether all names are the space's, so that there is a place for the point."""
        return params.keys() <= self._space.dimensions.keys()

    def places(self, points: Sequence[Params]) -> Array:
        """The places (N, D) of ``points``, N of them."""
        rows = [
            [place(params[name]) if name in params else math.nan for name, place in self._places]
            for params in points
        ]
        return np.array(rows, dtype=float).reshape(len(points), self.n_dimensions)

    def legal(self, places: Array) -> Array:
        """The legal places (N, D) that ``places`` (N, D) in the unit cube stand for; constraints aside."""
        snapped = places.copy()
        sizes = self._even_sizes
        snapped[:, self._even] = (
            np.clip(np.floor(places[:, self._even] * sizes), 0, sizes - 1) + 0.5
        ) / sizes
        for column, cell in self._uneven:
            snapped[:, column] = cell(places[:, column])
        for column, parents in self._conditions:
            active = np.ones(len(places), dtype=bool)
            for parent, allowed in parents:
                active &= (np.abs(snapped[:, parent, None] - allowed) < _CLOSE).any(axis=1)
            snapped[~active, column] = math.nan
        return snapped

    def allowed(self, places: Array) -> Array:
        """Which of legal ``places`` (N, D) the constraints allow, (N,)."""
        mask = np.ones(len(places), dtype=bool)
        for constraint in self._constraints:
            # only what it mentions is looked up: mapping whole places back takes ten times as long
            columns = [
                (name, self._space.dimensions[name], places[:, column].tolist())
                for column, name in enumerate(self._space.names)
                if name in constraint.names
            ]
            for row in np.flatnonzero(mask).tolist():
                scope = dict(self._space.fixed)
                for name, dimension, column_places in columns:
                    if not math.isnan(column_places[row]):  # what is inactive has no value
                        scope[name] = dimension.from_unit(column_places[row])
                mask[row] = constraint.holds(scope)
        return mask

    def features(self, places: Array) -> Array:
        """The features (N, F) of legal ``places`` (N, D)."""
        features = np.empty((len(places), len(self.groups)))
        numeric = places[:, self.groups[self._numeric_features]]
        features[:, self._numeric_features] = np.where(np.isnan(numeric), 0.5, numeric)
        for column, columns, middles in self._choices:
            features[:, columns] = _choice_features(places[:, column], middles)
        return features

    def params(self, place: Array) -> Params:
        """The point at a legal ``place`` (D,)."""
        return self._space.from_unit(np.where(np.isnan(place), 0.5, place).tolist())


def _middles(dimension: Choice) -> Array:
    """The places of the choices, (n,)."""
    if dimension.weights is None:
        return np.asarray((np.arange(dimension.size) + 0.5) / dimension.size)
    edges = np.array(dimension.edges())
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def _choice_features(places: Array, middles: Array) -> Array:
    """One column for two choices, one a choice for more, none for a constant."""
    size = len(middles)
    if size == 1:
        return np.zeros((len(places), 0))
    if size == 2:
        return np.where(np.isnan(places), 0.5, places > middles.mean())[:, None]
    apart = math.sqrt(0.5)  # two rows that differ in two columns by this are 1 apart
    rows: Array = apart * (np.abs(places[:, None] - middles) < _CLOSE)
    rows[np.isnan(places)] = apart / size
    return rows


def _n_columns(dimension: Dimension) -> int:
    if not isinstance(dimension, Choice):
        return 1
    return {1: 0, 2: 1}.get(dimension.size, dimension.size)


def _place_of(dimension: Dimension) -> Callable[[Value], float]:
    """From a value, which may lie beyond the range, to its place."""
    if isinstance(dimension, Choice):
        choices, middles = dimension.choices, _middles(dimension).tolist()

        def of_choice(value: Value) -> float:
            found = (index for index, choice in enumerate(choices) if same(value, choice))
            index = next(found, None)
            return math.nan if index is None else middles[index]

        return of_choice
    to_internal = SCALES[dimension.scale].to_internal
    if isinstance(dimension, Int) and dimension.scale == "log":
        low, high = to_internal(dimension.low - 0.5), to_internal(dimension.high + 0.5)
        return lambda value: (
            ((to_internal(float(value) - 0.5) + to_internal(float(value) + 0.5)) / 2 - low) / (high - low)
        )
    if dimension.size is not None:  # linear, with a cell a value
        first, step, size = dimension.low, dimension.step or 1, dimension.size
        return lambda value: ((float(value) - first) / step + 0.5) / size
    low, high = to_internal(dimension.low), to_internal(dimension.high)
    return lambda value: (to_internal(float(value)) - low) / (high - low)


def _is_even(dimension: Dimension) -> bool:
    """Whether there are cells, all of one width."""
    if isinstance(dimension, Choice):
        return dimension.weights is None
    return dimension.size is not None and dimension.scale == "linear"


def _uneven_cell_of(dimension: Dimension) -> Callable[[Array], Array] | None:
    """From places in the unit interval to the middles of cells of several widths; ``None`` without such."""
    if dimension.size is None or _is_even(dimension):
        return None
    if isinstance(dimension, Choice):
        middles, inner = _middles(dimension), np.array(dimension.edges()[1:-1])
        return lambda places: np.asarray(middles[np.searchsorted(inner, places, side="right")])
    first, last = dimension.low, dimension.high
    low, high = math.log10(first - 0.5), math.log10(last + 0.5)

    def of_log(places: Array) -> Array:
        values = np.clip(np.floor(10.0 ** (low + (high - low) * places) + 0.5), first, last)
        return ((np.log10(values - 0.5) + np.log10(values + 0.5)) / 2 - low) / (high - low)

    return of_log


_Parents = list[tuple[int, Array]]


def _conditions(space: SearchSpace) -> list[tuple[int, _Parents]]:
    """For each conditional column, parents first: the columns it depends on and their allowed places.

    A condition on what is fixed holds always or, after a round dropped a choice, never; never is a parent
    whose allowed places are none.
    """
    columns = {name: index for index, name in enumerate(space.names)}
    waiting = {name: dimension for name, dimension in space.dimensions.items() if dimension.when}
    ordered: list[tuple[int, _Parents]] = []
    while waiting:
        for name, dimension in list(waiting.items()):
            if any(parent in waiting for parent in dimension.when):
                continue
            del waiting[name]
            parents: _Parents = []
            for parent, allowed in dimension.when.items():
                if parent in columns:
                    kept = [value for value in allowed if value in space.dimensions[parent]]
                    of_parent = space.dimensions[parent]
                    parents.append((columns[parent], np.array([of_parent.to_unit(value) for value in kept])))
                elif not any(same(space.fixed[parent], value) for value in allowed):
                    parents.append((columns[name], np.array([])))
            if parents:
                ordered.append((columns[name], parents))
    return ordered
