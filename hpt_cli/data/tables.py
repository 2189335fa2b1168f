"""Tables: CSV and TSV (also packed with gzip) and Parquet.

The standard library's ``csv`` reader walks the file once, strictly, to tell the line of everything that makes
it no table (short and long rows, an open quote); pandas' C parser then makes the columns, as it is many times
faster than Python at turning text into numbers, with its own notion of missing cells switched off.
"""

from __future__ import annotations

import csv
import importlib
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.columns import NUMBER, typed
from hpt_cli.data.files import not_utf8, open_regular, read_text
from hpt_cli.data.messages import MAX_SHOWN, Source, did_you_mean, listed, shown
from hpt_cli.data.raw import Category, Numbers, Raw
from hpt_cli.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

INDEX_NAMES = ("", "Unnamed: 0")
"""What row numbers are called that a data frame was saved with, and saved with again."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Layout:
    """A text file's shape as a table: what is between the cells, the names, the line of each row."""

    separator: str
    names: tuple[str, ...]
    lines: Sequence[int]
    notes: tuple[str, ...]


def read_text_table(path: Path, suffix: str, target: str | int | None) -> Raw:
    """A table from a text file whose first line holds the columns' names.

    Raises:
        DataError: With the line, and the column where there is one.
    """
    import pandas as pd

    content = read_text(path, compressed=suffix.endswith(".gz"))
    source = Source(str(path))
    try:
        layout = _layout(content, "\t" if suffix.startswith(".tsv") else ",", source)
    except UnicodeDecodeError:
        raise not_utf8(content, source) from None
    source = Source(str(path), layout.lines, _looks_like_header(layout.names), layout.names)
    _check_names(source)
    target_name = find_target(source, target)
    unclear = source.error(
        "the rows cannot be told apart without doubt; write the file again with plain quotes"
    )
    try:
        frame = pd.read_csv(
            BytesIO(content),
            sep=layout.separator,
            header=0,
            names=list(layout.names),
            index_col=False,
            dtype={target_name: str},  # labels are judged by our own rules alone
            keep_default_na=False,
            na_filter=False,
            low_memory=False,  # a column is judged whole, not by blocks
            encoding="utf-8",
        )
    except ValueError:  # ParserError among them
        raise unclear from None
    if len(frame) != len(layout.lines):
        raise unclear
    return from_frame(frame, target_name, source, layout.notes)


def read_parquet(path: Path, target: str | int | None) -> Raw:
    """A table from a Parquet file; pyarrow reads it.

    Raises:
        DataError: With the column where there is one; also if pyarrow is not installed.
    """
    import pandas as pd

    source = Source(str(path))
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise source.error(
            "reading Parquet needs pyarrow; install it: pip install 'hpt-cli[parquet]'"
        ) from None
    file, _ = open_regular(path)
    with file:
        try:
            opened = parquet.ParquetFile(file)
            cells = opened.metadata.num_rows * opened.metadata.num_columns
            if 4 * cells > limits.MAX_BYTES:  # a constant column of any length is a few bytes in the file
                raise source.error(f"has {cells:,} cells; the limit is {limits.MAX_BYTES // 4:,}")
            frame: pd.DataFrame = opened.read().to_pandas()
        except (OSError, ValueError, KeyError, NotImplementedError):
            raise source.error("is damaged, or not a Parquet file; write it again") from None
    names = tuple(str(name) for name in frame.columns)
    frame.columns = pd.Index(names)
    source = Source(str(path), None, _looks_like_header(names), names)
    _check_names(source)
    if len(frame) == 0:
        raise source.error("has columns but no rows; expected data")
    return from_frame(frame, find_target(source, target), source, ())


def from_frame(frame: pd.DataFrame, target_name: str, source: Source, notes: Sequence[str]) -> Raw:
    """Judge every column of a frame.

    Raises:
        DataError: With row and column, for cells and columns that cannot be used.
    """
    numbers: list[Numbers] = []
    categories: list[Category] = []
    notes = list(notes)
    for name in source.names:
        if name == target_name:
            continue
        column = typed(frame[name], name, source)
        if name in INDEX_NAMES and _is_index(column):
            notes.append("The first column has no name, and another number in each row: an index, left out.")
        elif name == "":
            raise source.error("column 1 has no name; name it or remove it", line=_header_line(source))
        elif isinstance(column, Numbers):
            numbers.append(column)
        elif len(column.levels) > limits.MAX_LEVELS:
            raise source.error(
                f"{len(column.levels):,} different texts (the limit is {limits.MAX_LEVELS}); "
                "an identifier or free text teaches nothing: remove the column",
                column=name,
            )
        else:
            categories.append(column)
    if not numbers and not categories:
        raise source.error("has no column beside the target; expected at least one feature")
    labels = frame[target_name]
    if labels.dtype.kind == "b":
        labels = labels.astype(str)  # booleans are classes, called False and True
    return Raw(
        source=source,
        numbers=np.column_stack([c.values for c in numbers]) if numbers else np.empty((len(frame), 0)),
        number_names=tuple(column.name for column in numbers),
        categories=tuple(categories),
        target=typed(labels, target_name, source),
        notes=tuple(notes),
    )


def find_target(source: Source, target: str | int | None) -> str:
    """The name of the label's column.

    Raises:
        DataError: Not given, or no such column: the columns there are.
    """
    named = [name for name in source.names if name]
    columns = f"the columns are {listed(named)}"
    if not source.quotes:
        columns = f"there are {len(source.names)}, and the first line does not look like column names"
    if target is None:
        raise source.error(
            f"which column is the label? Set data.target to its name, or -1 for the last; {columns}"
        )
    if target == -1 and not isinstance(target, bool):
        return source.names[-1]
    wanted = str(target).strip()
    if wanted not in named:
        near = did_you_mean(wanted, named) if source.quotes else ""
        raise source.error(f"there is no column {shown(target)} for data.target; {near}{columns}")
    return wanted


def _layout(content: bytes, separator: str, source: Source) -> Layout:
    """Walk through the rows; nothing is kept of them but their lines."""
    separator, note = _find_separator(content, separator, source)
    lines = array("q")
    start = 1
    names: tuple[str, ...] = ()
    with TextIOWrapper(BytesIO(content), encoding="utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        try:
            for row in reader:
                if not names:
                    names = tuple(name.strip() for name in row)
                elif len(row) == len(names):
                    lines.append(start)
                elif row:  # an empty line is passed over
                    raise _wrong_width(len(row), len(names), start, separator, source)
                start = reader.line_num + 1
        except csv.Error as error:
            raise _not_csv(error, start, source) from None
    if len(names) > limits.MAX_COLUMNS:
        raise source.error(f"has {len(names):,} columns; the limit is {limits.MAX_COLUMNS:,}", line=1)
    if not lines:
        raise source.error("has a line of names but no rows below it; expected data", line=1)
    return Layout(separator, names, lines, (note,) if note else ())


def _find_separator(content: bytes, expected: str, source: Source) -> tuple[str, str]:
    """The separator, and a note if it is not what the file's name promises.

    Only a header that holds no separator of the expected kind and exactly one of another is read by that
    other: there is no second way to read it.
    """
    with TextIOWrapper(BytesIO(content), encoding="utf-8", newline="") as text:
        try:
            header = next(row for row in csv.reader(text, delimiter=expected, strict=True) if row)
        except csv.Error as error:
            raise _not_csv(error, 1, source) from None
    if len(header) > 1:
        return expected, ""
    others = [separator for separator in SEPARATORS if separator != expected and separator in header[0]]
    if len(others) == 1:
        return others[
            0
        ], f"The cells are separated by {SEPARATORS[others[0]]}, not by {SEPARATORS[expected]}."
    raise source.error(
        f"the first line has one cell only; expected column names separated by {SEPARATORS[expected]}", line=1
    )


def _wrong_width(found: int, expected: int, line: int, separator: str, source: Source) -> DataError:
    hint = (
        "a cell that holds a separator must stand in double quotes"
        if found > expected
        else "is the row cut off?"
    )
    return source.error(
        f"the row has {found} cells, the first line has {expected} "
        f"(separated by {SEPARATORS[separator]}); {hint}",
        line=line,
    )


def _not_csv(error: csv.Error, line: int, source: Source) -> DataError:
    if "field larger than" in str(error):
        what = "a cell is longer than 128 KiB; is a double quote not closed?"
    elif "unexpected end of data" in str(error):
        what = "a double quote is opened and never closed; close it, or double it if it belongs to the text"
    else:
        what = "text follows a closing double quote; double the quotes that belong to the text"
    return source.error(what, line=line)


def _looks_like_header(names: Sequence[str]) -> bool:
    """Short printable names, most of them words: what may be repeated in a message."""
    return all(
        len(name) <= MAX_SHOWN and name.isprintable() and not set(name) & set("={}<>\\") and "--" not in name
        for name in names
    )


def _check_names(source: Source) -> None:
    """Refuse names that are missing, double, or numbers: the line of names is not there."""
    names = source.names
    header = _header_line(source)
    if len(names) < 2:
        raise source.error("has one column; expected features and a label", line=header)
    if _holds_data(names):
        raise source.error(
            "the first line holds numbers; expected column names: add a line of them", line=header
        )
    for position, name in enumerate(names):
        if not name and position > 0:
            raise source.error(f"column {position + 1} has no name; name it or remove it", line=header)
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        first, second = [n + 1 for n, name in enumerate(names) if name == double[0]][:2]
        called = f" ({shown(double[0])})" if source.quotes else ""
        raise source.error(
            f"columns {first} and {second} have the same name{called}; rename one of them", line=header
        )


def _is_index(column: Numbers | Category) -> bool:
    """Row numbers: whole, each once."""
    if isinstance(column, Category):
        return False
    whole = bool(np.all(column.values == np.round(column.values)))  # NaN is not
    return whole and len(np.unique(column.values)) == len(column.values)


def _holds_data(names: Sequence[str]) -> bool:
    """Whether a first line is a row of data.

    It is if it holds fractions, or whole numbers that are neither 0, 1, 2, ... nor few nor rising (years).
    """
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    if not all(name.isdecimal() for name in numbers):
        return True
    if len(numbers) == len(names):
        return numbers != [str(position) for position in range(len(names))]
    return 2 * len(numbers) >= len(names) and any(float(b) <= float(a) for a, b in pairwise(numbers))


def _header_line(source: Source) -> int | None:
    return None if source.lines is None else 1
