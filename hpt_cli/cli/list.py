"""``hpt list``: the studies there are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hpt_cli.cli import completing, options


@click.command("list")
@click.argument("studies", metavar="[STUDY]...", nargs=-1, shell_complete=completing.studies)
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(studies: tuple[str, ...], as_json: bool, runs_dir: Path) -> None:
    """Compare the studies, the newest first, or those that are named, in their order.

    Of each: whether it is running, finished, stopped or how it ended; the mean of its best trial, or of the
    confirmed one, with the spread over its trainings and the mean's 95 % interval; and what the test rows
    said, where hpt confirm has asked them.

    \b
    Example:
        hpt list
        hpt list digits digits_grid
    """
    from hpt_cli.cli.running import notify
    from hpt_cli.views.studies import list_studies, show_studies, studies_json

    found = list_studies(runs_dir, studies)
    if as_json:
        from hpt_cli.views.machine import to_json

        print(to_json(studies_json(found)))
    elif found:
        from hpt_cli.views.console import make_console

        console = make_console()
        show_studies(console, found)
        if not console.is_terminal:  # where there is no room for it
            for study in found:
                if study.error is not None:
                    notify(f"{study.name}: {study.error}")
    else:
        print(f"no study in {runs_dir} yet; make one with: hpt run CONFIG", file=sys.stderr)
