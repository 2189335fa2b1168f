"""``hpt logs``: what own code wrote."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("logs")
@options.trial_number
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the trial has ended.")
@options.study
@options.runs_dir
@options.debug
def command(number: int, follow: bool, study: str | None, runs_dir: Path) -> None:
    """Print what own code wrote in a trial: its standard output and error.

    NUMBER is the trial's; trials count from 0.

    A terminal gets it without escape sequences, a pipe gets it byte for byte.

    \b
    Example:
        hpt logs 17
        hpt logs 17 digits -f
    """
    from hpt_cli.logs import read_log
    from hpt_cli.store import StudyStore
    from hpt_cli.views.log import for_a_terminal

    blocks = read_log(StudyStore.find(runs_dir, study), number, follow=follow)
    if sys.stdout.isatty():
        for line in for_a_terminal(blocks):
            print(line, flush=True)
    else:
        for block in blocks:
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
