"""The search space: dimensions, the conditions between them, and the constraints on the whole.

Params are a dict from names to plain values, in the order of the dimensions; a dimension whose condition
does not hold is inactive and absent.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hpt_cli.space.constraints import Constraint, check
from hpt_cli.space.dimensions import Dimension, Float, dimension_from_json
from hpt_cli.space.values import Condition, Value, same

if TYPE_CHECKING:
    import numpy as np

Params = dict[str, Value]

ENUMERATION_LIMIT = 100_000
"""A space with at most so many combinations is counted, constraints and all, by walking through it."""
GRID_LIMIT = 1_000_000
"""A grid that has to be walked through to be counted may have so many combinations."""
DRAW_LIMIT = 10_000
"""Draws in a row that the constraints may refuse before :meth:`SearchSpace.sample` gives up."""


def key(params: Mapping[str, Value]) -> str:
    """A text that two params share exactly if they are the same point.

    The order of the names does not matter; 1 and 1.0 are one value, true is another.
    """
    return ",".join(f"{name}={_value_key(params[name])}" for name in sorted(params))


def _value_key(value: Value) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value) if isinstance(value, bool) else repr(float(value) + 0.0)  # -0.0 is 0.0


class SearchSpace:
    """What may be tried.

    Args:
        dimensions: By name, in the order of the config.
        constraints: Expressions that a legal point makes true; :mod:`hpt_cli.space.constraints` says what may
            stand in one.
        fixed: Values that conditions and constraints may name but that are not searched.

    Raises:
        ValueError: A condition or a constraint that cannot be met or read, in a sentence for the user.
    """

    def __init__(
        self,
        dimensions: Mapping[str, Dimension],
        constraints: Sequence[str] = (),
        fixed: Mapping[str, Value] | None = None,
    ) -> None:
        self._set_up(dimensions, constraints, fixed or {})
        for name, dimension in self.dimensions.items():
            for parent, allowed in dimension.when.items():
                self._check_condition(name, parent, allowed)
        middle, start = self.from_unit([0.5] * len(self.names)), self.from_unit([0.0] * len(self.names))
        for constraint in self._constraints:
            check(constraint, [{**self.fixed, **middle}, {**self.fixed, **start}])

    def _set_up(
        self, dimensions: Mapping[str, Dimension], constraints: Sequence[str], fixed: Mapping[str, Value]
    ) -> None:
        self.dimensions: Mapping[str, Dimension] = dict(dimensions)
        self.constraints: tuple[str, ...] = tuple(constraints)
        self.fixed: Mapping[str, Value] = dict(fixed)
        self.names: tuple[str, ...] = tuple(self.dimensions)
        self._constraints = [Constraint.parse(text) for text in self.constraints]
        for constraint in self._constraints:
            for name in sorted(constraint.names):
                self._check_known(name, f"the constraint {constraint.text!r}")
        self._order = self._parents_first()
        # a condition on what is fixed is decided once and for all
        self._conditions: dict[str, Condition] = {}
        self._never: set[str] = set()
        for name, dimension in self.dimensions.items():
            open_ = {p: allowed for p, allowed in dimension.when.items() if p in self.dimensions}
            settled = {p: allowed for p, allowed in dimension.when.items() if p not in self.dimensions}
            if not all(_among(self.fixed[parent], allowed) for parent, allowed in settled.items()):
                self._never.add(name)
            elif open_:
                self._conditions[name] = open_

    def _check_known(self, name: str, where: str) -> None:
        known = [*self.dimensions, *self.fixed]
        if name in known:
            return
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; text is written in quotes"
        raise ValueError(f"{where} names {name!r}, which is neither searched nor fixed{hint}")

    def _check_condition(self, name: str, parent: str, allowed: tuple[Value, ...]) -> None:
        if parent in self.dimensions:
            dimension = self.dimensions[parent]
            if isinstance(dimension, Float) and dimension.step is None:
                raise ValueError(f"when: {name} depends on {parent}, which has no separate values to name")
            for value in allowed:
                if value not in dimension:
                    raise ValueError(f"when: {name} depends on {parent} being {value!r}, which it never is")
        elif not _among(self.fixed[parent], allowed):
            fixed = self.fixed[parent]
            raise ValueError(f"when: {name} would never be active, because {parent} is fixed at {fixed!r}")

    def _parents_first(self) -> tuple[str, ...]:
        """The names in an order in which a condition comes after what it depends on."""
        order: list[str] = []
        path: list[str] = []

        def visit(name: str) -> None:
            if name in order:
                return
            if name in path:
                ring = " -> ".join([*path[path.index(name) :], name])
                raise ValueError(f"the conditions go round in a ring: {ring}")
            path.append(name)
            for parent in self.dimensions[name].when:
                self._check_known(parent, f"when: {name}")
                if parent in self.dimensions:
                    visit(parent)
            path.pop()
            order.append(name)

        for name in self.dimensions:
            visit(name)
        return tuple(order)

    def _active(self, name: str, params: Mapping[str, Value]) -> bool:
        """Whether ``name`` is active, given the active ones among its parents."""
        if name in self._never:
            return False
        condition = self._conditions.get(name)
        return condition is None or all(
            parent in params and _among(params[parent], allowed) for parent, allowed in condition.items()
        )

    def from_unit(self, unit: Sequence[float]) -> Params:
        """The point at ``unit``, one number in [0, 1] a dimension in the order of ``names``.

        Constraints are not looked at: see :meth:`allows`.
        """
        values: Params = {
            name: dimension.from_unit(place)
            for (name, dimension), place in zip(self.dimensions.items(), unit, strict=True)
        }
        return self._without_inactive(values)

    def _without_inactive(self, values: Params) -> Params:
        if not self._conditions and not self._never:
            return values
        active: Params = {}
        for name in self._order:
            if self._active(name, active):
                active[name] = values[name]
        return {name: value for name, value in values.items() if name in active}

    def to_unit(self, params: Mapping[str, Value]) -> list[float]:
        """The place of a legal point; 0.5 stands for what is inactive."""
        return [
            dimension.to_unit(params[name]) if name in params else 0.5
            for name, dimension in self.dimensions.items()
        ]

    def allows(self, params: Mapping[str, Value]) -> bool:
        """Whether all constraints hold; one that mentions an inactive name does."""
        return not self._constraints or not self.refusing(params)

    def refusing(self, params: Mapping[str, Value]) -> tuple[str, ...]:
        """The constraints that do not hold."""
        scope = {**self.fixed, **params}
        return tuple(constraint.text for constraint in self._constraints if not constraint.holds(scope))

    def __contains__(self, params: object) -> bool:
        if not isinstance(params, Mapping):
            return False
        active: Params = {}
        for name in self._order:
            if self._active(name, active):
                if name not in params or params[name] not in self.dimensions[name]:
                    return False
                active[name] = params[name]
        return len(active) == len(params) and self.allows(active)

    def sample(self, rng: np.random.Generator) -> Params:
        """A legal point, uniform on the scales; what the constraints refuse is drawn again.

        Raises:
            ValueError: The constraints refused 10,000 draws in a row.
        """
        for _ in range(DRAW_LIMIT):
            params = self.from_unit(rng.random(len(self.names)).tolist())
            if self.allows(params):
                return params
        raise ValueError(f"the constraints refused {DRAW_LIMIT} draws in a row: is there a point they allow?")

    @cached_property
    def size(self) -> int | None:
        """How many points there are, or ``None`` where a dimension is continuous.

        What differs only in inactive dimensions counts once, and what the constraints refuse not at all.
        Above 100,000 combinations it is an upper bound, their product.
        """
        sizes = [dimension.size for dimension in self.dimensions.values()]
        if None in sizes:
            return None
        counted = self._count(
            [dimension.values() for dimension in self.dimensions.values()], ENUMERATION_LIMIT
        )
        return math.prod(size or 0 for size in sizes) if counted is None else counted

    def points(self) -> Iterator[Params]:
        """Every legal point of a finite space once, in the order of a grid.

        Raises:
            ValueError: A dimension is continuous.
        """
        columns = [dimension.values() for dimension in self.dimensions.values()]
        return (params for params in self._walk(columns) if params is not None)

    def mass(self, params: Mapping[str, Value]) -> float:
        """How likely a uniform draw from the unit cube is to be this point of a finite space.

        It sums to 1 over all points; under constraints, to the share of draws that they let pass.
        """
        return math.prod(self.dimensions[name].mass(value) for name, value in params.items())

    def grid(self) -> Iterator[Params]:
        """Every combination of the grid's values once, in the order of the dimensions, the last fastest.

        Combinations that differ only in inactive dimensions are one, and keep the place of the first.

        Raises:
            ValueError: Dimensions do not say which values a grid takes; all such are named.
        """
        return (params for params in self._walk(self._grid_columns()) if params is not None)

    def grid_count(self) -> int:
        """How many points :meth:`grid` has.

        Raises:
            ValueError: As :meth:`grid`; or conditions or constraints make it too long to count.
        """
        columns = self._grid_columns()
        counted = self._count(columns, GRID_LIMIT)
        if counted is None:
            most = math.prod(len(column) for column in columns)
            raise ValueError(f"the grid has up to {most} combinations, too many to walk through")
        return counted

    def _grid_columns(self) -> list[Sequence[Value]]:
        columns: list[Sequence[Value]] = []
        lacking: list[str] = []
        for name, dimension in self.dimensions.items():
            try:
                columns.append(dimension.grid())
            except ValueError:
                lacking.append(name)
        if lacking:
            raise ValueError(f"a grid needs `points` or `step` for {', '.join(lacking)}")
        return columns

    def _count(self, columns: Sequence[Sequence[Value]], limit: int) -> int | None:
        """How many points :meth:`_walk` has, or ``None`` if that takes more than ``limit`` steps."""
        if not self._conditions and not self._never and not self._constraints:
            return math.prod(len(column) for column in columns)
        counted = 0
        for step, params in enumerate(self._walk(columns)):
            if step == limit:
                return None
            counted += params is not None
        return counted

    def _walk(self, columns: Sequence[Sequence[Value]]) -> Iterator[Params | None]:
        """The distinct legal combinations of the columns, the last fastest; ``None`` for each that is not.

        An inactive dimension stays at its first value.  Where its parents come earlier that is known on
        the way down, else only at the end.
        """
        late = self._late()

        def descend(depth: int, values: Params) -> Iterator[Params | None]:
            if depth == len(self.names):
                yield self._judged(values, {name: column[0] for name, column in firsts.items()})
                return
            name = self.names[depth]
            if name not in late and not self._active(name, values):
                yield from descend(depth + 1, values)
                return
            for value in columns[depth]:
                yield from descend(depth + 1, {**values, name: value})

        firsts = {name: column for name, column in zip(self.names, columns, strict=True) if name in late}
        return descend(0, {})

    def _judged(self, values: Params, firsts: Mapping[str, Value]) -> Params | None:
        active: Params = {}
        for name in self._order:
            if name in values and self._active(name, active):
                active[name] = values[name]
        for name, first in firsts.items():
            if name not in active and not same(values[name], first):
                return None
        params = {name: value for name, value in values.items() if name in active} if firsts else values
        return params if self.allows(params) else None

    def _late(self) -> set[str]:
        """The names that stand before something that their being active depends on."""
        place = {name: index for index, name in enumerate(self.names)}
        late: set[str] = set()
        for name in self._order:
            parents = self._conditions.get(name, {})
            if any(parent in late or place[parent] > place[name] for parent in parents):
                late.add(name)
        return late

    def replace(self, dimensions: Mapping[str, Dimension]) -> SearchSpace:
        """The same space with some dimensions narrowed or widened.

        A condition may now name values that its parent no longer has.

        Raises:
            ValueError: A dimension that this space does not have.
        """
        unknown = [name for name in dimensions if name not in self.dimensions]
        if unknown:
            raise ValueError(f"the space has no dimension {', '.join(unknown)}")
        return self._trusted({**self.dimensions, **dimensions}, self.constraints, self.fixed)

    @classmethod
    def _trusted(
        cls, dimensions: Mapping[str, Dimension], constraints: Sequence[str], fixed: Mapping[str, Value]
    ) -> SearchSpace:
        """A space whose conditions were checked when it was wider."""
        space = cls.__new__(cls)
        space._set_up(dimensions, constraints, fixed)
        return space

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; the dimensions are a list, because their order counts."""
        return {
            "dimensions": [
                {"name": name, **dimension.to_json()} for name, dimension in self.dimensions.items()
            ],
            "constraints": list(self.constraints),
            "fixed": dict(self.fixed),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SearchSpace:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a space's JSON.
        """
        dimensions = {}
        for entry in data["dimensions"]:
            options = dict(entry)
            name = str(options.pop("name"))
            dimensions[name] = dimension_from_json(options)
        return cls._trusted(dimensions, data["constraints"], data["fixed"])

    def __eq__(self, other: object) -> bool:
        # by JSON: for Python, a choice of true would equal a choice of 1
        return isinstance(other, SearchSpace) and json.dumps(self.to_json()) == json.dumps(other.to_json())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return SearchSpace.from_json, (self.to_json(),)  # compiled constraints do not pickle

    def __repr__(self) -> str:
        return f"SearchSpace({dict(self.dimensions)!r}, {self.constraints!r}, {dict(self.fixed)!r})"


def _among(value: Value, allowed: Sequence[Value]) -> bool:
    return any(same(value, other) for other in allowed)
