"""A first look at a table: what each column is taken for, before there is a config."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.columns import Reading, judge, read
from hpt_cli.data.labels import infer_task
from hpt_cli.data.leaks import leak
from hpt_cli.data.messages import Source, listed, shown
from hpt_cli.data.missing import MissingTexts, missing_texts, sentinels
from hpt_cli.data.raw import Array, Category, Numbers, known
from hpt_cli.data.tables import INDEX_NAMES, Table, TextTable, find_column, is_index, open_table
from hpt_cli.errors import CellsError, DataError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "date", "id", "constant", "text", "broken", "unwanted"]
ID_NAME = re.compile(r"(?i:(^|[_\W])(id|uuid|guid|index|nr|no|key|row))$|[a-z]I[dD]$")
"""Names that identifiers have."""
FEW_CELLS, FEW_SHARE = 3, 0.01
"""Odd cells of a column, and their share of the rows, up to which they are mistakes."""
FREE_SHARE = 0.5
"""Share of rows with a text of their own from which a column of more levels than the cap is free text."""
CODED = 10
"""Distinct whole numbers up to which a column may hold codes rather than amounts."""


@dataclass(frozen=True)
class ColumnReport:
    """What one column is taken for.

    Args:
        name: The column's.
        kind: ``number``, ``category`` or ``date`` for what can be learnt from; ``id`` (another value in each
            row), ``constant`` and ``text`` (free text: nearly every row has its own) for what cannot;
            ``broken`` for a column that cannot be read as it is, ``unwanted`` for one that is not looked at.
        distinct: Distinct values, missing cells not counted.
        missing: Share of the cells that are missing, in [0, 1].
        about: The same for people, such as ``17 to 90`` or ``3 levels: 'blue', 'green', 'red'``.
        levels: Of a category, its levels, most frequent first, at most 20 of them.
        coded: Whole numbers, few of them: perhaps codes of categories (``data.categorical``).
        warnings: Sentences: a leak of the label, an id, a mistake in a cell.
        leaks: The column is, or determines, the label.
    """

    name: str
    kind: Kind
    distinct: int
    missing: float
    about: str
    levels: tuple[str, ...] = ()
    coded: bool = False
    warnings: tuple[str, ...] = ()
    leaks: bool = False


@dataclass(frozen=True)
class TableReport:
    """What a table is taken for.

    Args:
        path: The file.
        rows: N.
        header: Whether the first line holds the columns' names (``data.header``).
        separator: Between the cells; empty for Parquet.
        decimal: ``,`` where numbers have decimal commas, otherwise ``.``.
        columns: Every column, the label's among them.
        target: The label's name; empty if none was given.
        task: What the label sets, ``classification`` or ``regression``; empty without a label.
        why: The reason for the task, such as ``2 different labels``.
        classes: Rows of each class by its name, most frequent first; empty for regression.
        duplicates: Rows that are equal to an earlier row in every column.
        na_values: Cells that seem to say that nothing is known (``data.na_values``); they count as missing.
        notes: What was found when the file was opened, in sentences.
        label_notes: What became of the label's texts that may say that nothing is known, in sentences.
    """

    path: Path
    rows: int
    header: bool
    separator: str
    decimal: str
    columns: tuple[ColumnReport, ...]
    target: str = ""
    task: str = ""
    why: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    na_values: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label_notes: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[ColumnReport, ...]:
        """The columns beside the label."""
        return tuple(column for column in self.columns if column.name != self.target)

    @property
    def drop(self) -> tuple[str, ...]:
        """Columns that are better left out (``data.drop``): ids, free text, leaks, constants, broken ones.

        Row numbers without a name are not among them: they are left out anyhow, and have no name to say.
        """
        useless = ("id", "text", "constant", "broken", "unwanted")
        return tuple(c.name for c in self.features if c.name and (c.kind in useless or c.leaks))


def look_at(path: Path, target: str | int | None = None, *, drop: Sequence[str | int] = ()) -> TableReport:
    """Look at a CSV, TSV or Parquet file, and say of each column what it is taken for.

    Args:
        path: The file.
        target: The label's column by name, -1 for the last; ``None`` if it is not known yet.
        drop: Columns that the user does not want.

    Raises:
        DataError: The file cannot be read, has no such column, or a few odd cells among others.
    """
    from hpt_cli.data.files import IDX, locate

    found, suffix = locate(path.name, path.parent)
    if suffix in (IDX, ".npz"):
        raise DataError(f"{path}: holds arrays; a look is taken at tables only: .csv, .tsv, .parquet")
    table = open_table(found, suffix, header=None)
    source = table.source
    name = "" if target is None else find_column(source, target, "data.target")
    unwanted = {find_column(source, column, "--drop") for column in drop}
    if name in unwanted:
        raise source.error(f"--drop names the target {shown(name)}; leave it out of one of them")
    cells = read_all(table, name, unwanted)
    label = cells.columns.get(name)
    reports = []
    for column in source.names:
        if column in unwanted:
            reports.append(ColumnReport(column, "unwanted", 0, 0.0, "not looked at"))
        elif column in cells.broken:
            reports.append(
                ColumnReport(column, "broken", 0, 0.0, "cannot be read", warnings=(cells.broken[column],))
            )
        else:
            said = cells.absent.get(column, "")
            reports.append(_report(cells.columns[column], cells.readings[column], label, said))
    task, why, classes = "", "", {}
    if label is not None and known(label).any():
        task, why = infer_task(label)
        classes = _classes(label) if task == "classification" else {}
    return TableReport(
        path=path,
        rows=len(cells.frame),
        header=table.header,
        separator=table.separator if isinstance(table, TextTable) else "",
        decimal="," if any(reading.writing.decimal == "," for reading in cells.readings.values()) else ".",
        columns=tuple(reports),
        target=name,
        task=task,
        why=why,
        classes=classes,
        duplicates=int(cells.frame[list(cells.columns)].duplicated().sum()),  # others may hold anything
        na_values=cells.na_values,
        notes=table.notes,
        label_notes=cells.label_notes,
    )


@dataclass(frozen=True)
class Cells:
    """A table's cells and what is to be made of them.

    Args:
        frame: As they are in the file.
        columns: The columns that can be read, by name.
        readings: How each of them is.
        broken: What is wrong with each of the others.
        na_values: Cells that seem to say that nothing is known, of the whole table.
        absent: What to tell of a column that has such cells.
        label_notes: What became of such texts of the label, in sentences.
    """

    frame: pd.DataFrame
    columns: Mapping[str, Numbers | Category]
    readings: Mapping[str, Reading]
    broken: Mapping[str, str]
    na_values: tuple[str, ...]
    absent: Mapping[str, str]
    label_notes: tuple[str, ...] = ()


def read_all(table: Table, target: str, drop: Collection[str] = ()) -> Cells:
    """Read a table without a config, each column as it seems to be meant.

    Args:
        table: Opened.
        target: The label's column; empty if it is not known.
        drop: Columns that are not looked at.

    Raises:
        DataError: A few cells of columns are not what all their others are.
    """
    source, decimal = table.source, None
    names = [name for name in source.names if name not in drop]
    frame = table.frame([target] if target else [])
    readings, broken = _judge_all(frame, names, source, target, decimal, ())
    if any(reading.writing.decimal == "," for reading in readings.values()):
        decimal = ","
        frame = table.frame(source.names)
        readings, broken = _judge_all(frame, names, source, target, decimal, ())
    maybe = missing_texts(frame[names], readings, source, target, decimal)
    texts = maybe.texts
    if texts:
        readings, broken = _judge_all(frame, names, source, target, decimal, texts)
    _refuse_mistakes({name: e for name, e in broken.items() if name not in maybe.spoiled}, len(frame))
    columns = {name: read(frame[name], reading, source) for name, reading in readings.items()}
    amounts = [name for name, reading in readings.items() if reading.kind == "number" and name != target]
    found = sentinels(list(columns.values()), amounts)
    absent = {
        name: f"{shown(text)} stands for a missing number, it seems: far from all others"
        for name, text in found.items()
    }
    if found:
        texts = (*texts, *sorted(set(found.values())))
        readings, broken = _judge_all(frame, names, source, target, decimal, texts)
        columns = {name: read(frame[name], reading, source) for name, reading in readings.items()}
    why = {name: str(error) for name, error in broken.items()}
    return Cells(frame, columns, readings, why, texts, absent, _label_notes(maybe, target))


def _label_notes(maybe: MissingTexts, target: str) -> tuple[str, ...]:
    """What became of the label's texts that may say that nothing is known."""

    def said(texts: Mapping[str, int]) -> str:
        return listed(
            texts, remarks=(f"{rows:,} {'row' if rows == 1 else 'rows'}" for rows in texts.values())
        )

    notes = []
    if maybe.taken:
        notes.append(f"Label {shown(target)}, taken for missing: {said(maybe.taken)}.")
    if maybe.kept:
        texts = json.dumps(list(maybe.kept), ensure_ascii=False)
        notes.append(
            f"Label {shown(target)}, kept as a class: {said(maybe.kept)}. "
            f"If nothing is known there: na_values: {texts}, unlabeled: drop."
        )
    return tuple(notes)


def _judge_all(
    frame: pd.DataFrame,
    names: Sequence[str],
    source: Source,
    target: str,
    decimal: str | None,
    missing: Sequence[str],
) -> tuple[dict[str, Reading], dict[str, DataError]]:
    readings: dict[str, Reading] = {}
    broken: dict[str, DataError] = {}
    for name in names:
        label = name == target
        try:
            readings[name] = judge(frame[name], name, source, decimal=decimal, missing=missing, label=label)
        except DataError as error:
            broken[name] = error
    return readings, broken


def _refuse_mistakes(broken: Mapping[str, DataError], rows: int) -> None:
    """Have few odd cells of a column mended, where many would have it left out.

    Raises:
        DataError: With the first such cell of each column that has a few.
    """
    few = max(FEW_CELLS, FEW_SHARE * rows)
    found = {name: e for name, e in broken.items() if isinstance(e, CellsError) and e.cells <= few}
    if found:
        lines = [f"{error} ({error.cells} such {_cells(error.cells)})" for error in found.values()]
        options = " ".join(f"--drop {shlex.quote(name)}" for name in found)
        raise DataError("\n".join([*lines, f"    or leave it out with: {options}"]))


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _report(
    column: Numbers | Category, reading: Reading, label: Numbers | Category | None, absent: str
) -> ColumnReport:
    there = known(column)
    codes, values = _coded(column)
    distinct = len(values)
    warnings = [absent] if absent else []
    kind = _kind(column, reading, distinct, int(there.sum()))
    leaks = False
    if label is not None and column.name != label.name and kind not in ("constant", "id", "text"):
        said = leak(column, label, dates=reading.kind == "date")
        leaks = bool(said)
        warnings += [said] if said else []
    if kind == "id":
        warnings.append("holds another value in each row, as an identifier does; it teaches nothing")
    if kind == "text":
        warnings.append("nearly every row has another text; it teaches nothing")
    levels: tuple[str, ...] = ()
    if isinstance(column, Category):
        order = np.argsort(-np.bincount(codes[there], minlength=distinct), kind="stable")
        levels = tuple(column.levels[code] for code in order[:20])
    whole = (
        isinstance(column, Numbers) and reading.kind == "number" and bool(np.all(values == np.round(values)))
    )
    return ColumnReport(
        name=column.name,
        kind=kind,
        distinct=distinct,
        missing=float(1 - there.mean()),
        about=_about(column, reading, kind, values, levels, bool(there.all())),
        levels=levels,
        coded=kind == "number" and whole and 2 < distinct <= CODED,
        warnings=tuple(warnings),
        leaks=leaks,
    )


def _kind(column: Numbers | Category, reading: Reading, distinct: int, present: int) -> Kind:
    rows = len(known(column))
    if distinct <= 1 and (distinct == 0 or present == rows):
        return "constant"  # one value here and none there is a mark
    if reading.kind == "date":
        return "date"
    if isinstance(column, Category):
        if distinct == present and (ID_NAME.search(column.name) or distinct > limits.MAX_LEVELS):
            return "id" if all(" " not in level for level in column.levels) else "text"
        free = distinct > limits.MAX_LEVELS and distinct > FREE_SHARE * present
        return "text" if free else "category"
    if looks_like_id(column):
        return "id"
    return "number"


def looks_like_id(column: Numbers) -> bool:
    """Whole numbers, each once, that count the rows up or are called as identifiers are."""
    if not is_index(column) or len(column.values) < 3:
        return False
    steps = np.diff(column.values)
    counts = bool((steps == steps[0]).all()) and abs(float(steps[0])) == 1
    return counts or column.name in INDEX_NAMES or ID_NAME.search(column.name) is not None


def levels_alike(levels: Sequence[str]) -> list[tuple[str, ...]]:
    """Levels that differ in capitals or in blanks alone, together."""
    folded: dict[str, list[str]] = {}
    for level in levels:
        folded.setdefault("".join(level.split()).casefold(), []).append(level)
    return [tuple(alike) for alike in folded.values() if len(alike) > 1]


def _coded(column: Numbers | Category) -> tuple[Array, Array]:
    """Each row's number among the column's distinct values, -1 where it is missing, and those values."""
    if isinstance(column, Category):
        return column.codes, np.arange(len(column.levels))
    there = known(column)
    values, inverse = np.unique(column.values[there], return_inverse=True)
    codes = np.full(len(there), -1, dtype=np.int64)
    codes[there] = inverse
    return codes, values


def _classes(label: Numbers | Category) -> dict[str, int]:
    from hpt_cli.data.columns import number_text

    codes, values = _coded(label)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    names = label.levels if isinstance(label, Category) else [number_text(value) for value in values]
    order = np.argsort(-counts, kind="stable")
    return {str(names[code]): int(counts[code]) for code in order}


def _about(
    column: Numbers | Category,
    reading: Reading,
    kind: Kind,
    values: Array,
    levels: Sequence[str],
    complete: bool,
) -> str:
    if not len(values):
        return "no value at all"
    if len(values) == 1:
        only = column.levels[0] if isinstance(column, Category) else f"{values[0]:g}"
        return f"{shown(only)} in every row" + ("" if complete else " that has a value")
    if isinstance(column, Category):
        more = f" and {len(values) - 4:,} more" if len(values) > 4 else ""
        many = f"{len(values):,} {'levels' if kind == 'category' else 'texts'}: "
        return many + listed(levels[:4]) + more
    if reading.kind == "date":
        first, last = (str(np.datetime64(int(day), "D")) for day in (values[0], values[-1]))
        return f"{first} to {last}"
    if reading.kind == "boolean":
        return "true or false"
    unit = f" {reading.writing.unit}" if reading.writing.unit else ""
    return f"{values[0]:g} to {values[-1]:g}{unit}"
