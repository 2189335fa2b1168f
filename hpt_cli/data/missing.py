"""Cells that may say that nothing is known, found out from a whole table: ``.``, ``unknown``, ``-999``.

Only a first config proposes to take them for missing, where everybody can see it; a study takes what its
config says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hpt_cli.data.columns import MAYBE_MISSING, Reading, judge, number_text
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array, Category, Numbers, known
from hpt_cli.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_NINES = re.compile(r"-9+|999+")
_FAR = 3.0  # times the largest other number
_KINDS = 3  # of other numbers, at least: two and a -9 may be codes


def missing_texts(
    frame: pd.DataFrame, readings: Mapping[str, Reading], source: Source, target: str, decimal: str | None
) -> list[str]:
    """The texts without which columns hold numbers, dates, or true and false, and which no label is.

    Args:
        frame: The cells.
        readings: How each column is read as it is; none of a column that cannot be.
        source: For messages.
        target: The label's column; empty if it is not known.
        decimal: The decimal separator, where it is known.
    """
    labels = _texts(frame[target]) if target else set()
    found: set[str] = set()
    for name in map(str, frame.columns):
        if name == target or (name in readings and readings[name].kind != "category"):
            continue
        maybe = tuple(sorted(_texts(frame[name]) & MAYBE_MISSING - labels))
        if not maybe:
            continue
        try:
            reading = judge(frame[name], name, source, decimal=decimal, missing=maybe)
        except DataError:
            continue
        if reading.kind != "category":
            found.update(maybe)
    return sorted(found)


def _texts(series: pd.Series[Any]) -> set[str]:
    """The distinct texts among the cells, which may be anything that a Parquet file can hold."""
    if series.dtype.kind in "biufcmM":
        return set()
    return {cell.strip() for cell in series if isinstance(cell, str)}


def sentinels(columns: Sequence[Numbers | Category], among: Collection[str]) -> dict[str, str]:
    """The number of nines of each column that has one which stands for a missing number.

    That is one that is there more than once and far from all others: below zero where they are not, or three
    times the largest of them.  What is said of missing cells is said of the whole table, so that a number is
    none where another column has it among its own.

    Args:
        columns: Of the table, the label's with them.
        among: Names of the columns that hold amounts and are not the label.
    """
    counted = {
        c.name: np.unique(c.values[known(c)], return_counts=True) for c in columns if isinstance(c, Numbers)
    }
    found: set[str] = set()
    for name in among:
        values, counts = counted[name]
        if len(values) > _KINDS:
            ends = ((values[0], counts[0]), (values[-1], counts[-1]))
            found.update(number_text(v) for v, n in ends if n > 1 and _is_far(v, values))
    stands = {}
    for text in sorted(found):
        here = [name for name, (values, _) in counted.items() if float(text) in values]
        if all(name in among and _is_far(float(text), counted[name][0]) for name in here):
            stands.update(dict.fromkeys(here, text))
    return stands


def _is_far(number: float, values: Array) -> bool:
    """Whether a number of nines is far from all other ``values``, which are sorted."""
    text = number_text(number)
    if not _NINES.fullmatch(text) or len(values) < 2:
        return False
    return bool(values[1] >= 0) if number < 0 else bool(number >= _FAR * values[-2])
