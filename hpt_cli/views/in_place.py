"""Lines at the foot of a terminal that are drawn again in place, whatever the terminal does meanwhile.

Rich's ``Live`` counts the lines that it drew.  A terminal that is made narrower breaks them into more rows,
and what is typed moves the cursor: lines would be left behind.  Here rows are counted at the width that the
terminal has now, and what is typed is not echoed as long as something is drawn.  The cursor is never hidden
for longer than a write takes, so that a killed process leaves a terminal that can be used.
"""

from __future__ import annotations

import math
import os
import sys
import termios
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.control import Control
from rich.file_proxy import FileProxy
from rich.segment import ControlType, Segment

# Row by row: tmux moves a screen into its history that is cleared from the first row on.
_ERASE, _UP_AND_ERASE = "\r\x1b[2K", "\x1b[1A\x1b[2K"
_ECHO = 3  # where tcgetattr has the flags of which ECHO is one


class InPlace(RenderHook):
    """Keeps what ``render`` gives below everything that is printed to the console.

    Args:
        console: An animated terminal.
        render: What is to be seen now.
    """

    def __init__(self, console: Console, render: Callable[[], RenderableType]) -> None:
        self._console = console
        self._render = render
        self._lock = threading.RLock()
        self._drawn: list[int] = []  # the length of each line, in cells
        self._echo = Echo(console)
        self._stderr = sys.stderr
        self._is_shown = False

    def start(self) -> None:
        """Draw, and stay below what is printed from now on."""
        self._is_shown = True
        self._console.push_render_hook(self)
        if sys.stderr.isatty():
            sys.stderr = FileProxy(self._console, sys.stderr)
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        with self._lock:
            if self._echo.off():  # for the first time; or a shell had the terminal meanwhile, after Ctrl-Z
                self._drawn = []
            self._console.print(Control())

    def stop(self, *, keep: bool) -> None:
        """End the drawing, which stays to be seen or goes."""
        with self._lock:
            self._is_shown = keep
            self._console.print(Control())
            sys.stderr = self._stderr
            self._console.pop_render_hook()
            if keep and self._drawn:
                self._console.line()
        self.restore()

    def restore(self) -> None:
        """Let the terminal echo again what is typed.  Safe in a signal handler."""
        self._echo.restore()

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """What Rich is to print: over what was drawn, then the drawing again."""
        with self._lock:
            rows = rows_of(self._drawn, self._width(), os.environ)
            above = _Raw("\x1b[?25l" + _ERASE + _UP_AND_ERASE * (rows - 1))
            return [above, *renderables, self._drawing(), _Raw("\x1b[?25h")]

    def _width(self) -> int:
        """The terminal's own, where the console draws for the width that COLUMNS says."""
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self._console.file.fileno()).columns
        return self._console.width

    def _drawing(self) -> ConsoleRenderable:
        lines: list[list[Segment]] = []
        if self._is_shown:
            shown = self._console.render_lines(self._render(), pad=False)
            lines = [_stripped(line) for line in shown[: self._console.height]]
        self._drawn = [sum(cell_len(segment.text) for segment in line) for line in lines]
        return _Lines(lines)


def rows_of(drawn: list[int], width: int, environment: Mapping[str, str]) -> int:
    """How many rows of the terminal hold what was drawn.

    Args:
        drawn: The length of each line, in cells.
        width: The terminal's now.
        environment: Says which terminal it is.  Most break long lines anew when they are made narrower; xterm
            and GNU screen cut them off.
    """
    cuts = "TMUX" not in environment and ("XTERM_VERSION" in environment or "STY" in environment)
    return sum(1 if cuts else max(math.ceil(length / max(width, 1)), 1) for length in drawn)


class Echo:
    """The terminal's echo of what is typed, ``^C`` among it: switched off, and on again as it was.

    Args:
        console: Writes to the terminal; to a file without one nothing is done.
    """

    def __init__(self, console: Console) -> None:
        self._descriptor: int | None = None
        self._was_on = False
        with suppress(OSError, ValueError):
            descriptor = console.file.fileno()
            self._descriptor = descriptor if os.isatty(descriptor) else None

    def off(self) -> bool:
        """Switch it off, unless another process has the terminal; whether it was on."""
        was_on = self._set(on=False)
        self._was_on = self._was_on or was_on
        return was_on

    def restore(self) -> None:
        """Switch it on if it was."""
        if self._was_on:
            self._set(on=True)

    def _set(self, *, on: bool) -> bool:
        """Whether anything was changed."""
        if self._descriptor is None:
            return False
        # a process in the background would be stopped for it
        with suppress(OSError, termios.error):
            if os.tcgetpgrp(self._descriptor) != os.getpgrp():
                return False
            attributes = termios.tcgetattr(self._descriptor)
            if bool(attributes[_ECHO] & termios.ECHO) == on:
                return False
            attributes[_ECHO] ^= termios.ECHO
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
            return True
        return False


class _Raw:
    """Escape sequences as they are."""

    def __init__(self, codes: str) -> None:
        self._codes = codes

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self._codes, None, [(ControlType.HOME,)])  # any kind: it says only that this is no text


class _Lines:
    """Lines, without a line break after the last one."""

    def __init__(self, lines: Iterable[list[Segment]]) -> None:
        self._lines = lines

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        for index, line in enumerate(self._lines):
            if index:
                yield Segment.line()
            yield from line


def _stripped(line: list[Segment]) -> list[Segment]:
    """Without blanks at the end: a terminal that breaks lines anew breaks these, too."""
    kept = list(line)
    while kept:
        last = kept.pop()
        if text := last.text.rstrip():
            return [*kept, Segment(text, last.style)]
    return []
