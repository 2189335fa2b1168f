"""Tables that fit: whole columns are left out where the terminal is narrow, values are never cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hpt_cli.views.text import aligned

KEEP = 0
"""The importance of a column that always stays."""

_GAP = 2  # blanks between columns
_SENTENCE = 30  # least width of a column of sentences

# Rich would take a box with lines between the columns, which takes the blanks that part them.
_ASCII_BOX = box.Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        title: Its name, broken after ``_`` and ``.`` where it is longer than its values.
        cells: One text a row, safe for a terminal.
        justify: Which side the cells are flush with.
        drop: Where the table is too wide, the greatest number goes first; ``KEEP`` never goes.
        wraps: The cells are sentences, which may take several lines.
    """

    title: str
    cells: tuple[str, ...]
    justify: Literal["left", "right"] = "left"
    drop: int = KEEP
    wraps: bool = False

    @property
    def lines(self) -> list[str]:
        """The title in as few lines as fit above the cells, but never narrower than its longest part."""
        parts = re.findall(r"[^_.]+[_.]?|[_.]", self.title)
        width = max((cell_len(text) for text in (*self.cells, *parts)), default=0)
        lines = [""]
        for part in parts:
            if lines[-1] and cell_len(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
        return lines

    @property
    def width(self) -> int:
        """In terminal cells; of sentences, the least."""
        widest = max(cell_len(text) for text in (*self.cells, *self.lines))
        return min(widest, _SENTENCE) if self.wraps else widest

    def padded(self, texts: Sequence[str]) -> list[str]:
        """The texts, set flush right where the column is: Rich would drop the blanks that align numbers."""
        blanks = [self.width - cell_len(text) if self.justify == "right" else 0 for text in texts]
        return [" " * blank + text for blank, text in zip(blanks, texts, strict=True)]


def numbers(title: str, cells: Sequence[str], drop: int = KEEP) -> Column:
    """A column of numbers, their decimal points below each other."""
    return Column(title, tuple(aligned(cells)), "right", drop)


def fitting(columns: Sequence[Column], width: int) -> tuple[list[Column], list[Column]]:
    """The columns that fit into ``width``, and those left out, both in their order."""
    kept = list(columns)
    while _total(kept) > width and any(column.drop != KEEP for column in kept):
        # of equals the last goes first
        kept.remove(max(reversed(kept), key=lambda column: column.drop))
    return kept, [column for column in columns if column not in kept]


def draw(console: Console, columns: Sequence[Column], styles: Sequence[str]) -> Table:
    """The table, with a style a row; its width is that of its columns."""
    look = _ASCII_BOX if console.options.ascii_only else box.SIMPLE_HEAD
    # the box adds a blank of its own between columns
    table = Table(box=look, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    table.border_style = table.header_style = "dim"
    height = max((len(column.lines) for column in columns), default=0)
    for column in columns:
        above = [""] * (height - len(column.lines))  # titles stand on the line, cells hang from it
        title = Text("\n".join(above + column.padded(column.lines)))
        table.add_column(title, no_wrap=not column.wraps, min_width=column.width)
    body = zip(*(column.padded(column.cells) for column in columns), strict=True)
    for cells, style in zip(body, styles, strict=True):
        table.add_row(*map(Text, cells), style=style)
    return table


def _total(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)
