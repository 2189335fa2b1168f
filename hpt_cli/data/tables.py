"""Tables: CSV and TSV (also packed with gzip) and Parquet.

The standard library's ``csv`` reader walks the file once, strictly, to tell the line of everything that makes
it no table (short and long rows, an open quote); pandas' C parser then makes the columns, as it is many times
faster than Python at turning text into numbers, with its own notion of missing cells switched off.
"""

from __future__ import annotations

import csv
import importlib
from abc import ABC, abstractmethod
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.files import open_regular, read_text
from hpt_cli.data.messages import MAX_SHOWN, Source, did_you_mean, listed, shown
from hpt_cli.data.raw import Category, Numbers
from hpt_cli.data.written import NUMBER
from hpt_cli.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

INDEX_NAMES = ("", "Unnamed: 0")
"""What row numbers are called that a data frame was saved with, and saved with again."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Layout:
    """A text file's shape as a table.

    Args:
        separator: What is between the cells.
        names: The columns'.
        lines: The line of the file, from 1, at which each row of data starts.
        notes: What deserves to be told.
        header: Whether the first line holds the names; otherwise they are 0, 1, 2, ...
    """

    separator: str
    names: tuple[str, ...]
    lines: Sequence[int]
    notes: tuple[str, ...]
    header: bool = True


class Table(ABC):
    """An opened table: its names are known, its cells can be had.

    Args:
        source: For messages; it holds the columns' names.
        notes: What was found while it was opened.
    """

    def __init__(self, source: Source, notes: Sequence[str]) -> None:
        self.source = source
        self.notes = tuple(notes)

    @property
    def header(self) -> bool:
        """Whether the columns have names of their own."""
        return True

    @abstractmethod
    def frame(self, texts: Collection[str]) -> pd.DataFrame:
        """All rows.

        Args:
            texts: Names of the columns whose cells are wanted as they are written.

        Raises:
            DataError: The cells cannot be told apart.
        """


def open_table(path: Path, suffix: str, *, header: bool | None = True) -> Table:
    """Open a file whose first line holds the columns' names, or a Parquet file.

    Args:
        path: Of the file.
        suffix: As :func:`hpt_cli.data.files.locate` found it.
        header: Whether the first line of a text holds the columns' names; ``None`` finds it out.

    Raises:
        DataError: With the line, and the column where there is one.
    """
    return ParquetTable(path) if suffix == ".parquet" else TextTable(path, suffix, header)


class TextTable(Table):
    """CSV and TSV, packed or not."""

    def __init__(self, path: Path, suffix: str, header: bool | None) -> None:
        self._content, notes = read_text(path, compressed=suffix.endswith(".gz"))
        source = Source(str(path))
        layout = find_layout(self._text, "\t" if suffix.startswith(".tsv") else ",", source, header)
        quotes = not layout.header or looks_like_header(layout.names)
        super().__init__(Source(str(path), layout.lines, quotes, layout.names), (*notes, *layout.notes))
        self._layout = layout
        check_names(self.source, header=layout.header)

    @property
    def header(self) -> bool:  # noqa: D102
        return self._layout.header

    @property
    def separator(self) -> str:
        """What is between the cells."""
        return self._layout.separator

    def _text(self) -> Iterable[str]:
        return TextIOWrapper(BytesIO(self._content), encoding="utf-8", newline="")

    def frame(self, texts: Collection[str]) -> pd.DataFrame:  # noqa: D102
        import pandas as pd

        unclear = self.source.error(
            "the rows cannot be told apart without doubt; write the file again with plain quotes"
        )
        try:
            frame = pd.read_csv(
                BytesIO(self._content),
                sep=self._layout.separator,
                header=0 if self._layout.header else None,
                names=list(self._layout.names),
                index_col=False,
                dtype=dict.fromkeys(texts, str),
                keep_default_na=False,
                na_filter=False,
                low_memory=False,  # a column is judged whole, not by blocks
                encoding="utf-8",
            )
        except ValueError:  # ParserError among them
            raise unclear from None
        if len(frame) != len(self._layout.lines):
            raise unclear
        return frame


class ParquetTable(Table):
    """Parquet; pyarrow reads it."""

    def __init__(self, path: Path) -> None:
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
                self._frame: pd.DataFrame = opened.read().to_pandas()
            except (OSError, ValueError, KeyError, NotImplementedError):
                raise source.error("is damaged, or not a Parquet file; write it again") from None
        names = name_columns(self._frame)
        super().__init__(Source(str(path), None, looks_like_header(names), names), ())
        check_names(self.source)
        if len(self._frame) == 0:
            raise self.source.error("has columns but no rows; expected data")

    def frame(self, texts: Collection[str]) -> pd.DataFrame:  # noqa: ARG002, D102
        return self._frame


def name_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """Give a frame's columns texts as names, and return them."""
    import pandas as pd

    names = tuple(str(name) for name in frame.columns)
    frame.columns = pd.Index(names)
    return names


def no_target(source: Source) -> DataError:
    """The error of a table whose label is not named: the columns there are."""
    columns = f"the columns are {listed(name for name in source.names if name)}"
    if not source.quotes:
        columns = f"there are {len(source.names)}, and the first line does not look like column names"
    return source.error(
        f"which column is the label? Set data.target to its name, or -1 for the last; {columns}"
    )


def find_column(source: Source, wanted: str | int, key: str) -> str:
    """The name of a column that is wanted by name, or by its place from the end: -1 is the last.

    Args:
        source: The table.
        wanted: What the config says.
        key: Where it says so.

    Raises:
        DataError: There is no such column: the columns there are.
    """
    name = column_called(source, wanted)
    if name is None:
        raise no_columns(source, [(wanted, key)])
    return name


def column_called(source: Source, wanted: str | int) -> str | None:
    """The name of a column that is wanted by name or by its place from the end; ``None`` if there is none."""
    if isinstance(wanted, int) and not isinstance(wanted, bool) and -len(source.names) <= wanted < 0:
        return source.names[wanted]
    name = str(wanted).strip()
    return name if name and name in source.names else None


def no_columns(source: Source, absent: Sequence[tuple[str | int, str]]) -> DataError:
    """The error of columns that are not there, a line for each; the last tells those that are.

    Args:
        source: The table.
        absent: What is wanted, and the key that says so.
    """
    named = [name for name in source.names if name]
    columns = f"the columns are {listed(named)}"
    if not source.quotes:
        columns = f"there are {len(source.names)}, and the first line does not look like column names"
    elif named == [str(place) for place in range(len(named))]:
        columns = f"the first line holds data and no names, so the columns are '0' to '{len(named) - 1}'"
    lines = [
        str(source.error(f"there is no column {shown(wanted)} for {key}; {near_column(source, wanted)}"))
        for wanted, key in absent
    ]
    return DataError("\n".join([*(line.rstrip("; ") for line in lines[:-1]), lines[-1] + columns]))


def near_column(source: Source, wanted: str | int) -> str:
    """A question whether a column of nearly that name is meant, or nothing."""
    return did_you_mean(str(wanted).strip(), [name for name in source.names if name]) if source.quotes else ""


def find_layout(
    text: Callable[[], Iterable[str]],
    separator: str,
    source: Source,
    header: bool | None,
    *,
    columns: int = 2,
) -> Layout:
    """Walk through the rows; nothing is kept of them but their lines.

    Args:
        text: The file's lines, from its first, at each call.
        separator: What the file's name promises.
        source: For messages.
        header: Whether the first line holds the names; ``None`` finds it out.
        columns: The fewest that it may have.
    """
    separator, told = _find_separator(text(), separator, source, columns)
    lines = array("q")
    notes: list[str] = []
    worded = False
    start = 1
    width = 0
    names: tuple[str, ...] = ()
    reader = csv.reader(text(), delimiter=separator, strict=True)
    try:
        for row in reader:
            if not width and row:
                width = len(row)
                names = tuple(name.strip() for name in row)
                if header is None:
                    header = not _holds_data(names)
                if not header:
                    names = tuple(str(position) for position in range(width))
                    lines.append(start)
                worded = header and looks_like_header(names) and not _holds_data(names)
            elif row and len(row) == width:
                if worded and row[0].strip() == names[0] and [cell.strip() for cell in row] == list(names):
                    what = "the row repeats the line of names; remove it (were files put together?)"
                    raise source.error(what, line=start)
                lines.append(start)
            elif header and not lines and len(row) == width + 1 and row[-1].strip():
                names, width = ("", *names), width + 1  # as R writes row names: without a name above them
                lines.append(start)
                notes.append(
                    "The line of names has one fewer than the rows have cells: row names come first."
                )
            elif row:  # an empty line is passed over
                shifted = len(notes) > 0 and len(lines) == 1 and len(row) == width - 1
                found, expected, line = (width, width - 1, lines[0]) if shifted else (len(row), width, start)
                raise _wrong_width(found, expected, line, source, separator=separator, last=row[-1])
            start = reader.line_num + 1
    except csv.Error as error:
        raise _not_csv(error, start, source) from None
    if len(names) > limits.MAX_COLUMNS:
        raise source.error(f"has {len(names):,} columns; the limit is {limits.MAX_COLUMNS:,}", line=1)
    if not lines:
        raise source.error("has a line of names but no rows below it; expected data", line=1)
    if told:
        notes.insert(0, told)
    if not header:
        notes.append(f"No line of names: the columns are called 0 to {len(names) - 1}.")
    return Layout(separator, names, lines, tuple(notes), header=bool(header))


def _find_separator(text: Iterable[str], expected: str, source: Source, columns: int) -> tuple[str, str]:
    """The separator, and a note if it is not what the file's name promises.

    Only a header that holds no separator of the expected kind and exactly one of another is read by that
    other: there is no second way to read it.
    """
    rows = (row for row in csv.reader(text, delimiter=expected, strict=True) if row)
    try:
        header = next(rows)
        below = next(rows, []) if len(header) == 1 else []
    except csv.Error as error:
        raise _not_csv(error, 1, source) from None
    if len(header) > 1:
        return expected, ""
    others = [separator for separator in SEPARATORS if separator != expected and separator in header[0]]
    if not others and columns == 1:
        return expected, ""
    if len(others) == 1:
        return others[
            0
        ], f"The cells are separated by {SEPARATORS[others[0]]}, not by {SEPARATORS[expected]}."
    hint = ""
    if len(below) > 1:
        hint = f" (the next has {len(below)}: remove a title above the names)"
    elif len(header[0].split()) > 1 and below and len(header[0].split()) == len(below[0].split()):
        hint = " (and not by blanks, as it seems here)"
    raise source.error(
        f"the first line has one cell only; expected column names separated by {SEPARATORS[expected]}{hint}",
        line=1,
    )


def _wrong_width(
    found: int, expected: int, line: int, source: Source, *, separator: str, last: str
) -> DataError:
    if found < expected:
        hint = "is the row cut off?"
    elif found == expected + 1 and not last.strip():
        hint = "remove the separator at the end of the row"
    else:
        hint = "a cell that holds a separator must stand in double quotes"
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


def looks_like_header(names: Sequence[str]) -> bool:
    """Short printable names, most of them words: what may be repeated in a message."""
    return all(
        len(name) <= MAX_SHOWN and name.isprintable() and not set(name) & set("={}<>\\") and "--" not in name
        for name in names
    )


def check_names(source: Source, *, header: bool = True, columns: int = 2) -> None:
    """Refuse names that are missing, double, or numbers: the line of names is not there.

    Args:
        source: It holds the names.
        header: Whether they were in the file.
        columns: The fewest that there must be.
    """
    names = source.names
    line = header_line(source)
    if len(names) < columns:
        raise source.error("has one column; expected features and a label", line=line)
    if not header:
        return
    if _holds_data(names):
        raise source.error(
            "the first line holds numbers; expected column names: add a line of them, or write "
            "data.header: false",
            line=line,
        )
    for position, name in enumerate(names):
        if not name and position > 0:
            raise source.error(f"column {position + 1} has no name; name it or remove it", line=line)
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        first, second = [n + 1 for n, name in enumerate(names) if name == double[0]][:2]
        called = f" ({shown(double[0])})" if source.quotes else ""
        raise source.error(
            f"columns {first} and {second} have the same name{called}; rename one of them", line=line
        )


def is_index(column: Numbers | Category) -> bool:
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


def header_line(source: Source) -> int | None:
    """The line of names, where the file has lines."""
    return None if source.lines is None else 1
