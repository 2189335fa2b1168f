"""The terminal, or what stands in for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

BEST = "bold green"
"""The style of the best trial, wherever it stands."""
FAINT = "dim"
"""The style of what is only there to be found."""
WARNING = "yellow"
"""The style of what a person should look at."""


PLAIN_VARIABLE = "HPT_PLAIN"
"""Where it is set, a terminal gets what a pipe would: whole lines, nothing drawn twice."""


def make_console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no emoji, no highlighting by guess."""
    is_plain = bool(os.environ.get(PLAIN_VARIABLE))
    console = Console(
        stderr=stderr,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=False if is_plain else None,
    )
    if console.is_terminal and console.is_dumb_terminal:
        console.width, console.height = shutil.get_terminal_size()  # Rich takes 80 x 25 for granted
    return console


def is_animated(console: Console) -> bool:
    """Whether lines can be drawn again in place."""
    return console.is_terminal and not console.is_dumb_terminal


def write_lines(console: Console, lines: Iterable[str]) -> None:
    """Write lines as they are: Rich would make blanks of tabs, and cut what is longer than 80 signs."""
    console.file.write("".join(f"{line}\n" for line in lines))
    console.file.flush()


def plus_minus(console: Console) -> str:
    """The sign between a mean and its spread, in ASCII where the terminal knows no more."""
    return "+-" if console.options.ascii_only else "±"


def pairs(names_and_values: list[tuple[str, str]], *, indent: str = "  ", style: str = "") -> Text:
    """Names and values in two columns."""
    width = max((len(name) for name, _ in names_and_values), default=0)
    text = Text()
    for index, (name, value) in enumerate(names_and_values):
        text.append("\n" if index else "")
        text.append(f"{indent}{name.ljust(width)}  ")
        text.append(value, style)
    return text
