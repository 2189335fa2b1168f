"""What a look at a table means for a config: which columns to leave out, how to split, what to tell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hpt_cli.data.frames import PARTS
from hpt_cli.data.look import ID_NAME, ColumnReport, TableReport
from hpt_cli.data.messages import escaped, shown
from hpt_cli.data.raw import TRAIN
from hpt_cli.errors import DataError

MOST_TOLD = 40
"""Columns that a config and a terminal list one by one."""
_WIDEST = 78  # signs of a comment's sentence
_MANY_MISSING = 0.5  # share of a column's cells
_GROUPS = 10  # least distinct values of a column whose rows belong together
_REASONS = {
    "id": "an id",
    "text": "free text",
    "constant": "always the same",
    "broken": "cannot be read",
    "unwanted": "as asked",
}


def keys(table: TableReport) -> dict[str, object]:
    """The keys of ``data`` that the columns ask for, in order."""
    found: dict[str, object] = {}
    if not table.header:
        found["header"] = False
    if table.na_values:
        found["na_values"] = list(table.na_values)
    if any(column.name == table.target and column.missing for column in table.columns):
        found["unlabeled"] = "drop"
    grouped = "" if _parts_column(table) else _group_column(table)  # no feature, so it leaks no label
    if drop := [name for name in table.drop if name != grouped]:
        found["drop"] = drop
    if parts := _parts_column(table):
        found["split"] = {"column": parts}
    elif group := _group_column(table):
        found["split"] = {"group": group, "validation": 0.2, "test": 0.2}
    return found


def check_features(table: TableReport) -> None:
    """Refuse a table all of whose columns would be left out.

    Raises:
        DataError: With the reason for each.
    """
    if table.features and len(table.drop) == len(table.features):
        why = "; ".join(
            f"{shown(c.name)} {taken_for(c, table)}: {told(c, table)}" for c in table.features[:MOST_TOLD]
        )
        raise DataError(f"{table.path}: no column is left to learn from: {why}")


def taken_for(column: ColumnReport, table: TableReport) -> str:
    """``number``, ``category``, ``date``; ``label``; or why a column is left out or parts the rows."""
    if column.name == table.target:
        return "label"
    if column.name == _parts_column(table):
        return "split"
    if column.name == _group_column(table) and not _parts_column(table):
        return "group"
    if column.leaks:
        return "left out: a leak"
    return f"left out: {_REASONS[column.kind]}" if column.kind in _REASONS else column.kind


def told(column: ColumnReport, table: TableReport | None) -> str:
    """What its cells are, what is missing, and every warning; no table while the label is not known."""
    missing = f"{column.missing:.0%} missing" if column.missing >= 0.005 else ""
    few = "few missing" if 0 < column.missing < 0.005 else ""
    grouped = table is not None and taken_for(column, table) == "group"  # has one label in all its rows
    warnings = () if grouped else column.warnings
    warned = (*warnings, column.about) if column.kind in _REASONS else (column.about, *warnings)
    return "; ".join(part for part in (*warned, missing, few) if part)


def about(table: TableReport) -> Iterator[str]:
    """Lines for the config: what each column is taken for, and what a person should look at."""
    yield "What the columns are taken for:"
    listed = table.columns if len(table.columns) <= MOST_TOLD else _worth_telling(table)
    width = max((len(escaped(column.name)) for column in listed), default=0)
    for column in listed:
        said = told(column, table)
        said = said if len(said) <= _WIDEST else said[: _WIDEST - 3] + "..."
        yield f"  {escaped(column.name).ljust(min(width, 30))}  {taken_for(column, table)}: {said}"
    if len(listed) < len(table.columns):
        yield f"  and {len(table.columns) - len(listed)} more"
    for note in table.label_notes:
        yield from textwrap.wrap(note, 100, break_long_words=False)
    if group := _group_column(table):
        yield f"Rows of one {shown(group)} stay in one part of the split: none is judged by its own kind."
    coded = [shown(column.name) for column in table.features if column.coded]
    if coded:
        yield f"Few whole numbers: {', '.join(coded[:8])}. Are they codes? Then write: categorical: [...]"
    if table.duplicates:
        yield f"{table.duplicates:,} rows are equal to an earlier one."


def _worth_telling(table: TableReport) -> tuple[ColumnReport, ...]:
    """Of very many columns those with something to look at, and the label."""
    worth = [
        c
        for c in table.columns
        if c.warnings or c.kind != "number" or c.missing > _MANY_MISSING or c.name == table.target
    ]
    return tuple(worth[:MOST_TOLD])


def _parts_column(table: TableReport) -> str | None:
    """A column that names each row's part of the split."""
    for column in table.features:
        levels = {level.lower() for level in column.levels}
        if column.kind == "category" and levels <= PARTS.keys() and TRAIN in map(PARTS.get, levels):
            return column.name
    return None


def _group_column(table: TableReport) -> str | None:
    """A column called as ids are, whose values come again: persons, recordings."""
    for column in table.features:
        comes_again = _GROUPS <= column.distinct <= table.rows / 2
        if ID_NAME.search(column.name) and comes_again and column.kind in ("number", "category", "text"):
            return column.name if not column.missing else None
    return None
