"""Columns that give the label away: the label in other words, in other units, or in coarser steps.

Each relation looked for holds for some of the rows if it holds for all, so that a few rows rule it out for
most columns; and it must be more than chance does, which has its way with few rows and with rare classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hpt_cli.data.messages import shown
from hpt_cli.data.raw import Array, Category, Numbers, known

LOOK_ROWS = 200_000
"""Rows that are compared; more would only take longer."""
_FEW = 300  # rows that are compared first
_CODED = 20  # distinct numbers up to which a label's may be codes of classes
_CHANCE = math.log(1e-6)  # less than this, by chance, in a column that has nothing to do with the label


def leak(column: Numbers | Category, label: Numbers | Category, *, dates: bool = False) -> str:
    """What a sentence says of a column that gives the label away; empty of all others.

    Args:
        column: A feature.
        label: Of the same rows.
        dates: The column holds dates, with which many a label grows.
    """
    rows = np.flatnonzero(known(column) & known(label))[:LOOK_ROWS]
    few = rows[:: max(1, len(rows) // _FEW)]
    relations: tuple[Callable[..., float], ...] = (_determines,) if dates else (_determines, _rises, _ranges)
    for relation in relations:
        if relation(column, label, few) <= 0 and relation(column, label, rows) < _CHANCE:
            return _sentence(relation, column, label, rows)
    return ""


def _sentence(
    relation: Callable[..., float], column: Numbers | Category, label: Numbers | Category, rows: Array
) -> str:
    name = f"the label {shown(label.name)}"
    if relation is _rises:
        return f"rises or falls exactly with {name}; leave it out if it is made from it"
    if relation is _ranges:
        each = f"class of {name} has its own range of numbers here"
        if isinstance(column, Category):
            each = f"level has its own range of {name}"
        return f"each {each}, without overlap; leave it out if one is made from the other"
    same = len(np.unique(_values(column)[rows])) == len(np.unique(_values(label)[rows]))
    what = f"says the same as {name}" if same else f"determines {name} in every row"
    return f"{what}; leave it out if it is not known when you predict"


def _determines(column: Numbers | Category, label: Numbers | Category, rows: Array) -> float:
    """The logarithm of how likely chance gives each value of a column one label; infinite if one has two.

    A column whose values come once or twice determines anything: it is not held against it.
    """
    x, y = _codes(column, rows), _codes(label, rows)
    kinds, classes = int(x.max(initial=-1)) + 1, int(y.max(initial=-1)) + 1
    if kinds > len(rows) / 3:
        return 0.0
    if len(np.unique(x * classes + y)) > kinds:
        return math.inf
    # all rows of a value but its first have the label of that one: the commonest, at best
    return (len(rows) - kinds) * math.log(np.bincount(y).max() / len(y)) if len(y) else 0.0


def _rises(column: Numbers | Category, label: Numbers | Category, rows: Array) -> float:
    """The same for numbers that never fall while the label rises, or never rise."""
    if isinstance(column, Category) or isinstance(label, Category):
        return math.inf
    x, y = column.values[rows], label.values[rows]
    up = np.diff(x[np.lexsort((x, y))]) >= 0
    down = np.diff(x[np.lexsort((-x, y))]) <= 0
    if not (up.all() or down.all()):
        return math.inf
    return math.log(2) + max(_chance_of_order(_codes(column, rows)), _chance_of_order(_codes(label, rows)))


def _ranges(column: Numbers | Category, label: Numbers | Category, rows: Array) -> float:
    """The same for the levels of one that have each its own range of the other's numbers."""
    classes = len(np.unique(_values(label)[rows]))
    if isinstance(column, Numbers) and (isinstance(label, Category) or classes <= _CODED):
        values, levels = column.values[rows], _codes(label, rows)
    elif isinstance(label, Numbers) and isinstance(column, Category):
        values, levels = label.values[rows], _codes(column, rows)
    else:
        return math.inf
    order = np.lexsort((levels, values))
    values, ordered = values[order], levels[order]
    changes = np.flatnonzero(np.diff(ordered))
    kinds = int(levels.max(initial=-1)) + 1
    if len(changes) > max(0, kinds - 1) or (values[changes] == values[changes + 1]).any():
        return math.inf
    return math.lgamma(kinds + 1) + _chance_of_order(levels)


def _chance_of_order(codes: Array) -> float:
    """The logarithm of how likely shuffled codes are in order."""
    counts = np.bincount(codes)
    return sum(math.lgamma(count + 1) for count in counts) - math.lgamma(len(codes) + 1)


def _values(column: Numbers | Category) -> Array:
    return column.codes if isinstance(column, Category) else column.values


def _codes(column: Numbers | Category, rows: Array) -> Array:
    """Each of these rows' number among the values that they have."""
    return np.unique(_values(column)[rows], return_inverse=True)[1]
