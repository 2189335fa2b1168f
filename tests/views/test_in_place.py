"""Drawing in place, in a real terminal that is resized, typed into and taken over."""

import os
import pty
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from rich.console import Console

from hpt_cli.views.in_place import Echo, rows_of

ROOT = Path(__file__).parent.parent.parent

DRAWING = """\
import sys, time
from rich.console import Console
from rich.text import Text
from hpt_cli.views.in_place import InPlace

console = Console()
frame = 0

def render():
    width = console.width
    return Text("\\n".join([f"top {frame} of {width}", "x" * (width - 1), "y" * (width // 2) + " " * 20]))

drawing = InPlace(console, render)
drawing.start()
console.print("a note")
print("a warning", file=sys.stderr)
size = None
try:
    while True:
        time.sleep(0.05)
        # tmux breaks lines before it tells the size: between the two nothing must be drawn
        if frame < 5 or console.size != size:
            frame, size = frame + 1, console.size
            drawing.refresh()
except KeyboardInterrupt:
    drawing.stop(keep=True)
"""


class Tmux:
    """A terminal in which a shell runs."""

    def __init__(self, socket, folder):
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        shell = f"env -u COLUMNS -u LINES PYTHONPATH={ROOT} PS1='$ ' bash --norc"
        self("new-session", "-d", "-s", "x", "-x", "100", "-y", "24", "-c", str(folder), shell)

    def __call__(self, *words):
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout

    def type(self, *keys):
        self("send-keys", "-t", "x", *keys)

    @property
    def lines(self):
        """All that is there: breaking lines anew, tmux moves others into the history."""
        return [line for line in self("capture-pane", "-p", "-S", "-", "-t", "x").splitlines() if line]

    def wait(self, what):
        """The lines, once ``what`` is true of them."""
        until = time.monotonic() + 10
        while not what(self.lines):
            assert time.monotonic() < until, "\n".join(self.lines)
            time.sleep(0.05)
        return self.lines


@pytest.fixture
def tmux(tmp_path):
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    terminal = Tmux(tmp_path / "socket", tmp_path)
    yield terminal
    terminal("kill-server")


def shown(width):
    """Whether nothing but one drawing at this width is seen below the notes."""

    def check(lines):
        drawn = [f"top of {width}", "x" * (width - 1), "y" * (width // 2)]
        words = [
            " ".join(word for word in line.split() if not word.isdigit() or word == str(width))
            for line in lines
        ]
        return words[-3:] == drawn and sum("top" in line or "x" * 9 in line for line in words) == 2

    return check


def test_a_resize_typing_and_a_break_leave_no_line_behind(tmux, tmp_path):
    (tmp_path / "draw.py").write_text(DRAWING)
    tmux.type(f"seq 30; {sys.executable} draw.py", "Enter")
    tmux.wait(lambda lines: "top 5 of 100" in lines)  # the last one before the size changes
    for width in (40, 61, 30, 120, 80):
        tmux("resize-window", "-t", "x", "-x", str(width))
        tmux.wait(shown(width))
    tmux.type("typed", "Enter", "Enter")
    time.sleep(0.2)
    lines = tmux.wait(shown(80))
    assert lines[-5:-3] == ["a note", "a warning"]
    assert "typed" not in lines
    tmux.type("C-c")
    lines = tmux.wait(lambda lines: lines[-1].startswith("$"))
    assert not any("^C" in line for line in lines)
    assert sum("top" in line for line in lines) == 1


def test_after_a_pause_it_is_drawn_below_what_the_shell_wrote(tmux, tmp_path):
    (tmp_path / "draw.py").write_text(DRAWING)
    tmux.type(f"seq 30; {sys.executable} draw.py", "Enter")
    tmux.wait(lambda lines: "top 5 of 100" in lines)  # the last one before the size changes
    tmux.type("C-z")
    tmux.wait(lambda lines: lines[-1] == "$")
    tmux.type("echo se''en; fg", "Enter")
    tmux.wait(lambda lines: "seen" in lines)
    tmux("resize-window", "-t", "x", "-x", "90")
    lines = tmux.wait(lambda lines: lines[-3].endswith("of 90"))
    assert lines.index("seen") == len(lines) - 5
    tmux.type("C-c")
    tmux.wait(lambda lines: lines[-1] == "$")
    tmux.type("echo ec''ho", "Enter")
    assert "$ echo ec''ho" in tmux.wait(lambda lines: "echo" in lines)


class TestRows:
    """Three lines of 10, 30 and 0 cells."""

    def test_each_line_has_a_row_where_it_fits(self):
        assert rows_of([10, 30, 0], 30, {}) == 3

    def test_a_long_line_is_broken_by_a_terminal_made_narrower(self):
        assert rows_of([10, 30, 0], 12, {}) == 5
        assert rows_of([10, 30, 0], 12, {"TMUX": "1", "XTERM_VERSION": "XTerm(379)"}) == 5

    @pytest.mark.parametrize("terminal", ["XTERM_VERSION", "STY"])
    def test_some_terminals_cut_it_off(self, terminal):
        assert rows_of([10, 30, 0], 12, {terminal: "1"}) == 3


def test_without_a_terminal_there_is_no_echo_to_switch(tmp_path):
    with (tmp_path / "file").open("w") as file:
        echo = Echo(Console(file=file))
        assert not echo.off()
        echo.restore()


def test_another_terminal_than_the_process_own_is_left_alone():
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as file:
        before = termios.tcgetattr(file)
        echo = Echo(Console(file=file))
        assert not echo.off()
        assert termios.tcgetattr(file) == before
    os.close(ours)
