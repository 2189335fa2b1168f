"""Cells that may say that nothing is known, found out from a whole table: ``.``, ``unknown``, ``-999``.

Only a first config proposes to take them for missing, where everybody can see it; a study takes what its
config says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hpt_cli.data.columns import MAYBE_MISSING, Reading, judge, number_text
from hpt_cli.data.labels import FEW
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array, Category, Numbers, known
from hpt_cli.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_NINES = re.compile(r"-9+|999+")
_FAR = 3.0  # times the largest other number
_RARE = 0.05  # share of the rows up to which a label's text is hardly a class of its own
_KINDS = 3  # of other numbers, at least: two and a -9 may be codes


@dataclass(frozen=True)
class MissingTexts:
    """What texts of a table seem to say that nothing is known.

    Args:
        texts: Sorted; those of the label among them.
        taken: Rows of the label whose text is among them, by text.
        kept: Rows of the label whose text may say so too, and stays a class, by text.
        spoiled: Columns that would hold numbers, dates, or true and false, but for a text that stays a class.
    """

    texts: tuple[str, ...]
    taken: Mapping[str, int]
    kept: Mapping[str, int]
    spoiled: frozenset[str]


def missing_texts(
    frame: pd.DataFrame, readings: Mapping[str, Reading], source: Source, target: str, decimal: str | None
) -> MissingTexts:
    """The texts without which columns hold numbers, dates, or true and false.

    A text of the label is among them where the label is measured, and where few of its rows have it and its
    others are numbers, or other columns need it.  Elsewhere it is a class.

    Args:
        frame: The cells.
        readings: How each column is read as it is; none of a column that cannot be.
        source: For messages.
        target: The label's column; empty if it is not known.
        decimal: The decimal separator, where it is known.
    """
    columns = [name for name in map(str, frame.columns) if name != target]
    columns = [name for name in columns if name not in readings or readings[name].kind == "category"]

    def needed(but: Collection[str]) -> dict[str, set[str]]:
        """The texts of each column that is none of texts without them."""
        found = {}
        for name in columns:
            maybe = tuple(sorted((_texts(frame[name]).keys() & MAYBE_MISSING) - set(but)))
            if maybe and _is_of_texts(frame[name], name, source, decimal, maybe) is False:
                found[name] = set(maybe)
        return found

    label = _texts(frame[target]) if target else Counter()
    odd = {text: label[text] for text in sorted(label) if text in MAYBE_MISSING}
    everywhere = needed(())
    numbers = bool(odd) and (
        _is_of_texts(frame[target], target, source, decimal, tuple(odd), label=True) is False
    )
    measured = numbers and len(label) - len(odd) > FEW
    wanted = set().union(*everywhere.values())
    taken = {
        text: rows
        for text, rows in odd.items()
        if measured or (rows <= _RARE * len(frame) and (numbers or text in wanted))
    }
    kept = {text: rows for text, rows in odd.items() if text not in taken}
    found = needed(kept) if kept else everywhere
    texts = set(taken).union(*found.values())
    return MissingTexts(tuple(sorted(texts)), taken, kept, frozenset(everywhere.keys() - found.keys()))


def _is_of_texts(
    series: pd.Series[Any],
    name: str,
    source: Source,
    decimal: str | None,
    missing: Sequence[str],
    *,
    label: bool = False,
) -> bool | None:
    """Whether a column is one of texts if some are missing; ``None`` if it cannot be read even so."""
    try:
        kind = judge(series, name, source, decimal=decimal, missing=missing, label=label).kind
    except DataError:
        return None
    return kind == "category"


def _texts(series: pd.Series[Any]) -> Counter[str]:
    """The rows of each text among the cells, which may be anything that a Parquet file can hold."""
    if series.dtype.kind in "biufcmM":
        return Counter()
    return Counter(cell.strip() for cell in series if isinstance(cell, str))


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
