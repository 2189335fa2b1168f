"""What ``hpt init`` found and wrote."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from hpt_cli.views.console import FAINT, write_lines
from hpt_cli.views.table import Column, draw
from hpt_cli.views.text import clean

if TYPE_CHECKING:
    from hpt_cli.data.look import ColumnReport, TableReport
    from hpt_cli.proposal import Draft


def show_draft(console: Console, draft: Draft, written: Sequence[Path]) -> None:
    """The notes on the data, the files, and what to type next."""
    wide = not console.is_terminal
    if draft.table is not None:
        show_columns(console, draft.table.columns, draft.table)
    for note in draft.notes:
        console.print(Text.assemble(("note: ", FAINT), clean(note)), soft_wrap=wide)
    for file in written:
        console.print(Text.assemble(("written: ", FAINT), clean(str(file))), soft_wrap=wide)
    config = shlex.quote(str(draft.path))
    console.print(
        Text.assemble(("next: ", FAINT), f"hpt plan {config}", (", then ", FAINT), f"hpt run {config}")
    )


def show_columns(console: Console, columns: Sequence[ColumnReport], table: TableReport | None = None) -> None:
    """A row a column: what it is taken for and what its cells are; of very many, the first.

    Args:
        console: Where to.
        columns: Of a table.
        table: The whole report, once the label is known: then it is told what is left out.
    """
    from hpt_cli.proposal.columns import MOST_TOLD, taken_for, told

    first = columns[:MOST_TOLD]
    kinds = [taken_for(column, table) if table else column.kind for column in first]
    rows = [
        (clean(column.name), kind, clean(told(column, table)))
        for column, kind in zip(first, kinds, strict=True)
    ]
    if not console.is_terminal:
        write_lines(console, ["\t".join(row) for row in [("column", "taken for", "cells"), *rows]])
    else:
        names, kinds_, cells = (tuple(part) for part in zip(*rows, strict=True))
        shown = [Column("column", names), Column("taken for", kinds_), Column("cells", cells, wraps=True)]
        console.print(draw(console, shown, [""] * len(rows)))
    if len(columns) > len(first):
        console.print(Text(f"and {len(columns) - len(first)} more columns", FAINT))


def columns_json(table: TableReport) -> list[dict[str, object]]:
    """What each column is taken for, as plain JSON types."""
    from hpt_cli.proposal.columns import taken_for

    return [
        {
            "name": column.name,
            "kind": column.kind,
            "taken_for": taken_for(column, table),
            "about": column.about,
            "distinct": column.distinct,
            "missing": column.missing,
            "warnings": list(column.warnings),
        }
        for column in table.columns
    ]
