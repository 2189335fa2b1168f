"""Messages about data: where, what was found, what to do; and never a file's content that is no table's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpt_cli.errors import DataError

MAX_SHOWN = 60
"""Characters of a user's text that a message repeats."""


def shown(text: object) -> str:
    """``text`` in quotes, cut to 60 characters, with everything that cannot be printed escaped."""
    cut = str(text)
    if len(cut) > MAX_SHOWN:
        cut = cut[: MAX_SHOWN - 3] + "..."
    return f"'{escaped(cut)}'"


def escaped(text: str) -> str:
    """``text`` with everything that cannot be printed escaped, so that a terminal obeys none of it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listed(names: Iterable[object], most: int = 12, *, remarks: Iterable[str] | None = None) -> str:
    """The names, quoted and separated by commas; beyond ``most`` only their number is told.

    Args:
        names: In the order to tell them in.
        most: Of them.
        remarks: One a name, put in brackets behind it.
    """
    quoted = [shown(name) for name in names]
    if remarks is not None:
        quoted = [f"{name} ({remark})" for name, remark in zip(quoted, remarks, strict=True)]
    return ", ".join(quoted[:most]) + (f" and {len(quoted) - most} more" if len(quoted) > most else "")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A sentence with the nearest of ``known`` names, or nothing."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1)
    return f"did you mean {shown(folded[near[0]])}? " if near else ""


@dataclass(frozen=True)
class Source:
    """Where data came from, for messages.

    Args:
        path: As the user can find it again; a built-in set's name.
        lines: For text files, the line (from 1) at which each row of data starts.
        quotes: Whether cells and column names may be repeated in a message. A path can lead to a file that is
            no table and not meant to be printed, so this is off until the content has proved to be a table.
        names: Column names in the file's order, where they exist.
        parts: Where rows come from several files, each file's first row and its source.
    """

    path: str
    lines: Sequence[int] | None = None
    quotes: bool = False
    names: tuple[str, ...] = ()
    parts: tuple[tuple[int, Source], ...] = ()

    def error(
        self, what: str, *, row: int | None = None, line: int | None = None, column: str | None = None
    ) -> DataError:
        """The error to raise: ``path:line: column 'c': what``.

        Args:
            what: What is wrong, what was found, what to do.
            row: Row of data, from 0.
            line: Line of the file, from 1.
            column: A column's name.
        """
        if row is not None and self.parts:
            start, own = [part for part in self.parts if part[0] <= row][-1]
            return own.error(what, row=row - start, column=column)
        place = escaped(self.path)
        if row is not None and self.lines is not None:
            line = self.lines[row]
        if line is not None:
            place += f":{line}"
        elif row is not None:
            place += f": row {row} (from 0)"
        if column is not None:
            place += f": {self.column(column)}"
        return DataError(f"{place}: {what}")

    def column(self, name: str) -> str:
        """``column 'age'``, or by its number where names are not to be shown."""
        if not self.quotes and name in self.names:
            return f"column {self.names.index(name) + 1}"
        return f"column {shown(name)}"

    def cell(self, text: object) -> str:
        """A cell's content in quotes, or a stand-in where content is not to be shown."""
        return shown(text) if self.quotes else "the cell"
