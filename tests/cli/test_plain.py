"""Plain output where it is asked for: whole lines, no escape codes, in a real terminal."""

import os
import pty
import subprocess
import sys

import pytest


@pytest.fixture
def in_terminal(environment):
    """What a command writes to a terminal of 80 columns."""

    def run(*arguments, **variables):
        ours, theirs = pty.openpty()
        env = {**environment, "TERM": "xterm-256color", "COLUMNS": "80", **variables}
        process = subprocess.Popen(
            [sys.executable, "-m", "hpt_cli", *map(str, arguments)], stdout=theirs, stderr=theirs, env=env
        )
        os.close(theirs)
        written = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            written += block
        os.close(ours)
        assert process.wait(timeout=60) == 0
        return written.decode()

    return run


def test_a_terminal_is_drawn_on_unless_plain_lines_are_asked_for(in_terminal, make_study, make_trial):
    make_study(make_trial(0, 0.5), make_trial(1, 0.75))
    assert "\x1b[" in in_terminal("list")
    plain = in_terminal("list", "--plain")
    assert "\x1b" not in plain
    assert plain.startswith("study\tstatus\t")
    assert in_terminal("list", HPT_PLAIN="1") == plain
    assert "\x1b" not in in_terminal("show", "--plain")


def test_a_run_says_a_line_a_trial(in_terminal, config):
    lines = in_terminal("run", config, "--plain", "--workers", "1").splitlines()
    assert sum(line.startswith("[") for line in lines) == 5
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_is_no_color(in_terminal, make_study, make_trial, variables):
    make_study(make_trial(0, 0.5), make_trial(1, 0.75))
    shown = in_terminal("show", **variables)
    assert "\x1b[3" not in shown  # colors; bold and dim are none
    assert "learning_rate" in shown
